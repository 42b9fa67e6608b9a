import type { Viewer } from '../auth/viewer.js';
import type { Platform } from '../platform.js';
import { inTransaction } from '../database/prisma.js';
import { cancelTasks } from './change-tasks-store.js';
import { getTask } from './control-task.js';
import { changeTree } from './parent-store.js';
import { markDismissed } from './task-state-store.js';
import type { Task } from './task.js';

/**
 * Takes a task off the lists; a live one is cancelled first. It stays in history, and comes back when it is tried
 * again. Doing it twice changes nothing. Throws TaskNotFoundError.
 */
export async function dismissTask(
  deps: Pick<Platform, 'db' | 'log' | 'clock'>,
  viewer: Viewer,
  taskId: string,
): Promise<Task> {
  const task = await getTask(deps, viewer, taskId);
  await inTransaction(deps.db, async (tx) => {
    await changeTree(tx, task, (where) => cancelTasks(tx, where));
    await markDismissed(tx, taskId, deps.clock.now());
  });
  deps.log.info({ taskId, by: viewer.username }, 'task dismissed');
  return getTask(deps, viewer, taskId);
}
