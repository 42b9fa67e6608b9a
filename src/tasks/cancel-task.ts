import type { Viewer } from '../auth/viewer.js';
import type { Platform } from '../platform.js';
import { cancelTasks } from './change-tasks-store.js';
import { controlTask } from './control-task.js';
import type { Task } from './task.js';

/**
 * Ends a live task, and every live task below it. The worker that runs it hears of it at once and stops ffmpeg and
 * the source; no file stays behind. Throws TaskNotFoundError, or TaskStateConflictError when it has ended already.
 */
export function cancelTask(
  deps: Pick<Platform, 'db' | 'log'>,
  viewer: Viewer,
  taskId: string,
): Promise<Task> {
  return controlTask(
    deps,
    { viewer, taskId },
    {
      change: cancelTasks,
      refusal: ({ state }) => `has ended already: it is ${state.toLowerCase()}.`,
      done: 'task cancelled',
    },
  );
}
