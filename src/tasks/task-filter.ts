import type { Task, TaskKind, TaskState } from './task.js';

/** An omitted property matches all. */
export interface TaskFilter {
  states?: readonly TaskState[] | null;
  kinds?: readonly TaskKind[] | null;
  parentId?: string | null;
  includeChildren?: boolean | null;
  includeDismissed?: boolean | null;
}

/** The same rule in memory that task-filter-store.ts writes in SQL. */
export function matchesFilter(filter: TaskFilter, task: Task): boolean {
  if (!filter.includeDismissed && task.dismissedAt) return false;
  if (filter.states && !filter.states.includes(task.state)) return false;
  if (filter.kinds && !filter.kinds.includes(task.kind)) return false;
  if (filter.parentId) return task.parentId === filter.parentId;
  return Boolean(filter.includeChildren) || task.parentId === null;
}
