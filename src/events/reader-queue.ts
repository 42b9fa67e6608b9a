import { createDeferred, type Deferred } from '../lib/async.js';
import { createCoalescedItems, type ItemRules } from './coalesced-items.js';

export interface ReaderQueueOptions<T> extends ItemRules<T> {
  /** 1,000 by default. */
  maxItems?: number;
  /** 1 MiB by default. */
  maxBytes?: number;
  /** Called once, however the queue ends: where what feeds it stops. It must not throw. */
  onEnd?: () => void;
}

/**
 * What one reader has not read yet, as an async iterable for that one reader.
 *
 * While unread, only the latest item of a key is kept, at the place of its first. A terminal item is never
 * replaced or dropped; a later item of its key waits behind it. Over a bound the oldest items that are not
 * terminal are dropped, and a reader for whom that is not enough is closed with a ReaderTooSlowError.
 */
export interface ReaderQueue<T> extends AsyncIterable<T, undefined> {
  /** Never throws or waits; does nothing once the queue has ended. */
  push(item: T): void;
  /** Without a reason the reader still gets what is pending, then the end. With one it gets only the error. */
  close(reason?: Error): void;
  /**
   * How many items were dropped since the last call. More than zero means that the reader has a gap before the
   * item it has just been given: it reads again from the mark of the item before that.
   */
  takeDropped(): number;
  readonly size: number;
  readonly bytes: number;
  readonly closed: boolean;
  /** The same iterator each time: two loops over one queue would share its items. */
  [Symbol.asyncIterator](): ReaderIterator<T>;
}

export interface ReaderIterator<T> extends AsyncIterator<T, undefined> {
  /** The reader has gone: frees all that is pending. */
  return(): Promise<IteratorResult<T, undefined>>;
}

/** A reader fell too far behind, and what is left must not be dropped. */
export class ReaderTooSlowError extends Error {
  constructor(maxItems: number, maxBytes: number) {
    super(
      `This reader was closed because more than ${maxItems} items or ${maxBytes} bytes were waiting for it. ` +
        'Nothing is lost: it may resume from the last sequence it received.',
    );
    this.name = 'ReaderTooSlowError';
  }
}

const DEFAULT_MAX_ITEMS = 1_000;
const DEFAULT_MAX_BYTES = 1_048_576;

export function createReaderQueue<T>(options: ReaderQueueOptions<T>): ReaderQueue<T> {
  const unread = createBoundedItems(options);
  const calls = createCalls<T>();
  let closed = false;

  const close = (reason?: Error) => {
    if (closed) return;
    closed = true;
    if (reason) unread.clear();
    calls.end(reason);
    options.onEnd?.();
  };

  const push = (item: T) => {
    if (closed || calls.answer(item)) return;
    const excess = unread.put(item);
    if (excess) close(excess);
  };

  const iterator: ReaderIterator<T> = {
    next: () => {
      const taken = unread.take();
      return taken ? Promise.resolve({ done: false, value: taken.item }) : calls.next();
    },
    return: () => {
      unread.clear();
      calls.forgetFailure();
      close();
      return Promise.resolve(END);
    },
  };

  return {
    push,
    close,
    takeDropped: unread.takeDropped,
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

function createBoundedItems<T>(options: ReaderQueueOptions<T>) {
  const { maxItems = DEFAULT_MAX_ITEMS, maxBytes = DEFAULT_MAX_BYTES } = options;
  const items = createCoalescedItems(options);
  let dropped = 0;
  const isOver = () => items.size > maxItems || items.bytes > maxBytes;

  const put = (item: T): ReaderTooSlowError | null => {
    items.put(item);
    while (isOver() && items.drop()) dropped += 1;
    // With nothing left the reader would not learn of the gap before the next item, which may never come.
    return isOver() || items.size === 0 ? new ReaderTooSlowError(maxItems, maxBytes) : null;
  };

  const takeDropped = () => {
    const count = dropped;
    dropped = 0;
    return count;
  };

  return {
    put,
    takeDropped,
    take: () => items.take(),
    clear: () => items.clear(),
    get size() {
      return items.size;
    },
    get bytes() {
      return items.bytes;
    },
  };
}

const END = { done: true, value: undefined } as const;

/** The calls of `next` that wait for an item, and how those after the end are answered. */
function createCalls<T>() {
  const waiting: Deferred<IteratorResult<T, undefined>>[] = [];
  let ended = false;
  let failure: Error | undefined;

  const next = (): Promise<IteratorResult<T, undefined>> => {
    const thrown = failure;
    failure = undefined;
    if (thrown) return Promise.reject(thrown);
    if (ended) return Promise.resolve(END);
    const call = createDeferred<IteratorResult<T, undefined>>();
    waiting.push(call);
    return call.promise;
  };

  const answer = (value: T): boolean => {
    const call = waiting.shift();
    call?.resolve({ done: false, value });
    return call !== undefined;
  };

  /** The first call learns the reason. Without a call it is kept: a promise that nobody handles is not made. */
  const end = (reason: Error | undefined) => {
    ended = true;
    const first = reason && waiting.shift();
    if (first) first.reject(reason);
    else failure = reason;
    for (const call of waiting.splice(0)) call.resolve(END);
  };

  const forgetFailure = () => {
    failure = undefined;
  };

  return { next, answer, end, forgetFailure };
}
