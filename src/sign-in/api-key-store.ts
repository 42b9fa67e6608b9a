import type { Db } from '../database/prisma.js';
import type { ApiKey, Prisma, User } from '../generated/prisma/client.js';
import type { ApiScope } from '../generated/prisma/enums.js';
import type { UserRole } from '../auth/viewer.js';

export type { ApiKey };

type OwnedApiKey = ApiKey & { user: User };

/** Until the transaction ends, this user's keys are created one after the other. False without such a user. */
export async function lockKeysOf(tx: Db, userId: string): Promise<boolean> {
  const found = await tx.$queryRaw<object[]>`
    SELECT 1 FROM "User" WHERE "id" = ${userId}::uuid FOR NO KEY UPDATE`;
  return found.length > 0;
}

export async function listKeyNames(db: Db, userId: string): Promise<string[]> {
  const keys = await db.apiKey.findMany({ where: { userId }, select: { name: true } });
  return keys.map(({ name }) => name);
}

export function insertKey(tx: Db, data: Prisma.ApiKeyUncheckedCreateInput): Promise<ApiKey> {
  return tx.apiKey.create({ data });
}

/** Newest first. */
export function listKeysOf(db: Db, userId: string, query: object): Promise<ApiKey[]> {
  return db.apiKey.findMany({
    ...query,
    where: { userId },
    orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
  });
}

/** What decides on a request with it: the key and its owner, in one query. */
export interface KeyInUse {
  id: string;
  scopes: ApiScope[];
  expiresAt: Date | null;
  lastUsedAt: Date | null;
  user: { id: string; username: string; role: UserRole };
}

export async function findKeyByHash(db: Db, hash: ApiKey['hash']): Promise<KeyInUse | null> {
  const [found] = await db.$queryRaw<KeyInUse[]>`
    SELECT k."id", k."scopes"::text[] AS "scopes", k."expiresAt", k."lastUsedAt",
      json_build_object('id', u."id", 'username', u."username", 'role', u."role") AS "user"
    FROM "ApiKey" k JOIN "User" u ON u."id" = k."userId" WHERE k."hash" = ${hash}`;
  return found ?? null;
}

export function findKeyWithOwner(db: Db, id: string): Promise<OwnedApiKey | null> {
  return db.apiKey.findUnique({ where: { id }, include: { user: true } });
}

/** False if another transaction was first. */
export async function deleteKey(tx: Db, id: string): Promise<boolean> {
  const { count } = await tx.apiKey.deleteMany({ where: { id } });
  return count > 0;
}

/** Whichever process is first in a minute writes; the others find it written. */
export async function recordKeyUse(db: Db, id: string, minute: Date): Promise<void> {
  await db.apiKey.updateMany({
    where: { id, OR: [{ lastUsedAt: null }, { lastUsedAt: { lt: minute } }] },
    data: { lastUsedAt: minute },
  });
}
