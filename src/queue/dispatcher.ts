import { levelOf } from '../database/outage.js';
import { coalesce, withTimeout } from '../lib/async.js';
import type { Platform } from '../platform.js';
import { foldTaskCounts } from '../tasks/task-count-store.js';
import { dispatchTasks, sweepTasks, type DispatchDeps } from './dispatch-tasks.js';

export interface Dispatcher {
  /** Null while it works; else why no task is started. */
  problem(): string | null;
  stop(): Promise<void>;
}

const STOP_LIMIT_MS = 5_000;
/** One that takes longer may be waiting for the lock; so many in a row are a stall. */
const MISSED_BEATS = 10;

/**
 * Dispatches on events, and every `dispatchEveryMs` for what no event announces: expired leases, due retries, lost
 * dispatches, folded counts. By a timer of each worker's own, not by a recurring job: the next run of that is a time
 * in the job store, which one process with a wrong clock can move by hours for all. Idempotent, because it acts on
 * what the tables say, by the database's clock.
 */
export function startDispatcher(deps: DispatchDeps & Pick<Platform, 'bus'>): Dispatcher {
  let workedAtMs = performance.now();
  let failing = false;
  const attempt = async (work: () => Promise<void>) => {
    try {
      await work();
      failing = false;
      workedAtMs = performance.now();
    } catch (err) {
      // Once, not for each beat; an outage of the database is reported elsewhere.
      const level = failing ? 'debug' : levelOf(err, 'warn');
      deps.log[level]({ err }, 'dispatch failed, the next beat repeats it');
      failing = true;
    }
  };
  const dispatch = coalesce(() => attempt(() => dispatchTasks(deps)));
  const beat = coalesce(() =>
    attempt(async () => {
      await sweepTasks(deps);
      await dispatchTasks(deps);
      await foldTaskCounts(deps.db);
    }),
  );
  let dispatching = dispatch();
  let beating = Promise.resolve();
  const stopFollowing = followEvents(deps, () => {
    dispatching = dispatch();
  });
  const timer = setInterval(() => {
    beating = beat();
  }, deps.timing.dispatchEveryMs);
  return {
    problem() {
      const sinceMs = performance.now() - workedAtMs;
      if (sinceMs < MISSED_BEATS * deps.timing.dispatchEveryMs) return null;
      return `no task has been dispatched for ${Math.round(sinceMs / 1_000)} s; the log has the reason`;
    },
    async stop() {
      clearInterval(timer);
      stopFollowing();
      await withTimeout(Promise.all([dispatching, beating]), STOP_LIMIT_MS).catch(() => undefined);
    },
  };
}

function followEvents({ bus }: Pick<Platform, 'bus'>, dispatch: () => void): () => void {
  const offs = [
    // A task that starts neither frees a place nor waits for one.
    bus.on('task.changed', ({ state }) => {
      if (state !== 'RUNNING') dispatch();
    }),
    bus.on('bus.gap', dispatch),
    bus.on('settings.applied', dispatch),
  ];
  return () => offs.forEach((off) => off());
}
