import type { Db } from '../database/prisma.js';
import type { User, UserRole } from '../generated/prisma/client.js';

/** Until the transaction ends, no other makes a user here: of two that are first, one is. */
export async function lockNewUsers(tx: Db): Promise<void> {
  await tx.$queryRaw`SELECT 1 FROM (SELECT pg_advisory_xact_lock(hashtext('reprise.new-users'))) AS taken`;
}

/** Besides the user `system`, whom nobody signs in as. */
export async function hasUsers(tx: Db): Promise<boolean> {
  return (await tx.user.findFirst({ where: { usernameKey: { not: null } }, select: { id: true } })) !== null;
}

/** As it compares, so that "Ann" and "ann" are one. */
export function findUserByName(db: Db, username: string): Promise<User | null> {
  return db.user.findUnique({ where: { usernameKey: username.toLowerCase() } });
}

type NewUser = Pick<User, 'username' | 'email' | 'role'> & { emailVerified: boolean };

/** Null if the name is taken. */
export async function createUserOfFreeName(tx: Db, user: NewUser): Promise<User | null> {
  const data = { ...user, usernameKey: user.username.toLowerCase() };
  const [created] = await tx.user.createManyAndReturn({ data: [data], skipDuplicates: true });
  return created ?? null;
}

/** Waits for others that change an admin, so that the number is right until the transaction ends. */
export async function lockAdmins(tx: Db): Promise<string[]> {
  const admins = await tx.$queryRaw<{ id: string }[]>`
    SELECT "id" FROM "User" WHERE "role" = 'ADMIN' AND "usernameKey" IS NOT NULL ORDER BY "id" FOR UPDATE`;
  return admins.map(({ id }) => id);
}

export function setRole(tx: Db, id: string, role: UserRole): Promise<User> {
  return tx.user.update({ where: { id }, data: { role } });
}
