import type { Viewer } from '../auth/viewer.js';
import type { Platform } from '../platform.js';
import { countSorts, type TaskSort } from '../tasks/count-sorts.js';
import type { TaskKind } from '../tasks/task.js';
import { countFound } from './history-store.js';
import { historyStatusOf, type HistoryFilter, type HistoryStatus } from './history.js';

/** How many rows a filter lets through. Only a search has to look for them; the others are counted already. */
export async function countHistory(
  deps: Pick<Platform, 'db'>,
  viewer: Viewer,
  filter: HistoryFilter,
): Promise<number> {
  if (filter.text) return countFound(deps.db, viewer, filter);
  const sorts = await countSorts(deps, viewer);
  return sorts.filter((sort) => isWanted(sort, filter)).reduce((sum, { count }) => sum + count, 0);
}

/** Downloads of one kind that stand alike. */
export interface HistoryCount {
  kind: TaskKind;
  status: HistoryStatus;
  count: number;
}

/** Top-level downloads by kind and status; those that have not begun are no history. */
export async function countByKindAndStatus(
  deps: Pick<Platform, 'db'>,
  viewer: Viewer,
): Promise<HistoryCount[]> {
  const counts = new Map<string, HistoryCount>();
  for (const { kind, count, ...sort } of await countSorts(deps, viewer)) {
    const status = statusOf(sort);
    if (!status || !sort.topLevel) continue;
    const key = `${kind} ${status}`;
    counts.set(key, { kind, status, count: count + (counts.get(key)?.count ?? 0) });
  }
  return [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, count]) => count);
}

function isWanted(sort: TaskSort, { statuses, kinds, includeChildren }: HistoryFilter): boolean {
  const status = statusOf(sort);
  if (!status || (statuses && !statuses.includes(status))) return false;
  if (kinds && !kinds.includes(sort.kind)) return false;
  return sort.topLevel || Boolean(includeChildren);
}

function statusOf({ state, begun, partial }: Pick<TaskSort, 'state' | 'begun' | 'partial'>) {
  return historyStatusOf({
    state,
    failed: partial ? 1 : 0,
    cancelled: 0,
    startedAt: begun ? new Date(0) : null,
  });
}
