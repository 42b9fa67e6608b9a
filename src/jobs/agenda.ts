import { setImmediate as nextTurn } from 'node:timers/promises';
import { Agenda, type Job, type JobRepository } from 'agenda';
import { isSocketError, levelOf } from '../database/outage.js';
import { coalesce, withTimeout } from '../lib/async.js';
import type { Logger } from '../lib/logger.js';
import { JobStoreUnavailableError } from './errors.js';
import type { JobRecords, JobStore, RecurringJob } from './job-store.js';
import type { JobRunner, RunnableJob } from './job.js';
import { createStoreGuard, guardRepository } from './guarded-repository.js';
import { createJobWakes, type JobWakes } from './job-wakes.js';
import { createStoreClock } from './store-clock.js';
import { createRunningJobs, type JobLock, type RunningJobs } from './running-jobs.js';

export interface AgendaJobs extends JobRunner {
  start<Deps>(jobs: readonly RunnableJob<Deps>[], deps: Deps): Promise<void>;
  /** Gives handlers `graceMs`, then aborts them and waits a bounded time. They may enqueue until the end. */
  stop(options: { graceMs: number }): Promise<void>;
  healthy(): Promise<boolean>;
}

interface JobRunnerOptions {
  store: { kind: 'postgresql' | 'mongodb'; url: string };
  log: Logger;
  instanceId: string;
  /** True by default. While false, it claims no job and its locks expire, so that others run the jobs. */
  canWork?: () => boolean;
  restoreEveryMs: number;
}

/** PostgreSQL is the database itself, whose outages are reported elsewhere. */
const LEVELS = {
  postgresql: { lost: 'debug', restored: 'debug' },
  mongodb: { lost: 'warn', restored: 'info' },
} as const;
const HEALTH_LIMIT_MS = 1_000;
const CLOSE_LIMIT_MS = 6_000;

/** PostgreSQL must answer now, because the table may have to be created; MongoDB may come later. */
export async function createJobRunner(options: JobRunnerOptions): Promise<AgendaJobs> {
  const { log, instanceId, canWork = () => true, restoreEveryMs } = options;
  const { repository, records } = await openStore(options);
  let recurring: RecurringJob[] = [];
  let accepting = true;

  const guard = createStoreGuard({ log, levels: LEVELS[options.store.kind], onBack: () => void restore() });
  const clock = createStoreClock(() => guard.attempt(() => records.readTime()));
  const restore = coalesce(() =>
    guard
      .call(async () => {
        await clock.read();
        await records.restore(recurring);
      })
      .catch(() => undefined),
  );
  const guarded = guardRepository(repository, { guard, clock, accepting: () => accepting && canWork() });
  const wakes = createJobWakes(
    (jobName) => void guard.call(() => records.announce(jobName)).catch(() => undefined),
  );
  const agenda = createAgenda({ repository: guarded, wakes, log, name: instanceId, records });
  const running = createRunningJobs();
  void restore();
  const watchdog = setInterval(() => void restore(), restoreEveryMs);

  return {
    async enqueue(definition, payload, { at = new Date() } = {}) {
      // As JSON on both stores: MongoDB would turn undefined into null.
      const data = JSON.parse(JSON.stringify(payload)) as object;
      await agenda.create(definition.name, data).schedule(at).save();
    },
    async start(jobs, deps) {
      recurring = jobs.flatMap(({ name, everyMs }) => (everyMs === undefined ? [] : [{ name, everyMs }]));
      agenda.maxConcurrency(jobs.reduce((sum, { concurrency }) => sum + concurrency, 0));
      for (const each of jobs) {
        defineOn(agenda, each, { deps, log, running, canWork });
      }
      await records.listen((jobName) => wakes.wake(jobName));
      await restore();
      await agenda.start();
    },
    async stop({ graceMs }) {
      accepting = false;
      clearInterval(watchdog);
      const warn = (err: unknown) => log.warn({ err }, 'job runner did not stop cleanly');
      await agenda.stop(false).catch(warn);
      await running.finish(graceMs);
      const close = guard.idle().then(() => records.close());
      await withTimeout(close, CLOSE_LIMIT_MS).catch(warn);
    },
    healthy: () =>
      withTimeout(
        guard.call(() => records.ping()),
        HEALTH_LIMIT_MS,
      ).then(
        () => true,
        () => false,
      ),
  };
}

/** MongoDB's driver takes some 10 MB of memory and 0.1 s of the start. */
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
  const nothing = () => Promise.resolve();
  // Already connected: Agenda never settles what waits for a connect that failed.
  const backend = {
    name: 'guarded',
    repository,
    ownsConnection: false,
    connect: nothing,
    disconnect: nothing,
  };
  const agenda = new Agenda({ name, backend, notificationChannel: wakes, processEvery: records.pollEveryMs });
  agenda.on('error', (err: Error) => {
    if (err instanceof JobStoreUnavailableError) return;
    // A connection that is lost in the middle of a call: the guard reports the outage.
    const level = isSocketError(err) ? 'debug' : levelOf(err, 'warn');
    log[level]({ err }, 'agenda reported an error');
  });
  agenda.on('complete', (job: Job) => void finish(job));
  const finish = async ({ attrs }: Job): Promise<void> => {
    if (!attrs.nextRunAt) await repository.removeJobs({ id: String(attrs._id) }).catch(() => undefined);
    await nextTurn();
    wakes.wake(attrs.name);
  };
  return agenda;
}

interface DefineOptions<Deps> {
  deps: Deps;
  log: Logger;
  running: RunningJobs;
  canWork: () => boolean;
}

function defineOn<Deps>(
  agenda: Agenda,
  definition: RunnableJob<Deps>,
  { deps, log, running, canWork }: DefineOptions<Deps>,
): void {
  const { name, concurrency, lockLifetimeMs } = definition;
  // As many locks as places: nobody renews the lock of a job that waits inside a process.
  const options = { concurrency, lockLimit: concurrency, lockLifetime: lockLifetimeMs };

  const process = async (job: Job): Promise<void> => {
    const payload: unknown = job.attrs.data;
    let signal: AbortSignal | undefined;
    try {
      await running.run(lockOf(job, lockLifetimeMs, canWork), async (ownSignal) => {
        signal = ownSignal;
        await definition.run(deps, definition.payload.parse(payload), { signal: ownSignal });
      });
    } catch (err) {
      // Not rethrown: Agenda would keep the record, and the task decides whether it is retried.
      if (!signal?.aborted) {
        return log[levelOf(err, 'error')]({ err, job: name, payload }, 'job failed');
      }
      job.attrs.nextRunAt ??= new Date();
      log.info({ job: name, payload }, 'job released');
    }
  };
  agenda.define(name, process, options);
}

function lockOf(job: Job, lockLifetimeMs: number, canWork: () => boolean): JobLock {
  return {
    renewEveryMs: lockLifetimeMs / 3,
    async renew() {
      if (canWork()) await job.touch().catch(() => undefined);
    },
    lost: () => job.getCanceledMessage() !== undefined,
  };
}
