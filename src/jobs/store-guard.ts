import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Logger } from '../lib/logger.js';
import { JobStoreUnavailableError } from './errors.js';
import { within } from './time-limit.js';

/** No call to the job store takes longer than this, in milliseconds: a network that swallows packets looks like this. */
const CALL_LIMIT_MS = 5_000;

/** Stands between us and the job store: bounds each call, notices when the store goes and comes back. */
export interface StoreGuard {
  /** Runs a call; whatever goes wrong with it is a JobStoreUnavailableError. */
  call<T>(work: () => Promise<T>): Promise<T>;
  /** Runs a call that may also fail for a reason of its own, which then passes unchanged. */
  attempt<T>(work: () => Promise<T>): Promise<T>;
  /** Resolves when no call is under way, and none follows at once from one that was. */
  idle(): Promise<void>;
}

export interface StoreGuardOptions {
  log: Logger;
  /** The store answers again; it may have lost its data meanwhile. */
  onBack: () => void;
}

export function createStoreGuard({ log, onBack }: StoreGuardOptions): StoreGuard {
  const underWay = new Set<Promise<unknown>>();
  let down = false;

  const attempt = async <T>(work: () => Promise<T>): Promise<T> => {
    const call = within(CALL_LIMIT_MS, work());
    underWay.add(call);
    try {
      return await call;
    } finally {
      underWay.delete(call);
    }
  };

  const noteFailure = (thrown: unknown): JobStoreUnavailableError => {
    // Once for an outage, not once for each of the many calls a second that fail during it.
    if (!down) log.warn({ err: thrown }, 'The job store does not answer');
    down = true;
    return new JobStoreUnavailableError(thrown);
  };

  const noteSuccess = () => {
    if (!down) return;
    down = false;
    log.info('The job store answers again');
    onBack();
  };

  return {
    attempt,
    async call(work) {
      try {
        const result = await attempt(work);
        noteSuccess();
        return result;
      } catch (thrown) {
        throw noteFailure(thrown);
      }
    },
    async idle() {
      do {
        await Promise.allSettled(underWay);
        await nextTurn();
      } while (underWay.size > 0);
    },
  };
}
