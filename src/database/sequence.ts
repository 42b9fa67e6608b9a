import type { Database, Db } from './prisma.js';

/*
 * How a reader misses nothing.
 *
 * `Task.sequence` is the id of the transaction that last changed the row. Ids are handed out when a transaction
 * first writes, and become visible when it commits: one with id 5 may commit after one with id 6. A reader that
 * resumes from the highest id it has seen (6) would never hear of 5.
 *
 * So the mark a reader keeps is the horizon: the lowest id still in flight when it looked. Every transaction
 * below it has ended, and what it wrote was visible. The order is what makes it safe: first the horizon, then
 * the rows, in a statement of its own; later all rows with `sequence >= horizon`. What was in flight has an id at
 * or above the horizon and is found then. Rows that committed in between are seen twice, which a reader must
 * stand; none is missed. A transaction that has written and stays open, in any database of the server, holds the
 * horizon back for as long: that costs repeats, and nothing else.
 */

/** A mark for now. Take it before reading the rows it is to stand for, and outside their transaction. */
export async function readHorizon(db: Db): Promise<bigint> {
  const [row] = await db.$queryRaw<{ horizon: bigint }[]>`
    SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS horizon`;
  if (!row) throw new Error('SELECT without FROM gave no row');
  return row.horizon;
}

/**
 * Run once at start. In a dump that was restored into a new cluster, rows carry ids that the new cluster has not
 * reached, and would look like news for ever; the marks that clients kept are of no use there either. Such rows
 * get the current id. (Writing `sequence` alone does not fire the trigger that stamps it.) Resolves with how many.
 */
export function repairSequences(db: Database): Promise<number> {
  return db.$executeRaw`
    UPDATE "Task" SET "sequence" = pg_current_xact_id()::text::bigint
     WHERE "sequence" >= (SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint)`;
}
