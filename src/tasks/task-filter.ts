import type { Viewer } from '../auth/viewer.js';
import type { Task, TaskKind, TaskState } from './task.js';

/** Which tasks a reader wants; absent means all. */
export interface TaskFilter {
  states?: readonly TaskState[] | null;
  kinds?: readonly TaskKind[] | null;
  /** Only the direct children of this task. */
  parentId?: string | null;
  /** Also tasks that are part of another. */
  includeChildren?: boolean | null;
  /** Also tasks that were dismissed. */
  includeDismissed?: boolean | null;
}

/** Users see their own tasks, admins everybody's. */
export function maySee(viewer: Viewer, task: Pick<Task, 'ownerId'>): boolean {
  return viewer.role === 'ADMIN' || viewer.id === task.ownerId;
}

/** The same rule in memory that task-store.ts puts into SQL. */
export function isWanted(filter: TaskFilter, task: Task): boolean {
  if (!filter.includeDismissed && task.dismissedAt) return false;
  if (filter.states && !filter.states.includes(task.state)) return false;
  if (filter.kinds && !filter.kinds.includes(task.kind)) return false;
  if (filter.parentId) return task.parentId === filter.parentId;
  return Boolean(filter.includeChildren) || task.parentId === null;
}
