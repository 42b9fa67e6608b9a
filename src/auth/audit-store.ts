import type { Db } from '../database/prisma.js';
import { isSignedIn } from './access-rules.js';
import type { Viewer } from './viewer.js';

export const AUDIT_ACTIONS = [
  'SIGNED_IN',
  'SIGN_IN_FAILED',
  'SIGNED_OUT',
  'SESSION_REUSED',
  'REGISTERED',
  'PASSWORD_CHANGED',
  'PASSWORD_RESET',
  'USER_CREATED',
  'USER_DELETED',
  'USER_ROLE_CHANGED',
  'API_KEY_CREATED',
  'API_KEY_REVOKED',
  'PROVIDER_LINKED',
  'PROVIDER_UNLINKED',
  'ACCOUNT_CREATED',
  'ACCOUNT_UPDATED',
  'ACCOUNT_DELETED',
  'SETTINGS_CHANGED',
  'HISTORY_CLEANED_UP',
] as const;

export type AuditAction = (typeof AUDIT_ACTIONS)[number];

/** Who does something, and from where; every GraphQL context is one. */
export interface Actor {
  viewer: Viewer;
  request: { requestId: string; address: string | null };
}

interface Deed {
  action: AuditAction;
  /** What it was done to: a username, the name of a key or an account. */
  target?: string | null;
  /** Where nobody is signed in: who it is about. */
  user?: { id: string | null; username: string };
}

/** In the transaction that it is about, where there is one. */
export async function recordAudit(
  db: Db,
  { viewer, request }: Actor,
  { action, target = null, user }: Deed,
): Promise<void> {
  const { id, username } = user ?? { id: isSignedIn(viewer) ? viewer.id : null, username: viewer.username };
  const { requestId, address } = request;
  await db.auditEntry.create({ data: { action, target, userId: id, username, requestId, address } });
}
