import { delay } from '../lib/async.js';

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
    const limit = new AbortController();
    const timeUp = delay(limitMs, limit.signal).catch(() => undefined);
    await Promise.race([Promise.allSettled(running.keys()), timeUp]);
    limit.abort();
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
  const renewals = new Set<Promise<void>>();
  const timer = setInterval(() => {
    if (lock.lost()) return controller.abort(new Error('Another process may run this job by now.'));
    if (renewals.size > 0) return;
    const renewal = lock.renew().finally(() => renewals.delete(renewal));
    renewals.add(renewal);
  }, lock.renewEveryMs);
  try {
    await handler(controller.signal);
  } finally {
    clearInterval(timer);
    // A renewal that arrived after the end of the job would lock it again.
    await Promise.all(renewals);
  }
}
