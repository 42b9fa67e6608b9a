import { randomUUID } from 'node:crypto';
import { createLiveAccess } from './sign-in/live-access.js';
import { openAuth } from './sign-in/open-auth.js';
import type { SignInDelays } from './sign-in/sign-in-limits.js';
import type { CatalogSource } from './catalog/catalog-source.js';
import { scanLibraryJob } from './library/scan-library.job.js';
import { followSettings } from './settings/live-settings.js';
import type { Settings } from './settings/settings.js';
import { readInstalledCatalog } from './settings/settings-store.js';
import type { Deps } from './deps.js';
import type { AudioSource } from './catalog/audio-source.js';
import { createDownloadRunners } from './downloads/task-runners.js';
import { findWriteProblem, sweepUnfinishedFiles } from './downloads/incoming.js';
import { writePlaylistsOnEvent } from './downloads/write-playlists.job.js';
import { secretUrlsOf, type Env } from './env.js';
import { createEventBus } from './events/bus.js';
import { startPostgresRelay } from './events/postgres-relay.js';
import { readinessChecks } from './readiness-checks.js';
import type { RunningHttpServer } from './http/server.js';
import { createJobRunner, type AgendaJobs } from './jobs/agenda.js';
import { JOBS } from './job-handlers.js';
import { abortable } from './lib/async.js';
import { systemClock, type Clock } from './lib/clock.js';
import { messageOf } from './lib/errors.js';
import { createClosers, type Closers } from './lib/closers.js';
import { createLogger, type Logger } from './lib/logger.js';
import type { ReaderLimits } from './lib/reader-limits.js';
import { createRedactor } from './lib/secrets.js';
import { createMedia } from './media/create-media.js';
import type { Media } from './media/media.js';
import { TIMING, type Platform, type Timing } from './platform.js';
import { createOutbound } from './outbound/outbound.js';
import { migrate } from './database/migrate.js';
import { openDatabaseServer } from './open-database-server.js';
import { startServer } from './start-server.js';
import { createExpensiveReads, READ_LIMITS } from './database/expensive-reads.js';
import { createDatabase, READ_STATEMENT_MS, type Database, type DatabaseOptions } from './database/prisma.js';
import { repairSequences } from './database/sequence.js';
import { recoverTasks } from './queue/dispatch-tasks.js';
import { startDispatcher, type Dispatcher } from './queue/dispatcher.js';
import { createLeases } from './queue/leases.js';
import { createTurns } from './queue/turns.js';
import { openProviders } from './sso/providers.js';
import { createTaskCounter } from './tasks/task-counter.js';
import { createTaskFeed } from './live/task-feed.js';
import { createLibraryFeed } from './library/request-scan.js';
import { createTagReader } from './library/tag-reader.js';
import { ensureFirstAdmin } from './users/register.js';
import { openUpstreams } from './upstream/open-upstreams.js';
import { createWatchRunners } from './watches/check-watch.js';
import { keepWatchFilesOnEvent } from './watch-files/keep-files.job.js';
import { createWatchFeed } from './watches/watch-feed.js';

export interface Overrides {
  log?: Logger;
  clock?: Clock;
  settings?: Partial<Settings>;
  timing?: Partial<Timing>;
  sources?: readonly AudioSource[];
  catalogs?: readonly CatalogSource[];
  media?: Media;
  programs?: { programUrl?: string };
  readers?: Partial<ReaderLimits>;
  signInDelays?: SignInDelays;
  /** Ends a start that is under way, which then rejects once all is closed. */
  stop?: AbortSignal;
}

export interface App {
  http: RunningHttpServer | null;
  deps: Deps;
  /** Accepts no new work; running work gets `timing.stopGraceMs`, the rest is queued again. */
  stop(): Promise<void>;
}

/** Opens everything in order, and closes it in reverse, also when a later step fails. */
export async function createApp(env: Env, overrides: Overrides = {}): Promise<App> {
  const log = overrides.log ?? createLogger(env.logLevel, createRedactor(secretUrlsOf(env)));
  const { stopGraceMs } = { ...TIMING, ...overrides.timing };
  const closers = createClosers(log, stopGraceMs);
  try {
    const opening = openApp(env, { log, overrides, closers });
    return await (overrides.stop ? abortable(opening, overrides.stop) : opening);
  } catch (thrown) {
    await closers.close();
    throw thrown;
  }
}

async function openApp(env: Env, options: StartOptions): Promise<App> {
  const { overrides, closers } = options;
  const { deps, workDb, jobs } = await createDeps(env, options);
  const workDeps = { ...deps, db: workDb };
  const dispatcher = env.role === 'api' ? null : await startWorker(workDeps, jobs, closers);
  const checks = readinessChecks(workDeps, { jobs, dispatcher });
  const http =
    env.role === 'worker' ? null : await startServer(deps, { checks, readers: overrides.readers, closers });
  return { http, deps, stop: () => closers.close() };
}

interface StartOptions {
  log: Logger;
  overrides: Overrides;
  closers: Closers;
}

interface CreatedDeps {
  deps: Deps;
  /** For leases, dispatch, jobs and readiness. */
  workDb: Database;
  jobs: AgendaJobs;
}

