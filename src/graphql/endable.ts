/** Ends at once when its reader returns; a generator that waits for its next value would not. */
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
      // Not awaited: a waiting generator returns only after its next value.
      iterator.return?.().catch(() => undefined);
      return Promise.resolve(step);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
