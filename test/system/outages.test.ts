import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from 'graphql-ws';
import { MongoClient } from 'mongodb';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, inject, it, onTestFinished } from 'vitest';
import { WebSocket, type CloseEvent } from 'ws';
import { startEmbeddedPostgres } from '../../src/embedded-postgres/start-embedded-postgres.js';
import { createLogger } from '../../src/lib/logger.js';
import type { Timing } from '../../src/platform.js';
import { delay } from '../../src/lib/async.js';
import { dispatchTasks } from '../../src/queue/dispatch-tasks.js';
import { runOn } from '../kit/database.js';
import { listFiles, listTree } from '../kit/disk-tree.js';
import { followTasks, type Followed } from '../kit/follow-tasks.js';
import { createPostgresProxy } from '../kit/postgres-proxy.js';
import { startApp, type TestApp } from '../kit/start-app.js';
import { createSteeredSource, type SteeredSource } from '../kit/steered-source.js';
import { ended, inState, queue } from '../kit/story.js';
import { createTcpProxy } from '../kit/tcp-proxy.js';
import { stretch, waitFor } from '../kit/wait-for.js';
import { databaseUrlOf, joinApp } from './join-app.js';
import { itemsThatCameTo, keepJournal, readJournal } from './task-journal.js';

const FERRY = Array.from({ length: 9 }, (_, index) => `demo:night-ferry-1-0${index + 1}`);
/** The three that are at work when the fault comes: some are done by then, some are to come. */
const MIDDLE = FERRY.slice(3, 6);
const OTHER = 'demo:atlas-of-small-rain-1-01';
/** Of a fault that a worker must sit out with its tasks, or lose them. */
const SHORT: Partial<Timing> = {
  leaseMs: stretch(3_000),
  renewMs: 500,
  jobLostAfterMs: stretch(3_000),
};
const MONGODB_AWAY_MS = 20_000;
/** Nine tracks take a few seconds, and many times that on a machine that is busy. */
const ALBUM_MS = 60_000;

/** Looks on over connections of its own: what the test cuts off, it is not. */
let observer: TestApp;
let source: SteeredSource;
let rejections: unknown[];

beforeEach(async () => {
  observer = await startApp({ env: { role: 'api' } });
  await keepJournal(observer);
  source = createSteeredSource();
  for (const item of MIDDLE) source.hold(item);
  rejections = [];
  const note = (reason: unknown) => void rejections.push(reason);
  process.on('unhandledRejection', note);
  return () => void process.off('unhandledRejection', note);
});
afterEach(() => observer?.stop());

/** An app that does everything, on what is given in place of the observer's. */
async function startAll(options: Parameters<typeof joinApp>[1] & { timing?: Partial<Timing> } = {}) {
  const { timing = {}, ...rest } = options;
  const settings = { retryDelaySeconds: 0, retryDelayIncrease: 0 };
  const app = await joinApp(observer, { ...rest, overrides: { sources: [source], settings, timing } });
  onTestFinished(() => app.stop());
  return app;
}

/** Queues the album and waits until the first tracks are done and those in the middle at work. */
async function queueToTheMiddle(app: TestApp): Promise<string> {
  const album = await queue(app, { item: 'demo:night-ferry' });
  await waitFor(() => source.waiting.size === MIDDLE.length, {
    timeoutMs: ALBUM_MS,
    what: 'the middle of the album',
  });
  return album;
}

async function expectAllMadeOnce(album: string): Promise<void> {
  expect(await ended(observer, album, ALBUM_MS)).toMatchObject({
    state: 'COMPLETED',
    childCount: 9,
    completedCount: 9,
  });
  const completed = itemsThatCameTo('COMPLETED', await readJournal(observer));
  expect(completed.filter((item) => FERRY.includes(item)).sort()).toEqual(FERRY);
  const files = await listFiles(observer.env.downloadDir);
  expect(files.filter((path) => path.includes('Night Ferry/'))).toHaveLength(9);
  await waitFor(async () => (await listTree(`${observer.env.downloadDir}/.incoming`)).length === 0, {
    what: 'nothing unfinished on the disk',
  });
  expect(rejections).toEqual([]);
}

/** Waits until so many tracks are done, whichever they are. */
function completed(count: number): Promise<boolean> {
  return waitFor(async () => itemsThatCameTo('COMPLETED', await readJournal(observer)).length >= count, {
    timeoutMs: ALBUM_MS,
    what: `${count} tracks to be completed`,
  });
}

