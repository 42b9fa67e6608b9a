import { queueableItemSchema, type QueueableItem } from '../catalog/catalog-item.js';
import type { Platform } from '../platform.js';
import { inTransaction, type Db } from '../database/prisma.js';
import { countFinishedChild, lockParent, recomputeParent } from '../tasks/task-tree-store.js';
import { parseDownloadOptions, type DownloadOptions } from '../tasks/download-options.js';
import {
  claimTask,
  endClaimedTask,
  markExpanded,
  releaseClaimedTask,
  retryClaimedTask,
  type Claim,
  type Ending,
  type FileRecord,
} from '../tasks/task-state-store.js';
import type { Task } from '../tasks/task.js';

export type { Claim, Ending, FileRecord };

export interface ClaimedTask {
  task: Task;
  item: QueueableItem;
  options: DownloadOptions;
  claim: Claim;
}

type Held = Pick<ClaimedTask, 'task' | 'claim'>;

/** Null when it cannot be claimed any more, or cannot be run. */
export async function startTask(
  deps: Pick<Platform, 'db' | 'instanceId' | 'timing' | 'log'>,
  job: { taskId: string; attempt: number },
): Promise<ClaimedTask | null> {
  const lease = { owner: deps.instanceId, durationMs: deps.timing.leaseMs };
  const task = await claimTask(deps.db, job, lease);
  if (!task) return null;
  const claim = { taskId: task.id, attempt: task.attempt, leaseOwner: lease.owner };
  try {
    const item = queueableItemSchema.parse(task.item);
    return { task, item, options: parseDownloadOptions(task.options), claim };
  } catch (err) {
    deps.log.error({ taskId: task.id, err }, 'task has an invalid item or options');
    await finishTask(deps, { task, claim }, { state: 'FAILED', error: INVALID_TASK });
    return null;
  }
}

const INVALID_TASK = {
  code: 'INTERNAL',
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
export function finishTask(deps: Pick<Platform, 'db'>, claimed: Held, ending: Ending): Promise<boolean> {
  const { parentId } = claimed.task;
  return inTransaction(deps.db, async (tx) => {
    if (parentId) await lockParent(tx, parentId);
    const ended = await endClaimedTask(tx, claimed.claim, ending);
    if (ended && parentId) await countFinishedChild(tx, parentId, ending.state);
    return ended;
  });
}

export function postponeTask(
  deps: Pick<Platform, 'db'>,
  claimed: Held,
  retry: { delayMs: number; error: { code: string; message: string } },
): Promise<boolean> {
  return retryClaimedTask(deps.db, claimed.claim, retry);
}

/** The attempt does not count. */
export function releaseTask(deps: Pick<Platform, 'db'>, claimed: Held): Promise<void> {
  return releaseClaimedTask(deps.db, claimed.claim);
}

/** The parent ends with the last of its children. */
export function finishExpansion(deps: Pick<Platform, 'db'>, claimed: Held): Promise<boolean> {
  return inTransaction(deps.db, async (tx) => {
    await lockParent(tx, claimed.task.id);
    const marked = await markExpanded(tx, claimed.claim);
    if (marked) await recomputeParent(tx, claimed.task.id);
    return marked;
  });
}
