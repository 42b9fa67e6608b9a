import type { Viewer } from '../auth/viewer.js';
import type { Platform } from '../platform.js';
import { inTransaction, type Db } from '../database/prisma.js';
import { TaskNotFoundError, TaskStateConflictError } from './errors.js';
import { changeTree } from './parent-store.js';
import { findTask } from './task-store.js';
import type { Task } from './task.js';

/** One thing that people do to a task and all that is below it. */
export interface Control {
  /** Changes those of these tasks whose state allows it; answers how many. */
  change(tx: Db, where: Parameters<Parameters<typeof changeTree>[2]>[0]): Promise<number>;
  /** Why nothing was changed. */
  refusal(task: Task): string;
  /** For the log. */
  done: string;
}

/** Throws TaskNotFoundError, or TaskStateConflictError when there was nothing that could be changed. */
export async function controlTask(
  deps: Pick<Platform, 'db' | 'log'>,
  { viewer, taskId }: { viewer: Viewer; taskId: string },
  { change, refusal, done }: Control,
): Promise<Task> {
  const task = await getTask(deps, viewer, taskId);
  const changed = await inTransaction(deps.db, (tx) => changeTree(tx, task, (where) => change(tx, where)));
  const now = await getTask(deps, viewer, taskId);
  if (changed === 0) throw new TaskStateConflictError(`Task ${taskId} ${refusal(now)}`, now);
  deps.log.info({ taskId, by: viewer.username }, done);
  return now;
}

/** Throws TaskNotFoundError for one that the viewer may not see. */
export async function getTask({ db }: Pick<Platform, 'db'>, viewer: Viewer, taskId: string): Promise<Task> {
  const task = await findTask(db, viewer, taskId);
  if (!task) throw new TaskNotFoundError(taskId);
  return task;
}
