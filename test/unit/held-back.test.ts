import { describe, expect, it } from 'vitest';
import { createReaderQueue } from '../../src/events/reader-queue.js';
import { createRepeats, noteUpdate, type HeldBackReader } from '../../src/live/held-back.js';
import type { TaskChange } from '../../src/live/task-changes.js';
import type { Task } from '../../src/tasks/task.js';

/** `shown` is what readers may resume from, `written` the id of the transaction that changed the task. */
function updateOf(id: string, { shown, written }: { shown: bigint; written: bigint }): TaskChange {
  return { sequence: shown.toString(), task: { id, sequence: written } as Task };
}

function createReader(): HeldBackReader<TaskChange> {
  const queue = createReaderQueue<TaskChange>({ key: ({ task }) => task.id, sizeBytes: () => 1 });
  return { queue, unread: false, heldBack: null };
}

const next = async ({ queue }: HeldBackReader<TaskChange>) =>
  (await queue[Symbol.asyncIterator]().next()).value;

function deliver(reader: HeldBackReader<TaskChange>, update: TaskChange): void {
  reader.unread = true;
  reader.queue.push(update);
}

describe('an update whose sequence is held back', () => {
  it('is sent again once, with the sequence of its task, when that is below the position', async () => {
    const reader = createReader();
    const repeat = createRepeats<TaskChange>();
    const update = updateOf('a', { shown: 5n, written: 9n });
    expect(noteUpdate(reader, update, 5n)).toBe(true);
    expect(repeat([reader], 9n)).toBe(true);
    expect(reader.queue.size).toBe(0);
    expect(repeat([reader], 10n)).toBe(false);
    const again = await next(reader);
    expect(again).toEqual({ ...update, sequence: '9' });
    expect(noteUpdate(reader, again ?? update, 9n)).toBe(false);
    expect(repeat([reader], 11n)).toBe(false);
    expect(reader.queue.size).toBe(0);
  });

  it('is one object for all readers', async () => {
    const readers = [createReader(), createReader()];
    const update = updateOf('a', { shown: 5n, written: 9n });
    for (const reader of readers) noteUpdate(reader, update, 5n);
    createRepeats<TaskChange>()(readers, 10n);
    const [one, other] = await Promise.all(readers.map(next));
    expect(one).toBe(other);
  });

  it('never follows a newer state that its reader has been handed meanwhile', async () => {
    const reader = createReader();
    const repeat = createRepeats<TaskChange>();
    noteUpdate(reader, updateOf('a', { shown: 5n, written: 9n }), 5n);
    const waiting = next(reader);
    const newer = updateOf('a', { shown: 7n, written: 7n });
    deliver(reader, newer);
    expect(repeat([reader], 10n)).toBe(false);
    expect(await waiting).toBe(newer);
    expect(reader.queue.size).toBe(0);
    // The client may still wait for 9: it gets that with the newer state.
    expect(noteUpdate(reader, newer, 7n)).toBe(true);
    repeat([reader], 10n);
    expect(await next(reader)).toEqual({ ...newer, sequence: '9' });
  });

  it('is not sent again after a later sequence', () => {
    const reader = createReader();
    noteUpdate(reader, updateOf('a', { shown: 5n, written: 9n }), 5n);
    expect(noteUpdate(reader, updateOf('b', { shown: 12n, written: 12n }), 12n)).toBe(false);
    createRepeats<TaskChange>()([reader], 20n);
    expect(reader.queue.size).toBe(0);
  });
});
