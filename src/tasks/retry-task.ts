import type { Viewer } from '../auth/viewer.js';
import type { Platform } from '../platform.js';
import type { Db } from '../database/prisma.js';
import { retryTasks } from './change-tasks-store.js';
import { controlTask, getTask, type Control } from './control-task.js';
import { DuplicateDownloadError } from './errors.js';
import { findLiveRival, isLiveDuplicate } from './duplicate-store.js';
import type { Task } from './task.js';

/**
 * Queues a task that failed or was cancelled once more, under the same id; of an album, playlist or artist only
 * what failed or was cancelled. Throws TaskNotFoundError; TaskStateConflictError when there is nothing to try
 * again; DuplicateDownloadError when the same download is on its way as another task.
 */
export async function retryTask(
  deps: Pick<Platform, 'db' | 'log'>,
  viewer: Viewer,
  taskId: string,
): Promise<Task> {
  const task = await getTask(deps, viewer, taskId);
  await refuseDuplicate(deps.db, task);
  try {
    return await controlTask(deps, { viewer, taskId }, RETRY);
  } catch (thrown) {
    // The database has the last word, because a duplicate may be queued after we looked.
    if (isLiveDuplicate(thrown)) await refuseDuplicate(deps.db, task);
    throw thrown;
  }
}

const RETRY: Control = {
  change: retryTasks,
  refusal: ({ state }) => `is ${state.toLowerCase()}: only what failed or was cancelled can be tried again.`,
  done: 'task queued again',
};

async function refuseDuplicate(db: Db, task: Task): Promise<void> {
  const rival = await findLiveRival(db, task.id);
  if (rival) throw new DuplicateDownloadError(rival);
}
