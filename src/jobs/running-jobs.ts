import { delay, withTimeout } from '../lib/async.js';

/** After its signal has aborted. */
const ABORTED_LIMIT_MS = 5_000;

/** Renewing it shows other processes that the handler is alive. */
export interface JobLock {
  renewEveryMs: number;
  renew(): Promise<void>;
  lost(): boolean;
}

export interface RunningJobs {
  /** The signal aborts when `finish` gives up or the lock is lost. */
  run(lock: JobLock, handler: (signal: AbortSignal) => Promise<void>): Promise<void>;
  finish(graceMs: number): Promise<void>;
}

export function createRunningJobs(): RunningJobs {
  const running = new Map<Promise<void>, AbortController>();

  const waitForAll = async (limitMs: number): Promise<void> => {
    await withTimeout(Promise.allSettled(running.keys()), limitMs).catch(() => undefined);
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
      await waitForAll(graceMs);
      for (const controller of running.values()) controller.abort(new Error('the process is stopping'));
      await waitForAll(ABORTED_LIMIT_MS);
    },
  };
}

async function withRenewal(
  lock: JobLock,
  controller: AbortController,
  handler: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const ended = new AbortController();
  const renewing = keepRenewing(lock, ended.signal, () =>
    controller.abort(new Error('another process may have claimed this job')),
  );
  try {
    await handler(controller.signal);
  } finally {
    ended.abort();
    // A renewal that arrived after the end of the job would lock it again.
    await renewing;
  }
}

async function keepRenewing(lock: JobLock, ended: AbortSignal, onLost: () => void): Promise<void> {
  const wait = () => delay(lock.renewEveryMs, ended).catch(() => undefined);
  for (await wait(); !ended.aborted; await wait()) {
    if (lock.lost()) return onLost();
    await lock.renew();
  }
}
