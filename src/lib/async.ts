import { setTimeout as wait } from 'node:timers/promises';
import { getOrAdd } from './get-or-add.js';

export interface Deferred<T> {
  promise: Promise<T>;
  resolve(value: T): void;
  reject(reason: unknown): void;
}

export function createDeferred<T>(): Deferred<T> {
  let resolve!: (value: T) => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}

/** Rejects with the signal's own reason on abort, where Node has an AbortError of its own. */
export async function delay(ms: number, signal?: AbortSignal): Promise<void> {
  try {
    await wait(ms, undefined, { signal });
  } catch (thrown) {
    signal?.throwIfAborted();
    throw thrown;
  }
}

/** The work itself goes on: neither database driver promises that a call to a silent server ever returns. */
export async function withTimeout<T>(
  work: Promise<T>,
  limitMs: number,
  toError = () => new Error(`no answer within ${limitMs} ms`),
): Promise<T> {
  const timeout = createDeferred<never>();
  const timer = setTimeout(() => timeout.reject(toError()), limitMs);
  try {
    return await Promise.race([work, timeout.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** `work` never overlaps itself: callers during a run share one more run, which follows it. */
export function coalesce(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null;
  let next: Promise<void> | null = null;
  const run = (): Promise<void> => {
    running = work().finally(() => {
      running = null;
    });
    return running;
  };
  return () => {
    if (!running) return run();
    next ??= running
      .catch(() => undefined)
      .then(() => {
        next = null;
        return run();
      });
    return next;
  };
}

/** One run a key at a time. An aborted caller leaves alone; when all have left, the work's signal aborts. */
type SharedCalls = <T>(
  key: string,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
) => Promise<T>;

interface Call {
  result: Promise<unknown>;
  callers: number;
  controller: AbortController;
}

export function createSharedCalls(): SharedCalls {
  const running = new Map<string, Call>();

  const end = (key: string, call: Call) => {
    // Another call may have begun under this key after all callers of this one had left.
    if (running.get(key) === call) running.delete(key);
  };

  const begin = (key: string, work: (signal: AbortSignal) => Promise<unknown>): Call => {
    const controller = new AbortController();
    const call: Call = { result: work(controller.signal), callers: 0, controller };
    running.set(key, call);
    call.result.then(
      () => end(key, call),
      () => end(key, call),
    );
    return call;
  };

  return async <T>(key: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>) => {
    signal.throwIfAborted();
    const call = running.get(key) ?? begin(key, work);
    call.callers += 1;
    try {
      return (await abortable(call.result, signal)) as T;
    } finally {
      call.callers -= 1;
      if (call.callers === 0 && running.get(key) === call) {
        end(key, call);
        call.controller.abort();
      }
    }
  };
}

/** Rejects with the signal's reason as soon as that aborts. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = createDeferred<never>();
  const stop = onAbort(signal, () => reject(signal.reason));
  return Promise.race([promise, aborted]).finally(stop);
}

/** Resolves once the signal aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  const { promise, resolve } = createDeferred<void>();
  onAbort(signal, () => resolve());
  return promise;
}

const waiting = new WeakMap<AbortSignal, Set<() => void>>();

/** One listener for all who wait on a signal: Node warns of a leak from the eleventh on. */
function onAbort(signal: AbortSignal, run: () => void): () => void {
  const all = getOrAdd(waiting, signal, () => {
    const made = new Set<() => void>();
    signal.addEventListener('abort', () => made.forEach((each) => each()), { once: true });
    return made;
  });
  all.add(run);
  return () => all.delete(run);
}
