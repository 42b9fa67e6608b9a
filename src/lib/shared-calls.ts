import { abortable } from './async.js';

/**
 * Runs `work` for a key unless it is under way already, and gives everyone who asks meanwhile its one outcome. An
 * aborted caller leaves alone; when all have left, the signal that `work` was given aborts.
 */
export type SharedCalls = <T>(
  key: string,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
) => Promise<T>;

interface Call {
  outcome: Promise<unknown>;
  callers: number;
  controller: AbortController;
}

export function createSharedCalls(): SharedCalls {
  const underWay = new Map<string, Call>();

  const end = (key: string, call: Call) => {
    // Another may have begun under this key after all callers of this one had left.
    if (underWay.get(key) === call) underWay.delete(key);
  };

  const begin = (key: string, work: (signal: AbortSignal) => Promise<unknown>): Call => {
    const controller = new AbortController();
    const call: Call = { outcome: work(controller.signal), callers: 0, controller };
    underWay.set(key, call);
    call.outcome.then(
      () => end(key, call),
      () => end(key, call),
    );
    return call;
  };

  return async <T>(key: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>) => {
    signal.throwIfAborted();
    const call = underWay.get(key) ?? begin(key, work);
    call.callers += 1;
    try {
      // What is under way for a key is of its kind.
      return (await abortable(call.outcome, signal)) as T;
    } finally {
      call.callers -= 1;
      if (call.callers === 0 && underWay.get(key) === call) {
        end(key, call);
        call.controller.abort();
      }
    }
  };
}
