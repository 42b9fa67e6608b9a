import { z } from 'zod';
import { Prisma } from '../generated/prisma/client.js';
import type { ApiScope } from '../generated/prisma/enums.js';
import type { Db } from '../database/prisma.js';
import { isSignedIn } from '../auth/access-rules.js';
import {
  SYSTEM_VIEWER,
  viewerOf,
  viewerOfKey,
  type Access,
  type UserRole,
  type Viewer,
} from '../auth/viewer.js';

/** By what a viewer is known: `user` where a proxy signs people in. */
export interface Credential {
  kind: 'session' | 'apiKey' | 'user';
  id: string;
}

/** Null for the user `system` and for nobody. */
export function credentialOf({
  viewer,
  credential,
}: Pick<Access, 'viewer' | 'credential'>): Credential | null {
  if (credential) return credential;
  const isUser = isSignedIn(viewer) && viewer.id !== SYSTEM_VIEWER.id;
  return isUser ? { kind: 'user', id: viewer.id } : null;
}

export interface CurrentAccess {
  credential: Credential;
  viewer: Viewer;
  expiresAt: Date | null;
}

interface Row {
  kind: Credential['kind'];
  id: string;
  expiresAt: Date | null;
  scopes: ApiScope[] | null;
  userId: string;
  username: string;
  role: UserRole;
}

/** What each of them stands for now, in one query; none for those that have ended. */
export async function findCurrentAccess(
  db: Db,
  credentials: readonly Credential[],
  now: Date,
): Promise<CurrentAccess[]> {
  const idsOf = (kind: Credential['kind']) =>
    Prisma.sql`ANY(${credentials.filter((each) => each.kind === kind).map(({ id }) => id)}::uuid[])`;
  const user = Prisma.sql`u."id" AS "userId", u."username", u."role"::text AS "role"`;
  const rows = await db.$queryRaw<Row[]>`
    SELECT 'session' AS "kind", s."id", s."expiresAt", NULL::text[] AS "scopes", ${user}
    FROM "Session" s JOIN "User" u ON u."id" = s."userId"
    WHERE s."id" = ${idsOf('session')} AND s."expiresAt" > ${now}
    UNION ALL
    SELECT 'apiKey', k."id", k."expiresAt", k."scopes"::text[], ${user}
    FROM "ApiKey" k JOIN "User" u ON u."id" = k."userId"
    WHERE k."id" = ${idsOf('apiKey')} AND (k."expiresAt" IS NULL OR k."expiresAt" > ${now})
    UNION ALL
    SELECT 'user', u."id", NULL, NULL, ${user} FROM "User" u
    WHERE u."id" = ${idsOf('user')} AND u."deletedAt" IS NULL`;
  return rows.map(toCurrentAccess);
}

function toCurrentAccess({ kind, id, expiresAt, scopes, userId, username, role }: Row): CurrentAccess {
  const user = { id: userId, username, role };
  const viewer = scopes ? viewerOfKey(user, scopes) : viewerOf(user);
  return { credential: { kind, id }, viewer, expiresAt };
}

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
