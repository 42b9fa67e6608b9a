import { getOrAdd } from './get-or-add.js';

/** A promise with its own resolve and reject. */
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

/** Waits `ms` milliseconds; rejects with the signal's reason as soon as it aborts. */
export function delay(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason as Error);
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** Settles as the promise does, but rejects with the signal's reason as soon as that aborts. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) return Promise.reject(signal.reason as Error);
  const { promise: aborted, reject } = createDeferred<never>();
  const forget = onAbort(signal, () => reject(signal.reason));
  return Promise.race([promise, aborted]).finally(forget);
}

const waiting = new WeakMap<AbortSignal, Set<() => void>>();

/** One listener for all who wait for a signal at once: Node warns of a leak from the eleventh on. */
function onAbort(signal: AbortSignal, run: () => void): () => void {
  const all = getOrAdd(waiting, signal, () => {
    const made = new Set<() => void>();
    signal.addEventListener('abort', () => made.forEach((each) => each()), { once: true });
    return made;
  });
  all.add(run);
  return () => all.delete(run);
}

/**
 * Runs `work` so that it never overlaps itself: a call while it runs asks for one more run, and all callers
 * that came in the meantime share it. Resolves when a run that began after the call has ended.
 */
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
