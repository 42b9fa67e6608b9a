import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sweepTasks } from '../../src/queue/dispatch-tasks.js';
import {
  createAudioServer,
  createHttpSource,
  type Answer,
  type AudioServer,
  type Offer,
} from '../kit/audio-server.js';
import { readTags } from '../kit/audio.js';
import { listTree } from '../kit/disk-tree.js';
import { CANCEL_TASK } from '../kit/documents.js';
import { startApp, type TestApp } from '../kit/start-app.js';
import { ended, inState, queue } from '../kit/story.js';
import { stretch, waitFor } from '../kit/wait-for.js';

const MAX_RETRIES = 2;
const DELAY_S = 60;
const INCREASE_S = 30;
/** Real ones wait for 30 s. */
const SOURCE_IDLE_S = Math.round(stretch(0.7) * 10) / 10;
const TRACKS = Array.from({ length: 9 }, (_, index) => `demo:night-ferry-1-0${index + 1}`);

const offers = new Map<string, Offer>();
let server: AudioServer;
let app: TestApp;
let downloadDir: string;

beforeAll(async () => {
  server = await createAudioServer();
  downloadDir = await mkdtemp(join(tmpdir(), 'reprise-bad-sources-'));
  app = await startApp({
    env: { downloadDir },
    overrides: {
      sources: [createHttpSource(server, offers)],
      timing: { sourceIdleMs: SOURCE_IDLE_S * 1000 },
      settings: {
        sourceOrder: 'http',
        maxRetries: MAX_RETRIES,
        retryDelaySeconds: DELAY_S,
        retryDelayIncrease: INCREASE_S,
      },
    },
  });
});
afterAll(async () => {
  await app?.stop();
  await server?.close();
  await rm(downloadDir, { recursive: true, force: true });
});

const rowOf = (id: string) => app.deps.db.task.findUniqueOrThrow({ where: { id: id.slice('Task:'.length) } });

/** Queues a track that the server answers for in this way. */
async function queueFrom(
  item: string,
  answers: [Answer, ...Answer[]],
  offer: Partial<Offer> = {},
): Promise<string> {
  const path = `/${item.slice('demo:'.length)}`;
  server.answer(path, ...answers);
  offers.set(item, { path, ...offer });
  return queue(app, { item });
}

/** Waits for the pause after a failed try, looks at it, and cuts it short. */
async function passRetry(id: string, attempt: number) {
  await waitFor(async () => (await rowOf(id)).state === 'RETRYING' && (await rowOf(id)).attempt === attempt, {
    what: `RETRYING after try ${attempt}`,
    timeoutMs: 20_000,
  });
  const paused = await rowOf(id);
  await app.deps.db.$executeRaw`UPDATE "Task" SET "retryAt" = now() WHERE "id" = ${paused.id}::uuid`;
  await sweepTasks(app.deps);
  return paused;
}

const WHOLE_FILE_BYTES = () => server.sizeBytes;

const BAD: { what: string; answer: Answer; code: string; says: RegExp; offer?: () => Partial<Offer> }[] = [
  {
    what: 'stalls',
    answer: 'stall',
    code: 'SOURCE_STALLED',
    says: new RegExp(`sent nothing for ${SOURCE_IDLE_S} s`),
  },
  {
    what: 'cuts the connection',
    answer: 'cut',
    code: 'SOURCE_CUT_OFF',
    says: /closed the connection after \d+ bytes/,
  },
  {
    what: 'ends before the size that it promised',
    answer: 'short',
    code: 'SOURCE_CUT_OFF',
    says: /closed the connection after \d+ of \d+ bytes/,
    offer: () => ({ sizeBytes: WHOLE_FILE_BYTES() }),
  },
  {
    what: 'ends in the middle of a file that says itself how long it is',
    answer: 'short',
    code: 'SOURCE_DAMAGED',
    says: /^The audio is damaged: [\d.]+ of [\d.]+ s cannot be decoded/,
  },
  { what: 'sends garbage', answer: 'garbage', code: 'SOURCE_INVALID_AUDIO', says: /not readable audio/ },
  { what: 'sends nothing at all', answer: 'empty', code: 'SOURCE_INVALID_AUDIO', says: /empty file/ },
  { what: 'answers with an error', answer: 'error', code: 'UPSTREAM_FAILED', says: /answered 500/ },
  {
    what: 'sends other bytes than its checksum promises',
    answer: 'good',
    code: 'SOURCE_INVALID_AUDIO',
    says: /bytes that do not match its md5/,
    offer: () => ({ checksum: { algorithm: 'md5', hex: '00'.repeat(16) } }),
  },
];

