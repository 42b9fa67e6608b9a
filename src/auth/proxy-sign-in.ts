import { inTransaction } from '../database/prisma.js';
import type { ContextRequest } from '../graphql/context-request.js';
import type { Platform } from '../platform.js';
import { UnauthenticatedError } from './errors.js';
import { findUserByName } from './outside-user-store.js';
import { followRole, makeOutsideUser } from './outside-users.js';
import type { User } from './user-store.js';
import { isUsername } from './usernames.js';
import { ANONYMOUS, viewerOf, type Access } from './viewer.js';

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
  const user =
    (await findUserByName(db, username)) ??
    (await inTransaction(db, (tx) =>
      makeOutsideUser(tx, actor, { usernames: [username], email: null, isAdmin }),
    )) ??
    // Another request of the same page was first.
    (await findUserByName(db, username));
  if (!user) return null;
  const current: User = await followRole(db, actor, { user, isAdmin });
  return { ...nothing, viewer: viewerOf(current), problem: null };
}

/** Proxies separate groups by a comma, or by "|". */
function isInGroup({ headers }: ContextRequest, { name, value }: { name: string; value: string }): boolean {
  const groups = (headers.get(name) ?? '').split(/[,|]/).map((group) => group.trim());
  return groups.includes(value);
}
