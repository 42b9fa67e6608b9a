import type { TaskGroup } from '../tasks/task-count-store.js';
import type { RowFilter } from '../tasks/task-filter.js';
import type { Task, TaskKind } from '../tasks/task.js';

/** All active states are one. */
export type HistoryStatus = 'IN_PROGRESS' | 'COMPLETED' | 'PARTIAL' | 'SKIPPED' | 'FAILED' | 'CANCELLED';

/** An omitted property matches all. */
export interface HistoryFilter extends RowFilter {
  statuses?: readonly HistoryStatus[] | null | undefined;
  kinds?: readonly TaskKind[] | null | undefined;
  includeChildren?: boolean | null | undefined;
}

/** Null for a task that has not begun: it is not part of the history. */
export function historyStatusOf(
  task: Pick<Task, 'state' | 'failed' | 'cancelled' | 'startedAt'>,
): HistoryStatus | null {
  switch (task.state) {
    case 'COMPLETED':
      return task.failed + task.cancelled > 0 ? 'PARTIAL' : 'COMPLETED';
    case 'SKIPPED':
    case 'FAILED':
    case 'CANCELLED':
      return task.state;
    case 'RUNNING':
    case 'RETRYING':
    case 'QUEUED':
    case 'PAUSED':
      return task.startedAt ? 'IN_PROGRESS' : null;
  }
}

/** For filters without an owner and without row conditions: groups have neither. */
export function sumMatching(groups: readonly TaskGroup[], filter: HistoryFilter): number {
  return groups.filter((group) => matches(group, filter)).reduce((sum, { count }) => sum + count, 0);
}

function matches(group: TaskGroup, { statuses, kinds, includeChildren }: HistoryFilter): boolean {
  const status = groupStatus(group);
  if (!status || (statuses && !statuses.includes(status))) return false;
  if (kinds && !kinds.includes(group.kind)) return false;
  return group.topLevel || Boolean(includeChildren);
}

export interface HistoryCount {
  kind: TaskKind;
  status: HistoryStatus;
  count: number;
}

/** Top-level downloads only. */
export function countByKindAndStatus(groups: readonly TaskGroup[]): HistoryCount[] {
  const counts = new Map<string, HistoryCount>();
  for (const { kind, count, topLevel, ...group } of groups) {
    const status = groupStatus(group);
    if (!status || !topLevel) continue;
    const key = `${kind} ${status}`;
    counts.set(key, { kind, status, count: count + (counts.get(key)?.count ?? 0) });
  }
  return [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, count]) => count);
}

function groupStatus({ state, begun, partial }: Pick<TaskGroup, 'state' | 'begun' | 'partial'>) {
  return historyStatusOf({
    state,
    failed: partial ? 1 : 0,
    cancelled: 0,
    startedAt: begun ? new Date(0) : null,
  });
}
