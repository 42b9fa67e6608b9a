import type { Viewer } from '../auth/viewer.js';
import type { Deps } from '../deps.js';
import { inTransaction, type Db } from '../store/prisma.js';
import { DuplicateDownloadError, TaskNotFoundError, TaskStateConflictError } from './errors.js';
import { lockParent, reopenParent, retryChildren, retryTasks, settleParent } from './parent-store.js';
import { findLiveDuplicate, findTask, findTaskById, isLiveDuplicate } from './task-store.js';
import { isParentKind, type Task } from './task.js';

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
  if (!(await requeueUnlessDuplicate(deps, task))) {
    throw new TaskStateConflictError(
      `Task ${taskId} is ${task.state.toLowerCase()}: only what failed or was cancelled can be tried again.`,
      task,
    );
  }
  deps.log.info({ taskId, by: viewer.username }, 'task queued again');
  return (await findTask(deps.db, viewer, taskId)) ?? task;
}

/** The database has the last word, because a duplicate may be queued after we looked. */
async function requeueUnlessDuplicate({ db }: Pick<Deps, 'db'>, task: Task): Promise<boolean> {
  await refuseDuplicate(db, task);
  try {
    return await inTransaction(db, (tx) => requeue(tx, task));
  } catch (thrown) {
    if (isLiveDuplicate(thrown)) await refuseDuplicate(db, task);
    throw thrown;
  }
}

/** Only a top-level task has a dedupe key, and it is live again as soon as any part of it is. */
async function refuseDuplicate(db: Db, task: Task): Promise<void> {
  let top = task;
  while (top.parentId) top = (await findTaskById(db, top.parentId)) ?? { ...top, parentId: null };
  const duplicate = top.dedupeKey ? await findLiveDuplicate(db, top.dedupeKey) : null;
  if (duplicate && duplicate.id !== top.id) throw new DuplicateDownloadError(duplicate);
}

async function requeue(tx: Db, task: Task): Promise<boolean> {
  await lockParent(tx, task.id);
  const itself = await retryTasks(tx, { id: task.id });
  // One that was cancelled while its parts were being written has parts and is still to be expanded.
  const parts = isParentKind(task.kind) ? await retryChildren(tx, task.id) : 0;
  if (itself + parts === 0) return false;
  if (parts > 0) {
    await reopenParent(tx, task.id);
    await settleParent(tx, task.id);
  }
  if (task.parentId) {
    await reopenParent(tx, task.parentId);
    await settleParent(tx, task.parentId);
  }
  return true;
}
