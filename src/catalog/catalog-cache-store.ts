import type { Db } from '../database/prisma.js';

export interface StoredResponse {
  key: string;
  body: string;
  fetchedAt: Date;
}

/** In the order of the keys; null for a key without a response. */
export async function readResponses(db: Db, keys: readonly string[]): Promise<(StoredResponse | null)[]> {
  const rows = await db.catalogAnswer.findMany({ where: { question: { in: [...new Set(keys)] } } });
  const byKey = new Map(
    rows.map(({ question, answer, askedAt }) => [
      question,
      { key: question, body: answer, fetchedAt: askedAt },
    ]),
  );
  return keys.map((key) => byKey.get(key) ?? null);
}

/** In plain SQL: Prisma's own upsert can fail when two run at once. */
export async function saveResponse(db: Db, { key, body, fetchedAt }: StoredResponse): Promise<void> {
  await db.$executeRaw`
    INSERT INTO "CatalogAnswer" ("question", "answer", "askedAt") VALUES (${key}, ${body}, ${fetchedAt})
    ON CONFLICT ("question") DO UPDATE SET "answer" = EXCLUDED."answer", "askedAt" = EXCLUDED."askedAt"`;
}

export async function deleteResponsesUntil(db: Db, until: Date, limit: number): Promise<number> {
  return db.$executeRaw`
    DELETE FROM "CatalogAnswer" WHERE "question" IN (
      SELECT "question" FROM "CatalogAnswer" WHERE "askedAt" <= ${until}
      ORDER BY "askedAt" LIMIT ${limit} FOR UPDATE SKIP LOCKED)`;
}

/** The time of the newest response beyond the `kept` newest; null when there is none. */
export async function findOverflowTime(db: Db, kept: number): Promise<Date | null> {
  const found = await db.catalogAnswer.findFirst({
    select: { askedAt: true },
    orderBy: { askedAt: 'desc' },
    skip: kept,
  });
  return found?.askedAt ?? null;
}
