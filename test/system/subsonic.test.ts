import { readdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Track } from '../../src/catalog/catalog-item.js';
import { createAudioServer, createHttpSource, type AudioServer, type Offer } from '../kit/audio-server.js';
import { readTags } from '../kit/audio.js';
import { makeTrack } from '../kit/catalog-items.js';
import { sizeOfPicture } from '../kit/covers.js';
import { CHILDREN } from '../kit/documents.js';
import { startApp, type TestApp } from '../kit/start-app.js';
import { ended, queue, type SeenTask } from '../kit/story.js';
import { createStubCatalog } from '../kit/stub-catalog.js';
import {
  answerCut,
  answerError,
  answerStall,
  answerStatus,
  configured,
  startSubsonicServer,
  type SubsonicStandIn,
} from '../kit/subsonic-server.js';
import { startSupysonic, supysonic } from '../kit/supysonic.js';
import { stretch } from '../kit/wait-for.js';

let first: SubsonicStandIn;
let second: SubsonicStandIn;
let http: AudioServer;
let app: TestApp;
const offers = new Map<string, Offer>();

const artists = [{ id: 'far:kelp', name: 'Kelp & Lantern' }];
const wanted = (id: string, own: Partial<Track> = {}) =>
  makeTrack(id, { title: 'Slow Weather, 1', artists, durationMs: 5_000, ...own });
/** Each test has a track of its own, all of the same recording but the last. */
const TRACKS = new Map(
  [
    ...[1, 2, 3, 4, 5, 6].map((n) => wanted(`far:${n}`, { album: null, isrc: 'XXKEL7001001' })),
    wanted('far:7', { title: 'Buoy (Karaoke Version)' }),
  ].map((track) => [track.id, track]),
);

beforeAll(async () => {
  [first, second, http] = await Promise.all([
    startSubsonicServer(),
    startSubsonicServer(),
    createAudioServer({ seconds: 5 }),
  ]);
  const down = await startSubsonicServer();
  await down.stop();
  const wrong = { kind: 'password' as const, username: 'tester', password: 'wrong one' };
  app = await startApp({
    env: {
      subsonicServers: [
        configured(first),
        configured(second, { suffix: '_2' }),
        configured(down, { suffix: '_3' }),
        configured(first, { suffix: '_4', login: wrong }),
      ],
    },
    overrides: {
      sources: [createHttpSource(http, offers)],
      catalogs: [createStubCatalog('far', { findTrack: (id) => Promise.resolve(TRACKS.get(id) ?? null) })],
      timing: { sourceIdleMs: stretch(700) },
      settings: { sourceOrder: 'http, subsonic3, subsonic4, subsonic, subsonic2', maxRetries: 0 },
    },
  });
});
afterAll(async () => {
  await app?.stop();
  await Promise.all([first?.stop(), second?.stop(), http?.close()]);
});
afterEach(() => {
  first.answerAlways('download', null);
  first.answerAlways('search3', null);
});

const download = async (item: string): Promise<SeenTask> =>
  ended(app, await queue(app, { item, type: 'TRACK' }), 60_000);

const DOWN = /subsonic3 \(127\.0\.0\.1:\d+\) (?:failed: .*not reachable|does not answer)/;
const WRONG = /subsonic4 \(127\.0\.0\.1:\d+\) does not accept the user and password of SUBSONIC_USERNAME_4/;

async function expectSupplied(task: SeenTask, source: string, ...notes: RegExp[]): Promise<void> {
  expect(task, JSON.stringify(task.error)).toMatchObject({
    state: 'COMPLETED',
    file: { source, licence: 'From your own server' },
  });
  for (const note of notes) expect(task.file?.sourceNote).toMatch(note);
  expect(task.file?.sourceNote).not.toContain('wrong one');
  const { credit } = await readTags(task.file?.path ?? '');
  expect(credit).toEqual({ source, licence: 'From your own server' });
}

