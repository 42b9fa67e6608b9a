import type { Db } from '../database/prisma.js';

export interface StoredAnswer {
  question: string;
  /** JSON. */
  answer: string;
  askedAt: Date;
}

/** In the order of the questions; null for what has no answer yet. One query. */
export async function readAnswers(db: Db, questions: readonly string[]): Promise<(StoredAnswer | null)[]> {
  const rows = await db.catalogAnswer.findMany({ where: { question: { in: [...new Set(questions)] } } });
  const byQuestion = new Map(rows.map((row) => [row.question, row]));
  return questions.map((question) => byQuestion.get(question) ?? null);
}

/** Over an earlier answer, where there is one. In plain SQL: Prisma's own upsert can fail when two run at once. */
export async function saveAnswer(db: Db, { question, answer, askedAt }: StoredAnswer): Promise<void> {
  await db.$executeRaw`
    INSERT INTO "CatalogAnswer" ("question", "answer", "askedAt") VALUES (${question}, ${answer}, ${askedAt})
    ON CONFLICT ("question") DO UPDATE SET "answer" = EXCLUDED."answer", "askedAt" = EXCLUDED."askedAt"`;
}

/** Deletes the oldest answers from a time or before, at most `limit`; answers how many. */
export async function deleteAnswersUntil(db: Db, until: Date, limit: number): Promise<number> {
  return db.$executeRaw`
    DELETE FROM "CatalogAnswer" WHERE "question" IN (
      SELECT "question" FROM "CatalogAnswer" WHERE "askedAt" <= ${until}
      ORDER BY "askedAt" LIMIT ${limit} FOR UPDATE SKIP LOCKED)`;
}

/** When the answer was asked for that only so many are younger than; null when there are no more than these. */
export async function findAskedAt(db: Db, younger: number): Promise<Date | null> {
  const found = await db.catalogAnswer.findFirst({
    select: { askedAt: true },
    orderBy: { askedAt: 'desc' },
    skip: younger,
  });
  return found?.askedAt ?? null;
}
