import { setImmediate as nextTurn } from 'node:timers/promises';
import { Agenda, type Job, type JobRepository } from 'agenda';
import { coalesce } from '../lib/async.js';
import type { Logger } from '../lib/logger.js';
import { JobStoreUnavailableError } from './errors.js';
import type { JobRecords, JobStore, RecurringJob } from './job-records.js';
import type { JobRunner, RunnableJob } from './job.js';
import { guardRepository } from './guarded-repository.js';
import { createJobWakes, type JobWakes } from './job-wakes.js';
import { createRunningJobs, type JobLock, type RunningJobs } from './running-jobs.js';
import { createStoreGuard } from './store-guard.js';
import { within } from './time-limit.js';

export type { JobNotification, JobRepository, NotificationChannel } from 'agenda';

/** Agenda, behind this file alone. A process that only enqueues never calls `start`. */
export interface AgendaJobs extends JobRunner {
  /** Begins to run jobs, and keeps the recurring ones going whatever happens to the store. Once. */
  start<Deps>(jobs: readonly RunnableJob<Deps>[], deps: Deps): Promise<void>;
  /**
   * Takes no new job; gives running handlers `graceMs` to end, then aborts their signals and waits a bounded time.
   * A handler that rejects after that gives its job back to the store. Handlers may enqueue until the end.
   */
  stop(options: { graceMs: number }): Promise<void>;
  /** Whether the job store answers within a second. */
  healthy(): Promise<boolean>;
}

export interface JobRunnerOptions {
  store: { kind: 'postgresql' | 'mongodb'; url: string };
  log: Logger;
  /** Different for each process. */
  instanceId: string;
  /**
   * Whether this process can do any work now; always, by default. While it cannot, it takes no job, and lets the
   * locks of those it has run out, so that others do them.
   */
  able?: () => boolean;
  /** How often lost records of recurring jobs are put back, in milliseconds. */
  restoreEveryMs?: number;
}

const RESTORE_EVERY_MS = 15_000;
const HEALTH_LIMIT_MS = 1_000;
const CLOSE_LIMIT_MS = 6_000;

/** Opens the job store. PostgreSQL has to answer now, since we make a table; MongoDB may come later. */
export async function createJobRunner(options: JobRunnerOptions): Promise<AgendaJobs> {
  const { log, instanceId, able = () => true, restoreEveryMs = RESTORE_EVERY_MS } = options;
  const { repository, records } = await openStore(options);
  let recurring: RecurringJob[] = [];
  let accepting = true;
  let watchdog: NodeJS.Timeout | undefined;

  const guard = createStoreGuard({ log, onBack: () => void restore() });
  const restore = coalesce(() => guard.call(() => records.restore(recurring)).catch(() => undefined));
  const guarded = guardRepository(repository, guard, () => accepting && able());
  const wakes = createJobWakes(
    (jobName) => void guard.call(() => records.announce(jobName)).catch(() => undefined),
  );
  const agenda = createAgenda({ repository: guarded, wakes, log, name: instanceId, records });
  const running = createRunningJobs();

  return {
    async enqueue(definition, payload, { at = new Date() } = {}) {
      // What JSON keeps, on both stores: MongoDB would make null of undefined.
      const data = JSON.parse(JSON.stringify(payload)) as object;
      await agenda.create(definition.name, data).schedule(at).save();
    },
    async start(jobs, deps) {
      recurring = jobs.flatMap(({ name, everyMs }) => (everyMs === undefined ? [] : [{ name, everyMs }]));
      agenda.maxConcurrency(jobs.reduce((sum, { concurrency }) => sum + concurrency, 0));
      for (const each of jobs) {
        defineOn(agenda, each, { deps, log, running, able });
      }
      await records.listen((jobName) => wakes.wake(jobName));
      await restore();
      await agenda.start();
      watchdog = setInterval(() => void restore(), restoreEveryMs);
    },
    async stop({ graceMs }) {
      accepting = false;
      clearInterval(watchdog);
      const warn = (err: unknown) => log.warn({ err }, 'The job runner did not stop cleanly');
      await agenda.stop(false).catch(warn);
      await running.finish(graceMs);
      const close = guard.idle().then(() => records.close());
      await within(CLOSE_LIMIT_MS, close).catch(warn);
    },
    healthy: () =>
      within(
        HEALTH_LIMIT_MS,
        guard.call(() => records.ping()),
      ).then(
        () => true,
        () => false,
      ),
  };
}

/** Only the driver that is used gets loaded: MongoDB's takes some 10 MB of memory and 0.1 s of the start. */
async function openStore({ store, log, instanceId }: JobRunnerOptions): Promise<JobStore> {
  if (store.kind === 'mongodb') {
    const { openMongoJobs } = await import('./mongo-jobs.js');
    return openMongoJobs(store.url);
  }
  const { openPostgresJobs } = await import('./postgres-jobs.js');
  return openPostgresJobs({ url: store.url, log, instanceId });
}

interface AgendaOptions {
  repository: JobRepository;
  wakes: JobWakes;
  records: JobRecords;
  log: Logger;
  name: string;
}

function createAgenda({ repository, wakes, records, log, name }: AgendaOptions): Agenda {
  const done = () => Promise.resolve();
  // We connected already, and close ourselves: Agenda never resolves what waits for a connect that failed.
  const backend = { name: 'ours', repository, ownsConnection: false, connect: done, disconnect: done };
  const agenda = new Agenda({ name, backend, notificationChannel: wakes, processEvery: records.pollEveryMs });
  agenda.on('error', (err: Error) => {
    if (!(err instanceof JobStoreUnavailableError)) log.warn({ err }, 'Agenda reports an error');
  });
  agenda.on('complete', (job: Job) => void settle(job));
  const settle = async ({ attrs }: Job): Promise<void> => {
    if (!attrs.nextRunAt) await repository.removeJobs({ id: String(attrs._id) }).catch(() => undefined);
    await nextTurn();
    // A place is free now; without this the next job would wait for a poll.
    wakes.wake(attrs.name);
  };
  return agenda;
}

interface Surroundings<Deps> {
  deps: Deps;
  log: Logger;
  running: RunningJobs;
  able: () => boolean;
}

function defineOn<Deps>(
  agenda: Agenda,
  definition: RunnableJob<Deps>,
  { deps, log, running, able }: Surroundings<Deps>,
): void {
  const { name, concurrency, lockLifetimeMs } = definition;
  // As many locks as places: a job that waits in a process has a lock that nobody renews.
  const options = { concurrency, lockLimit: concurrency, lockLifetime: lockLifetimeMs };

  const process = async (job: Job): Promise<void> => {
    const payload: unknown = job.attrs.data;
    let signal: AbortSignal | undefined;
    try {
      await running.run(lockOf(job, lockLifetimeMs, able), async (given) => {
        signal = given;
        await definition.run(deps, definition.payload.parse(payload), { signal: given });
      });
    } catch (err) {
      // Agenda would keep a failed job's record. What has to be done about a failure is not its business.
      if (!signal?.aborted) return log.error({ err, job: name, payload }, 'A job failed');
      job.attrs.nextRunAt ??= new Date();
      log.info({ job: name, payload }, 'A job was given back');
    }
  };
  agenda.define(name, process, options);
}

function lockOf(job: Job, lockLifetimeMs: number, able: () => boolean): JobLock {
  return {
    renewEveryMs: lockLifetimeMs / 3,
    async renew() {
      if (able()) await job.touch().catch(() => undefined);
    },
    lost: () => job.getCanceledMessage() !== undefined,
  };
}
