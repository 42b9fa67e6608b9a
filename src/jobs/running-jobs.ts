import { delay } from '../lib/async.js';
import { within } from './time-limit.js';

/** How long handlers whose signal was aborted may still take, in milliseconds, before they are left behind. */
const ABORTED_LIMIT_MS = 5_000;

/** A job's lock in the store, which shows other processes that its handler is alive. */
export interface JobLock {
  /** Milliseconds between two renewals: well below the lock's lifetime. */
  renewEveryMs: number;
  renew(): Promise<void>;
  /** Whether another process may have taken the job over. */
  lost(): boolean;
}

/** The handlers that run in this process. */
export interface RunningJobs {
  /** Runs a handler and keeps its lock alive meanwhile. Its signal aborts when time is up or the lock is lost. */
  run(lock: JobLock, handler: (signal: AbortSignal) => Promise<void>): Promise<void>;
  /** Gives what runs `graceMs` to end, then aborts it and waits a bounded time. */
  finish(graceMs: number): Promise<void>;
}

export function createRunningJobs(): RunningJobs {
  const running = new Map<Promise<void>, AbortController>();

  const ended = async (limitMs: number): Promise<void> => {
    await within(limitMs, Promise.allSettled(running.keys())).catch(() => undefined);
  };

  return {
    async run(lock, handler) {
      const controller = new AbortController();
      const run = withRenewal(lock, controller, handler);
      running.set(run, controller);
      try {
        await run;
      } finally {
        running.delete(run);
      }
    },
    async finish(graceMs) {
      await ended(graceMs);
      for (const controller of running.values()) controller.abort(new Error('The process stops.'));
      await ended(ABORTED_LIMIT_MS);
    },
  };
}

async function withRenewal(
  lock: JobLock,
  controller: AbortController,
  handler: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const over = new AbortController();
  const renewing = keepRenewing(lock, over.signal, () =>
    controller.abort(new Error('Another process may run this job by now.')),
  );
  try {
    await handler(controller.signal);
  } finally {
    over.abort();
    // A renewal that arrived after the end of the job would lock it again.
    await renewing;
  }
}

/** Until `over` aborts or the lock is lost. */
async function keepRenewing(lock: JobLock, over: AbortSignal, onLost: () => void): Promise<void> {
  const wait = () => delay(lock.renewEveryMs, over).catch(() => undefined);
  for (await wait(); !over.aborted; await wait()) {
    if (lock.lost()) return onLost();
    await lock.renew();
  }
}
