import type { Platform } from '../platform.js';
import { InvalidInputError } from '../lib/errors.js';
import { BATCH, inBatches, toMark, type TaskChange } from './task-changes.js';
import { listLiveTasks } from './snapshot-store.js';
import type { FeedRequest } from './task-event.js';
import { listChangedTasks, type TaskStamp } from '../tasks/task-store.js';

/** Parses the `sequence` of earlier news. */
export function parseSequence(since: string): bigint {
  if (!/^\d{1,19}$/.test(since)) {
    throw new InvalidInputError(
      '`since` is not a sequence; allowed: the `sequence` of an earlier update.',
      'since',
    );
  }
  return BigInt(since);
}

/**
 * What a subscription starts with: all live tasks, or all that changed since its mark; in the order of change, so
 * that a reader who leaves in the middle has a mark for the rest. `horizon` was taken before. A mark ahead of the
 * database's own (it was restored elsewhere) cannot be resumed from and starts anew.
 */
export async function* readSnapshot(
  deps: Pick<Platform, 'db'>,
  { viewer, filter, since }: FeedRequest,
  horizon: bigint,
): AsyncGenerator<TaskChange, void, void> {
  const resumes = since !== null && since <= horizon;
  const read = (after: TaskStamp | null) =>
    resumes
      ? listChangedTasks(deps.db, viewer, { filter, since, limit: BATCH, after })
      : listLiveTasks(deps.db, viewer, { filter, limit: BATCH, after });
  for await (const tasks of inBatches(read)) {
    for (const task of tasks) yield { sequence: toMark(task.sequence, horizon), task };
  }
}
