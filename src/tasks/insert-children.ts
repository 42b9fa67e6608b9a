import type { Deps } from '../deps.js';
import { inTransaction } from '../store/prisma.js';
import type { HeldTask } from './held-task.js';
import { TaskTakenAwayError } from './leases.js';
import type { NewTask } from './new-task.js';
import { lockParent } from './parent-store.js';
import { findHeldPriority } from './task-state-store.js';
import { insertChildren } from './task-store.js';

/**
 * Adds children only while the parent is still ours: one cancelled in the meantime must get no live child. They get
 * the priority that the parent has by now.
 */
export function insertClaimedChildren(
  deps: Pick<Deps, 'db'>,
  held: HeldTask,
  children: NewTask[],
): Promise<void> {
  return inTransaction(deps.db, async (tx) => {
    await lockParent(tx, held.task.id);
    const priority = await findHeldPriority(tx, held.claim);
    if (priority === null) throw new TaskTakenAwayError('the list was taken away');
    await insertChildren(
      tx,
      children.map((child) => ({ ...child, priority })),
    );
  });
}
