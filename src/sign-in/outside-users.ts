import { randomBytes } from 'node:crypto';
import { inTransaction, type Database, type Db } from '../database/prisma.js';
import { userName } from '../lib/env-values.js';
import { recordAudit, type Actor } from '../auth/audit-store.js';
import { RegistrationDisabledError } from '../auth/errors.js';
import {
  findUserByName,
  hasOtherAdmin,
  hasUsers,
  insertUser,
  lockUsers,
  updateRole,
  type User,
} from '../auth/user-store.js';

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

const SHORTEST = 3;
const LONGEST = 64;

export function isUsername(text: string): boolean {
  return userName.safeParse(text).success;
}

/** Room for what makes a name unique. */
const SUFFIX_CHARS = 8;
const NUMBERED = 20;

/** Usernames made of what somebody is called elsewhere, the best first; not all of them can be taken. */
export function* usernamesFor(names: readonly string[]): Generator<string> {
  const base = names.map(toUsername).find(isUsername) ?? 'user';
  yield base;
  for (let number = 2; number <= NUMBERED; number++) yield `${base}-${number}`;
  for (;;) yield `${base}-${randomBytes(3).toString('hex')}`;
}

/** Letters without their accents, dots for spaces, and nothing else; empty for a name without any. */
function toUsername(name: string): string {
  const [kept = ''] = /[A-Za-z0-9].*/.exec(name.normalize('NFKD').replace(/[^A-Za-z0-9._ -]/g, '')) ?? [];
  const username = kept.replaceAll(' ', '.').slice(0, LONGEST - SUFFIX_CHARS);
  return username === '' ? '' : username.padEnd(SHORTEST, '_');
}
