import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { ALBUM_GROUPS } from '../../src/catalog/catalog-item.js';
import { createCachedCatalog } from '../../src/catalog/cached-catalog.js';
import { createCatalogCache } from '../../src/catalog/catalog-cache.js';
import { CatalogNotSetUpError } from '../../src/catalog/errors.js';
import { systemClock } from '../../src/lib/clock.js';
import { UpstreamLimitedError } from '../../src/lib/errors.js';
import { createLogger } from '../../src/lib/logger.js';
import type { Outbound } from '../../src/outbound/outbound.js';
import { errorOf } from '../kit/error-of.js';
import { openSpotify, type OpenedSpotify } from '../kit/open-spotify.js';
import {
  failure,
  SPOTIFY_IDS as IDS,
  startSpotifyServer,
  type SpotifyServer,
} from '../kit/spotify-server.js';
import { waitFor } from '../kit/wait-for.js';

const signal = () => new AbortController().signal;
const all = { offset: 0, limit: 1_000 };
const json =
  (body: unknown, status = 200, headers: Record<string, string> = {}) =>
  (response: ServerResponse) =>
    response.writeHead(status, headers).end(JSON.stringify(body));

type Options = Parameters<typeof openSpotify>[1] & { kind?: 'old' | 'new' };

/** A stand-in and the adapter for one test. */
async function openAlone({ kind, ...options }: Options = {}) {
  const server = await startSpotifyServer(kind);
  const opened = await openSpotify(server.url, options);
  onTestFinished(async () => {
    await opened.close();
    await server.stop();
  });
  return { server, ...opened };
}

describe('codes at Spotify', () => {
  it('find a track by ISRC, and not what is only similar', async () => {
    const { catalog, server } = await openAlone();
    expect(await catalog.findTrackByIsrc?.('xxkel0001001', signal())).toMatchObject({ id: IDS.track });
    const similar = { id: 'T'.repeat(22), name: 'Similar', external_ids: { isrc: 'XXKEL0001009' } };
    server.answerOnce('/search', json({ tracks: { items: [similar, null], total: 2, next: null } }));
    expect(await catalog.findTrackByIsrc?.('XXKEL0001002', signal())).toBeNull();
  });

  it('find an album by its bar code, with however many zeros it is stored', async () => {
    const { catalog, server } = await openAlone();
    for (const upc of ['00600000000001', '0600000000001', '600000000001'])
      expect(await catalog.findAlbumByUpc?.(upc, signal())).toMatchObject({ id: IDS.album });
    expect(await catalog.findAlbumByUpc?.('4000000000000', signal())).toBeNull();
    const before = server.requests.length;
    expect(await catalog.findAlbumByUpc?.('1 OR artist:x', signal())).toBeNull();
    expect(await catalog.findTrackByIsrc?.('', signal())).toBeNull();
    expect(server.requests).toHaveLength(before);
  });
});

