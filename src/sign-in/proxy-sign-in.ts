import { inTransaction, type Db } from '../database/prisma.js';
import type { ContextRequest } from '../graphql/context-request.js';
import type { Platform } from '../platform.js';
import type { Actor } from '../auth/audit-store.js';
import { UnauthenticatedError } from '../auth/errors.js';
import { followRole, isUsername, makeOutsideUser } from './outside-users.js';
import { findUserByName, lockUsers, type User } from '../auth/user-store.js';
import { ANONYMOUS, viewerOf, type Access } from '../auth/viewer.js';

/** Who a proxy in front of us has signed in, such as Authelia; null if it says nothing, or is not in TRUST_PROXY. */
export async function findProxyAccess(
  { env, db }: Pick<Platform, 'env' | 'db'>,
  request: ContextRequest,
): Promise<Access | null> {
  const { authProxy } = env;
  if (!authProxy || !request.viaTrustedProxy) return null;
  const username = request.headers.get(authProxy.header)?.trim() ?? '';
  if (username === '') return null;
  const nothing = { credential: null, expiresAt: null };
  if (!isUsername(username)) {
    const problem = `The username in the header "${authProxy.header}" is invalid; expected: 3 to 64 letters, digits, ".", "_" or "-".`;
    return { ...nothing, viewer: ANONYMOUS, problem: new UnauthenticatedError(problem) };
  }
  const actor = { viewer: ANONYMOUS, request };
  const isAdmin = authProxy.adminGroup && isInGroup(request, authProxy.adminGroup);
  const known = await findUserByName(db, username);
  const user = known ?? (await inTransaction(db, (tx) => findOrMake(tx, actor, { username, isAdmin })));
  return { ...nothing, viewer: viewerOf(await followRole(db, actor, { user, isAdmin })), problem: null };
}

/** Several requests of the first page come at once. */
async function findOrMake(
  tx: Db,
  actor: Actor,
  { username, isAdmin }: { username: string; isAdmin: boolean | null },
): Promise<User> {
  await lockUsers(tx);
  const existing = await findUserByName(tx, username);
  const user = { usernames: [username], email: null, isAdmin, mayRegister: true };
  return existing ?? makeOutsideUser(tx, actor, user);
}

/** Proxies separate groups by a comma, or by "|". */
function isInGroup({ headers }: ContextRequest, { name, value }: { name: string; value: string }): boolean {
  const groups = (headers.get(name) ?? '').split(/[,|]/).map((group) => group.trim());
  return groups.includes(value);
}
