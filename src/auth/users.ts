import { z } from 'zod';
import { inTransaction, type Database, type Db } from '../database/prisma.js';
import type { Env } from '../env.js';
import { userName } from '../lib/env-values.js';
import { InvalidInputError, quoteId } from '../lib/errors.js';
import { AuthDisabledError, UsernameTakenError } from './errors.js';
import { findUserByName, hasUsers, insertUser, lockUsers, type NewUser, type User } from './user-store.js';
import type { UserRole } from './viewer.js';

/** Throws AuthDisabledError where everyone is the user `system`. */
export function requireUsers({ authEnabled }: Pick<Env, 'authEnabled'>): void {
  if (!authEnabled) throw new AuthDisabledError();
}

/** Without users it is, for the one who will be the admin, whatever REGISTRATION_ENABLED says. */
export async function isRegistrationOpen(
  db: Db,
  { registrationEnabled }: Pick<Env, 'registrationEnabled'>,
): Promise<boolean> {
  return registrationEnabled || !(await hasUsers(db));
}

/** Throws InvalidInputError. */
export function checkUsername(username: string): void {
  if (userName.safeParse(username).success) return;
  throw new InvalidInputError(
    `${quoteId(username)} is not a valid username; expected: 3 to 64 letters, digits, ".", "_" or "-", and neither "system" nor "anonymous".`,
    'username',
  );
}

const email = z.email().max(254);

/** Throws InvalidInputError. */
export function parseEmail(value: string | null | undefined): string | null {
  if (value === null || value === undefined || email.safeParse(value).success) return value ?? null;
  throw new InvalidInputError(
    `${quoteId(value)} is not a valid email address; expected: name@example.org, or none.`,
    'email',
  );
}

interface Addition extends NewUser {
  /** `isFirst`: there was nobody before. Throws to add no user. */
  decideRole: (isFirst: boolean, tx: Db) => UserRole | Promise<UserRole>;
  /** Writes the audit log. */
  record: (tx: Db, added: User) => Promise<void>;
}

/** One at a time, over all processes. Throws UsernameTakenError. */
export function addUser(db: Database, { decideRole, record, ...user }: Addition): Promise<User> {
  return inTransaction(db, async (tx) => {
    await lockUsers(tx);
    const role = await decideRole(!(await hasUsers(tx)), tx);
    await refuseTaken(tx, user.username);
    const added = await insertUser(tx, { ...user, role });
    await record(tx, added);
    return added;
  });
}

export async function refuseTaken(db: Db, username: string): Promise<void> {
  if (await findUserByName(db, username)) throw new UsernameTakenError(username);
}
