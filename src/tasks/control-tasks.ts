import type { Viewer } from '../auth/viewer.js';
import { inTransaction, type Db } from '../database/prisma.js';
import { InvalidInputError } from '../lib/errors.js';
import type { Platform } from '../platform.js';
import { DuplicateDownloadError, TaskNotFoundError, TaskStateConflictError } from './errors.js';
import {
  cancelTasks,
  markDismissed,
  pauseTasks,
  restampTask,
  resumeTasks,
  retryTasks,
  setPriority,
} from './task-state-store.js';
import { findActiveConflict, findTask, isActiveDuplicate } from './task-store.js';
import { changeTree, type TaskChange } from './task-tree-store.js';
import { isParentKind, PRIORITY_LIMIT, type Task } from './task.js';

export type ControlDeps = Pick<Platform, 'db' | 'log'>;

/** Workers stop ffmpeg and the source at once, and leave no file behind. */
export function cancelTask(deps: ControlDeps, viewer: Viewer, taskId: string): Promise<Task> {
  return controlTask(deps, viewer, {
    taskId,
    change: cancelTasks,
    refusal: 'only active tasks can be canceled',
    event: 'task canceled',
  });
}

/** Keeps the id. Of an album, playlist or artist, only children that failed or were canceled. */
export async function retryTask(deps: ControlDeps, viewer: Viewer, taskId: string): Promise<Task> {
  await getTask(deps, viewer, taskId);
  await refuseDuplicate(deps.db, taskId);
  try {
    return await controlTask(deps, viewer, {
      taskId,
      change: retryTasks,
      refusal: 'only failed or canceled tasks can be retried',
      event: 'task queued again',
    });
  } catch (thrown) {
    // A duplicate may have been queued since the check; the unique index decides.
    if (isActiveDuplicate(thrown)) await refuseDuplicate(deps.db, taskId);
    throw thrown;
  }
}

async function refuseDuplicate(db: Db, taskId: string): Promise<void> {
  const existing = await findActiveConflict(db, taskId);
  if (existing) throw new DuplicateDownloadError(existing);
}

export type PausedTask = Task & { pausedCount: number };

/** Running tracks finish, including their retries. A parent is PAUSED once none of its children runs. */
export async function pauseTask(deps: ControlDeps, viewer: Viewer, taskId: string): Promise<PausedTask> {
  let pausedCount = 0;
  const task = await controlTask(deps, viewer, {
    taskId,
    change: async (tx, where) => {
      const paused = await pauseTasks(tx, where);
      pausedCount += paused;
      return paused;
    },
    refusal: 'only queued or retrying tasks can be paused',
    event: 'task paused',
  });
  return { ...task, pausedCount };
}

export function resumeTask(deps: ControlDeps, viewer: Viewer, taskId: string): Promise<Task> {
  return controlTask(deps, viewer, {
    taskId,
    change: resumeTasks,
    refusal: 'only paused tasks can be resumed',
    event: 'task resumed',
  });
}

export function checkPriority(priority: number): void {
  if (Math.abs(priority) <= PRIORITY_LIMIT) return;
  const range = `between −${PRIORITY_LIMIT} and ${PRIORITY_LIMIT}`;
  throw new InvalidInputError(`"priority" is ${priority}; it must be ${range}.`, 'priority');
}

/** Running tasks are not interrupted. */
export async function prioritizeTask(
  deps: ControlDeps,
  viewer: Viewer,
  { taskId, priority }: { taskId: string; priority: number },
): Promise<Task> {
  checkPriority(priority);
  return controlTask(deps, viewer, {
    taskId,
    change: (tx, where) => setPriority(tx, where, priority),
    refusal: 'only active tasks can be prioritized',
    event: 'task priority changed',
  });
}

/** Cancels an active task first. It stays in the history, and a retry undoes the dismissal. Idempotent. */
export async function dismissTask(
  deps: ControlDeps & Pick<Platform, 'clock'>,
  viewer: Viewer,
  taskId: string,
): Promise<Task> {
  const task = await getTask(deps, viewer, taskId);
  const changed = await inTransaction(deps.db, async (tx) => {
    const cancelled = await changeTree(tx, task, cancelTasks);
    const dismissed = await markDismissed(tx, [taskId], deps.clock.now());
    return cancelled + dismissed.length;
  });
  if (changed > 0) await followChange(deps, task);
  deps.log.info({ taskId, by: viewer.username }, 'task dismissed');
  return getTask(deps, viewer, taskId);
}

interface Control {
  change: TaskChange;
  /** Follows the task's state in the error message. */
  refusal: string;
  event: string;
}

/** Throws TaskNotFoundError, or TaskStateConflictError when nothing changed. */
async function controlTask(
  deps: ControlDeps,
  viewer: Viewer,
  { taskId, change, refusal, event }: Control & { taskId: string },
): Promise<Task> {
  const before = await getTask(deps, viewer, taskId);
  const changed = await inTransaction(deps.db, (tx) => changeTree(tx, before, change));
  if (changed > 0) await followChange(deps, before);
  const task = await getTask(deps, viewer, taskId);
  if (changed === 0) {
    throw new TaskStateConflictError(`Task ${taskId} is ${task.state.toLowerCase()}: ${refusal}.`, task);
  }
  deps.log.info({ taskId, by: viewer.username }, event);
  return task;
}

/** So that the sequence of the task stands for the whole change. A track by itself is one row. */
async function followChange({ db }: Pick<Platform, 'db'>, { id, kind, parentId }: Task): Promise<void> {
  if (isParentKind(kind) || parentId) await restampTask(db, id);
}

async function getTask({ db }: Pick<Platform, 'db'>, viewer: Viewer, taskId: string): Promise<Task> {
  const task = await findTask(db, viewer, taskId);
  if (!task) throw new TaskNotFoundError(taskId);
  return task;
}