describe('items of Spotify', () => {
  it('have all that the API has', async () => {
    const { catalog } = await openAlone();
    expect(await catalog.findTrack(IDS.track, signal())).toMatchObject({
      title: 'Slow Weather, 1',
      artists: [{ name: 'Kelp & Lantern' }, { name: 'Ada Fjordgren' }],
      durationMs: 180_000,
      explicit: false,
      available: true,
      isrc: 'XXKEL0001001',
      trackNumber: 1,
      discNumber: 1,
      url: expect.stringContaining('https://open.spotify.com/track/') as string,
      album: {
        group: 'ALBUM',
        upc: '00600000000001',
        label: 'Breakwater',
        copyright: '2021 Breakwater',
        releaseDate: '2021-05-14',
        trackTotal: 6,
        discTotal: 2,
      },
    });
    expect(await catalog.findTrack(IDS.unplayableTrack, signal())).toMatchObject({ available: false });
    const { images } = (await catalog.findAlbum(IDS.album, signal())) ?? { images: [] };
    expect(images.map(({ widthPx }) => widthPx)).toEqual([640, 300, 64]);
    expect(await catalog.findPlaylist(IDS.playlist, signal())).toMatchObject({
      total: 130,
      revision: 'snapshot-1',
      description: "Kelp & more 'of it'",
      owner: { id: 'spotify:listener.1', name: 'Somebody' },
    });
    expect(await catalog.findShow(IDS.show, signal())).toMatchObject({
      languages: ['en'],
      publisher: 'Dock Radio',
      total: 12,
    });
  });

  it('keep the places of entries that are no tracks, and say what those are', async () => {
    const { catalog } = await openAlone();
    const { items, total } = await catalog.listPlaylistEntries(IDS.playlist, all, signal());
    expect(total).toBe(130);
    expect(items).toHaveLength(130);
    expect(items.slice(2, 6)).toEqual([
      { track: null, trackId: null, addedAt: '2023-11-14T22:13:22Z', absence: 'LOCAL_FILE' },
      { track: null, trackId: null, addedAt: '2023-11-14T22:13:23Z', absence: 'EPISODE' },
      { track: null, trackId: null, addedAt: null },
      { track: null, trackId: null, addedAt: '2023-11-14T22:13:25Z' },
    ]);
    expect(items.filter(({ track }) => track !== null)).toHaveLength(126);
    expect(items[0]?.track).toMatchObject({ id: IDS.track, isrc: 'XXKEL0001001' });
  });

  it.each(['old', 'new'] as const)(
    'are of the right kind in an artist’s list, with a client id of the %s kind',
    async (kind) => {
      const { catalog } = await openAlone({ kind });
      const query = { ...all, groups: ALBUM_GROUPS };
      const { items, total } = await catalog.listArtistAlbums(IDS.artist, query, signal());
      expect(total).toBe(30);
      expect(items.slice(0, 6).map(({ title, group, releaseDate }) => [title, group, releaseDate])).toEqual([
        ['Slow Weather', 'ALBUM', '2021-05-14'],
        ['Buoy', 'SINGLE', '2022-01'],
        ['Three Moorings', 'SINGLE', null],
        ['Songs of the Pier', 'COMPILATION', '2019'],
        ['Every Tide', 'ALBUM', '2023-03-03'],
        ['Ten Harbors', 'APPEARS_ON', '2021-05-14'],
      ]);
    },
  );

  it('keep the id that was requested where another track is played in the country', async () => {
    const { catalog, server } = await openAlone();
    const other = IDS.unplayableTrack.replace('spotify:', '');
    const own = IDS.track.replace('spotify:', '');
    server.answerOnce('/tracks', json({ id: other, name: 'Elsewhere', linked_from: { id: own } }));
    expect(await catalog.findTrack(IDS.track, signal())).toMatchObject({ id: IDS.track, title: 'Elsewhere' });
  });
});

