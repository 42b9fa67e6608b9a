import { inTransaction, type Database, type Db } from '../database/prisma.js';
import { recordAudit, type Actor } from './audit-store.js';
import { createUserOfFreeName, hasUsers, lockAdmins, lockNewUsers, setRole } from './outside-user-store.js';
import type { User } from './user-store.js';

/* Users who sign in by a provider or a proxy: whoever signs them in there says their name, and may say their role. */

interface OutsideUser {
  /** To choose from, the best first. */
  usernames: Iterable<string>;
  /** Verified. */
  email: string | null;
  /** Null where nobody says so. */
  isAdmin: boolean | null;
}

/** As in every registration, the very first user is an admin. Null if all of the names are taken. */
export async function makeOutsideUser(
  tx: Db,
  actor: Actor,
  { usernames, email, isAdmin }: OutsideUser,
): Promise<User | null> {
  await lockNewUsers(tx);
  const role = (isAdmin ?? !(await hasUsers(tx))) ? 'ADMIN' : 'USER';
  for (const username of usernames) {
    const user = await createUserOfFreeName(tx, { username, email, emailVerified: email !== null, role });
    if (!user) continue;
    await recordAudit(tx, actor, { action: 'REGISTERED', user });
    return user;
  }
  return null;
}

/** The user as it then is. The last admin stays one, whatever is said elsewhere: nobody else could undo that. */
export async function followRole(
  db: Database,
  actor: Actor,
  { user, isAdmin }: { user: User; isAdmin: boolean | null },
): Promise<User> {
  if (isAdmin === null || isAdmin === (user.role === 'ADMIN')) return user;
  return inTransaction(db, async (tx) => {
    const admins = await lockAdmins(tx);
    if (!isAdmin && admins.every((id) => id === user.id)) return user;
    const changed = await setRole(tx, user.id, isAdmin ? 'ADMIN' : 'USER');
    await recordAudit(tx, actor, { action: 'USER_ROLE_CHANGED', user: changed, target: user.username });
    return changed;
  });
}
