import type { Viewer } from '../auth/viewer.js';
import type { Platform } from '../platform.js';
import { InvalidInputError } from '../lib/errors.js';
import { setPriority } from './change-tasks-store.js';
import { controlTask } from './control-task.js';
import { PRIORITY_LIMIT, type Task } from './task.js';

/**
 * Gives a live task, and all below it that is live, another priority, by which the dispatcher goes from then on.
 * Throws InvalidInputError, TaskNotFoundError, or TaskStateConflictError when it has ended.
 */
export async function prioritizeTask(
  deps: Pick<Platform, 'db' | 'log'>,
  viewer: Viewer,
  { taskId, priority }: { taskId: string; priority: number },
): Promise<Task> {
  if (Math.abs(priority) > PRIORITY_LIMIT) {
    const allowed = `−${PRIORITY_LIMIT} to ${PRIORITY_LIMIT}`;
    throw new InvalidInputError(`priority: ${priority} is out of range; allowed: ${allowed}.`, 'priority');
  }
  return controlTask(
    deps,
    { viewer, taskId },
    {
      change: (tx, where) => setPriority(tx, where, priority),
      refusal: ({ state }) => `has ended already: it is ${state.toLowerCase()}.`,
      done: 'task has another priority',
    },
  );
}
