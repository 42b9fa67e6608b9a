import type { Deps } from '../deps.js';
import { InvalidInputError } from '../lib/errors.js';
import { BATCH, inBatches, toMark, type TaskChange } from './task-changes.js';
import { LIVE_STATES } from './task.js';
import type { TaskFilter } from './task-filter.js';
import type { FeedRequest } from './task-news.js';
import { listChangedTasks } from './task-store.js';

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
  deps: Pick<Deps, 'db'>,
  { viewer, filter, since }: FeedRequest,
  horizon: bigint,
): AsyncGenerator<TaskChange, void, void> {
  const resumes = since !== null && since <= horizon;
  const wanted = {
    filter: resumes ? filter : onlyLive(filter),
    since: resumes ? since : 0n,
    limit: BATCH,
  };
  const read = (after: { sequence: bigint; id: string } | null) =>
    listChangedTasks(deps.db, viewer, { ...wanted, after });
  for await (const tasks of inBatches(read)) {
    for (const task of tasks) yield { sequence: toMark(task.sequence, horizon), task };
  }
}

function onlyLive(filter: TaskFilter): TaskFilter {
  const wanted = filter.states ?? LIVE_STATES;
  return { ...filter, states: LIVE_STATES.filter((state) => wanted.includes(state)) };
}