describe('pages of Spotify', () => {
  const limitsOf = (requests: readonly string[], path: string) =>
    requests
      .filter((each) => each.startsWith(path))
      .map((each) => Number(new URLSearchParams(each.split('?')[1]).get('limit')));
  const query = { text: 'night', type: 'ALBUM' as const, offset: 0, limit: 50 };

  it('are of 10 to an app in development mode, which is learned once and kept', async () => {
    const { catalog, server, database } = await openAlone({ kind: 'new' });
    const everything = { ...query, text: 'e', type: 'TRACK' as const };
    expect((await catalog.search(everything, signal())).items).toHaveLength(50);
    // The second is the trial, which is refused.
    expect(limitsOf(server.requests, '/search')).toEqual([10, 40, 10, 10, 10, 10]);
    const again = await openSpotify(server.url, { database });
    onTestFinished(() => again.close());
    server.requests.length = 0;
    expect((await again.catalog.search(everything, signal())).items).toHaveLength(50);
    expect(limitsOf(server.requests, '/search')).toEqual([10, 10, 10, 10, 10]);
  });

  it('are of 50 where that is known to work', async () => {
    const { catalog, server } = await openAlone({ kind: 'old' });
    const first = await catalog.search(query, signal());
    expect(first.items).toHaveLength(24);
    expect(await catalog.search(query, signal())).toEqual(first);
    expect(limitsOf(server.requests, '/search')).toEqual([10, 40, 50]);
  });

  it('become small when an app no longer gets large ones', async () => {
    const { catalog, server } = await openAlone({ kind: 'old' });
    const albums = { ...all, groups: ALBUM_GROUPS };
    await catalog.listArtistAlbums(IDS.artist, albums, signal());
    server.kind = 'new';
    const { items } = await catalog.listArtistAlbums(IDS.artist, albums, signal());
    expect(items).toHaveLength(30);
    expect(limitsOf(server.requests, '/artists')).toEqual([10, 50, 50, 10, 10, 10]);
  });

  it('end where Spotify has no further results', async () => {
    const { catalog, server } = await openAlone();
    server.answerOnce('/search', json({ tracks: { items: [null], total: 12_000, next: null } }));
    const found = await catalog.search({ ...query, type: 'TRACK', limit: 5 }, signal());
    expect(found).toEqual({ items: [], total: 1_000 });
    expect(await catalog.search({ ...query, offset: 1_000 }, signal())).toMatchObject({ items: [] });
    expect(server.requests).toHaveLength(1);
  });
});

describe('a refusal of Spotify', () => {
  it('because the owner of the app has no Premium is not repeated, and says what to do', async () => {
    const { catalog, server } = await openAlone();
    const said = 'Active premium subscription required for the owner of the app.';
    for (const answer of [
      json(failure(403, said), 403),
      (response: ServerResponse) => response.writeHead(403).end(said),
    ]) {
      server.requests.length = 0;
      server.answerOnce('/artists', answer);
      const error = await errorOf(catalog.findArtist(IDS.artist, signal()));
      expect(error).toMatchObject({ code: 'UPSTREAM_FAILED', retryable: false });
      expect(error?.message).toMatch(
        /^Spotify answers this app only while its owner has Premium: .*setSpotifyApp/,
      );
      expect(server.requests).toHaveLength(1);
    }
  });

  it('of a playlist that is not yours says so, and is not an empty list', async () => {
    const { catalog } = await openAlone({ kind: 'new' });
    for (const id of [IDS.playlist, IDS.foreignPlaylist]) {
      expect(await catalog.findPlaylist(id, signal())).not.toBeNull();
      const error = await errorOf(catalog.listPlaylistEntries(id, all, signal()));
      expect(error).toMatchObject({ code: 'UPSTREAM_FAILED', retryable: false });
      expect(error?.message).toContain(`does not show the playlist "${id}"`);
      expect(error?.message).toContain('startSpotifyConnection');
    }
    expect(await catalog.findPlaylist(IDS.privatePlaylist, signal())).toBeNull();
  });

  it('with 404 for the entries of a playlist that is there is not an empty list either', async () => {
    const { catalog, server } = await openAlone();
    const path = `/playlists/${IDS.playlist.replace('spotify:', '')}/items`;
    server.answerOnce(path, json(failure(404, 'Resource not found'), 404));
    const error = await errorOf(catalog.listPlaylistEntries(IDS.playlist, all, signal()));
    expect(error?.message).toContain('does not show the playlist');
  });

  it('of anything else is told in its words, once', async () => {
    const { catalog, server } = await openAlone();
    for (const [status, said] of [
      [403, 'User not registered in the Developer Dashboard'],
      [400, 'Bad search type'],
      [405, 'No such method'],
    ] as const) {
      server.requests.length = 0;
      server.answerOnce('/artists', json(failure(status, said), status));
      const error = await errorOf(catalog.findArtist(IDS.artist, signal()));
      expect(error).toMatchObject({ retryable: false });
      expect(error?.message).toBe(`Spotify refused a request: "${said}" (status ${status}).`);
      expect(server.requests).toHaveLength(1);
    }
    server.answerOnce('/artists', json(failure(400, 'Invalid base62 id'), 400));
    expect(await catalog.findArtist(IDS.artist, signal())).toBeNull();
  });

  it('without an app says how to enter one', async () => {
    const { catalog, db } = await openAlone();
    await db.account.deleteMany({});
    const error = await errorOf(catalog.findTrack(IDS.track, signal()));
    expect(error).toBeInstanceOf(CatalogNotSetUpError);
    expect(error?.message).toBe(
      'The catalog "spotify" is not set up here: enter the client id and secret of an app with the mutation setSpotifyApp or PUT /api/credentials/spotify_api_config. Until then, use an item of: demo.',
    );
    await waitFor(() => catalog.isSetUp?.() === false, { what: 'the catalog to be without an app' });
  });
});

