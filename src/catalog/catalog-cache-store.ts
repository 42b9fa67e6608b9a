import type { Db } from '../database/prisma.js';
import type { CatalogCacheEntry } from '../generated/prisma/client.js';

export type { CatalogCacheEntry };

/** In the order of the keys; null for a key without a response. */
export async function readResponses(db: Db, keys: readonly string[]): Promise<(CatalogCacheEntry | null)[]> {
  const rows = await db.catalogCacheEntry.findMany({ where: { key: { in: [...new Set(keys)] } } });
  const byKey = new Map(rows.map((row) => [row.key, row]));
  return keys.map((key) => byKey.get(key) ?? null);
}

/** In plain SQL: Prisma's own upsert can fail when two run at once. */
export async function saveResponse(db: Db, { key, value, fetchedAt }: CatalogCacheEntry): Promise<void> {
  await db.$executeRaw`
    INSERT INTO "CatalogCacheEntry" ("key", "value", "fetchedAt") VALUES (${key}, ${value}, ${fetchedAt})
    ON CONFLICT ("key") DO UPDATE SET "value" = EXCLUDED."value", "fetchedAt" = EXCLUDED."fetchedAt"`;
}

/** By an array: without statistics, the planner may compare each row with each of the subquery's. */
export async function deleteResponsesUntil(db: Db, until: Date, limit: number): Promise<number> {
  return db.$executeRaw`
    DELETE FROM "CatalogCacheEntry" WHERE "key" = ANY (ARRAY(
      SELECT "key" FROM "CatalogCacheEntry" WHERE "fetchedAt" <= ${until}
      ORDER BY "fetchedAt" LIMIT ${limit} FOR UPDATE SKIP LOCKED))`;
}

/** The time of the newest response beyond the `kept` newest; null when there is none. */
export async function findOverflowTime(db: Db, kept: number): Promise<Date | null> {
  const found = await db.catalogCacheEntry.findFirst({
    select: { fetchedAt: true },
    orderBy: { fetchedAt: 'desc' },
    skip: kept,
  });
  return found?.fetchedAt ?? null;
}
