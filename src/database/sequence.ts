import { Prisma } from '../generated/prisma/client.js';
import { InvalidInputError } from '../lib/errors.js';
import type { Database, Db } from './prisma.js';

/*
 * How a reader misses no change.
 *
 * `Task.sequence` is the id of the transaction that last changed the row; settings and scans have one too. Ids are
 * handed out when a transaction first writes, and become visible when it commits: one with id 5 may commit after one
 * with id 6. A reader that resumes from the highest id it has seen (6) would never hear of 5.
 *
 * So a reader resumes from the lowest id still in flight when it read. Every transaction below that has ended, and
 * what it wrote was visible. The order makes it safe: first this sequence, then the rows, in a statement of their
 * own; later all rows with `sequence >=` the first. What was in flight has an id at or above it and is found then.
 * Rows that committed in between are read twice, which a reader must tolerate; none is missed. A transaction that has
 * written and stays open, in any database of the server, holds the sequence back for as long: that costs repeats, and
 * nothing else.
 */

/** The sequence to resume from later. Read it before the rows, and outside their transaction. */
export async function readSequence(db: Db): Promise<bigint> {
  const [row] = await db.$queryRaw<{ sequence: bigint }[]>`
    SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS sequence`;
  if (!row) throw new Error('SELECT without FROM gave no row');
  return row.sequence;
}

/**
 * Throws InvalidInputError for a sequence that is still to come. The comparison is with the next id: a mutation that
 * has just committed may have returned one above the lowest in flight.
 */
export async function checkReached(db: Db, since: bigint): Promise<void> {
  const [row] = await db.$queryRaw<{ next: bigint }[]>`
    SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS next`;
  if (row && since <= row.next) return;
  throw new InvalidInputError(
    `"since" is ${since}, which this server has not reached: its database was restored, or is another one. Subscribe without "since" to start with the current state.`,
    'since',
  );
}

/**
 * Run once at start. Rows of a restored dump carry ids that a new cluster has not reached, and would look
 * changed for ever. Writing `sequence` alone does not fire the trigger that stamps it.
 */
export async function repairSequences(db: Database): Promise<number> {
  const repaired = ['Task', 'SettingsVersion', 'LibraryScan', 'Watch', 'RemovedWatch', 'WatchMember'].map(
    (table) => db.$executeRaw`
      UPDATE ${Prisma.raw(`"${table}"`)} SET "sequence" = pg_current_xact_id()::text::bigint
       WHERE "sequence" >= (SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint)`,
  );
  await db.$executeRaw`
    UPDATE "Watch" SET "fileSequence" = 0
    WHERE "fileSequence" > (SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint)`;
  return (await Promise.all(repaired)).reduce((sum, count) => sum + count, 0);
}

/** Throws InvalidInputError for any other text. */
export function parseSequence(since: string): bigint {
  if (/^\d{1,19}$/.test(since)) return BigInt(since);
  throw new InvalidInputError(
    '"since" is not a sequence; pass the "sequence" of an earlier update.',
    'since',
  );
}
