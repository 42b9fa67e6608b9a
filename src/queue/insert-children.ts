import type { Platform } from '../platform.js';
import { inTransaction, type Db } from '../database/prisma.js';
import { findLiveDuplicates } from '../tasks/duplicate-store.js';
import type { ClaimedTask } from './claimed-task.js';
import { insertChildren, listTakenPositions } from './insert-children-store.js';
import { LeaseLostError } from './leases.js';
import { asDuplicate, type NewTask } from '../tasks/new-task.js';
import { lockParent } from '../tasks/parent-store.js';
import { findHeldPriority } from '../tasks/task-state-store.js';

/**
 * Adds children only while the parent is still ours: one cancelled in the meantime must get no live child. They get
 * the priority that the parent has by now. One that another live task is on already is SKIPPED and names it.
 */
export function insertClaimedChildren(
  deps: Pick<Platform, 'db'>,
  claimed: ClaimedTask,
  children: NewTask[],
): Promise<void> {
  return inTransaction(deps.db, async (tx) => {
    await lockParent(tx, claimed.task.id);
    const priority = await findHeldPriority(tx, claimed.claim);
    if (priority === null) throw new LeaseLostError('the list was taken away');
    // Lists of parts go by it, and then by their ids, which are in order.
    const createdAt = new Date();
    const wanted = children.map((child) => ({ ...child, priority, createdAt }));
    await insertAll(tx, claimed.task.id, wanted.sort(byKey));
  });
}

/** Two lists with the same albums would otherwise wait for each other's. */
function byKey({ dedupeKey: a = '' }: NewTask, { dedupeKey: b = '' }: NewTask): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** A duplicate that ends between the two looks is inserted after all, but not for ever. */
const LOOKS = 5;

async function insertAll(tx: Db, parentId: string, children: NewTask[]): Promise<void> {
  let wanted = children;
  for (let look = 1; look <= LOOKS; look++) {
    if ((await insertChildren(tx, wanted)) === wanted.length) return;
    const positions = wanted.flatMap(({ position }) => position ?? []);
    const taken = await listTakenPositions(tx, parentId, positions);
    const missing = wanted.filter(({ position }) => position === undefined || !taken.has(position));
    if (missing.length === 0) return;
    wanted = await markDuplicates(tx, missing);
  }
  throw new Error(`Duplicates of parts of ${parentId} appeared and vanished ${LOOKS} times.`);
}

async function markDuplicates(tx: Db, children: NewTask[]): Promise<NewTask[]> {
  const keys = children.flatMap(({ dedupeKey }) => dedupeKey ?? []);
  const live = await findLiveDuplicates(tx, keys);
  const byKey = new Map(live.map((task) => [task.dedupeKey, task]));
  return children.map((child) => {
    const existing = byKey.get(child.dedupeKey ?? null);
    return existing ? asDuplicate(child, existing) : child;
  });
}
