import { inTransaction, type Database, type Db } from '../database/prisma.js';
import { recordAudit, type Actor } from './audit-store.js';
import { RegistrationDisabledError } from './errors.js';
import {
  findUserByName,
  hasOtherAdmin,
  hasUsers,
  insertUser,
  lockUsers,
  updateRole,
  type User,
} from './user-store.js';

/* Users who sign in by a provider or a proxy: whoever signs them in there says their name, and may say their role. */

interface OutsideUser {
  /** To choose from, the best first; not all of them are taken. */
  usernames: Iterable<string>;
  /** Verified. */
  email: string | null;
  /** Null where nobody says so. */
  isAdmin: boolean | null;
  /** Whether strangers get an account. */
  mayRegister: boolean;
}

/**
 * With users locked (lockUsers). As in every registration, the very first user may register in any case, and is an
 * admin unless the role is known. Throws RegistrationDisabledError.
 */
export async function makeOutsideUser(
  tx: Db,
  actor: Actor,
  { usernames, email, isAdmin, mayRegister }: OutsideUser,
): Promise<User> {
  const isFirst = !(await hasUsers(tx));
  if (!mayRegister && !isFirst) throw new RegistrationDisabledError();
  const role = (isAdmin ?? isFirst) ? 'ADMIN' : 'USER';
  for (const username of usernames) {
    if (await findUserByName(tx, username)) continue;
    const emailVerified = email !== null;
    const user = await insertUser(tx, { username, email, emailVerified, passwordHash: null, role });
    await recordAudit(tx, actor, { action: 'REGISTERED', user, target: username });
    return user;
  }
  throw new Error('all usernames are taken');
}

/** The user as it then is. The last admin stays one, whatever is said elsewhere: nobody else could undo that. */
export async function followRole(
  db: Database,
  actor: Actor,
  { user, isAdmin }: { user: User; isAdmin: boolean | null },
): Promise<User> {
  if (isAdmin === null || isAdmin === (user.role === 'ADMIN')) return user;
  const role = isAdmin ? 'ADMIN' : 'USER';
  return inTransaction(db, async (tx) => {
    await lockUsers(tx);
    if (!isAdmin && !(await hasOtherAdmin(tx, user.id))) return user;
    await updateRole(tx, user.id, role);
    await recordAudit(tx, actor, { action: 'USER_ROLE_CHANGED', user, target: user.username });
    return { ...user, role };
  });
}
