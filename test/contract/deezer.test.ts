import type { z } from 'zod';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { ALBUM_GROUPS, catalogItemSchema, type CatalogItem } from '../../src/catalog/catalog-item.js';
import { createCachedCatalog } from '../../src/catalog/cached-catalog.js';
import { createCatalogCache } from '../../src/catalog/catalog-cache.js';
import { createLogger } from '../../src/lib/logger.js';
import { UpstreamFailedError, UpstreamLimitedError } from '../../src/lib/errors.js';
import { toAlbum, toArtist, toEpisode, toPlaylist, toShow, toTrack } from '../../src/upstream/deezer/map.js';
import {
  albumSchema,
  artistSchema,
  episodeSchema,
  errorSchema,
  playlistSchema,
  podcastSchema,
  trackRowSchema,
} from '../../src/upstream/deezer/schemas.js';
import { errorOf } from '../kit/error-of.js';
import { DEEZER_IDS as IDS, error, startDeezerServer, type DeezerServer } from '../kit/deezer-server.js';
import { openDeezer, withoutLimits, type OpenedDeezer } from '../kit/open-deezer.js';
import { serve } from '../kit/local-server.js';
import { waitFor } from '../kit/wait-for.js';
import { describeCatalogSource } from './catalog-source.js';

let server: DeezerServer;
let deezer: OpenedDeezer;
beforeAll(async () => {
  server = await startDeezerServer();
  deezer = await openDeezer(server.url, withoutLimits);
});
afterAll(async () => {
  await deezer.close();
  await server.stop();
});

const signal = () => new AbortController().signal;
const all = { offset: 0, limit: 1_000 };
const json = (body: unknown) => (response: ServerResponse) => response.end(JSON.stringify(body));

describeCatalogSource('Deezer', () => ({
  catalog: deezer.catalog,
  words: { TRACK: 'slow', ALBUM: 'e', PLAYLIST: 'tide', ARTIST: 'a', SHOW: 'dock' },
  track: IDS.track,
  album: IDS.album,
  playlist: IDS.playlist,
  artist: IDS.artist,
  show: IDS.show,
  episode: IDS.episode,
  missing: IDS.missing,
}));

/** Nothing requested before. */
async function openAlone(limits = withoutLimits) {
  const own = await startDeezerServer();
  const opened = await openDeezer(own.url, limits);
  onTestFinished(async () => {
    await opened.close();
    await own.stop();
  });
  return { ...own, catalog: opened.catalog };
}

