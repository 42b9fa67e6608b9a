import { setImmediate as nextTurn } from 'node:timers/promises';
import type { JobParameters, JobRepository } from 'agenda';
import { withTimeout } from '../lib/async.js';
import type { Logger } from '../lib/logger.js';
import { JobStoreUnavailableError } from './errors.js';
import { later, type StoreClock } from './store-clock.js';

/** A network that swallows packets gives no error of its own. */
const CALL_LIMIT_MS = 5_000;

interface StoreGuard {
  call<T>(work: () => Promise<T>): Promise<T>;
  /** The call's own errors pass unchanged. */
  attempt<T>(work: () => Promise<T>): Promise<T>;
  /** Until no call is running and none follows at once. */
  idle(): Promise<void>;
}

interface StoreGuardOptions {
  log: Logger;
  /** Of what is logged when an outage begins and ends. */
  levels: { lost: 'warn' | 'debug'; restored: 'info' | 'debug' };
  /** The store may have lost its data meanwhile. */
  onBack: () => void;
}

export function createStoreGuard({ log, levels, onBack }: StoreGuardOptions): StoreGuard {
  const running = new Set<Promise<unknown>>();
  let down = false;
  let answeredAtMs = -Infinity;

  const attempt = async <T>(work: () => Promise<T>): Promise<T> => {
    const call = withTimeout(work(), CALL_LIMIT_MS);
    running.add(call);
    try {
      return await call;
    } finally {
      running.delete(call);
    }
  };

  const noteFailure = (thrown: unknown, startedAtMs: number): JobStoreUnavailableError => {
    // Started in an outage that is over by now.
    if (startedAtMs < answeredAtMs) return new JobStoreUnavailableError(thrown);
    // Once for an outage, not for each call.
    if (!down) log[levels.lost]({ err: thrown }, 'job store does not answer');
    down = true;
    return new JobStoreUnavailableError(thrown);
  };

  const noteSuccess = () => {
    answeredAtMs = performance.now();
    if (!down) return;
    down = false;
    log[levels.restored]('job store answers again');
    onBack();
  };

  return {
    attempt,
    async call(work) {
      const startedAtMs = performance.now();
      try {
        const result = await attempt(work);
        noteSuccess();
        return result;
      } catch (thrown) {
        throw noteFailure(thrown, startedAtMs);
      }
    },
    async idle() {
      do {
        await Promise.allSettled(running);
        await nextTurn();
      } while (running.size > 0);
    },
  };
}

interface GuardOptions {
  guard: StoreGuard;
  clock: StoreClock;
  accepting: () => boolean;
}

/** Clocks are compared to a few milliseconds; Agenda waits out the rest. */
const DUE_WITHIN_MS = 50;

export function guardRepository(
  repository: JobRepository,
  { guard, clock, accepting }: GuardOptions,
): JobRepository {
  const lockInTurn = createLockTurns();
  const toOwn = <Job extends Times>(job: Job): Job => moveTimes(job, clock.toOwn);
  const toStore = <Job extends Times>(job: Job): Job => moveTimes(job, clock.toStore);
  const overrides: Partial<JobRepository> = {
    async queryJobs(options) {
      const found = await repository.queryJobs(options);
      return { ...found, jobs: found.jobs.map(toOwn) };
    },
    saveJob: async (job, options) => toOwn(await guard.call(() => repository.saveJob(toStore(job), options))),
    saveJobState: (job, options) => guard.attempt(() => repository.saveJobState(toStore(job), options)),
    removeJobs: (options) => guard.attempt(() => repository.removeJobs(options)),
    unlockJobs: (ids) => guard.attempt(() => repository.unlockJobs(ids)),
    // Agenda does not wait for this one: a rejection would end the process.
    unlockJob: (job) => guard.attempt(() => repository.unlockJob(job)).catch(() => undefined),
    getNextJobToRun: (...[name, , lockDeadline, , options]) =>
      lockInTurn(name, async () => {
        if (!accepting()) return undefined;
        const lockLifetimeMs = Date.now() - lockDeadline.getTime();
        const askedAtMs = performance.now();
        const now = clock.now();
        const due = later(now, DUE_WITHIN_MS);
        // Only due jobs: one whose lock expires before its time would take up a place for ever.
        const job = await guard.call(() =>
          repository.getNextJobToRun(name, due, later(now, -lockLifetimeMs), now, options),
        );
        const fresh = performance.now() - askedAtMs < lockLifetimeMs / 2;
        if (!job || (accepting() && fresh)) return job && toOwn(job);
        await guard.attempt(() => repository.unlockJob(job));
        return undefined;
      }),
  };
  return Object.assign(Object.create(repository) as JobRepository, overrides);
}

/** Those that processes compare. */
type Times = Pick<JobParameters, 'nextRunAt' | 'lockedAt' | 'lastRunAt'>;

function moveTimes<Job extends Times>(job: Job, move: (time: Date) => Date): Job {
  return {
    ...job,
    ...(job.nextRunAt && { nextRunAt: move(job.nextRunAt) }),
    ...(job.lockedAt && { lockedAt: move(job.lockedAt) }),
    ...(job.lastRunAt && { lastRunAt: move(job.lastRunAt) }),
  };
}

/** For each job name one attempt runs and one waits: else 50 wake-ups lock 50 jobs to release 47 of them. */
function createLockTurns(): <T>(
  name: string,
  attempt: () => Promise<T | undefined>,
) => Promise<T | undefined> {
  const lanes = new Map<string, { last: Promise<unknown>; waiting: boolean }>();

  return async (name, attempt) => {
    const lane = lanes.get(name) ?? { last: Promise.resolve(), waiting: false };
    lanes.set(name, lane);
    if (lane.waiting) return undefined;
    lane.waiting = true;
    await lane.last;
    lane.waiting = false;
    const running = attempt();
    lane.last = running.catch(() => undefined);
    return running;
  };
}
