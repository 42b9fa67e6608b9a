import type { Platform } from '../platform.js';
import { readHorizon } from '../database/sequence.js';
import { findTasksByIds, listTaskStamps, type TaskStamp } from '../tasks/task-store.js';
import type { Task } from '../tasks/task.js';

/** A task, and the mark from which someone who has read this far goes on. */
export interface TaskChange {
  sequence: string;
  task: Task;
}

/** Reads what has changed since its last look, in the order of change. Not for two at once. */
export interface TaskChanges {
  /** From now on: a mark of this moment (store/sequence.ts). */
  startFrom(mark: bigint): void;
  /** When it throws, the next look begins where this one did; what it gave already comes again. */
  read(): AsyncGenerator<TaskChange, void, void>;
}

/** Rows of one query. */
export const BATCH = 500;

/**
 * It goes by what the database says and not by what was announced: an announcement may be on its way still when
 * a younger change is read, and then no mark would be safe to resume from. A transaction that stays open holds
 * the mark back; what was given since is remembered, so that it is not given again and again.
 */
export function createTaskChanges({ db }: Pick<Platform, 'db'>): TaskChanges {
  let mark = 0n;
  let given = new Map<string, bigint>();

  return {
    startFrom: (start) => {
      mark = start;
      given = new Map();
    },
    async *read() {
      const horizon = await readHorizon(db);
      const next = new Map<string, bigint>();
      for await (const stamps of inBatches((after) =>
        listTaskStamps(db, { since: mark, after, limit: BATCH }),
      )) {
        const fresh = stamps.filter(({ id, sequence }) => given.get(id) !== sequence);
        const tasks = new Map(
          (
            await findTasksByIds(
              db,
              fresh.map(({ id }) => id),
            )
          ).map((task) => [task.id, task]),
        );
        for (const { id, sequence } of fresh) {
          const task = tasks.get(id);
          if (task) yield { sequence: toMark(sequence, horizon), task };
        }
        for (const { id, sequence } of stamps) if (sequence >= horizon) next.set(id, sequence);
      }
      mark = horizon;
      given = next;
    },
  };
}

/**
 * The mark that goes with a row which is read in the order of change: all that is still to be read is at or above
 * it, and so is whatever was not committed when the horizon was taken.
 */
export function toMark(sequence: bigint, horizon: bigint): string {
  return (sequence < horizon ? sequence : horizon).toString();
}

/** Full batches until one is not; each query begins after the last row of the one before. */
export async function* inBatches<Row extends TaskStamp>(
  read: (after: TaskStamp | null) => Promise<Row[]>,
): AsyncGenerator<Row[], void, void> {
  let after: Row | null = null;
  do {
    const rows: Row[] = await read(after);
    yield rows;
    after = rows.length === BATCH ? (rows.at(-1) ?? null) : null;
  } while (after);
}
