import type { Task, TaskKind } from '../tasks/task.js';

/** How a download of the past is told of: a task's state, with partial success set apart. */
export const HISTORY_STATUSES = [
  'IN_PROGRESS',
  'COMPLETED',
  'PARTIAL',
  'SKIPPED',
  'FAILED',
  'CANCELLED',
] as const;
export type HistoryStatus = (typeof HISTORY_STATUSES)[number];

/** What history is asked for; absent means all. */
export interface HistoryFilter {
  statuses?: readonly HistoryStatus[] | null | undefined;
  kinds?: readonly TaskKind[] | null | undefined;
  /** Words of title, artists and album; all must be there, in any case and with any accents. */
  text?: string | null;
  /** Also tasks that are part of another. */
  includeChildren?: boolean | null | undefined;
}

/** Null for a task that has not begun: history is what has. */
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
