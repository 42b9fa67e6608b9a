import type { Deps } from '../deps.js';
import { inTransaction, type Db } from '../store/prisma.js';
import { lockParent, settleParent } from './parent-store.js';
import {
  endClaimedTask,
  markExpanded,
  retryClaimedTask,
  type Claim,
  type Ending,
} from './task-state-store.js';
import type { Task } from './task.js';

/** Runs a change of one task, then counts its parent anew, all in one transaction. */
export function changeTask(
  deps: Pick<Deps, 'db'>,
  parentId: string | null,
  change: (tx: Db) => Promise<boolean>,
): Promise<boolean> {
  return inTransaction(deps.db, async (tx) => {
    if (parentId) await lockParent(tx, parentId);
    const changed = await change(tx);
    if (changed && parentId) await settleParent(tx, parentId);
    return changed;
  });
}

/** Ends a claimed task and settles its parent. False when the claim was gone (cancelled, or its lease lost). */
export function finishTask(deps: Pick<Deps, 'db'>, held: HeldTask, ending: Ending): Promise<boolean> {
  return changeTask(deps, held.task.parentId, (tx) => endClaimedTask(tx, held.claim, ending));
}

/** Puts a claimed task aside for a later try. */
export function postponeTask(
  deps: Pick<Deps, 'db'>,
  held: HeldTask,
  retry: { delayMs: number; error: { code: string; message: string } },
): Promise<boolean> {
  return retryClaimedTask(deps.db, held.claim, retry);
}

/** A parent's children are all written: from now on it ends with the last of them. */
export function finishExpansion(deps: Pick<Deps, 'db'>, held: HeldTask): Promise<boolean> {
  return inTransaction(deps.db, async (tx) => {
    await lockParent(tx, held.task.id);
    const marked = await markExpanded(tx, held.claim);
    if (marked) await settleParent(tx, held.task.id);
    return marked;
  });
}

/** A task that this worker runs, and the proof that it may. */
export interface HeldTask {
  task: Task;
  claim: Claim;
}
