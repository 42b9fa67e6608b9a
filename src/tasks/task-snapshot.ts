import type { Deps } from '../deps.js';
import { InvalidInputError } from '../lib/errors.js';
import { LIVE_STATES, type Task } from './task.js';
import type { FeedRequest, TaskNews } from './task-news.js';
import { isWanted, type TaskFilter } from './task-filter.js';
import { listChangedTasks, listTasks } from './task-store.js';

const BATCH = 500;

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
 * What a subscription starts with: all live tasks, or all that changed since its mark. `horizon` was read before
 * this and is the mark that the reader gets. A mark ahead of the
 * database's own (it was restored elsewhere) cannot be resumed from and starts anew.
 */
export async function* readSnapshot(
  deps: Pick<Deps, 'db'>,
  request: FeedRequest,
  horizon: bigint,
): AsyncGenerator<TaskNews, void, void> {
  const sequence = horizon.toString();
  const tasks =
    request.since === null || request.since > horizon
      ? readLive(deps, request)
      : readChanged(deps, request, request.since);
  for await (const task of tasks) {
    if (isWanted(request.filter, task)) yield { sequence, initial: true, task };
  }
}

async function* readLive(deps: Pick<Deps, 'db'>, request: FeedRequest): AsyncGenerator<Task, void, void> {
  const wanted = request.filter.states ?? LIVE_STATES;
  const filter: TaskFilter = {
    ...request.filter,
    states: LIVE_STATES.filter((state) => wanted.includes(state)),
  };
  let after: Task | null = null;
  do {
    const page: Task[] = await listTasks(deps.db, request.viewer, {
      filter,
      order: 'OLDEST_FIRST',
      limit: BATCH,
      after,
    });
    yield* page;
    after = page.length === BATCH ? (page.at(-1) ?? null) : null;
  } while (after);
}

export async function* readChanged(
  deps: Pick<Deps, 'db'>,
  request: Pick<FeedRequest, 'viewer'>,
  sequence: bigint,
): AsyncGenerator<Task, void, void> {
  let after: Task | null = null;
  do {
    const page: Task[] = await listChangedTasks(deps.db, request.viewer, { sequence, after, limit: BATCH });
    yield* page;
    after = page.length === BATCH ? (page.at(-1) ?? null) : null;
  } while (after);
}
