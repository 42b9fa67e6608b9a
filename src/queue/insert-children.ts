import { inTransaction, type Db } from '../database/prisma.js';
import type { Platform } from '../platform.js';
import { asDuplicate, type NewTask } from '../tasks/new-task.js';
import { insertChildren, listPositions } from '../tasks/task-children-store.js';
import { findClaimedPriority } from '../tasks/task-state-store.js';
import { listActiveDuplicates } from '../tasks/task-store.js';
import { lockParent } from '../tasks/task-tree-store.js';
import type { ClaimedTask } from './claimed-task.js';
import { LeaseLostError } from './leases.js';

interface NewChildren {
  children: NewTask[];
  /** Runs in the same transaction, after the inserts. */
  also?: (tx: Db) => Promise<void>;
}

/** While the claim holds: a cancelled parent must not get an active child. A duplicate is SKIPPED. */
export function insertClaimedChildren(
  deps: Pick<Platform, 'db'>,
  claimed: ClaimedTask,
  { children, also }: NewChildren,
): Promise<void> {
  return inTransaction(deps.db, async (tx) => {
    await lockParent(tx, claimed.task.id);
    const priority = await findClaimedPriority(tx, claimed.claim);
    if (priority === null) throw new LeaseLostError('the task is no longer claimed by this worker');
    // Pages of children are ordered by it, then by id, which is ascending.
    const createdAt = new Date();
    const rows = children.map((child) => ({ ...child, priority, createdAt }));
    await insertAll(tx, claimed.task.id, rows.sort(byDedupeKey));
    await also?.(tx);
  });
}

/** In one order everywhere, or two artists with the same albums could deadlock. */
function byDedupeKey({ dedupeKey: a = '' }: NewTask, { dedupeKey: b = '' }: NewTask): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** A duplicate may finish between the insert and the read; the insert is then repeated. */
const ATTEMPTS = 5;

async function insertAll(tx: Db, parentId: string, children: NewTask[]): Promise<void> {
  let rest = children;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    if ((await insertChildren(tx, rest)) === rest.length) return;
    const positions = rest.flatMap(({ position }) => position ?? []);
    const inserted = await listPositions(tx, parentId, positions);
    const missing = rest.filter(({ position }) => position === undefined || !inserted.has(position));
    if (missing.length === 0) return;
    rest = await markDuplicates(tx, missing);
  }
  throw new Error(`Duplicates of children of ${parentId} appeared and vanished ${ATTEMPTS} times.`);
}

async function markDuplicates(tx: Db, children: NewTask[]): Promise<NewTask[]> {
  const keys = children.flatMap(({ dedupeKey }) => dedupeKey ?? []);
  const active = await listActiveDuplicates(tx, keys);
  const byKey = new Map(active.map((task) => [task.dedupeKey, task]));
  return children.map((child) => {
    const existing = byKey.get(child.dedupeKey ?? null);
    return existing ? asDuplicate(child, existing) : child;
  });
}
