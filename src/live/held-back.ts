import type { ReaderQueue } from '../events/reader-queue.js';
import { getOrAdd } from '../lib/get-or-add.js';
import type { TaskChange } from './task-changes.js';

/*
 * While a transaction is open, updates carry a sequence below that of their task, from which a reader may resume. A
 * client that waits for the sequence of its mutation must see it even if no other change follows: so the newest update
 * of a reader is sent again once nothing holds its sequence back.
 */
export interface HeldBackReader<Update> {
  queue: ReaderQueue<Update>;
  /** The newest update that it has read with a sequence below its task's. */
  heldBack: Update | null;
}

/** Whether the update is held back. `shown` is its sequence. */
export function noteUpdate<Update extends TaskChange>(
  reader: HeldBackReader<Update>,
  update: Update,
  shown: bigint,
): boolean {
  const { heldBack } = reader;
  if (shown < update.task.sequence) {
    if (!heldBack || heldBack.task.sequence < update.task.sequence) reader.heldBack = update;
    return true;
  }
  if (heldBack && shown >= heldBack.task.sequence) reader.heldBack = null;
  return false;
}

/**
 * The function that is returned is called when all changes below `position` are in the readers' queues; it returns
 * whether it has to be called again. Behind unread updates an update would be merged with them: such a reader notes
 * what is held back when it has read them.
 */
export function createRepeats<Update extends TaskChange>() {
  // One object for all readers of an update, so that it is executed once.
  const repeats = new WeakMap<Update, Update>();
  return (readers: Iterable<HeldBackReader<Update>>, position: bigint): boolean => {
    let left = false;
    for (const reader of readers) {
      const { heldBack, queue } = reader;
      if (!heldBack || queue.size > 0) continue;
      if (heldBack.task.sequence >= position) {
        left = true;
        continue;
      }
      reader.heldBack = null;
      const sequence = heldBack.task.sequence.toString();
      queue.push(getOrAdd(repeats, heldBack, () => ({ ...heldBack, sequence })));
    }
    return left;
  };
}