describe('a limit of Spotify', () => {
  const impatient = (outbound: Outbound): Outbound => ({
    ...outbound,
    openService: (service) =>
      outbound.openService({
        ...service,
        retryDelayMs: 1,
        rules: {
          ...service.rules,
          requests: 10_000,
          windowMs: 1,
          patienceMs: 0,
          blockMs: 7_000,
          maxBlockMs: 7_000,
        },
      }),
  });

  it.each([
    ['1', 1_000],
    ['86400', 86_400_000],
    [new Date(Date.now() + 3_600_000).toUTCString(), 3_600_000],
    ['soon', 7_000],
  ])('with Retry-After: %s is kept, and nothing is sent meanwhile', async (retryAfter, ms) => {
    const { catalog, server, database } = await openAlone({ change: impatient });
    await catalog.findArtist(IDS.artist, signal());
    server.allow(0, retryAfter);
    const limited = await errorOf(catalog.findArtist(IDS.artist, signal()));
    expect(limited).toBeInstanceOf(UpstreamLimitedError);
    expect(limited?.retryAfterMs).toBeGreaterThan(ms * 0.8 - 900);
    expect(limited?.retryAfterMs).toBeLessThanOrEqual(ms + 1_500);
    if (ms === 1_000) return;
    const before = server.requests.length;
    const other = await openSpotify(server.url, { database, change: impatient });
    onTestFinished(() => other.close());
    for (const catalogOfOne of [catalog, other.catalog])
      expect(await errorOf(catalogOfOne.findArtist(IDS.artist, signal()))).toBeInstanceOf(
        UpstreamLimitedError,
      );
    expect(server.requests).toHaveLength(before);
  });

  it('in the middle of an album of 500 tracks is continued where it was reached', async () => {
    const { catalog, server } = await openAlone({ change: impatient });
    // The album, its last tracks for the number of its discs, and four of its pages.
    server.allow(6, '1');
    expect(await errorOf(catalog.listAlbumTracks(IDS.boxSet, all, signal()))).toBeInstanceOf(
      UpstreamLimitedError,
    );
    server.allow(Infinity);
    const { items, total } = await waitFor(() => catalog.listAlbumTracks(IDS.boxSet, all, signal()), {
      what: 'the list to be read',
    });
    expect(total).toBe(500);
    expect(items.map(({ trackNumber }) => trackNumber)).toEqual(Array.from({ length: 500 }, (_, n) => n + 1));
    const pages = server.requests.filter((path) => path.includes('/tracks?'));
    // Ten pages, and those that the limit answered.
    expect(pages.length).toBeLessThanOrEqual(12);
    expect(items.filter(({ isrc }) => isrc !== null)).toHaveLength(20);
  });
});

