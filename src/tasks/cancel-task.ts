import type { Viewer } from '../auth/viewer.js';
import type { Deps } from '../deps.js';
import { inTransaction } from '../store/prisma.js';
import { TaskNotFoundError, TaskStateConflictError } from './errors.js';
import { cancelChildren, lockParent, settleParent } from './parent-store.js';
import { moveTasks } from './task-state-store.js';
import { findTask } from './task-store.js';
import { isParentKind, type Task } from './task.js';

/**
 * Ends a live task, and every live task below it. The worker that runs it hears of it at once and stops ffmpeg and
 * the source; no file stays behind. Throws TaskNotFoundError, or TaskStateConflictError when it has ended already.
 */
export async function cancelTask(
  deps: Pick<Deps, 'db' | 'log'>,
  viewer: Viewer,
  taskId: string,
): Promise<Task> {
  const task = await findTask(deps.db, viewer, taskId);
  if (!task) throw new TaskNotFoundError(taskId);
  const cancelled = await inTransaction(deps.db, async (tx) => {
    await lockParent(tx, task.id);
    const moved = await moveTasks(tx, { id: task.id }, { state: 'CANCELLED', retryAt: null });
    if (moved === 0) return false;
    if (isParentKind(task.kind)) await cancelChildren(tx, task.id);
    if (task.parentId) await settleParent(tx, task.parentId);
    return true;
  });
  const now = await findTask(deps.db, viewer, taskId);
  if (!now) throw new TaskNotFoundError(taskId);
  if (!cancelled) {
    throw new TaskStateConflictError(
      `Task ${taskId} has ended already: it is ${now.state.toLowerCase()}.`,
      now,
    );
  }
  deps.log.info({ taskId, by: viewer.username }, 'task cancelled');
  return now;
}
