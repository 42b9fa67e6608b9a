import type { ReaderQueue } from '../events/reader-queue.js';
import { getOrAdd } from '../lib/get-or-add.js';
import type { TaskChange } from './task-changes.js';

/*
 * While a transaction is open, updates carry a sequence below that of their task, from which a reader may resume. A
 * client that waits for the sequence of its mutation must see it even if no other change follows: so a reader is sent
 * its latest update again once nothing holds the sequence back.
 */
export interface HeldBackReader<Update> {
  queue: ReaderQueue<Update>;
  /** Whether an update is on its way that the reader has not noted. */
  unread: boolean;
  /** The latest update it has read, and the sequence that it has yet to see. */
  heldBack: { update: Update; sequence: bigint } | null;
}

/** Whether a sequence is held back. `shown` is that of the update. */
export function noteUpdate<Update extends TaskChange>(
  reader: HeldBackReader<Update>,
  update: Update,
  shown: bigint,
): boolean {
  reader.unread = false;
  const before = reader.heldBack?.sequence ?? 0n;
  const needed = update.task.sequence > before ? update.task.sequence : before;
  const isHeld = shown < update.task.sequence || shown < before;
  reader.heldBack = isHeld ? { update, sequence: needed } : null;
  return isHeld;
}

/**
 * The function that is returned is called when all changes below `position` are in the readers' queues; it returns
 * whether it has to be called again. A reader with unread updates notes what is held back when it has read them.
 */
export function createRepeats<Update extends TaskChange>() {
  // One object for all readers of an update, so that it is executed once.
  const repeats = new WeakMap<Update, Map<bigint, Update>>();
  return (readers: Iterable<HeldBackReader<Update>>, position: bigint): boolean => {
    let left = false;
    for (const reader of readers) {
      const { heldBack, queue, unread } = reader;
      if (!heldBack || unread || queue.size > 0) continue;
      if (heldBack.sequence >= position) {
        left = true;
        continue;
      }
      const { update, sequence } = heldBack;
      reader.heldBack = null;
      const known = getOrAdd(repeats, update, () => new Map<bigint, Update>());
      queue.push(getOrAdd(known, sequence, () => ({ ...update, sequence: sequence.toString() })));
    }
    return left;
  };
}