/** The order matters: closing in reverse stops the job runner first, whose running jobs still need the rest. */
async function createDeps(env: Env, options: StartOptions): Promise<CreatedDeps> {
  const { log, overrides, closers } = options;
  const { url, db, pool, workDb, reads } = await openDatabase(env, options);
  const instanceId = randomUUID();
  const { bus, relay } = await openEvents({ url, instanceId }, options);
  const media = overrides.media ?? (await createMedia({ ...env, log }));
  if (!overrides.media) closers.add('media', () => media.stop());
  const store = env.jobStore.kind === 'mongodb' ? env.jobStore : { kind: 'postgresql' as const, url };
  // The job store may be up while the database is down: this process would then hold jobs that it cannot run.
  const timing = { ...TIMING, ...overrides.timing };
  const jobs = await createJobRunner({
    store,
    log,
    instanceId,
    canWork: () => relay.healthy(),
    restoreEveryMs: timing.restoreJobsEveryMs,
  });
  await ensureFirstAdmin({ db: workDb, env, log });
  const clock = overrides.clock ?? systemClock;
  const outbound = createOutbound({ env, db: workDb, clock, log, secrets: secretUrlsOf(env) });
  closers.add('outbound requests', () => outbound.close());
  const platform = { env, log, clock, instanceId, db, reads, bus, jobs, media, outbound, timing };

  const auth = await openAuth(platform, { pool, signInDelays: overrides.signInDelays });
  const liveAccess = createLiveAccess(platform);
  closers.add('live access', () => liveAccess.stop());
  const tagReader = createTagReader({ media, ...overrides.programs });
  closers.add('tag reader', () => tagReader.stop());
  const feeds = openFeeds(platform, closers);
  const leases = createLeases({ ...platform, db: workDb });
  closers.add('leases', () => leases.stop());
  closers.add('job runner', (graceMs) => jobs.stop({ graceMs }));
  const settings = await openSettings(platform, options);
  const catalog = env.catalog ?? (await readInstalledCatalog(workDb));
  const { musicBrainz, ...upstreams } = openUpstreams(
    { ...platform, ...auth, ...settings, workDb, tagReader, catalog },
    overrides,
  );
  closers.add('covers', () => upstreams.covers.stop());
  const taskCounter = createTaskCounter({ db });
  const shared = {
    ...platform,
    ...auth,
    liveAccess,
    ...openProviders(platform),
    tagReader,
    ...feeds,
    leases,
    turns: createTurns(),
    taskCounter,
    ...settings,
    ...upstreams,
    enrichment: () => (settings.settings().musicBrainz ? musicBrainz : null),
  };
  const working = { ...shared, db: workDb };
  const runners = { ...createDownloadRunners(working), ...createWatchRunners(working) };
  return { deps: { ...shared, runners }, workDb, jobs };
}

function openFeeds(deps: Pick<Platform, 'db' | 'bus' | 'log'>, closers: Closers) {
  const feed = createTaskFeed(deps);
  closers.add('task feed', () => feed.stop());
  const libraryFeed = createLibraryFeed(deps);
  closers.add('library feed', () => libraryFeed.stop());
  const watchFeed = createWatchFeed(deps);
  closers.add('watch feed', () => watchFeed.stop());
  return { feed, libraryFeed, watchFeed };
}

/** More than the transactions that may wait for each other's locks: four expansions and a few tracks. */
const WORK_POOL_SIZE = 8;

async function openDatabase(env: Env, options: StartOptions) {
  const { log, closers } = options;
  const url = await openDatabaseServer(env, { ...options, stop: options.overrides.stop });
  await migrate({ url, log });
  const open = (settings: Partial<DatabaseOptions> = {}) => {
    const database = createDatabase({ url, log, ...settings });
    closers.add('database', () => database.close());
    return database;
  };
  const work = open({ poolSize: WORK_POOL_SIZE });
  await repairSequences(work.db);
  const { db, pool } = open({ statementMs: READ_STATEMENT_MS });
  const readers = open({
    poolSize: READ_LIMITS.atOnce,
    statementMs: READ_STATEMENT_MS,
    canceller: work.pool,
  });
  return { url, db, pool, workDb: work.db, reads: createExpensiveReads(readers.db) };
}

async function openEvents(
  { url, instanceId }: { url: string; instanceId: string },
  { log, closers }: StartOptions,
) {
  const bus = createEventBus({ log });
  closers.add('event bus', () => bus.close());
  const relay = await startPostgresRelay({ url, bus, log, instanceId });
  closers.add('event relay', () => relay.stop());
  return { bus, relay };
}

async function openSettings(
  platform: Pick<Platform, 'db' | 'bus' | 'log' | 'env'>,
  { overrides, closers }: StartOptions,
) {
  const live = await followSettings(platform);
  closers.add('settings', () => live.stop());
  return {
    settings: () => ({ ...live.downloads(), ...overrides.settings }),
    watchSettings: live.watches,
    reloadSettings: live.reload,
    settingsFeed: live.feed,
  };
}

async function startWorker(deps: Deps, jobs: AgendaJobs, closers: Closers): Promise<Dispatcher> {
  const { downloadPath } = deps.settings();
  const problem = await findWriteProblem(downloadPath);
  if (problem !== null) {
    deps.log.error(
      { downloadPath, problem: messageOf(problem) },
      'the download directory cannot be written, downloads will fail',
    );
  }
  await recoverTasks(deps);
  await sweepUnfinishedFiles(deps);
  await jobs.start(JOBS, deps);
  const dispatcher = startDispatcher(deps);
  closers.add('dispatcher', () => dispatcher.stop());
  closers.add('playlist files', writePlaylistsOnEvent(deps));
  closers.add('files of watches', keepWatchFilesOnEvent(deps));
  if (deps.env.libraryDirs.length > 0) await jobs.enqueue(scanLibraryJob, {});
  return dispatcher;
}
