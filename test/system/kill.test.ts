import { randomInt } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { parseFile } from 'music-metadata';
import { beforeAll, describe, expect, inject, it, type TestContext } from 'vitest';
import { incomingDirectory } from '../../src/downloads/incoming.js';
import type { TaskState } from '../../src/tasks/task.js';
import { createDemoCatalog } from '../../src/upstream/demo/catalog.js';
import { createDemoSource } from '../../src/upstream/demo/source.js';
import { createTestMedia, never, pidsWith } from '../kit/audio.js';
import { createTestDatabase } from '../kit/database.js';
import { listFiles } from '../kit/disk-tree.js';
import { CHILDREN, TASK_UPDATES } from '../kit/documents.js';
import { writeKeepingFfmpeg } from '../kit/kept-audio.js';
import { startServer, type ServerProcess } from '../kit/server-process.js';
import { jobStoreFor, startApp } from '../kit/start-app.js';
import { ended, queue } from '../kit/story.js';
import { waitFor } from '../kit/wait-for.js';

const ALBUM = 'demo:night-ferry';
const TRACKS = 9;
/** 4 s until a dead worker's lease is released, or 30 s for what was handed out and not started; and a beat of 2 s. */
const RECOVERY_MS = 60_000;

let ffmpegPath: string;
beforeAll(async () => {
  ffmpegPath = await writeKeepingFfmpeg(inject('keptAudio'));
  await makeAlbum();
});

/** Before the servers, which would each make it. */
async function makeAlbum(): Promise<void> {
  const source = createDemoSource({ media: await createTestMedia(ffmpegPath) });
  const { items } = await createDemoCatalog().listAlbumTracks(ALBUM, { offset: 0, limit: TRACKS }, never);
  for (const track of items) {
    const rendition = await source.find(track, never);
    if (rendition) await buffer(await source.open(rendition, { offsetBytes: 0, signal: never }));
  }
}

/** Where one test's server lives, which is stopped at its end. */
interface Home {
  downloadDir: string;
  /** Starts it, or starts it again. */
  start(): Promise<ServerProcess>;
}

async function createHome(
  { onTestFinished }: TestContext,
  database: Record<string, string> = {},
): Promise<Home> {
  const root = await mkdtemp(join(tmpdir(), 'reprise-kill-'));
  const dataDir = join(root, 'data');
  const downloadDir = join(root, 'downloads');
  const env = { DATA_DIR: dataDir, DOWNLOAD_DIR: downloadDir, FFMPEG_PATH: ffmpegPath, ...database };
  let server: ServerProcess | null = null;
  onTestFinished(async () => {
    await server?.end('SIGTERM');
    await waitFor(async () => (await pidsWith(dataDir)).length === 0, { what: 'the database to be gone' });
    await rm(root, { recursive: true, force: true });
  });
  return { downloadDir, start: async () => (server = await startServer(env)) };
}

/** Follows a parent's tracks until they are as wanted; false when all of them ended before that. */
async function follow(
  app: Pick<ServerProcess, 'subscribe'>,
  parent: string,
  isEnough: (states: Map<string, TaskState>, updates: number) => boolean,
): Promise<boolean> {
  const states = new Map<string, TaskState>();
  let updates = 0;
  for await (const { taskUpdates } of app.subscribe(TASK_UPDATES, { filter: { parent } })) {
    states.set(taskUpdates.task.id, taskUpdates.task.state);
    if (isEnough(states, ++updates)) return true;
    if ([...states.values()].filter((state) => state === 'COMPLETED').length === TRACKS) return false;
  }
  throw new Error('The subscription ended');
}

const isInTheMiddle = (states: Map<string, TaskState>): boolean => {
  const all = [...states.values()];
  return all.includes('COMPLETED') && all.includes('RUNNING');
};

