import { buildSchema, parse, subscribe } from 'graphql';
import { describe, expect, it } from 'vitest';
import {
  createReaderQueue,
  ReaderTooSlowError,
  type ReaderQueueOptions,
} from '../../src/events/reader-queue.js';

interface Item {
  key: string;
  value: number;
  bytes?: number;
}

const rules = {
  key: (item: Item) => item.key,
  sizeBytes: (item: Item) => item.bytes ?? 1,
};

const createQueue = (options: Partial<ReaderQueueOptions<Item>> = {}) =>
  createReaderQueue<Item>({ ...rules, ...options });

const of = (key: string, value: number, bytes = 1): Item => ({ key, value, bytes });
const show = (item: Item) => `${item.key}${item.value}`;

/** Closes the queue and reads what was left in it. */
async function rest(queue: ReturnType<typeof createQueue>): Promise<string[]> {
  queue.close();
  const read: string[] = [];
  for await (const item of queue) read.push(show(item));
  return read;
}

describe('the queue of a slow reader', () => {
  it('has the latest item of each key, at the place where the key first came', async () => {
    const queue = createQueue();
    for (const item of [of('a', 1), of('b', 2), of('a', 3), of('c', 4), of('b', 5)]) queue.push(item);
    expect(queue.size).toBe(3);
    expect(await rest(queue)).toEqual(['a3', 'b5', 'c4']);
  });

  it('keeps the sequence of the replaced item if requested', async () => {
    // a3 is read before b2: resumed from 3 the reader would never get b2, resumed from 1 it does.
    const queue = createQueue({ merge: (pending, latest) => ({ ...latest, value: pending.value }) });
    for (const item of [of('a', 1), of('b', 2), of('a', 3)]) queue.push(item);
    expect(await rest(queue)).toEqual(['a1', 'b2']);
  });

  it('puts a key that was read before at the end again', async () => {
    const queue = createQueue();
    const reader = queue[Symbol.asyncIterator]();
    queue.push(of('a', 1));
    queue.push(of('b', 2));
    expect(await reader.next()).toEqual({ done: false, value: of('a', 1) });
    queue.push(of('a', 3));
    expect(await rest(queue)).toEqual(['b2', 'a3']);
  });
});

describe('the bounds', () => {
  it('drop the oldest items and report the gap to the reader', async () => {
    const queue = createQueue({ maxItems: 3 });
    for (const item of [of('a', 1), of('b', 2), of('c', 3), of('d', 4), of('e', 5)]) queue.push(item);
    expect(queue.takeDropped()).toBe(2);
    expect(queue.takeDropped()).toBe(0);
    expect(await rest(queue)).toEqual(['c3', 'd4', 'e5']);
  });

  it('hold for bytes, also when an item grows', async () => {
    const queue = createQueue({ maxBytes: 100 });
    for (const item of [of('a', 1, 40), of('b', 2, 40), of('b', 3, 70)]) queue.push(item);
    expect([queue.size, queue.bytes, queue.takeDropped()]).toEqual([1, 70, 1]);
    queue.push(of('b', 4, 10));
    expect(queue.bytes).toBe(10);
    expect(await rest(queue)).toEqual(['b4']);
    expect(queue.bytes).toBe(0);
  });

  it('are 1,000 items and 1 MiB unless said otherwise', () => {
    const many = createQueue();
    const large = createQueue();
    for (let index = 0; index < 2_000; index += 1) many.push(of(`k${index}`, index));
    for (let index = 0; index < 100; index += 1) large.push(of(`k${index}`, index, 65_536));
    expect([many.size, many.takeDropped()]).toEqual([1_000, 1_000]);
    expect([large.size, large.bytes, large.takeDropped()]).toEqual([16, 1_048_576, 84]);
  });

  it('close a reader for whom a single item is too large', async () => {
    const queue = createQueue({ maxBytes: 20 });
    queue.push(of('a', 1, 21));
    queue.push(of('later', 9));
    expect([queue.closed, queue.size, queue.bytes]).toEqual([true, 0, 0]);
    const reader = queue[Symbol.asyncIterator]();
    await expect(reader.next()).rejects.toThrow(ReaderTooSlowError);
    expect(await reader.next()).toEqual({ done: true, value: undefined });
  });

  it('say what happened and how to go on', () => {
    expect(new ReaderTooSlowError({ maxItems: 1_000, maxBytes: 1_048_576 }).message).toMatchInlineSnapshot(
      `"This reader was closed because more than 1000 items or 1048576 bytes were waiting for it. Nothing is lost: it may resume from the last sequence it received."`,
    );
  });

  it('hold for a reader that never reads 5,000 events, while others get them all', async () => {
    const stalled = createQueue();
    const active = createQueue();
    const read: number[] = [];
    const reading = (async () => {
      for await (const item of active) read.push(item.value);
    })();
    for (let value = 0; value < 5_000; value += 1) {
      for (const queue of [stalled, active]) queue.push(of(`task ${value % 1_500}`, value, 500));
      expect(stalled.size).toBeLessThanOrEqual(1_000);
      expect(stalled.bytes).toBeLessThanOrEqual(1_048_576);
      await Promise.resolve();
      await Promise.resolve();
    }
    active.close();
    await reading;
    expect(read).toEqual(Array.from({ length: 5_000 }, (_, value) => value));
    expect(active.takeDropped()).toBe(0);
    expect(stalled.closed).toBe(false);
    expect(stalled.takeDropped()).toBeGreaterThan(0);
  });
});

