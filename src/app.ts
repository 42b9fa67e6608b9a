import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { createCachedCatalog } from './catalog/cached-catalog.js';
import { createCatalogCache } from './catalog/catalog-cache.js';
import { createLibraryIndex } from './library/library-store.js';
import type { CatalogSource } from './catalog/catalog-source.js';
import { scanLibraryJob } from './library/scan-library.job.js';
import { followSettings } from './settings/live-settings.js';
import type { Settings } from './settings/settings.js';
import type { Deps } from './deps.js';
import type { AudioSource } from './catalog/audio-source.js';
import { isSameRecording } from './catalog/match-track.js';
import { createDownloadRunners } from './downloads/task-runners.js';
import { sweepUnfinishedFiles } from './downloads/sweep-unfinished-files.js';
import { writePlaylistsOnNews } from './downloads/write-playlists-on-news.js';
import type { Env } from './env.js';
import { createEventBus } from './events/bus.js';
import { startPostgresRelay } from './events/postgres-relay.js';
import { createContextFactory } from './context.js';
import { schema } from './schema.js';
import { createGraphqlServer } from './graphql/server.js';
import { createHttpServer, type RunningHttpServer } from './http/server.js';
import { createJobRunner, type AgendaJobs } from './jobs/agenda.js';
import { JOBS } from './job-handlers.js';
import { systemClock, type Clock } from './lib/clock.js';
import { createClosers, type Closers } from './lib/closers.js';
import { messageOf } from './lib/errors.js';
import { createLogger, type Logger } from './lib/logger.js';
import { createMedia } from './media/create-media.js';
import { TIMING, type Timing } from './platform.js';
import { readinessChecks } from './readiness-checks.js';
import { createRestApp } from './rest/handle.js';
import { startEmbeddedPostgres } from './embedded-postgres/start-embedded-postgres.js';
import { migrate } from './database/migrate.js';
import { createDatabase } from './database/prisma.js';
import { repairSequences } from './database/sequence.js';
import { dispatchOnNews } from './queue/dispatch-on-event.js';
import { createLeases } from './queue/leases.js';
import { recoverTasks } from './queue/recover-tasks.js';
import { createTaskCounter } from './tasks/task-counter.js';
import { createTaskFeed } from './live/task-feed.js';
import { createDemoCatalog } from './upstream/demo/catalog.js';
import { createDemoSource } from './upstream/demo/source.js';
import { createLibraryCatalog } from './library/library-catalog.js';
import { createLibraryRoots } from './library/library-roots.js';
import { createLibrarySource } from './library/library-source.js';
import { createTagReader } from './library/read-tags.js';

/** What a test may put in place of the usual. */
export interface Overrides {
  log?: Logger;
  clock?: Clock;
  settings?: Partial<Settings>;
  timing?: Partial<Timing>;
  /** Asked before the usual ones. */
  sources?: readonly AudioSource[];
  catalogs?: readonly CatalogSource[];
}

export interface App {
  /** Null for the role `worker`, which serves nobody. */
  http: RunningHttpServer | null;
  deps: Deps;
  /** No new work; running work gets `timing.stopGraceMs`, the rest goes back to the queue. */
  stop(): Promise<void>;
}

/** Opens everything in order, closes it in reverse; what fails to open closes what was opened before it. */
export async function createApp(env: Env, overrides: Overrides = {}): Promise<App> {
  const log = overrides.log ?? createLogger(env.logLevel);
  const closers = createClosers(log);
  try {
    const { deps, jobs } = await openWorld(env, { log, overrides, closers });
    if (env.role !== 'api') await startWorker(deps, jobs, closers);
    const http = env.role === 'worker' ? null : await startServer(deps, jobs, closers);
    return { http, deps, stop: () => closers.close() };
  } catch (thrown) {
    await closers.close();
    throw thrown;
  }
}

interface Opening {
  log: Logger;
  overrides: Overrides;
  closers: Closers;
}

