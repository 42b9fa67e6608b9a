import { createDeferred } from '../lib/async.js';

interface Turn {
  taskId: string;
  /** Whether nothing else may run in this process meanwhile. */
  alone: boolean;
}

/** Tasks of this process run together, but one that may be what kills workers runs alone. */
export interface Turns {
  /**
   * In the order of the calls, so that one that has to be alone gets its turn. Null when the same task already waits
   * here. Rejects with the signal's reason.
   */
  take(turn: Turn, signal: AbortSignal): Promise<(() => void) | null>;
}

export function createTurns(): Turns {
  const running = new Set<Turn>();
  let waiting: (Turn & { begin(): void })[] = [];

  const mayBegin = ({ alone }: Turn) =>
    alone ? running.size === 0 : ![...running].some((each) => each.alone);
  const beginNext = () => {
    for (let first = waiting[0]; first && mayBegin(first); first = waiting[0]) {
      waiting.shift();
      running.add(first);
      first.begin();
    }
  };

  return {
    async take(turn, signal) {
      signal.throwIfAborted();
      if (waiting.some(({ taskId }) => taskId === turn.taskId)) return null;
      const begun = createDeferred<void>();
      const own = { ...turn, begin: begun.resolve };
      const leave = () => {
        running.delete(own);
        waiting = waiting.filter((each) => each !== own);
        beginNext();
      };
      const giveUp = () => {
        begun.reject(signal.reason);
        leave();
      };
      waiting.push(own);
      beginNext();
      signal.addEventListener('abort', giveUp);
      await begun.promise.finally(() => signal.removeEventListener('abort', giveUp));
      return leave;
    },
  };
}