describe('an answer of Spotify', () => {
  let server: SpotifyServer;
  let opened: OpenedSpotify;
  beforeAll(async () => {
    server = await startSpotifyServer();
    opened = await openSpotify(server.url);
  });
  afterAll(async () => {
    await opened.close();
    await server.stop();
  });

  const findAfter = async (...answers: ((response: ServerResponse) => unknown)[]) => {
    const { catalog } = opened;
    answers.forEach((answer) => server.answerOnce('/artists', answer));
    const found = await catalog.findArtist(IDS.artist, signal()).catch((thrown: unknown) => thrown);
    return { found };
  };

  it.each([
    ['HTML', '<!doctype html><title>Maintenance</title>'],
    ['cut JSON', '{"id":"501","name":"Kel'],
    ['nothing', ''],
    ['a number', '7'],
    ['null', 'null'],
  ])('may be %s in place of JSON, and is requested again', async (_what, body) => {
    const once = await findAfter((response) => response.end(body));
    expect(once.found).toMatchObject({ name: 'Kelp & Lantern' });
    const always = await findAfter(...[1, 2, 3].map(() => (response: ServerResponse) => response.end(body)));
    expect((always.found as Error).message).toBe('Spotify sent something else than JSON (status 200).');
  });

  it('may lack fields, or have them null or of another type', async () => {
    const id = IDS.artist.replace('spotify:', '');
    const strange = {
      ...{ id, name: 'Kelp & Lantern', genres: [null, 7, 'harbor pop'], external_urls: { spotify: 7 } },
      images: [null, { url: 'javascript:alert(1)' }, { url: 'https://example.org/a.jpg', width: 'x' }],
    };
    expect((await findAfter(json(strange))).found).toEqual({
      ...{ type: 'ARTIST', id: IDS.artist, name: 'Kelp & Lantern', genres: ['harbor pop'], url: null },
      images: [{ url: 'https://example.org/a.jpg', widthPx: null, heightPx: null }],
    });
    expect((await findAfter(json({ id, name: 'Kelp & Lantern' }))).found).toMatchObject({
      genres: [],
      images: [],
    });
    const { found } = await findAfter(json({ id, name: null }));
    expect((found as Error).message).toBe(`Spotify sent "/artists/${id}" in a form that cannot be read.`);
  });

  it('of a track may have next to nothing', async () => {
    const { catalog } = opened;
    server.answerOnce(
      '/search',
      json({ tracks: { items: [null, 7, { id: 'x1' }, { id: 'x2', name: 'Fine' }], total: '4' } }),
    );
    const { items } = await catalog.search({ text: 'x', type: 'TRACK', offset: 0, limit: 5 }, signal());
    expect(items).toEqual([
      {
        ...{ type: 'TRACK', id: 'spotify:x2', title: 'Fine', artists: [], album: null, durationMs: null },
        ...{ explicit: false, trackNumber: null, discNumber: null, isrc: null, genres: [], url: null },
      },
    ]);
  });

  it('that does not come, or not on, is given up', async () => {
    const hasty = (outbound: Outbound): Outbound => ({
      ...outbound,
      openService: (service) =>
        outbound.openService({
          ...service,
          retryDelayMs: 1,
          limits: { ...service.limits, timeoutMs: 60_000, headersMs: 150, idleMs: 150 },
        }),
    });
    const { catalog, server } = await openAlone({ change: hasty });
    for (let n = 0; n < 3; n++)
      server.answerOnce('/artists', (response) => response.writeHead(200).write('{"id":'));
    const error = await errorOf(catalog.findArtist(IDS.artist, signal()));
    expect(error).toMatchObject({ code: 'UPSTREAM_FAILED', retryable: true });
    expect(error?.message).toMatch(/^Spotify failed: .* did not answer in time\.$/);
    for (let n = 0; n < 3; n++) server.answerOnce('/artists', () => undefined);
    expect((await errorOf(catalog.findArtist(IDS.artist, signal())))?.message).toMatch(
      /did not answer in time/,
    );
  });

  it('of one country is not that of another', async () => {
    const { catalog, server, db } = await openAlone();
    const cache = createCatalogCache({ db, clock: systemClock, log: createLogger('silent') });
    const cached = createCachedCatalog(catalog, cache);
    const available = async () => (await cached.findTrack(IDS.unplayableTrack, signal()))?.available;
    expect(await available()).toBe(false);
    const before = server.requests.length;
    expect(await available()).toBe(false);
    expect(server.requests).toHaveLength(before);
    await db.account.updateMany({ where: { service: 'spotify' }, data: { region: 'FR' } });
    expect(await available()).toBe(true);
  });
});