describe('a track whose first sources fail', () => {
  it('comes from the next one when a server is down or the password is wrong', async () => {
    await expectSupplied(await download('far:1'), 'subsonic', DOWN, WRONG);
  });

  it('comes from the next one when an error document stands in place of audio', async () => {
    first.answerAlways('download', answerError(50));
    await expectSupplied(
      await download('far:2'),
      'subsonic2',
      DOWN,
      /subsonic \(.*does not allow this to its user/,
    );
  });

  it('is resumed at the byte where the server cut it', async () => {
    first.answerOnce('download', answerCut(first.audio));
    const before = first.requests.length;
    await expectSupplied(await download('far:3'), 'subsonic');
    const ranges = first.requests.slice(before).filter(({ method }) => method === 'download');
    expect(ranges.map(({ range }) => range)).toEqual([null, expect.stringMatching(/^bytes=[1-9]\d*-$/)]);
  });

  it('comes from the next one when a server stalls', async () => {
    first.answerOnce('download', answerStall(first.audio));
    await expectSupplied(await download('far:4'), 'subsonic2', /subsonic sent nothing for/);
  });

  it('comes from the next one when the checksum differs', async () => {
    http.answer('/bad', 'good');
    offers.set('far:5', { path: '/bad', checksum: { algorithm: 'md5', hex: '00'.repeat(16) } });
    await expectSupplied(
      await download('far:5'),
      'subsonic',
      /http sent bytes that do not match its md5/,
      DOWN,
    );
  });

  it('comes from the next one when a server limits requests', async () => {
    second.answerAlways('download', null);
    first.answerAlways('download', answerStatus(429, { 'retry-after': '60' }));
    await expectSupplied(await download('far:6'), 'subsonic2', /subsonic \(.*limits requests: try again in/);
    // As if the minute were over, for the tests that follow.
    await app.deps.db.requestLimit.deleteMany({ where: { provider: 'subsonic' } });
  });

  it('fails with what each of them said when none has it', async () => {
    const { state, error } = await download('far:7');
    expect(state).toBe('FAILED');
    expect(error?.message).toMatch(DOWN);
    expect(error?.message).toMatch(/Other sources: http has no such track; subsonic4 \(/);
    expect(error?.message).toMatch(WRONG);
    expect(error?.message).toMatch(
      /subsonic2 has only similar ones, such as "Buoy" by Kelp & Lantern \(differs: title, version/,
    );
    expect(error).toMatchObject({ code: 'UPSTREAM_FAILED', retryable: true });
  });
});

/** Each track with its tags, license, source and cover, from the server whose catalog it was queued from. */
async function expectWholeAlbum(on: TestApp, item: string, titles: string[]): Promise<void> {
  const id = await queue(on, { item, type: 'ALBUM' });
  const album = await ended(on, id, 90_000);
  const children = (await on.execute(CHILDREN, { id })).task?.children.edges ?? [];
  expect(album, JSON.stringify(children)).toMatchObject({ state: 'COMPLETED', failedCount: 0 });
  expect(children.map(({ node }) => node.title)).toEqual(titles);
  for (const { node } of children) {
    const task = await ended(on, node.id);
    expect(task.file).toMatchObject({ source: 'subsonic', licence: 'From your own server', format: 'FLAC' });
    const { common, credit, picture } = await readTags(task.file?.path ?? '');
    expect(common).toMatchObject({ title: node.title, artist: 'Kelp & Lantern', album: 'Slow Weather' });
    expect(credit).toEqual({ source: 'subsonic', licence: 'From your own server' });
    expect(picture?.format).toBe('image/jpeg');
    expect(await readdir(dirname(task.file?.path ?? ''))).toContain('cover.jpg');
  }
}

describe('covers of a Subsonic catalog', () => {
  it.each(['subsonic:album:al-1', 'subsonic:track:tr-1', 'subsonic2:album:al-1'])(
    'are served by us, at addresses without the password: %s',
    async (name) => {
      const response = await fetch(`${app.url}/covers/${name}/300`);
      expect(response.status).toBe(200);
      expect(response.headers.get('content-type')).toBe('image/jpeg');
      const { format } = await sizeOfPicture(new Uint8Array(await response.arrayBuffer()));
      expect(format).toBe('jpeg');
      const requested = (name.startsWith('subsonic2') ? second : first).requests;
      expect(requested.map(({ method }) => method)).toContain('getCoverArt');
    },
  );

  it('are named by items that have them, and by no others', async () => {
    const pathsOf = async (id: string) => {
      const { body } = await app.rest('GET', `/album/info?id=${id}`);
      return (body as { images: { url: string }[] }).images.map(({ url }) => new URL(url).pathname);
    };
    expect(await pathsOf('subsonic:al-1')).toEqual(
      [640, 300, 64].map((px) => `/covers/subsonic:album:al-1/${px}`),
    );
    expect(await pathsOf('subsonic:al-3')).toEqual([]);
    expect((await fetch(`${app.url}/covers/subsonic:album:al-3/300`)).status).toBe(404);
  });

  it('that come as an error document are said to be unusable', async () => {
    first.answerAlways('getCoverArt', answerError(50));
    onTestFinished(() => first.answerAlways('getCoverArt', null));
    const catalog = app.deps.liveCatalogs.get('subsonic');
    const album = await catalog?.findAlbum('subsonic:al-2', AbortSignal.timeout(10_000));
    const fetched = album && catalog?.fetchCover(album, AbortSignal.timeout(10_000));
    await expect(fetched).rejects.toThrow(/does not allow this to its user/);
  });
});

describe('an album of a Subsonic catalog', () => {
  it('is downloaded whole from its own server', async () => {
    await expectWholeAlbum(
      app,
      'subsonic:al-1',
      [1, 2, 3, 4].map((n) => `Slow Weather, ${n}`),
    );
  });

  it.skipIf(supysonic === undefined)('is downloaded whole from a real server', async () => {
    const real = await startSupysonic();
    onTestFinished(() => real.stop());
    const own = await startApp({ env: { subsonicServers: [real.server] } });
    onTestFinished(() => own.stop());
    const query = { type: 'ALBUM' as const, text: 'Slow Weather', offset: 0, limit: 1 };
    const found = await own.deps.catalogs.get('subsonic')?.search(query, new AbortController().signal);
    await expectWholeAlbum(
      own,
      found?.items[0]?.id ?? '',
      [1, 2, 3].map((n) => `Slow Weather, ${n}`),
    );
  });
});
