import type { Viewer } from '../auth/viewer.js';
import type { Deps } from '../deps.js';
import { inTransaction, type Db } from '../store/prisma.js';
import { DuplicateDownloadError, TaskNotFoundError, TaskStateConflictError } from './errors.js';
import { lockParent, reopenParent, retryChildren, settleParent } from './parent-store.js';
import { moveTasks } from './task-state-store.js';
import { findLiveDuplicate, findTask } from './task-store.js';
import type { Task } from './task.js';

const AFRESH = { failures: 0, retryAt: null, errorCode: null, errorMessage: null, errorRetryable: null };

/**
 * Queues a task that failed or was cancelled once more, under the same id; of an album, playlist or artist only
 * what failed or was cancelled. Throws TaskNotFoundError; TaskStateConflictError when there is nothing to try
 * again; DuplicateDownloadError when the same download is on its way as another task.
 */
export async function retryTask(
  deps: Pick<Deps, 'db' | 'log'>,
  viewer: Viewer,
  taskId: string,
): Promise<Task> {
  const task = await findTask(deps.db, viewer, taskId);
  if (!task) throw new TaskNotFoundError(taskId);
  const duplicate = task.dedupeKey ? await findLiveDuplicate(deps.db, task.dedupeKey) : null;
  if (duplicate && duplicate.id !== task.id) throw new DuplicateDownloadError(duplicate);
  const retried = await inTransaction(deps.db, (tx) => requeue(tx, task));
  if (!retried) {
    throw new TaskStateConflictError(
      `Task ${taskId} is ${task.state.toLowerCase()}: only what failed or was cancelled can be tried again.`,
      task,
    );
  }
  deps.log.info({ taskId, by: viewer.username }, 'task queued again');
  return (await findTask(deps.db, viewer, taskId)) ?? task;
}

async function requeue(tx: Db, task: Task): Promise<boolean> {
  if (task.parentId) await lockParent(tx, task.parentId);
  const done = task.expandedAt ? await requeueChildren(tx, task.id) : await requeueOne(tx, task.id);
  if (done && task.parentId) {
    await reopenParent(tx, task.parentId);
    await settleParent(tx, task.parentId);
  }
  return done;
}

async function requeueOne(tx: Db, taskId: string): Promise<boolean> {
  return (await moveTasks(tx, { id: taskId }, { state: 'QUEUED', progress: 0, ...AFRESH })) === 1;
}

async function requeueChildren(tx: Db, parentId: string): Promise<boolean> {
  await lockParent(tx, parentId);
  if ((await retryChildren(tx, parentId)) === 0) return false;
  await reopenParent(tx, parentId);
  await settleParent(tx, parentId);
  return true;
}
