import { createHash, randomBytes } from 'node:crypto';
import type { Platform } from '../platform.js';
import { createTicket, credentialOf, findCurrentAccess, takeTicket } from './access-store.js';
import { AuthDisabledError } from '../auth/errors.js';
import { hasSameRights, type Access } from '../auth/viewer.js';

export interface StreamTicket {
  ticket: string;
  expiresAt: Date;
}

type TicketDeps = Pick<Platform, 'db' | 'clock'>;

const PREFIX = 'ticket_';
const TICKET_BYTES = 32;
const VALID_MS = 30_000;

export function isStreamTicket(token: string): boolean {
  return token.startsWith(PREFIX);
}

export async function createStreamTicket(
  { db, clock, env }: TicketDeps & Pick<Platform, 'env'>,
  access: Access,
): Promise<StreamTicket> {
  const credential = credentialOf(access);
  if (!env.authEnabled || !credential) throw new AuthDisabledError();
  const ticket = `${PREFIX}${randomBytes(TICKET_BYTES).toString('base64url')}`;
  const expiresAt = new Date(clock.now().getTime() + VALID_MS);
  const { role, scopes } = access.viewer;
  const granted = { credential, role, scopes, expiresAt: access.expiresAt };
  await createTicket(db, { hash: hashOf(ticket), access: granted, expiresAt });
  return { ticket, expiresAt };
}

/** Null if it has been used or is older than that, or if what it stands for has ended or changed meanwhile. */
export async function redeemStreamTicket({ db, clock }: TicketDeps, ticket: string): Promise<Access | null> {
  const now = clock.now();
  const granted = await takeTicket(db, hashOf(ticket), now);
  if (!granted || (granted.expiresAt && granted.expiresAt <= now)) return null;
  const [current] = await findCurrentAccess(db, [granted.credential], now);
  if (!current || !hasSameRights(current.viewer, granted)) return null;
  const { kind, id } = granted.credential;
  return {
    viewer: current.viewer,
    credential: kind === 'user' ? null : { kind, id },
    expiresAt: granted.expiresAt,
    problem: null,
  };
}

function hashOf(ticket: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(createHash('sha256').update(ticket).digest());
}
