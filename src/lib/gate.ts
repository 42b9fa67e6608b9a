import { abortable, createDeferred } from './async.js';
import { LimitExceededError } from './errors.js';

export interface GateLimits {
  atOnce: number;
  /** Of one key, so that nobody takes all places. */
  atOncePerKey: number;
  /** Of one key; any more are rejected at once. */
  waitingPerKey: number;
  /** A caller that has waited this long is rejected. */
  waitMs: number;
}

export interface Caller {
  /** Who takes the place: callers with the same key share a limit. */
  key: string;
  /** On abort the caller leaves the queue. */
  signal: AbortSignal;
}

/** Throws LimitExceededError instead of running the work when there is no place in time. */
export type Gate = <T>(caller: Caller, work: () => Promise<T>) => Promise<T>;

interface Waiter {
  admit(): void;
}

/** Free places go to the waiting keys in turn, within a key in the order of arrival. */
export function createGate(limits: GateLimits): Gate {
  const running = new Map<string, number>();
  const waiting = new Map<string, Set<Waiter>>();
  let total = 0;

  const hasPlace = (key: string) => total < limits.atOnce && (running.get(key) ?? 0) < limits.atOncePerKey;
  const enter = (key: string) => {
    total += 1;
    running.set(key, (running.get(key) ?? 0) + 1);
  };
  const remove = (key: string, waiter: Waiter): boolean => {
    const waiters = waiting.get(key);
    const found = waiters?.delete(waiter) ?? false;
    if (waiters?.size === 0) waiting.delete(key);
    return found;
  };
  const admitNext = () => {
    for (const [key, waiters] of waiting) {
      const [first] = waiters;
      if (!first || !hasPlace(key)) continue;
      remove(key, first);
      // To the end of the line of keys.
      if (waiting.delete(key)) waiting.set(key, waiters);
      enter(key);
      return first.admit();
    }
  };
  const leave = (key: string) => {
    total -= 1;
    const left = (running.get(key) ?? 1) - 1;
    if (left === 0) running.delete(key);
    else running.set(key, left);
    admitNext();
  };
  const wait = async ({ key, signal }: Caller): Promise<void> => {
    const waiters = waiting.get(key) ?? new Set<Waiter>();
    if (waiters.size >= limits.waitingPerKey) throw tooBusy(limits);
    const turn = createDeferred<void>();
    const waiter: Waiter = { admit: () => turn.resolve() };
    waiting.set(key, waiters.add(waiter));
    const timer = setTimeout(() => turn.reject(tooBusy(limits)), limits.waitMs);
    try {
      await abortable(turn.promise, signal);
    } catch (thrown) {
      // It may have been admitted in the same moment.
      if (!remove(key, waiter)) leave(key);
      throw thrown;
    } finally {
      clearTimeout(timer);
    }
  };

  return async (caller, work) => {
    caller.signal.throwIfAborted();
    if (hasPlace(caller.key)) enter(caller.key);
    else await wait(caller);
    try {
      return await work();
    } finally {
      leave(caller.key);
    }
  };
}

function tooBusy({ waitMs }: GateLimits): LimitExceededError {
  return new LimitExceededError(
    'Too much expensive work is running; try again later, or request less at once.',
    waitMs,
  );
}
