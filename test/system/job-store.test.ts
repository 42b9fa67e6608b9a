import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Env } from '../../src/env.js';
import type { TaskState } from '../../src/tasks/task.js';
import { dispatchTasks } from '../../src/queue/dispatch-tasks.js';
import { createTestDatabase, runOn, type TestDatabase } from '../kit/database.js';
import { listFiles } from '../kit/disk-tree.js';
import { CHILDREN, TASK_UPDATES } from '../kit/documents.js';
import { jobStoreFor, startApp, type TestApp } from '../kit/start-app.js';
import { ended, queue } from '../kit/story.js';
import { stretch, waitFor } from '../kit/wait-for.js';

const ALBUM = 'demo:night-ferry';
const TRACKS = 9;

let downloadDir: string;
let database: TestDatabase;
let app: TestApp | null = null;

beforeEach(async () => {
  downloadDir = await mkdtemp(join(tmpdir(), 'reprise-job-store-'));
  database = await createTestDatabase();
});
afterEach(async () => {
  await app?.stop();
  app = null;
  await database.drop();
  await rm(downloadDir, { recursive: true, force: true });
});

/** Waits until so many of a parent's tracks have ended well, as a client sees it. */
async function completed(of: TestApp, parent: string, wanted: number): Promise<void> {
  const states = new Map<string, TaskState>();
  for await (const { taskUpdates } of of.subscribe(TASK_UPDATES, { filter: { parent } })) {
    states.set(taskUpdates.task.id, taskUpdates.task.state);
    if ([...states.values()].filter((state) => state === 'COMPLETED').length >= wanted) return;
  }
}

async function expectWholeAlbum(of: TestApp, album: string): Promise<{ attempt: number }[]> {
  expect(await ended(of, album, 90_000)).toMatchObject({
    state: 'COMPLETED',
    childCount: TRACKS,
    completedCount: TRACKS,
    skippedCount: 0,
    failedCount: 0,
  });
  const { task } = await of.execute(CHILDREN, { id: album });
  const tracks = task?.children.edges.map(({ node }) => node) ?? [];
  expect(await listFiles(downloadDir)).toEqual(tracks.map(({ file }) => file?.path).sort());
  return tracks;
}

const statusOf = async (path: string) => (await fetch(`${app?.url}${path}`)).status;
/** Never kept for longer than a second. */
const becomesReady = () => waitFor(async () => (await statusOf('/readyz')) !== 503, { what: 'readiness' });

describe('a job store', () => {
  it('loses no task when it is emptied while tasks wait in it', async () => {
    const jobStore = jobStoreFor(database);
    const env = { downloadDir, jobStore };
    const timing = { jobLostAfterMs: 1_000 };
    app = await startApp({ database, env: { ...env, role: 'api' } });
    const ids = [];
    for (const track of [1, 2, 3, 4, 5]) ids.push(await queue(app, { item: `demo:night-ferry-1-0${track}` }));
    // What a worker does that dies right after.
    await dispatchTasks(app.deps);
    expect(await app.deps.db.task.count({ where: { dispatchedAt: { not: null } } })).toBe(3);
    await emptyJobStore(jobStore, database);
    const worker = await startApp({ database, env: { ...env, role: 'worker' }, overrides: { timing } });
    for (const id of ids) expect(await ended(app, id)).toMatchObject({ state: 'COMPLETED', attempt: 1 });
    await worker.stop();
  });

  it('loses no track when it is emptied while an album runs', async () => {
    const jobStore = jobStoreFor(database);
    const timing = { jobLostAfterMs: 1_000, restoreJobsEveryMs: 500 };
    app = await startApp({ database, env: { downloadDir, jobStore }, overrides: { timing } });
    const album = await queue(app, { item: ALBUM });
    await completed(app, album, 1);
    await emptyJobStore(jobStore, database);
    const tracks = await expectWholeAlbum(app, album);
    expect(tracks.map(({ attempt }) => attempt)).toEqual(Array.from({ length: TRACKS }, () => 1));
  });
});

async function emptyJobStore(store: Env['jobStore'], { url }: TestDatabase): Promise<void> {
  if (store.kind === 'postgresql') return runOn(url, 'TRUNCATE agenda.jobs');
  const client = new MongoClient(store.url);
  await client.db().dropDatabase();
  await client.close();
}

describe('the embedded PostgreSQL', () => {
  it('restarts after a crash, and the album is completed', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'reprise-crash-'));
    const own = { kind: 'embedded' as const };
    const overrides = {
      settings: { retryDelaySeconds: 0 },
      timing: { leaseMs: stretch(3_000), renewMs: 500 },
    };
    app = await startApp({ database, env: { downloadDir, dataDir, database: own }, overrides });
    const album = await queue(app, { item: ALBUM });
    await completed(app, album, 1);
    const [backend] = await app.deps.db.$queryRaw<{ pid: number }[]>`SELECT pg_backend_pid() AS pid`;
    process.kill(backend?.pid ?? 0, 'SIGKILL');
    await expectWholeAlbum(app, album);
    await becomesReady();
    await app.stop();
    app = null;
    await rm(dataDir, { recursive: true, force: true });
  });
});
