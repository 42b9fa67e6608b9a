import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { AudioSource } from '../../src/catalog/audio-source.js';
import { UpstreamDownError, UpstreamFailedError, UpstreamLimitedError } from '../../src/lib/errors.js';
import type { Media } from '../../src/media/media.js';
import { createTestMedia, createWorkspace, makeAudio } from '../kit/audio.js';
import { DEEZER_IDS, startDeezerServer, type DeezerServer } from '../kit/deezer-server.js';
import { startApp, type TestApp } from '../kit/start-app.js';
import { ended, inState, queue } from '../kit/story.js';
import { stretch, stretchNow, waitFor } from '../kit/wait-for.js';
import { spawnWorker } from './join-app.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const TRACK = 'demo:night-ferry-1-01';

describe('a task that waits for a limit', () => {
  let app: TestApp;
  /** Thrown by the source, one by one. */
  let errors: Error[] = [];
  let opened = 0;
  const source: AudioSource = {
    name: 'limited',
    find: () =>
      Promise.resolve({
        ...{ source: 'limited', ref: 'x', codec: null, bitrateKbps: null, durationMs: null, sizeBytes: null },
        ...{ checksum: null, localPath: null, licence: 'none', resumable: false },
      }),
    open: () => {
      opened++;
      return Promise.reject(errors.shift() ?? new UpstreamFailedError('It has ended.', { retryable: false }));
    },
  };
  const limited = (ms: number) => new UpstreamLimitedError('The source', ms);

  beforeAll(async () => {
    const timing = { dispatchEveryMs: 100 };
    app = await startApp({ overrides: { sources: [source], settings: { maxRetries: 0 }, timing } });
  });
  beforeEach(() => {
    opened = 0;
  });
  afterEach(() => app.deps.db.task.deleteMany());
  afterAll(() => app.stop());

  const rowOf = (id: string) =>
    app.deps.db.task.findUniqueOrThrow({ where: { id: id.replace('Task:', '') } });

  it('keeps its retries', async () => {
    errors = Array.from({ length: 5 }, () => limited(10));
    const task = await ended(app, await queue(app, { item: TRACK }));
    expect(task).toMatchObject({
      state: 'FAILED',
      error: { code: 'UPSTREAM_FAILED', message: 'It has ended.' },
    });
    expect(opened).toBe(6);
  });

  it('is RETRYING until the limit is over', async () => {
    errors = [limited(HOUR_MS)];
    const id = await queue(app, { item: TRACK });
    await inState(app, id, 'RETRYING');
    const { retryAt, waitingSince, failures } = await rowOf(id);
    expect((retryAt?.getTime() ?? 0) - (waitingSince?.getTime() ?? 0)).toBe(HOUR_MS);
    expect(failures).toBe(0);
  });

  it.each([
    ['after a week of limits', limited(HOUR_MS), 7 * DAY_MS, 'UPSTREAM_LIMITED'],
    [
      'after a day without an answer',
      new UpstreamDownError('The source', HOUR_MS),
      DAY_MS,
      'UPSTREAM_FAILED',
    ],
  ])('fails as usual %s', async (_, error, boundMs, code) => {
    errors = [error, error, error];
    const id = await queue(app, { item: TRACK });
    const waitedFor = async (ms: number) => {
      await inState(app, id, 'RETRYING');
      await app.deps.db.task.updateMany({
        data: { waitingSince: new Date(Date.now() - ms), retryAt: new Date(0) },
      });
    };
    await waitedFor(boundMs - HOUR_MS);
    await waitFor(() => opened === 2, { what: 'the second attempt' });
    await waitedFor(boundMs + HOUR_MS);
    expect(await ended(app, id)).toMatchObject({ state: 'FAILED', error: { code } });
  });

  it('begins to wait again when it is retried by hand', async () => {
    errors = [limited(HOUR_MS), limited(HOUR_MS)];
    const id = await queue(app, { item: TRACK });
    await inState(app, id, 'RETRYING');
    await app.deps.db.task.updateMany({
      data: { waitingSince: new Date(Date.now() - 8 * DAY_MS), state: 'FAILED', retryAt: null },
    });
    const { status } = await app.rest('POST', `/prgs/retry/${id.replace('Task:', '')}`);
    expect(status).toBe(200);
    await inState(app, id, 'RETRYING');
    expect((await rowOf(id)).waitingSince?.getTime()).toBeGreaterThan(Date.now() - DAY_MS);
  });
});

