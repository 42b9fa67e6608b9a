import type { Platform } from '../platform.js';
import { inTransaction, type Db } from '../database/prisma.js';
import { countFinishedChild, lockParent, recomputeParent } from '../tasks/task-tree-store.js';
import {
  claimTask,
  endClaimedTask,
  markExpanded,
  releaseClaimedTask,
  retryClaimedTask,
  writePlannedFile,
  type Claim,
  type Ending,
  type FileRecord,
} from '../tasks/task-state-store.js';
import type { Task } from '../tasks/task.js';

export type { Claim, Ending, FileRecord };

/** A task that this worker runs, and the proof that it may. */
export interface ClaimedTask {
  task: Task;
  claim: Claim;
}

/** Takes a queued task for this worker; null when it is no longer to be had. */
export async function startTask(
  deps: Pick<Platform, 'db' | 'instanceId' | 'timing'>,
  wanted: { taskId: string; attempt: number },
): Promise<ClaimedTask | null> {
  const lease = { owner: deps.instanceId, durationMs: deps.timing.leaseMs };
  const task = await claimTask(deps.db, wanted, lease);
  return task && { task, claim: { taskId: task.id, attempt: task.attempt, leaseOwner: lease.owner } };
}

/** Runs a change of one task, then counts its parent anew, all in one transaction. */
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

/** Ends a claimed task and settles its parent. False when the claim was gone (cancelled, or its lease lost). */
export function finishTask(
  deps: Pick<Platform, 'db'>,
  claimed: ClaimedTask,
  ending: Ending,
): Promise<boolean> {
  const { parentId } = claimed.task;
  return inTransaction(deps.db, async (tx) => {
    if (parentId) await lockParent(tx, parentId);
    const ended = await endClaimedTask(tx, claimed.claim, ending);
    if (ended && parentId) await countFinishedChild(tx, parentId, ending.state);
    return ended;
  });
}

/** Puts a claimed task aside for a later try. */
export function postponeTask(
  deps: Pick<Platform, 'db'>,
  claimed: ClaimedTask,
  retry: { delayMs: number; error: { code: string; message: string } },
): Promise<boolean> {
  return retryClaimedTask(deps.db, claimed.claim, retry);
}

/** Gives a claimed task back to the queue, as if this try had not been. */
export function releaseTask(deps: Pick<Platform, 'db'>, claimed: ClaimedTask): Promise<void> {
  return releaseClaimedTask(deps.db, claimed.claim);
}

/** Notes the file that a claimed task is about to end as. False when the claim was gone. */
export function noteFile(
  deps: Pick<Platform, 'db'>,
  claimed: ClaimedTask,
  file: FileRecord,
): Promise<boolean> {
  return writePlannedFile(deps.db, claimed.claim, file);
}

/** A parent's children are all written: from now on it ends with the last of them. */
export function finishExpansion(deps: Pick<Platform, 'db'>, claimed: ClaimedTask): Promise<boolean> {
  return inTransaction(deps.db, async (tx) => {
    await lockParent(tx, claimed.task.id);
    const marked = await markExpanded(tx, claimed.claim);
    if (marked) await recomputeParent(tx, claimed.task.id);
    return marked;
  });
}