/** Every track is there once, whole, and nothing else is. */
async function expectWholeAlbum(
  app: Pick<ServerProcess, 'execute'>,
  parent: string,
  { downloadDir }: Home,
): Promise<void> {
  expect(await ended(app, parent, RECOVERY_MS)).toMatchObject({
    state: 'COMPLETED',
    childCount: TRACKS,
    completedCount: TRACKS,
    skippedCount: 0,
    failedCount: 0,
  });
  const { task } = await app.execute(CHILDREN, { id: parent });
  const tracks = task?.children.edges.map(({ node }) => node) ?? [];
  expect(tracks.map(({ state }) => state)).toEqual(Array.from({ length: TRACKS }, () => 'COMPLETED'));
  expect(tracks.every(({ attempt }) => attempt >= 1)).toBe(true);
  const files = await listFiles(downloadDir);
  expect(files).toEqual(tracks.map(({ file }) => file?.path).sort());
  for (const path of files) {
    const { common, format } = await parseFile(path, { duration: true });
    expect(common).toMatchObject({ album: 'Night Ferry', title: expect.any(String) as string });
    expect(format.duration, path).toBeGreaterThan(11);
  }
  expect(await readdir(incomingDirectory(downloadDir))).toEqual([]);
}

// One of them waits for leases to run out, while the others compute.
describe.concurrent('kill -9', () => {
  it('in the middle of an album costs nothing on the embedded database', async (context) => {
    const home = await createHome(context);
    let server = await home.start();
    const album = await queue(server, { item: ALBUM });
    expect(await follow(server, album, isInTheMiddle)).toBe(true);
    expect((await server.end('SIGKILL')).signal).toBe('SIGKILL');
    server = await home.start();
    await expectWholeAlbum(server, album, home);
  });

  it('at three random moments of an album costs nothing either', async (context) => {
    const home = await createHome(context);
    let server = await home.start();
    const album = await queue(server, { item: ALBUM });
    const moments = Array.from({ length: 3 }, () => randomInt(1, 14));
    for (const moment of moments) {
      await follow(server, album, (_states, updates) => updates >= moment);
      await server.end('SIGKILL');
      server = await home.start();
    }
    await expectWholeAlbum(server, album, home).catch((thrown: unknown) => {
      throw new Error(`Killed after ${moments.join(', ')} updates`, { cause: thrown });
    });
  });

  it('in the middle of an album costs nothing on a database that others may share', async (context) => {
    const database = await createTestDatabase();
    context.onTestFinished(() => database.drop());
    const jobStore = jobStoreFor(database);
    const home = await createHome(context, {
      DATABASE_URL: database.url,
      ...(jobStore.kind === 'mongodb' ? { MONGODB_URL: jobStore.url } : {}),
    });
    let server = await home.start();
    const album = await queue(server, { item: ALBUM });
    expect(await follow(server, album, isInTheMiddle)).toBe(true);
    await server.end('SIGKILL');
    server = await home.start();
    await expectWholeAlbum(server, album, home);
  });
});

describe('a worker that died', () => {
  it('between the rename and the commit leaves a track that is COMPLETED without a second file', async () => {
    const app = await startApp();
    const { downloadDir } = app.env;
    const item = 'demo:night-ferry-1-01';
    const id = await queue(app, { item });
    const first = await ended(app, id);
    const [uuid] = id.match(/[0-9a-f-]{36}/) ?? [];
    await app.deps.db.$executeRaw`
      UPDATE "Task" SET "state" = 'RUNNING', "leaseOwner" = 'the one who died',
        "leaseUntil" = now() - interval '1 second' WHERE "id" = ${uuid}::uuid`;
    const second = await waitFor(
      async () => {
        const task = await ended(app, id);
        return task.attempt === 2 ? task : null;
      },
      { what: 'the second try to end' },
    );
    expect(second).toMatchObject({ state: 'COMPLETED', attempt: 2, file: first.file, error: null });
    expect(await listFiles(downloadDir)).toEqual([first.file?.path]);
    expect(await readdir(incomingDirectory(downloadDir))).toEqual([]);
    await app.stop();
  });
});