async function openWorld(env: Env, opening: Opening): Promise<{ deps: Deps; jobs: AgendaJobs }> {
  const { log, overrides, closers } = opening;
  const url = await openDatabaseServer(env, opening);
  await migrate({ url, log });
  const database = createDatabase({ url, log });
  const { db } = database;
  closers.add('database', () => database.close());
  await repairSequences(db);
  const bus = createEventBus({ log });
  closers.add('event bus', () => bus.close());
  const relay = await startPostgresRelay({ url, bus, log });
  closers.add('event relay', () => relay.stop());
  const media = await createMedia({ ffmpegPath: env.ffmpegPath, ffprobePath: env.ffprobePath, log });
  const instanceId = randomUUID();
  const store = env.jobStore.kind === 'mongodb' ? env.jobStore : { kind: 'postgresql' as const, url };
  // The job store may well be in reach when the database is not: jobs held by this process would be done by nobody.
  const canWork = () => relay.healthy();
  const jobs = await createJobRunner({ store, log, instanceId, canWork });
  const timing = { ...TIMING, ...overrides.timing };
  const feed = createTaskFeed({ db, bus, log });
  closers.add('task feed', () => feed.stop());
  const leases = createLeases({ db, bus, log, timing, instanceId });
  closers.add('leases', () => leases.stop());
  // Stops first of all these: what it still runs in its grace keeps its lease, and hears when it is cancelled.
  closers.add('job runner', () => jobs.stop({ graceMs: timing.stopGraceMs }));
  const live = await followSettings({ db, bus, log, env });
  closers.add('settings', () => live.stop());
  const settings = {
    settings: () => ({ ...live.downloads(), ...overrides.settings }),
    watchSettings: live.watches,
    reloadSettings: live.reload,
  };
  const base = {
    env,
    log,
    clock: overrides.clock ?? systemClock,
    instanceId,
    db,
    bus,
    jobs,
    media,
    feed,
    taskCounter: createTaskCounter({ db }),
    leases,
    timing,
  };
  const upstreams = openUpstreams(base, overrides);
  const defaultCatalog = () => {
    const { service } = settings.settings();
    return upstreams.catalogs.has(service) ? service : env.catalog;
  };
  const shared = { ...base, ...settings, ...upstreams, defaultCatalog };
  return { deps: { ...shared, runners: createDownloadRunners(shared) }, jobs };
}

async function openDatabaseServer(env: Env, { log, closers }: Opening): Promise<string> {
  if (env.database.kind === 'external') return env.database.url;
  const embedded = await startEmbeddedPostgres({ dataDir: env.dataDir, log });
  closers.add('embedded database', () => embedded.stop());
  return embedded.url;
}

/** The catalogues and sources that are on. The owner's own files are asked for audio first. */
function openUpstreams(
  deps: Pick<Deps, 'db' | 'env' | 'media' | 'clock' | 'log'>,
  overrides: Overrides,
): Pick<Deps, 'catalogs' | 'sources' | 'tagReader'> {
  const { db, env, media } = deps;
  const index = createLibraryIndex(db);
  const roots = createLibraryRoots(env.libraryDirs);
  const hasLibrary = env.libraryDirs.length > 0;
  const catalogs = [
    createDemoCatalog(),
    ...(hasLibrary ? [createLibraryCatalog({ index, roots })] : []),
    ...(overrides.catalogs ?? []),
  ];
  const cache = createCatalogCache(deps);
  const sources = [
    ...(overrides.sources ?? []),
    ...(hasLibrary ? [createLibrarySource({ index, roots, isSameRecording })] : []),
    createDemoSource({ media }),
  ];
  return {
    catalogs: new Map(
      catalogs.map((catalog) => [
        catalog.provider,
        catalog.remote ? createCachedCatalog(catalog, cache) : catalog,
      ]),
    ),
    sources,
    tagReader: createTagReader({ media }),
  };
}

async function startWorker(deps: Deps, jobs: AgendaJobs, closers: Closers): Promise<void> {
  await mkdir(deps.settings().downloadPath, { recursive: true }).catch((thrown: unknown) => {
    deps.log.error(
      { error: messageOf(thrown) },
      'the download directory cannot be made: downloads will fail',
    );
  });
  await recoverTasks(deps);
  await sweepUnfinishedFiles(deps);
  await jobs.start(JOBS, deps);
  closers.add('dispatcher', dispatchOnNews(deps));
  closers.add('playlist files', writePlaylistsOnNews(deps));
  if (deps.env.libraryDirs.length > 0) await jobs.enqueue(scanLibraryJob, {});
}

async function startServer(deps: Deps, jobs: AgendaJobs, closers: Closers): Promise<RunningHttpServer> {
  const { env, log } = deps;
  const createContext = createContextFactory(deps);
  const graphql = createGraphqlServer({ schema, createContext, log, graphiql: env.graphiql });
  const http = await createHttpServer({
    host: env.host,
    port: env.port,
    graphql,
    routes: createRestApp({ graphql, log, origins: env.corsOrigins, tracebacks: env.development }),
    origins: env.corsOrigins,
    checks: readinessChecks(deps, jobs),
    log,
  });
  closers.add('http server', () => http.stop({ graceMs: deps.timing.stopGraceMs }));
  return http;
}
