/**
 * The same stream, which ends at once when its reader returns, even while the source is waiting for its next
 * value; a generator that waits would not. `onEnd` is called once, however it ends.
 */
export function endable<T>(source: AsyncIterable<T>, onEnd: () => void): AsyncIterableIterator<T> {
  const iterator = source[Symbol.asyncIterator]();
  let ended = false;
  let release: (() => void) | null = null;

  const end = (): IteratorReturnResult<undefined> => {
    if (!ended) onEnd();
    ended = true;
    release?.();
    return { done: true, value: undefined };
  };
  const next = () =>
    new Promise<IteratorResult<T>>((resolve, reject) => {
      release = () => resolve({ done: true, value: undefined });
      iterator.next().then(
        (step) => resolve(step.done ? end() : step),
        (error: Error) => {
          reject(error);
          end();
        },
      );
    });
  return {
    next: () => (ended ? Promise.resolve(end()) : next()),
    return: () => {
      const step = end();
      // Not waited for: a generator that waits for news answers only after the next.
      iterator.return?.().catch(() => undefined);
      return Promise.resolve(step);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
