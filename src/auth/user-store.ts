import { directionOf, keysetWhere, type KeysetPage } from '../database/pagination.js';
import type { Db } from '../database/prisma.js';
import type { Prisma, User } from '../generated/prisma/client.js';
import { SYSTEM_VIEWER, type UserRole } from './viewer.js';

export type { User } from '../generated/prisma/client.js';

/**
 * The user `system` is not a person: it is in no list, nobody signs in as it, and it counts as no admin. Nor is one who
 * is being deleted.
 */
const IS_PERSON: Prisma.UserWhereInput = { id: { not: SYSTEM_VIEWER.id }, deletedAt: null };

/** Until the end of the transaction, nobody else adds or deletes a user or changes a role. */
export async function lockUsers(tx: Db): Promise<void> {
  await tx.$queryRaw`SELECT 1 FROM (SELECT pg_advisory_xact_lock(hashtext('reprise.users'))) AS taken`;
}

/** As names compare: they differ by more than case. */
export const usernameKeyOf = (username: string): string => username.toLowerCase();

/** By the name that people sign in with, in upper or lower case. */
export function findUserByName(db: Db, username: string): Promise<User | null> {
  return db.user.findUnique({ where: { usernameKey: usernameKeyOf(username) } });
}

export function findUser(db: Db, id: string, query: object): Promise<User | null> {
  return db.user.findUnique({ ...query, where: { id } });
}

/** Of one that was there a moment ago. */
export function getUser(db: Db, id: string, query: object): Promise<User> {
  return db.user.findUniqueOrThrow({ ...query, where: { id } });
}

export type UserReference = { id: string } | { username: string };

/** Null for the user `system`. */
export function findPerson(db: Db, user: UserReference): Promise<User | null> {
  if ('username' in user) return findUserByName(db, user.username);
  return db.user.findFirst({ where: { AND: [IS_PERSON, { id: user.id }] } });
}

export async function hasUsers(db: Db): Promise<boolean> {
  return (await db.user.findFirst({ where: IS_PERSON, select: { id: true } })) !== null;
}

/** Whether anyone but this user is an admin. */
export async function hasOtherAdmin(db: Db, userId: string): Promise<boolean> {
  const where = { AND: [IS_PERSON, { role: 'ADMIN' as const, id: { not: userId } }] };
  return (await db.user.findFirst({ where, select: { id: true } })) !== null;
}

export interface NewUser {
  username: string;
  email: string | null;
  /** Whether a provider or an admin says that it is the user's own. Default: false. */
  emailVerified?: boolean;
  /** Null for who signs in by a provider only. */
  passwordHash: string | null;
}

export function insertUser(tx: Db, user: NewUser & { role: UserRole }): Promise<User> {
  return tx.user.create({ data: { ...user, usernameKey: usernameKeyOf(user.username) } });
}

export async function updateRole(tx: Db, id: string, role: UserRole): Promise<void> {
  await tx.user.update({ where: { id }, data: { role } });
}

export async function updatePassword(tx: Db, id: string, passwordHash: string): Promise<void> {
  await tx.user.update({ where: { id }, data: { passwordHash } });
}

/** False when the password has changed meanwhile. */
export async function replacePassword(
  tx: Db,
  { id, before, passwordHash }: { id: string; before: string | null; passwordHash: string },
): Promise<boolean> {
  const { count } = await tx.user.updateMany({ where: { id, passwordHash: before }, data: { passwordHash } });
  return count === 1;
}

/** Ends what the user is signed in by; triggers tell all processes. */
export async function revokeAccess(tx: Db, userId: string): Promise<void> {
  await tx.session.deleteMany({ where: { userId } });
  await tx.apiKey.deleteMany({ where: { userId } });
}

/** No way in is left, nobody finds the user, and the name is free. */
export async function lockOut(tx: Db, id: string, deletedAt: Date): Promise<void> {
  // First, so that a sign-in at this moment either waits for it, or its session ends below.
  await tx.user.update({
    where: { id },
    data: { username: id, usernameKey: null, email: null, passwordHash: null, role: 'USER', deletedAt },
  });
  await revokeAccess(tx, id);
  await tx.identity.deleteMany({ where: { userId: id } });
  // Nobody is left to download for.
  await tx.watch.deleteMany({ where: { ownerId: id } });
}

export function listDeletedUsers(db: Db): Promise<User[]> {
  return db.user.findMany({ where: { deletedAt: { not: null } }, orderBy: { deletedAt: 'asc' } });
}

/** With whatever is still theirs. */
export async function removeUser(tx: Db, id: string): Promise<void> {
  await tx.user.deleteMany({ where: { id } });
}

interface UserPage extends KeysetPage {
  /** Whether the user `system` is in it. */
  withSystem: boolean;
}

/** Oldest first, one more than the page has. */
export function listUsers(db: Db, { withSystem, ...page }: UserPage, query: object): Promise<User[]> {
  const direction = directionOf('OLDEST_FIRST', page);
  return db.user.findMany({
    ...query,
    where: { AND: [withSystem ? { deletedAt: null } : IS_PERSON, ...keysetWhere('OLDEST_FIRST', page)] },
    orderBy: [{ createdAt: direction }, { id: direction }],
    skip: page.offset,
    take: page.size + 1,
  });
}

export function countUsers(db: Db, { withSystem }: Pick<UserPage, 'withSystem'>): Promise<number> {
  return db.user.count({ where: withSystem ? { deletedAt: null } : IS_PERSON });
}

/** In the order of the ids; null for one that is gone. */
export async function findUsers(db: Db, ids: readonly string[]): Promise<(User | null)[]> {
  const users = await db.user.findMany({ where: { id: { in: [...ids] } } });
  const byId = new Map(users.map((user) => [user.id, user]));
  return ids.map((id) => byId.get(id) ?? null);
}

/** The user as it then is; null if it has gone, or its password has changed since it was read. */
export async function markSignedIn(db: Db, { id, passwordHash }: User, now: Date): Promise<User | null> {
  const [user] = await db.user.updateManyAndReturn({
    where: { id, passwordHash, deletedAt: null },
    data: { lastSignInAt: now },
  });
  return user ?? null;
}