/** Waits until /readyz answers with this status, and gives what it says of a check. */
function readiness(app: TestApp, status: number, check: 'jobs' | 'database'): Promise<unknown> {
  return waitFor(
    async () => {
      const response = await fetch(`${app.url}/readyz`);
      const { checks } = (await response.json()) as { checks: Record<string, { ok: boolean }> };
      return response.status === status && checks[check];
    },
    { what: `/readyz to answer ${status}` },
  );
}

/** A reader from now on; it resumes when it has to, and resolves once the album has finished. */
async function followToTheEnd(app: TestApp, album: string): Promise<() => Promise<unknown>> {
  const isEnd = ({ updates }: Followed) =>
    updates.some(({ task }) => task.id === album && task.state === 'COMPLETED');
  let reader = followTasks(app, {});
  let since: string | null = null;
  onTestFinished(() => reader.stop());
  await waitFor(() => reader.updates.length > 0, { what: 'the reader’s snapshot' });
  return () =>
    waitFor(
      () => {
        since = reader.updates.at(-1)?.sequence ?? since;
        if (isEnd(reader)) return true;
        if (reader.ended) reader = followTasks(app, { since });
        return false;
      },
      { what: 'a reader to be told of the end' },
    );
}

describe.runIf(process.env['MONGODB_URL'])('MongoDB', () => {
  it('delays an album while it is unreachable for 20 s', async () => {
    const proxy = await proxyMongo();
    const app = await startAll({ env: { jobStore: { kind: 'mongodb', url: proxy.url } } });
    const album = await queueToTheMiddle(app);
    await proxy.cut();
    const back = delay(MONGODB_AWAY_MS);
    expect(await readiness(app, 503, 'jobs')).toMatchObject({ ok: false });
    const other = await queue(app, { item: OTHER });
    source.releaseAll();
    await completed(6);
    await back;
    expect(await inState(app, other, 'QUEUED')).toMatchObject({ attempt: 0 });
    expect(await inState(app, album, 'RUNNING')).toMatchObject({ completedCount: 6 });
    await proxy.resume();
    expect(await readiness(app, 200, 'jobs')).toMatchObject({ ok: true });
    await expectAllMadeOnce(album);
    expect(await ended(app, other)).toMatchObject({ state: 'COMPLETED', attempt: 1 });
    expect(itemsThatCameTo('RUNNING', await readJournal(observer)).sort()).toEqual([OTHER, ...FERRY].sort());
  });

  it('loses no track when it is emptied in the middle of an album', async () => {
    const app = await startAll();
    const album = await queueToTheMiddle(app);
    await emptyMongo();
    source.releaseAll();
    await expectAllMadeOnce(album);
  });

  it('loses no task when it is emptied while jobs wait in it', async () => {
    const items = [OTHER, ...FERRY.slice(0, 2)];
    const ids = await Promise.all(items.map((item) => queue(observer, { item })));
    await dispatchTasks(observer.deps);
    expect(await observer.deps.db.task.count({ where: { dispatchedAt: { not: null } } })).toBe(3);
    await emptyMongo();
    await startAll({ timing: SHORT });
    for (const id of ids) {
      expect(await ended(observer, id, ALBUM_MS)).toMatchObject({ state: 'COMPLETED', attempt: 1 });
    }
  });

  async function emptyMongo(): Promise<void> {
    const client = await MongoClient.connect(mongoUrl());
    await client.db().dropDatabase();
    await client.close();
  }

  async function proxyMongo() {
    const url = new URL(mongoUrl());
    const proxy = await createTcpProxy({ host: url.hostname, port: Number(url.port || 27_017) });
    onTestFinished(() => proxy.close());
    url.host = `${proxy.host}:${proxy.port}`;
    url.searchParams.set('directConnection', 'true');
    return Object.assign(proxy, { url: url.href });
  }

  function mongoUrl(): string {
    const { jobStore } = observer.env;
    if (jobStore.kind !== 'mongodb') throw new Error('These tests are for MongoDB');
    return jobStore.url;
  }
});

