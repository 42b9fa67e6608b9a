import type { Db } from '../database/prisma.js';
import type { User } from '../auth/user-store.js';

interface NewIdentity {
  provider: string;
  subject: string;
  userId: string;
}

export async function findIdentityUser(
  db: Db,
  { provider, subject }: Omit<NewIdentity, 'userId'>,
): Promise<User | null> {
  const found = await db.identity.findUnique({
    where: { provider_subject: { provider, subject } },
    include: { user: true },
  });
  return found?.user ?? null;
}

/** False if the account belongs to somebody already, or the user has another one at this provider. */
export async function createIdentity(db: Db, identity: NewIdentity): Promise<boolean> {
  const { count } = await db.identity.createMany({ data: [identity], skipDuplicates: true });
  return count === 1;
}

export async function deleteIdentity(db: Db, userId: string, provider: string): Promise<boolean> {
  const { count } = await db.identity.deleteMany({ where: { userId, provider } });
  return count === 1;
}

export async function listLinkedProviders(db: Db, userId: string): Promise<string[]> {
  const identities = await db.identity.findMany({
    where: { userId },
    select: { provider: true },
    orderBy: { createdAt: 'asc' },
  });
  return identities.map(({ provider }) => provider);
}

/** Until the transaction ends, nobody else changes how this user signs in. */
export async function lockUser(tx: Db, id: string): Promise<{ passwordHash: string | null } | null> {
  const [user] = await tx.$queryRaw<{ passwordHash: string | null }[]>`
    SELECT "passwordHash" FROM "User" WHERE "id" = ${id}::uuid FOR UPDATE`;
  return user ?? null;
}

/** Not by Prisma's `mode: 'insensitive'`, to which "_" is any character. */
export async function findUsersByVerifiedEmail(db: Db, email: string): Promise<User[]> {
  const rows = await db.$queryRaw<{ id: string }[]>`
    SELECT "id" FROM "User" WHERE lower("email") = lower(${email}) AND "emailVerified"`;
  return db.user.findMany({ where: { id: { in: rows.map(({ id }) => id) } } });
}

/** False if it has been taken before. */
export async function takeState(db: Db, state: { id: string; expiresAt: Date }): Promise<boolean> {
  const { count } = await db.usedState.createMany({ data: [state], skipDuplicates: true });
  return count === 1;
}