describe('items of Deezer', () => {
  it('have all that the public API has', async () => {
    expect(await deezer.catalog.findTrack(IDS.track, signal())).toMatchObject({
      title: 'Slow Weather, 1',
      artists: [
        { id: 'deezer:501', name: 'Kelp & Lantern' },
        { id: 'deezer:502', name: 'Ada Fjordgren' },
      ],
      durationMs: 180_000,
      explicit: false,
      available: true,
      isrc: 'XXKEL7001001',
      trackNumber: 1,
      discNumber: 1,
      genres: ['Harbor Pop'],
      url: 'https://www.deezer.com/track/7001001',
      album: {
        group: 'ALBUM',
        upc: '0000000700100',
        label: 'Breakwater',
        releaseDate: '2021-05-14',
        trackTotal: 6,
        discTotal: 2,
      },
    });
    const { images } = (await deezer.catalog.findAlbum(IDS.album, signal())) ?? { images: [] };
    expect(images.map(({ widthPx }) => widthPx)).toEqual([1_000, 500, 250, 56]);
    expect(await deezer.catalog.findPlaylist(IDS.playlist, signal())).toMatchObject({
      total: 130,
      revision: '5d41402abc4b2a76b9719d911017c592',
      owner: { name: 'Somebody' },
    });
  });

  it('are found by ISRC and by UPC', async () => {
    const { findTrackByIsrc, findAlbumByUpc } = deezer.catalog;
    expect(await findTrackByIsrc?.('XXKEL7001002', signal())).toMatchObject({
      id: 'deezer:7001002',
      album: { discTotal: 2 },
    });
    expect(await findAlbumByUpc?.('0000000700100', signal())).toMatchObject({ id: 'deezer:7001' });
  });

  it('say when they are not offered in the country of the caller', async () => {
    expect(await deezer.catalog.findTrack(IDS.unreadableTrack, signal())).toMatchObject({ available: false });
    const { items } = await deezer.catalog.listAlbumTracks(IDS.album, all, signal());
    expect(items.map(({ available }) => available)).toEqual([true, true, false, true, true, true]);
  });

  it('keep the place of a file that somebody has uploaded, which is none of Deezer’s tracks', async () => {
    const { items, total } = await deezer.catalog.listPlaylistEntries(IDS.playlist, all, signal());
    expect(total).toBe(130);
    expect(items).toHaveLength(130);
    expect(items[2]).toEqual({ track: null, trackId: null, addedAt: null });
    expect(items[0]).toMatchObject({ trackId: 'deezer:7001001', addedAt: null });
    expect(items[3]?.addedAt).toBe('2023-11-14T22:13:23.000Z');
  });

  it('may be of an album of every kind; an unknown day is none', async () => {
    const query = { ...all, groups: ALBUM_GROUPS };
    const { items } = await deezer.catalog.listArtistAlbums(IDS.artist, query, signal());
    expect(
      items.map(({ title, group, releaseDate, trackTotal }) => [title, group, releaseDate, trackTotal]),
    ).toEqual([
      ['Slow Weather', 'ALBUM', '2021-05-14', 6],
      ['Buoy', 'SINGLE', '2022-01-07', 1],
      ['Three Moorings', 'SINGLE', null, 3],
      ['Songs of the Pier', 'COMPILATION', '2019-11-30', 4],
      ['Every Tide', 'ALBUM', '2023-03-03', 500],
    ]);
  });

  it('are no episodes in a search, which the public API does not have', async () => {
    const query = { text: 'week', type: 'EPISODE' as const, ...all };
    expect(await deezer.catalog.search(query, signal())).toEqual({ items: [], total: 0 });
  });

  it('have a picture, a track that of its album', async () => {
    const { catalog, answerOnce, requests } = await openAlone();
    const track = await catalog.findTrack(IDS.track, signal());
    if (!track) throw new Error('no track');
    expect((await catalog.fetchCover(track, signal()))?.[0]).toBe(0xff);
    const artist = await catalog.findArtist(IDS.artist, signal());
    expect((await catalog.fetchCover(artist ?? track, signal()))?.[0]).toBe(0xff);
    const pictures = requests.filter((path) => path.startsWith('/images'));
    expect(pictures).toEqual(['/images/7001/xl.jpg', '/images/501/xl.jpg']);
    for (let n = 0; n < 3; n++) answerOnce('/images', (response) => response.writeHead(500).end());
    expect((await errorOf(catalog.fetchCover(track, signal())))?.message).toMatch(/answered with status 500/);
    answerOnce('/images', (response) => response.writeHead(200, { 'content-length': 50_000_000 }).write('x'));
    expect((await errorOf(catalog.fetchCover(track, signal())))?.message).toMatch(/more than \d+ bytes/);
    answerOnce('/images', (response) => response.writeHead(404).end());
    expect(await catalog.fetchCover(track, signal())).toBeNull();
    expect(await catalog.fetchCover({ ...track, album: null }, signal())).toBeNull();
  });
});

describe('ISRCs that a list lacks', () => {
  it('are filled in for each track, once for all processes', async () => {
    const { catalog, requests } = await openAlone();
    const page = { offset: 100, limit: 30 };
    const { items, total } = await catalog.listAlbumTracks(IDS.boxSet, page, signal());
    expect(total).toBe(500);
    expect(items.map(({ isrc }) => isrc)).toEqual(
      Array.from({ length: 30 }, (_, n) => `XXKEL${7_005_101 + n}`),
    );
    expect(requests.filter((path) => path.startsWith('/track/'))).toHaveLength(30);
    const before = requests.length;
    expect((await catalog.listAlbumTracks(IDS.boxSet, page, signal())).items).toEqual(items);
    expect(requests).toHaveLength(before);
  });

  it('are requested for no more tracks at once than one quota allows', async () => {
    const { catalog, requests } = await openAlone();
    const { items } = await catalog.listAlbumTracks(IDS.boxSet, all, signal());
    expect(items).toHaveLength(500);
    expect(items.filter(({ isrc }) => isrc !== null)).toHaveLength(50);
    expect(requests.filter((path) => path.startsWith('/track/'))).toHaveLength(50);
  });

  it('are continued after the quota was reached in the middle', async () => {
    const { catalog, requests, allow } = await openAlone((outbound) => ({
      ...outbound,
      openService: (service) =>
        outbound.openService({ ...service, rules: { ...service.rules, patienceMs: 0, blockMs: 500 } }),
    }));
    const page = { offset: 0, limit: 40 };
    // 7 for the album and its list.
    allow(20);
    const limited = await errorOf(catalog.listAlbumTracks(IDS.boxSet, page, signal()));
    expect(limited).toBeInstanceOf(UpstreamLimitedError);
    expect(limited?.retryAfterMs).toBeGreaterThan(0);
    const before = requests.length;
    expect(await errorOf(catalog.listAlbumTracks(IDS.boxSet, page, signal()))).toBeInstanceOf(
      UpstreamLimitedError,
    );
    expect(requests).toHaveLength(before);
    allow(Infinity);
    // Until the block is over, and while one request tries alone, the others are refused.
    const { items } = await waitFor(() => catalog.listAlbumTracks(IDS.boxSet, page, signal()), {
      what: 'the list to be read',
    });
    expect(items.every(({ isrc }) => isrc !== null)).toBe(true);
    const asked = requests.filter((path) => path.startsWith('/track/'));
    // Those that the quota error answered are asked for again, and no others.
    expect(asked.length - 40).toBeLessThanOrEqual(6);
  });
});

