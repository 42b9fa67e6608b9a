import { randomBytes } from 'node:crypto';
import { requireSession } from '../auth/access-rules.js';
import { recordAudit, type Actor } from '../auth/audit-store.js';
import {
  LastAdminError,
  NoPasswordError,
  OwnUserError,
  UnauthenticatedError,
  UserNotFoundError,
  WrongPasswordError,
} from '../auth/errors.js';
import { checkNewPassword, hashPassword, verifyPassword } from '../auth/passwords.js';
import { endSessionsOf } from '../sign-in/session-store.js';
import type { AuthDeps } from '../sign-in/tokens.js';
import {
  findPerson,
  hasOtherAdmin,
  lockUsers,
  replacePassword,
  revokeAccess,
  updatePassword,
  updateRole,
  type User,
  type UserReference,
} from '../auth/user-store.js';
import { requireUsers } from '../auth/users.js';
import type { Access, UserRole } from '../auth/viewer.js';
import { inTransaction, type Db } from '../database/prisma.js';
import { ON_SERVER, requireStillAdmin, type UserDeps } from './register.js';

/** Under the lock on users. Throws UserNotFoundError. */
async function getPerson(tx: Db, user: UserReference): Promise<User> {
  const found = await findPerson(tx, user);
  if (!found) throw new UserNotFoundError('id' in user ? `User:${user.id}` : user.username);
  return found;
}

async function refuseLastAdmin(tx: Db, target: User): Promise<void> {
  if (target.role === 'ADMIN' && !(await hasOtherAdmin(tx, target.id))) {
    throw new LastAdminError(target.username);
  }
}

interface UserChange {
  user: UserReference;
  /** To an admin who is that user. */
  refusal: string;
  /** Whether an admin is none after it. */
  endsAdmin: boolean;
  apply: (tx: Db, target: User) => Promise<User>;
}

/** One at a time, over all processes: of two admins who demote or delete each other, one stays. */
export function changeOtherUser(
  { db, env }: Pick<UserDeps, 'db' | 'env'>,
  { viewer }: Actor,
  change: UserChange,
): Promise<User> {
  requireUsers(env);
  return inTransaction(db, async (tx) => {
    await lockUsers(tx);
    const target = await getPerson(tx, change.user);
    if (target.id === viewer.id) throw new OwnUserError(change.refusal);
    if (change.endsAdmin) await refuseLastAdmin(tx, target);
    await requireStillAdmin(tx, viewer);
    return change.apply(tx, target);
  });
}

/** Takes effect with the user's next request, and ends open connections. */
export async function setUserRole(
  deps: UserDeps,
  actor: Actor,
  { user, role }: { user: UserReference; role: UserRole },
): Promise<User> {
  const changed = await changeOtherUser(deps, actor, {
    user,
    refusal: 'You cannot change your own role; another admin can.',
    endsAdmin: role !== 'ADMIN',
    apply: async (tx, target) => {
      if (target.role === role) return target;
      await updateRole(tx, target.id, role);
      await recordAudit(tx, actor, { action: 'USER_ROLE_CHANGED', target: target.username });
      return { ...target, role };
    },
  });
  deps.log.info({ username: changed.username, role, by: actor.viewer.username }, 'user role set');
  return changed;
}

/** By an admin. Whoever knew the old password is signed out everywhere, and its API keys end. */
export async function resetPassword(
  deps: UserDeps,
  actor: Actor,
  { user, newPassword }: { user: UserReference; newPassword: string },
): Promise<User> {
  requireUsers(deps.env);
  checkNewPassword(newPassword);
  const passwordHash = await hashPassword(newPassword);
  const changed = await inTransaction(deps.db, async (tx) => {
    await lockUsers(tx);
    const target = await getPerson(tx, user);
    if (target.passwordHash === null) throw new NoPasswordError(target.username);
    await requireStillAdmin(tx, actor.viewer);
    await storeReset(tx, actor, { target, passwordHash });
    return target;
  });
  deps.log.info({ username: changed.username, by: actor.viewer.username }, 'password reset');
  return changed;
}

async function storeReset(
  tx: Db,
  actor: Actor,
  { target, passwordHash }: { target: User; passwordHash: string },
): Promise<void> {
  await updatePassword(tx, target.id, passwordHash);
  await revokeAccess(tx, target.id);
  await recordAudit(tx, actor, { action: 'PASSWORD_RESET', target: target.username });
}

const NEW_PASSWORD_BYTES = 18;

/** For an admin who is locked out. Returns the new password, which is kept nowhere. */
export async function resetForgottenPassword(
  { db }: Pick<UserDeps, 'db'>,
  username: string,
): Promise<string> {
  const password = randomBytes(NEW_PASSWORD_BYTES).toString('base64url');
  const passwordHash = await hashPassword(password);
  await inTransaction(db, async (tx) => {
    await lockUsers(tx);
    await storeReset(tx, ON_SERVER, { target: await getPerson(tx, { username }), passwordHash });
  });
  return password;
}

/**
 * One's own. The session that does it goes on, all others end. Wrong passwords count as failed sign-ins: whoever has
 * found a session cannot try many. Throws TooManySignInsError.
 */
export async function changePassword(
  deps: UserDeps & Pick<AuthDeps, 'signInLimits'>,
  actor: Actor & { access: Pick<Access, 'credential'> },
  { currentPassword, newPassword }: { currentPassword: string; newPassword: string },
): Promise<User> {
  requireSession(deps.env, actor);
  checkNewPassword(newPassword);
  const user = await findPerson(deps.db, { id: actor.viewer.id });
  if (!user) throw new UnauthenticatedError();
  const { id, username, passwordHash: before } = user;
  if (before === null) throw new NoPasswordError(username);
  const attempt = await deps.signInLimits.admit({ username, address: actor.request.address });
  if (!(await verifyPassword(before, currentPassword))) {
    await attempt.fail();
    throw new WrongPasswordError();
  }
  await attempt.succeed();
  const passwordHash = await hashPassword(newPassword);
  const { credential } = actor.access;
  await inTransaction(deps.db, async (tx) => {
    // Changed since it was verified, the current password is another one.
    if (!(await replacePassword(tx, { id, before, passwordHash }))) throw new WrongPasswordError();
    await endSessionsOf(tx, id, { except: credential?.kind === 'session' ? credential.id : undefined });
    await recordAudit(tx, actor, { action: 'PASSWORD_CHANGED', target: username });
  });
  deps.log.info({ username }, 'password changed');
  return user;
}
