import { createDeferred, type Deferred } from '../lib/async.js';

export interface ReaderQueueOptions<T> {
  key: (item: T) => string;
  sizeBytes: (item: T) => number;
  /** The result takes the place of `pending`: a sequence to resume from must be that of `pending`. */
  merge?: (pending: T, latest: T) => T;
  maxItems?: number;
  maxBytes?: number;
}

/** Each key has one unread item, at the place of its first. Over a limit the oldest items are dropped. */
export interface ReaderQueue<T> extends AsyncIterable<T, undefined> {
  /** Never throws or waits; does nothing once the queue has ended. */
  push(item: T): void;
  close(): void;
  /** Since the last call. Above zero, the reader has a gap before the item it has just received. */
  takeDropped(): number;
  readonly size: number;
  readonly bytes: number;
  readonly closed: boolean;
  /** The same iterator each time: two loops over one queue share its items. */
  [Symbol.asyncIterator](): ReaderIterator<T>;
}

interface ReaderIterator<T> extends AsyncIterator<T, undefined> {
  return(): Promise<IteratorResult<T, undefined>>;
}

interface Limits {
  maxItems: number;
  maxBytes: number;
}

export class ReaderTooSlowError extends Error {
  constructor({ maxItems, maxBytes }: Limits) {
    super(
      `This reader was closed because more than ${maxItems} items or ${maxBytes} bytes were waiting for it. ` +
        'Nothing is lost: it may resume from the last sequence it received.',
    );
    this.name = 'ReaderTooSlowError';
  }
}

const END = { done: true, value: undefined } as const;

export function createReaderQueue<T>(options: ReaderQueueOptions<T>): ReaderQueue<T> {
  const limits = { maxItems: options.maxItems ?? 1_000, maxBytes: options.maxBytes ?? 1_048_576 };
  const unread = createUnreadItems({ ...options, ...limits });
  const waiting: Deferred<IteratorResult<T, undefined>>[] = [];
  let dropped = 0;
  let closed = false;
  let failure: Error | null = null;

  const close = () => {
    closed = true;
    for (const call of waiting.splice(0)) call.resolve(END);
  };

  const push = (item: T) => {
    if (closed) return;
    const call = waiting.shift();
    if (call) return call.resolve({ done: false, value: item });
    dropped += unread.put(item);
    if (unread.size > 0) return;
    // With nothing left the reader would not learn of the gap before the next item, which may never come.
    failure = new ReaderTooSlowError(limits);
    close();
  };

  const next = (): Promise<IteratorResult<T, undefined>> => {
    const taken = unread.take();
    if (taken) return Promise.resolve({ done: false, value: taken.item });
    const thrown = failure;
    failure = null;
    if (thrown) return Promise.reject(thrown);
    if (closed) return Promise.resolve(END);
    const call = createDeferred<IteratorResult<T, undefined>>();
    waiting.push(call);
    return call.promise;
  };

  const iterator: ReaderIterator<T> = {
    next,
    return: () => {
      unread.clear();
      failure = null;
      close();
      return Promise.resolve(END);
    },
  };

  return {
    push,
    close,
    takeDropped: () => {
      const count = dropped;
      dropped = 0;
      return count;
    },
    get size() {
      return unread.size;
    },
    get bytes() {
      return unread.bytes;
    },
    get closed() {
      return closed;
    },
    [Symbol.asyncIterator]: () => iterator,
  };
}

/** A generator that waits for its queue does not see return() until the queue ends. */
export function closeOnReturn<Update>(
  queue: Pick<ReaderQueue<Update>, 'close'>,
  running: AsyncGenerator<Update, void, void>,
): AsyncIterableIterator<Update> {
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next: () => running.next(),
    return: () => {
      queue.close();
      return running.return();
    },
  };
}

function createUnreadItems<T>(options: ReaderQueueOptions<T> & Limits) {
  const { key, sizeBytes, merge = (_, latest) => latest, maxItems, maxBytes } = options;
  const items = new Map<string, { item: T; bytes: number }>();
  // Kept, because it remembers where the holes of removed entries end: a new one walks over them again.
  let keys = items.keys();
  let bytes = 0;
  const oldestKey = () => {
    const step = keys.next();
    if (!step.done) return step.value;
    keys = items.keys();
    return keys.next().value;
  };
  const take = (): { item: T } | undefined => {
    const oldest = oldestKey();
    const entry = oldest === undefined ? undefined : items.get(oldest);
    if (oldest === undefined || !entry) return undefined;
    items.delete(oldest);
    bytes -= entry.bytes;
    return entry;
  };
  return {
    take,
    put: (latest: T): number => {
      const pending = items.get(key(latest));
      const item = pending ? merge(pending.item, latest) : latest;
      const entry = { item, bytes: sizeBytes(item) };
      bytes += entry.bytes - (pending?.bytes ?? 0);
      items.set(key(item), entry);
      let dropped = 0;
      for (; items.size > maxItems || bytes > maxBytes; dropped += 1) take();
      return dropped;
    },
    clear: () => {
      items.clear();
      bytes = 0;
    },
    get size() {
      return items.size;
    },
    get bytes() {
      return bytes;
    },
  };
}