describe('an answer of Deezer', () => {
  const findAfter = async (...answers: ((response: ServerResponse) => unknown)[]) => {
    const { catalog, answerOnce, requests } = await openAlone();
    answers.forEach((answer) => answerOnce('/artist', answer));
    const found = await catalog.findArtist(IDS.artist, signal()).catch((thrown: unknown) => thrown);
    return { found, requests };
  };

  it('with status 200 may be an error: no data', async () => {
    expect((await findAfter(json(error(800, 'DataException', 'no data')))).found).toBeNull();
  });

  it('may be an error that is a text', async () => {
    expect((await findAfter(json({ error: 'Not Found' }))).found).toBeNull();
    const { found } = await findAfter(...[1, 2, 3].map(() => json({ error: 'Something else' })));
    expect(found).toBeInstanceOf(UpstreamFailedError);
    expect((found as Error).message).toBe('Deezer refused a request: "Something else" (code 0).');
  });

  it('that refuses for good is not requested again', async () => {
    for (const [code, message] of [
      [200, 'An active access token must be used'],
      [300, 'Invalid OAuth access token.'],
      [500, 'Wrong parameter'],
      [100, 'Too many items'],
    ] as const) {
      const { found, requests } = await findAfter(json(error(code, 'Exception', message)));
      expect(found).toMatchObject({ code: 'UPSTREAM_FAILED', retryable: false });
      expect((found as Error).message).toContain(message);
      expect(requests).toHaveLength(1);
    }
  });

  it('that it is busy is requested again', async () => {
    const { found, requests } = await findAfter(json(error(700, 'ServiceBusy', 'Service busy')));
    expect(found).toMatchObject({ name: 'Kelp & Lantern' });
    expect(requests).toHaveLength(2);
  });

  it.each([
    ['HTML', '<!doctype html><title>Maintenance</title>'],
    ['cut JSON', '{"id":501,"name":"Kel'],
    ['nothing', ''],
    ['a number', '7'],
    ['null', 'null'],
  ])('may be %s in place of JSON, and is requested again', async (_what, body) => {
    const once = await findAfter((response) => response.end(body));
    expect(once.found).toMatchObject({ name: 'Kelp & Lantern' });
    const always = await findAfter(...[1, 2, 3].map(() => (response: ServerResponse) => response.end(body)));
    expect(always.found).toBeInstanceOf(UpstreamFailedError);
    expect((always.found as Error).message).toMatch(
      /^Deezer sent something else than JSON \(status 200\)\.$/,
    );
  });

  it('may lack fields, or have them null or of another type', async () => {
    const strange = {
      id: '501',
      name: 'Kelp & Lantern',
      link: 7,
      picture_xl: null,
      picture_big: 'javascript:alert(1)',
      picture_medium: {},
    };
    expect((await findAfter(json(strange))).found).toEqual({
      type: 'ARTIST',
      id: 'deezer:501',
      name: 'Kelp & Lantern',
      genres: [],
      images: [],
      url: null,
    });
    const { found } = await findAfter(json({ id: 501, name: null }));
    expect((found as Error).message).toBe('Deezer sent "/artist/501" in a form that cannot be read.');
  });

  it('may have rows that cannot be read', async () => {
    const { catalog, answerOnce } = await openAlone();
    answerOnce('/search', json({ data: [null, 7, { id: 1 }, { id: 2, title: 'Fine' }], total: '4' }));
    const { items, total } = await catalog.search({ text: 'x', type: 'TRACK', ...all }, signal());
    expect(items).toMatchObject([
      { id: 'deezer:2', title: 'Fine', artists: [], album: null, durationMs: null },
    ]);
    expect(total).toBe(4);
  });

  it('of fewer rows than requested is followed to where the next ones are', async () => {
    const { catalog, answerOnce, url } = await openAlone();
    const rows = (...ids: number[]) => ids.map((id) => ({ id, title: `Track ${id}` }));
    answerOnce('/search', json({ data: rows(1, 2), total: 5, next: `${url}/search/track?q=x&index=3` }));
    answerOnce('/search', json({ data: rows(4, 5), total: 5 }));
    const { items } = await catalog.search({ text: 'x', type: 'TRACK', ...all }, signal());
    expect(items.map(({ id }) => id)).toEqual(['deezer:1', 'deezer:2', 'deezer:4', 'deezer:5']);
  });
});