describe('PostgreSQL that is stopped', () => {
  it('gets requests and streams 503 and sockets a code to repeat, is logged in one line, and all go on', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'reprise-outage-'));
    onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
    const silent = createLogger('silent');
    let server = await startEmbeddedPostgres({ dataDir, log: silent });
    onTestFinished(() => server.stop());
    const logged: { level: number; msg: string }[] = [];
    const log = pino({ level: 'info' }, { write: (line: string) => logged.push(JSON.parse(line) as never) });
    const database = { url: server.url, drop: () => Promise.resolve() };
    const app = await startApp({ database, env: { jobStore: { kind: 'postgresql' } }, overrides: { log } });
    onTestFinished(() => app.stop());

    logged.length = 0;
    await server.stop();
    await readiness(app, 503, 'database');
    const closes: unknown[] = [];
    const updates: unknown[] = [];
    const client = createClient({
      url: `${app.url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      retryAttempts: 1_000,
      retryWait: () => delay(200),
      on: { closed: (event) => closes.push((event as CloseEvent).code) },
    });
    onTestFinished(() => void client.dispose());
    const failed: unknown[] = [];
    const query = 'subscription { taskUpdates { task { id } } }';
    client.subscribe(
      { query },
      { next: (value) => updates.push(value), error: (e) => failed.push(e), complete() {} },
    );
    await waitFor(() => closes.length >= 2, { what: 'the socket to be closed, and to come again' });
    expect(new Set(closes)).toEqual(new Set([1013]));
    for (const path of ['/api/prgs/stream', '/api/prgs/list', '/graphql?query={taskCounts{queued}}']) {
      const response = await fetch(`${app.url}${path}`);
      expect([path, response.status, response.headers.get('retry-after')]).toEqual([path, 503, '5']);
      expect(await response.text()).toContain('The database does not answer');
    }

    server = await startEmbeddedPostgres({ dataDir, log: silent });
    expect(server.url).toBe(database.url);
    await readiness(app, 200, 'database');
    const id = await waitFor(() => queue(app, { item: OTHER }), { what: 'a download to be accepted' });
    await waitFor(() => updates.length > 0, { what: 'the subscription to go on by itself' });
    expect(await ended(app, id, ALBUM_MS)).toMatchObject({ state: 'COMPLETED', attempt: 1 });
    expect(failed).toEqual([]);
    const reports = logged.filter(({ level, msg }) => level > 30 || msg.startsWith('database'));
    expect(
      reports.map(({ msg }) => msg),
      JSON.stringify(reports),
    ).toEqual(['database connection lost', 'database answers again']);
  });
});

describe('PostgreSQL', () => {
  it('delays an album while it is unreachable for longer than a lease', async () => {
    const proxy = await createPostgresProxy(databaseUrlOf(observer));
    onTestFinished(() => proxy.close());
    const app = await startAll({ url: proxy.url, timing: SHORT });
    const album = await queueToTheMiddle(app);
    const toldOfTheEnd = await followToTheEnd(app, album);
    await proxy.cut();
    // One goes on, to a file that it cannot note; the others wait until they hear that their leases ran out.
    source.release(MIDDLE[0] ?? '');
    expect(await readiness(app, 503, 'database')).toMatchObject({ ok: false });
    expect((await fetch(`${app.url}/healthz`)).status).toBe(200);
    await waitFor(leasesRanOut, { what: 'the leases to run out' });
    await waitFor(() => source.waiting.size === 0, { what: 'the worker to give up' });
    source.releaseAll();
    await proxy.resume();
    expect(await readiness(app, 200, 'database')).toMatchObject({ ok: true });
    await expectAllMadeOnce(album);
    await toldOfTheEnd();
  });

  it('loses no track when it repeatedly ends every connection', async () => {
    const app = await startAll({ timing: SHORT });
    const album = await queueToTheMiddle(app);
    const toldOfTheEnd = await followToTheEnd(app, album);
    await endConnections();
    source.releaseAll();
    for (const count of [5, 7]) {
      await completed(count);
      await endConnections();
    }
    await expectAllMadeOnce(album);
    await toldOfTheEnd();
  });

  async function leasesRanOut(): Promise<boolean> {
    const [row] = await observer.deps.db.$queryRaw<{ over: boolean }[]>`
      SELECT bool_and("leaseUntil" < now()) AS over FROM "Task" WHERE "state" = 'RUNNING' AND "kind" = 'TRACK'`;
    return row?.over ?? false;
  }

  /** Everybody's, the observer's too. */
  function endConnections(): Promise<void> {
    const name = new URL(databaseUrlOf(observer)).pathname.slice(1);
    return runOn(
      inject('databaseUrl'),
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`,
    );
  }
});
