import type { Db } from '../database/prisma.js';

/** Rows, with those that go along, of one transaction; a longer list goes alone. */
const BATCH_ROWS = 5_000;
const BATCH_TASKS = 500;

/**
 * Deletes the downloads that ended the longest ago, before a time, with all their parts; answers how many, 0 when
 * there are none. One that somebody is changing right now is passed over.
 */
export async function deleteEndedBefore(tx: Db, before: Date): Promise<number> {
  const ids = await lockOldest(tx, before);
  if (ids.length === 0) return 0;
  const { count } = await tx.task.deleteMany({ where: { id: { in: ids } } });
  return count;
}

async function lockOldest(tx: Db, before: Date): Promise<string[]> {
  const rows = await tx.$queryRaw<{ id: string; total: number }[]>`
    SELECT "id", "total" FROM "Task"
    WHERE "parentId" IS NULL AND "state" IN ('COMPLETED', 'SKIPPED', 'FAILED', 'CANCELLED') AND "finishedAt" < ${before}
    ORDER BY "finishedAt" LIMIT ${BATCH_TASKS} FOR UPDATE SKIP LOCKED`;
  let left = BATCH_ROWS;
  return rows
    .filter(({ total }, index) => {
      const fits = index === 0 || total + 1 <= left;
      left = fits ? left - total - 1 : 0;
      return fits;
    })
    .map(({ id }) => id);
}
