import { z } from 'zod';
import type { Db } from '../database/prisma.js';
import type { Credential } from './access-store.js';
import type { Viewer } from './viewer.js';

/** What a ticket stands for: no more than what the viewer had who asked for it. */
export interface TicketAccess extends Pick<Viewer, 'role' | 'scopes'> {
  credential: Credential;
  expiresAt: Date | null;
}

const ticketAccess: z.ZodType<TicketAccess> = z.object({
  credential: z.object({ kind: z.enum(['session', 'apiKey', 'user']), id: z.guid() }),
  role: z.enum(['USER', 'ADMIN']),
  scopes: z.array(z.enum(['READ', 'DOWNLOAD', 'MANAGE', 'ADMIN'])),
  expiresAt: z.coerce.date().nullable(),
});

export async function createTicket(
  db: Db,
  { hash, access, expiresAt }: { hash: Uint8Array<ArrayBuffer>; access: TicketAccess; expiresAt: Date },
): Promise<void> {
  const { role, scopes, credential, expiresAt: endsAt } = access;
  const stored = {
    role,
    scopes: [...scopes],
    credential: { ...credential },
    expiresAt: endsAt?.toISOString() ?? null,
  };
  await db.streamTicket.create({ data: { hash, access: stored, expiresAt } });
}

/** Whoever deletes the row has the ticket: of several requests in several processes, one. */
export async function takeTicket(db: Db, hash: Uint8Array, now: Date): Promise<TicketAccess | null> {
  const [taken] = await db.$queryRaw<{ access: unknown; expiresAt: Date }[]>`
    DELETE FROM "StreamTicket" WHERE "hash" = ${hash} RETURNING "access", "expiresAt"`;
  return taken && taken.expiresAt > now ? ticketAccess.parse(taken.access) : null;
}