describe('Deezer while it is down', () => {
  it('is stood in for by what was cached', async () => {
    let isDown = false;
    const real = await startDeezerServer();
    onTestFinished(() => real.stop());
    const front = await serve((request, response) => {
      if (isDown) return void response.destroy();
      void fetch(`${real.url}${request.url}`).then(async (answer) => response.end(await answer.text()));
    });
    const opened = await openDeezer(front, withoutLimits);
    onTestFinished(() => opened.close());
    let hours = 0;
    const clock = { now: () => new Date(Date.now() + hours * 3_600_000) };
    const cache = createCatalogCache({ db: opened.db, clock, log: createLogger('silent') });
    const catalog = createCachedCatalog(opened.catalog, cache);
    const query = { text: 'slow', type: 'TRACK' as const, offset: 0, limit: 5 };
    const before = await catalog.search(query, signal());
    isDown = true;
    hours = 48;
    const { items, total } = await catalog.search(query, signal());
    expect(items.map(({ asOf: _, ...item }) => item)).toEqual(before.items);
    expect(total).toBe(before.total);
    // Its age is counted from when it was read.
    for (const { asOf = '' } of items)
      expect(Date.parse(asOf)).toBeLessThan(clock.now().getTime() - 47 * 3_600_000);
    expect(await errorOf(catalog.search({ ...query, text: 'other' }, signal()))).toBeInstanceOf(
      UpstreamFailedError,
    );
  });
});

/** Real answers, where a checkout has them beside it: lists of `{ uri, status, body }`. */
const RECORDINGS = resolve(process.env['RECORDED_ANSWERS'] ?? '../shared/recorded', 'deezer');

interface Recorded {
  uri: string;
  status: number;
  body: unknown;
}

const KINDS: Record<string, { schema: z.ZodType<{ id: string }>; convert: (item: never) => CatalogItem }> = {
  track: { schema: trackRowSchema, convert: (item) => toTrack(item) },
  album: { schema: albumSchema, convert: (item) => toAlbum(item) },
  artist: { schema: artistSchema, convert: toArtist },
  playlist: { schema: playlistSchema, convert: toPlaylist },
  podcast: { schema: podcastSchema, convert: (item) => toShow(item, 0) },
  episode: { schema: episodeSchema, convert: (item) => toEpisode(item, null) },
};

describe.skipIf(!existsSync(RECORDINGS))('recorded answers of Deezer', () => {
  const recorded = () =>
    readdirSync(RECORDINGS).flatMap(
      (file) => JSON.parse(readFileSync(join(RECORDINGS, file), 'utf8')) as Recorded[],
    );
  const bodyOf = ({ body }: Recorded) =>
    (typeof body === 'string' ? JSON.parse(body) : body) as Record<string, unknown>;
  const itemsOf = (answer: Recorded) => {
    const body = bodyOf(answer);
    const list = 'data' in body ? body['data'] : [body];
    return 'error' in body ? [] : (list as Record<string, unknown>[]);
  };

  it('are items that can be read, each with its name, or errors', () => {
    let items = 0;
    for (const answer of recorded()) {
      if ('error' in bodyOf(answer)) expect(errorSchema.safeParse(bodyOf(answer)).success).toBe(true);
      for (const item of itemsOf(answer)) {
        const { schema, convert } = KINDS[String(item['type'])] ?? {};
        const parsed = schema?.parse(item);
        const converted = convert?.(parsed as never);
        expect(catalogItemSchema.parse(converted)).toEqual(converted);
        expect(converted?.id).toBe(`deezer:${String(item['id'])}`);
        items++;
      }
    }
    expect(items).toBeGreaterThan(100);
  });

  it('lose only what has no place in an item', () => {
    const lost = new Map<string, Set<string>>();
    for (const item of recorded().flatMap(itemsOf)) {
      const type = String(item['type']);
      const known = KINDS[type]?.schema.parse(item) ?? {};
      const names = Object.keys(item).filter((name) => !(name in known));
      lost.set(type, new Set([...(lost.get(type) ?? []), ...names]));
    }
    const listed = [...lost].map(([type, names]) => `${type}: ${[...names].sort().join(' ')}`).sort();
    expect(listed).toMatchInlineSnapshot(`
      [
        "album: available cover duration explicit_content_cover explicit_content_lyrics explicit_lyrics fans genre_id md5_image rating share tracklist tracks type",
        "artist: nb_album nb_fan picture radio share tracklist type",
        "episode: available picture share type",
        "playlist: collaborative creation_date duration fans is_loved_track md5_image picture picture_type public share tracklist tracks type",
        "podcast: available fans picture rating share type",
        "track: available_countries bpm explicit_content_cover explicit_content_lyrics gain md5_image preview rank release_date share title_short title_version type",
      ]
    `);
  });
});