describe('the iterator', () => {
  it('waits for an item, for several calls in their order', async () => {
    const queue = createQueue();
    const reader = queue[Symbol.asyncIterator]();
    const calls = [reader.next(), reader.next(), reader.next()];
    queue.push(of('a', 1));
    queue.push(of('a', 2));
    queue.close();
    expect((await Promise.all(calls)).map(({ value }) => value && show(value))).toEqual([
      'a1',
      'a2',
      undefined,
    ]);
  });

  it('frees everything when the loop is left, and takes nothing more', async () => {
    const queue = createQueue();
    for (const key of ['a', 'b', 'c']) queue.push(of(key, 1));
    for await (const item of queue) {
      expect(item.key).toBe('a');
      break;
    }
    queue.push(of('d', 1));
    expect([queue.size, queue.bytes, queue.closed]).toEqual([0, 0, true]);
  });

  it('ends a call that waits when the reader returns, as a subscription does on its way out', async () => {
    const queue = createQueue();
    const reader = queue[Symbol.asyncIterator]();
    const waiting = reader.next();
    expect(await reader.return()).toEqual({ done: true, value: undefined });
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(await reader.next()).toEqual({ done: true, value: undefined });
  });

  it('is freed at once by a GraphQL subscription that ends while it waits', async () => {
    const queue = createQueue();
    const results = await subscribe({
      schema: buildSchema('type Query { ok: Boolean } type Subscription { value: Int }'),
      document: parse('subscription { value }'),
      rootValue: { value: () => queue },
    });
    if (!(Symbol.asyncIterator in results)) throw new Error(JSON.stringify(results.errors));
    queue.push(of('a', 7));
    expect(await results.next()).toMatchObject({ value: { data: { value: 7 } } });
    const waiting = results.next();
    await results.return(undefined);
    expect(await waiting).toMatchObject({ done: true });
    queue.push(of('a', 8));
    expect([queue.closed, queue.size]).toEqual([true, 0]);
  });

  it('forgets its failure when the reader left before it was reported', async () => {
    const queue = createQueue({ maxBytes: 20 });
    queue.push(of('a', 1, 21));
    const reader = queue[Symbol.asyncIterator]();
    await reader.return();
    expect(await reader.next()).toEqual({ done: true, value: undefined });
  });
});

/** The rules in the plainest form: an array that is searched for everything. */
class Model {
  items: Item[] = [];
  dropped = 0;
  closed = false;
  constructor(readonly bounds: { maxItems: number; maxBytes: number }) {}

  push(item: Item): void {
    if (this.closed) return;
    const last = this.items.findLastIndex(({ key }) => key === item.key);
    if (last >= 0) this.items[last] = item;
    else this.items.push(item);
    while (this.isOver()) {
      this.items.shift();
      this.dropped += 1;
    }
    if (this.items.length > 0) return;
    this.closed = true;
    this.items = [];
  }

  get bytes(): number {
    return this.items.reduce((sum, { bytes = 1 }) => sum + bytes, 0);
  }

  private isOver(): boolean {
    return this.items.length > this.bounds.maxItems || this.bytes > this.bounds.maxBytes;
  }
}

/** The same numbers for the same seed (a linear congruential generator), in [0, below). */
function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

async function compareWithModel(seed: number): Promise<'closed' | 'dropped' | 'kept all'> {
  const random = createRandom(seed);
  const bounds = { maxItems: 1 + random(12), maxBytes: 20 + random(80) };
  const model = new Model(bounds);
  const queue = createQueue(bounds);
  const reader = queue[Symbol.asyncIterator]();
  /** After each push there are fewer reads than this: from none ever to more than there are items. */
  const speed = 1 + random(4);
  let waiting: ReturnType<typeof reader.next> | undefined;
  let dropped = 0;
  for (let value = 0; value < 400 && !model.closed; value += 1) {
    const weight = 1 + random(20);
    const key = String(random(10));
    const item = of(key, value, random(300) === 0 ? 100 : weight);
    queue.push(item);
    if (!waiting) model.push(item);
    else expect((await waiting).value, `seed ${seed}, handed over ${value}`).toBe(item);
    waiting = undefined;
    dropped += queue.takeDropped();
    expect(
      { size: queue.size, bytes: queue.bytes, dropped, closed: queue.closed },
      `seed ${seed}, item ${value}`,
    ).toEqual({ size: model.items.length, bytes: model.bytes, dropped: model.dropped, closed: model.closed });
    for (let reads = queue.closed ? 0 : random(speed); reads > 0 && !waiting; reads -= 1) {
      if (queue.size === 0) waiting = reader.next();
      else expect((await reader.next()).value, `seed ${seed}, read after ${value}`).toBe(model.items.shift());
    }
  }
  if (!model.closed) expect(await rest(queue), `seed ${seed}`).toEqual(model.items.map(show));
  else await expect(reader.next(), `seed ${seed}`).rejects.toThrow(ReaderTooSlowError);
  return model.closed ? 'closed' : dropped > 0 ? 'dropped' : 'kept all';
}

describe('against a model', () => {
  it('behaves the same for 100 seeds of pushes and reads', async () => {
    const outcomes = new Set<string>();
    for (let seed = 0; seed < 100; seed += 1) outcomes.add(await compareWithModel(seed));
    expect([...outcomes].sort()).toEqual(['closed', 'dropped', 'kept all']);
  });
});