describe('a limit in the middle of an album of 500 tracks', () => {
  let server: DeezerServer;
  let app: TestApp;
  let media: Media;
  const FIRST = 7_005_001;
  /** So many tracks have audio; the others end when no source has them. */
  const MADE = 10;
  const AUDIO_MS = 500;
  const workspace = createWorkspace();
  beforeAll(async () => {
    media = await createTestMedia();
    server = await startDeezerServer();
    app = await startApp({ env: { role: 'api', catalog: 'deezer', deezerApiUrl: server.url } });
  });
  afterAll(async () => {
    await app.stop();
    await server.stop();
    media.stop();
    await (await workspace).remove();
  });

  const count = (where: object) => app.deps.db.task.count({ where: { parentId: { not: null }, ...where } });

  it('is kept by two processes, one of them killed and replaced, and completed when it is over', async () => {
    const seconds = Math.ceil(stretchNow(12));
    const audio = await makeAudio(media, (await workspace).file('short.flac'), { durationMs: AUDIO_MS });
    const start = () =>
      spawnWorker(app, 'deezer-child', {
        DEEZER_API_URL: server.url,
        LEASE_MS: String(stretch(5_000)),
        AUDIO: audio,
        AUDIO_MS: String(AUDIO_MS),
        WITH_AUDIO: Array.from({ length: MADE }, (_, n) => `deezer:${FIRST + n * 50}`).join(' '),
      });
    const [first] = [start(), start()];
    const album = await queue(app, { item: DEEZER_IDS.boxSet, type: 'ALBUM', options: { format: 'KEEP' } });
    await waitFor(async () => (await count({})) === 500, { timeoutMs: 60_000, what: 'the tracks' });

    server.limitAfter(150, seconds);
    const limited = () => server.arrivals.filter((each) => each.limited);
    await waitFor(() => limited().length > 0, { timeoutMs: 60_000, what: 'the limit' });
    first.kill('SIGKILL');
    start();
    const demo = await queue(app, { item: TRACK, priority: 50 });
    expect(await ended(app, demo)).toMatchObject({ state: 'COMPLETED' });
    const isAfter = ({ atMs }: { atMs: number }) => atMs > (limited().at(-1)?.atMs ?? 0);
    expect(server.arrivals.filter(isAfter)).toEqual([]);
    expect(await count({ state: 'RETRYING', errorCode: 'UPSTREAM_LIMITED' })).toBeGreaterThan(0);

    expect(await ended(app, album, 120_000)).toMatchObject({ state: 'COMPLETED', partial: true });
    const [from, to] = [limited().at(-1), server.arrivals.find(isAfter)];
    expect((to?.atMs ?? 0) - (from?.atMs ?? 0)).toBeGreaterThanOrEqual(seconds * 1_000);
    // At most those that both processes had under way.
    expect(limited().length).toBeLessThanOrEqual(16);
    expect(await count({ state: 'COMPLETED' })).toBe(MADE);
    expect(await count({ state: 'FAILED', errorCode: 'NO_SOURCE', failures: 0 })).toBe(500 - MADE);
    const asked = new Set(server.requests.filter((path) => path.startsWith('/track/')));
    expect(asked.size).toBe(500);
  });

  it('may be an error with status 200: the album waits, and has each track once then', async () => {
    await app.deps.db.task.deleteMany();
    await app.deps.db.catalogCacheEntry.deleteMany();
    // In the middle of the 50 whose ISRC the list lacks.
    server.allow(30);
    const worker = spawnWorker(app, 'deezer-child', { DEEZER_API_URL: server.url, LEASE_MS: '15000' });
    const album = await queue(app, { item: DEEZER_IDS.boxSet, type: 'ALBUM' });
    await inState(app, album, 'RETRYING');
    expect(await count({})).toBe(0);
    server.allow(Infinity);
    await waitFor(async () => (await count({})) === 500, { timeoutMs: 120_000, what: 'the tracks' });
    worker.kill('SIGKILL');
    const ids = await app.deps.db.task.findMany({
      where: { parentId: { not: null } },
      orderBy: { position: 'asc' },
      select: { itemId: true },
    });
    expect(ids.map(({ itemId }) => itemId)).toEqual(
      Array.from({ length: 500 }, (_, n) => `deezer:${FIRST + n}`),
    );
  });
});
