import type { Logger } from '../lib/logger.js';
import type { Platform } from '../platform.js';
import { inTransaction, type Db } from '../database/prisma.js';
import { countFinishedChild, lockParent, recomputeParent } from '../tasks/task-tree-store.js';
import {
  claimTask,
  endClaimedTask,
  markExpanded,
  type Claim,
  type Ending,
} from '../tasks/task-state-store.js';
import type { TaskRequest } from '../tasks/task-store.js';
import type { Task, TaskKind } from '../tasks/task.js';

export interface ClaimedTask extends TaskRequest {
  task: Task;
  claim: Claim;
}

type Claimed = Pick<ClaimedTask, 'task' | 'claim'>;

export interface TaskRun {
  claimed: ClaimedTask;
  /** Aborts when the lease is lost or the process stops. */
  signal: AbortSignal;
  log: Logger;
  /** Percent of the whole task, 0–100. */
  onProgress(percent: number): void;
}

export interface TaskRunner {
  /** Null: the children are written, and the task finishes with the last of them. */
  run(run: TaskRun): Promise<Ending | null>;
  /** Undoes a COMPLETED ending that came too late, because the task had been cancelled. */
  discard?(task: Task): Promise<void>;
}

/** A kind without a runner is never queued. */
export type TaskRunners = Readonly<Partial<Record<TaskKind, TaskRunner>>>;

/** Null when it cannot be claimed any more, or cannot be run. */
export async function startTask(
  deps: Pick<Platform, 'db' | 'instanceId' | 'timing' | 'log'>,
  job: { taskId: string; attempt: number },
): Promise<ClaimedTask | null> {
  const lease = { owner: deps.instanceId, durationMs: deps.timing.leaseMs };
  const claimed = await claimTask(deps.db, job, lease);
  if (!claimed) return null;
  const { task, claim, request } = claimed;
  if (request.success) return { task, claim, ...request.data };
  deps.log.error({ taskId: task.id, err: request.error }, 'task has an invalid item or options');
  await finishTask(deps, claimed, { state: 'FAILED', error: INVALID_TASK });
  return null;
}

const INVALID_TASK = {
  code: 'INTERNAL' as const,
  message: 'The stored item or options of this task are invalid. Queue the download again.',
  retryable: false,
};

export function changeTask(
  deps: Pick<Platform, 'db'>,
  parentId: string | null,
  change: (tx: Db) => Promise<boolean>,
): Promise<boolean> {
  return inTransaction(deps.db, async (tx) => {
    if (parentId) await lockParent(tx, parentId);
    const changed = await change(tx);
    if (changed && parentId) await recomputeParent(tx, parentId);
    return changed;
  });
}

/** False when the task was cancelled or its lease lost. */
export function finishTask(deps: Pick<Platform, 'db'>, claimed: Claimed, ending: Ending): Promise<boolean> {
  const { parentId } = claimed.task;
  return inTransaction(deps.db, async (tx) => {
    if (parentId) await lockParent(tx, parentId);
    const ended = await endClaimedTask(tx, claimed.claim, ending);
    if (ended && parentId) await countFinishedChild(tx, parentId, ending.state);
    return ended;
  });
}

/** The parent ends with the last of its children. */
export function finishExpansion(deps: Pick<Platform, 'db'>, claimed: Claimed): Promise<boolean> {
  return inTransaction(deps.db, async (tx) => {
    await lockParent(tx, claimed.task.id);
    const marked = await markExpanded(tx, claimed.claim, claimed.task.kind === 'WATCH_CHECK');
    if (marked) await recomputeParent(tx, claimed.task.id);
    return marked;
  });
}