describe('a source that', () => {
  it.each(BAD.map((bad, index) => ({ ...bad, item: TRACKS[index] ?? '' })))(
    '$what is retried with growing delays, and then the task fails with the reason and leaves no files',
    async ({ item, answer, code, says, offer }) => {
      const before = await listTree(downloadDir);
      const id = await queueFrom(item, [answer], offer?.());
      for (let attempt = 1; attempt <= MAX_RETRIES; attempt++) {
        const paused = await passRetry(id, attempt);
        expect(paused).toMatchObject({ attempt, failures: attempt, errorCode: code, leaseOwner: null });
        expect(paused.errorMessage).toMatch(says);
        const delayS = ((paused.retryAt?.getTime() ?? 0) - paused.updatedAt.getTime()) / 1000;
        const wantedS = DELAY_S + (attempt - 1) * INCREASE_S;
        expect(delayS).toBeGreaterThan(wantedS * 0.75);
        expect(delayS).toBeLessThan(wantedS * 1.25);
      }
      const task = await ended(app, id);
      expect(task).toMatchObject({ state: 'FAILED', attempt: MAX_RETRIES + 1, file: null });
      expect(task.error).toEqual({ code, message: expect.stringMatching(says) as string, retryable: true });
      expect(await listTree(downloadDir)).toEqual([...new Set([...before, '.incoming'])].sort());
      await waitFor(() => server.open(`/${item.slice('demo:'.length)}`) === 0, {
        what: 'its sockets to be free',
      });
    },
  );
});

describe('a source that fails for a while', () => {
  it('is tried again until the track is complete', async () => {
    const id = await queueFrom('demo:atlas-of-small-rain-1-02', ['error', 'garbage', 'good']);
    await passRetry(id, 1);
    await passRetry(id, 2);
    const task = await ended(app, id);
    expect(task).toMatchObject({ state: 'COMPLETED', attempt: 3, error: null });
    expect((await readTags(task.file?.path ?? '')).format.duration).toBeCloseTo(10, 1);
  });

  it('is asked for the rest in the same attempt if it supports ranges', async () => {
    const item = 'demo:atlas-of-small-rain-1-03';
    const id = await queueFrom(item, ['cut', 'cut', 'good'], {
      resumable: true,
      sizeBytes: server.sizeBytes,
    });
    const task = await ended(app, id);
    expect(task).toMatchObject({ state: 'COMPLETED', attempt: 1, error: null });
    const [first, second, third, ...more] = server.offsets('/atlas-of-small-rain-1-03');
    expect([first, more]).toEqual([null, []]);
    expect(second).toBeGreaterThan(0);
    expect(third).toBeGreaterThan(second ?? Infinity);
    const { format } = await readTags(task.file?.path ?? '');
    expect(format.duration).toBeCloseTo(10, 1);
  });
});

describe('cancelling', () => {
  it('closes the connection of a stalled source within a second', async () => {
    const path = '/atlas-of-small-rain-1-04';
    const id = await queueFrom('demo:atlas-of-small-rain-1-04', ['hold']);
    await inState(app, id, 'RUNNING');
    await waitFor(() => server.open(path) === 1, { what: 'the source to be asked' });
    expect((await app.execute(CANCEL_TASK, { id })).cancelTask.__typename).toBe('TaskCancelled');
    await waitFor(() => server.open(path) === 0, { what: 'its socket to be free', timeoutMs: 1_000 });
    expect(await ended(app, id)).toMatchObject({ state: 'CANCELLED', attempt: 1, error: null });
    await waitFor(async () => (await listTree(join(downloadDir, '.incoming'))).length === 0, {
      what: 'nothing unfinished on the disk',
    });
  });
});
