import type { Viewer } from '../auth/viewer.js';
import type { Platform } from '../platform.js';
import { pauseTasks, resumeTasks } from './change-tasks-store.js';
import { controlTask } from './control-task.js';
import type { Task } from './task.js';

type Needs = Pick<Platform, 'db' | 'log'>;

/**
 * Keeps a task, and all below it that waits, from being started; what runs goes on to its end, its further tries
 * included. A list is PAUSED itself once nothing of it runs. Throws TaskNotFoundError, or TaskStateConflictError when
 * nothing of it waits.
 */
export function pauseTask(deps: Needs, viewer: Viewer, taskId: string): Promise<Task> {
  return controlTask(
    deps,
    { viewer, taskId },
    {
      change: pauseTasks,
      refusal: ({ state }) => `is ${state.toLowerCase()}: only what waits can be paused.`,
      done: 'task paused',
    },
  );
}

/** Queues a paused task, and all below it that is paused. Throws TaskNotFoundError or TaskStateConflictError. */
export function resumeTask(deps: Needs, viewer: Viewer, taskId: string): Promise<Task> {
  return controlTask(
    deps,
    { viewer, taskId },
    {
      change: resumeTasks,
      refusal: ({ state }) => `is ${state.toLowerCase()}: nothing of it is paused.`,
      done: 'task resumed',
    },
  );
}
