import { isSignedIn } from '../auth/access-rules.js';
import { recordAudit, type Actor } from '../auth/audit-store.js';
import { ForbiddenError, RegistrationDisabledError } from '../auth/errors.js';
import { checkNewPassword, hashPassword } from '../auth/passwords.js';
import { findPerson, hasUsers, lockUsers, insertUser, type NewUser, type User } from '../auth/user-store.js';
import {
  addUser,
  checkUsername,
  isRegistrationOpen,
  parseEmail,
  refuseTaken,
  requireUsers,
} from '../auth/users.js';
import { SYSTEM_VIEWER, type UserRole, type Viewer } from '../auth/viewer.js';
import { inTransaction, type Db } from '../database/prisma.js';
import type { Platform } from '../platform.js';

export type UserDeps = Pick<Platform, 'db' | 'env' | 'log'>;

export interface NewUserInput {
  username: string;
  password: string;
  email?: string | null | undefined;
}

/** The first to register is an admin, and needs no REGISTRATION_ENABLED. */
export async function register(deps: UserDeps, actor: Actor, input: NewUserInput): Promise<User> {
  const { db, env, log } = deps;
  requireUsers(env);
  // Before the password is hashed, which anyone could otherwise keep the server busy with.
  if (!(await isRegistrationOpen(db, env))) throw new RegistrationDisabledError();
  const user = await addUser(db, {
    ...(await toNewUser(db, input)),
    decideRole: (isFirst) => {
      if (!isFirst && !env.registrationEnabled) throw new RegistrationDisabledError();
      return isFirst ? 'ADMIN' : 'USER';
    },
    record: (tx, { id, username }) =>
      recordAudit(tx, actor, { action: 'REGISTERED', target: username, user: { id, username } }),
  });
  log.info({ username: user.username, role: user.role }, 'user registered');
  return user;
}

/** By an admin, who chooses the role. */
export async function createUser(
  deps: UserDeps,
  actor: Actor,
  { role, ...input }: NewUserInput & { role: UserRole },
): Promise<User> {
  requireUsers(deps.env);
  const user = await addUser(deps.db, {
    ...(await toNewUser(deps.db, input)),
    emailVerified: (input.email ?? null) !== null,
    decideRole: async (_isFirst, tx) => {
      await requireStillAdmin(tx, actor.viewer);
      return role;
    },
    record: (tx, { username }) => recordAudit(tx, actor, { action: 'USER_CREATED', target: username }),
  });
  deps.log.info({ username: user.username, role, by: actor.viewer.username }, 'user created');
  return user;
}

async function toNewUser(db: Db, { username, password, email }: NewUserInput): Promise<NewUser> {
  checkUsername(username);
  const parsed = parseEmail(email);
  checkNewPassword(password);
  await refuseTaken(db, username);
  return { username, email: parsed, passwordHash: await hashPassword(password) };
}

/** Under the lock on users: another admin may have demoted or deleted this one since the request began. */
export async function requireStillAdmin(tx: Db, viewer: Viewer): Promise<void> {
  const current = isSignedIn(viewer) ? await findPerson(tx, { id: viewer.id }) : null;
  if (current?.role !== 'ADMIN') throw new ForbiddenError('You are not an admin any more.');
}

/** In the audit log, for what no request did. */
export const ON_SERVER: Actor = { viewer: SYSTEM_VIEWER, request: { requestId: '', address: null } };

/** At start. Of several processes, one makes the admin. There is no default password. */
export async function ensureFirstAdmin({ db, env, log }: UserDeps): Promise<void> {
  if (!env.authEnabled || (await hasUsers(db))) return;
  if (!env.firstAdmin) {
    log.warn(
      'no users yet: register to become the admin before others do, or set ADMIN_USERNAME and ADMIN_PASSWORD and restart',
    );
    return;
  }
  const { username, password } = env.firstAdmin;
  const passwordHash = await hashPassword(password);
  const isMade = await inTransaction(db, async (tx) => {
    await lockUsers(tx);
    if (await hasUsers(tx)) return false;
    await insertUser(tx, { username, email: null, passwordHash, role: 'ADMIN' });
    await recordAudit(tx, ON_SERVER, { action: 'USER_CREATED', target: username });
    return true;
  });
  if (isMade) log.info({ username }, 'first admin created from ADMIN_USERNAME and ADMIN_PASSWORD');
}
