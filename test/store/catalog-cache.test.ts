import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createCachedCatalog } from '../../src/catalog/cached-catalog.js';
import { saveResponse } from '../../src/catalog/catalog-cache-store.js';
import { createCatalogCache } from '../../src/catalog/catalog-cache.js';
import type { Playlist } from '../../src/catalog/catalog-item.js';
import type { CatalogSource } from '../../src/catalog/catalog-source.js';
import { pruneCatalogCache } from '../../src/catalog/prune-catalog-cache.job.js';
import type { Logger } from '../../src/lib/logger.js';
import { UpstreamFailedError, UpstreamLimitedError } from '../../src/lib/errors.js';
import { createDatabase, type DatabaseConnection } from '../../src/database/prisma.js';
import { never, silentLog } from '../kit/audio.js';
import { makeAlbum, makeArtist, makePlaylist, makeShow, makeTrack } from '../kit/catalog-items.js';
import { createTestDatabase, type TestDatabase } from '../kit/database.js';
import { createDistantCatalog, type DistantCatalog } from '../kit/distant-catalog.js';
import { countQueries } from '../kit/library.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

let database: TestDatabase;
let connection: DatabaseConnection;
let now: number;
let warnings: object[];
let provider = 'far';
let far: DistantCatalog;
let playlist: Playlist;
let catalog: CatalogSource;

beforeAll(async () => {
  database = await createTestDatabase();
  connection = createDatabase({ url: database.url, log: silentLog });
});
afterAll(async () => {
  await connection.close();
  await database.drop();
});

/** As another process would have it: with the same database and nothing else in common. */
function inAnotherProcess(db = connection.db): CatalogSource {
  const log = Object.assign(Object.create(silentLog) as Logger, {
    warn: (facts: object) => void warnings.push(facts),
  });
  const clock = { now: () => new Date(now) };
  return createCachedCatalog(far.source, createCatalogCache({ db, clock, log }));
}

beforeEach(() => {
  now = Date.parse('2026-03-01T12:00:00Z');
  warnings = [];
  // A separate catalog for each test, so that no test finds another's responses.
  provider += 'r';
  playlist = makePlaylist('far:list', { revision: 'one' });
  far = createDistantCatalog(provider, {
    search: ({ text }) =>
      Promise.resolve({ items: text === 'nothing' ? [] : [makeTrack('far:1', { title: text })], total: 1 }),
    findTrack: (id) => Promise.resolve(id.endsWith('missing') ? null : makeTrack(id)),
    findAlbum: (id) => Promise.resolve(makeAlbum(id, { title: 'A \0 title \ud800 of 🌊' })),
    findArtist: (id) => Promise.resolve(makeArtist(id)),
    findPlaylist: () => Promise.resolve(playlist),
    listAlbumTracks: (id) => Promise.resolve({ items: [makeTrack(`${id}-1`)], total: 1 }),
    listPlaylistEntries: () =>
      Promise.resolve({
        items: [{ track: null, trackId: 'far:gone', addedAt: playlist.revision }],
        total: 1,
      }),
    listArtistAlbums: (id) => Promise.resolve({ items: [makeAlbum(`${id}-1`)], total: 1 }),
  });
  catalog = inAnotherProcess();
});

const FIRST = { offset: 0, limit: 20 };

/** As version 1 of the schemas wrote it. */
async function store(request: string, value: object): Promise<void> {
  const key = `${provider} 1 ${request}`;
  await saveResponse(connection.db, { key, value: JSON.stringify(value), fetchedAt: new Date(now) });
}

describe('a network catalog', () => {
  it('is requested once for 20 concurrent callers, and not for later ones', async () => {
    const all = await Promise.all(Array.from({ length: 20 }, () => catalog.findTrack('far:1', never)));
    expect(all).toEqual(Array.from({ length: 20 }, () => makeTrack('far:1')));
    expect(await catalog.findTrack('far:1', never)).toEqual(makeTrack('far:1'));
    expect(await inAnotherProcess().findTrack('far:1', never)).toEqual(makeTrack('far:1'));
    expect(far.calls).toEqual(['findTrack far:1']);
  });

  it('is requested once for each page, each search and each choice of groups', async () => {
    const questions = [
      () => catalog.search({ text: 'Sea', type: 'TRACK', ...FIRST }, never),
      () => catalog.search({ text: 'Sea', type: 'ALBUM', ...FIRST }, never),
      () => catalog.search({ text: 'Sea', type: 'TRACK', offset: 20, limit: 20 }, never),
      () => catalog.search({ text: 'nothing', type: 'TRACK', ...FIRST }, never),
      () => catalog.search({ text: '\0 \ud800 🌊 "%', type: 'TRACK', ...FIRST }, never),
      () => catalog.listAlbumTracks('far:a', FIRST, never),
      () => catalog.listAlbumTracks('far:a', { offset: 20, limit: 20 }, never),
      () => catalog.listArtistAlbums('far:b', { ...FIRST, groups: ['ALBUM', 'SINGLE'] }, never),
      () => catalog.listArtistAlbums('far:b', { ...FIRST, groups: ['ALBUM'] }, never),
      () => catalog.findAlbum('far:a', never),
      () => catalog.findArtist('far:a', never),
      () => catalog.findShow('far:a', never),
      () => catalog.findEpisode('far:a', never),
      () => catalog.listShowEpisodes('far:a', FIRST, never),
    ];
    const first = await Promise.all(questions.map((ask) => ask()));
    expect(far.calls).toHaveLength(questions.length);
    const again = await Promise.all(questions.map((ask) => ask()));
    expect(again).toEqual(first);
    await catalog.listArtistAlbums('far:b', { limit: 20, offset: 0, groups: ['SINGLE', 'ALBUM'] }, never);
    expect(far.calls).toHaveLength(questions.length);
    expect(warnings).toEqual([]);
  });

  it.each<[string, number, (from: CatalogSource) => Promise<unknown>]>([
    ['a track after a day', DAY, (from) => from.findTrack('far:1', never)],
    ['an album after a day', DAY, (from) => from.findAlbum('far:1', never)],
    ['an artist after a day', DAY, (from) => from.findArtist('far:1', never)],
    ['the tracks of an album after a day', DAY, (from) => from.listAlbumTracks('far:1', FIRST, never)],
    [
      'the albums of an artist after an hour',
      HOUR,
      (from) => from.listArtistAlbums('far:1', { ...FIRST, groups: ['ALBUM'] }, never),
    ],
    ['a search after an hour', HOUR, (from) => from.search({ text: 'x', type: 'SHOW', ...FIRST }, never)],
    ['a playlist after five minutes', 5 * MINUTE, (from) => from.findPlaylist('far:1', never)],
    ['what it did not have after a minute', MINUTE, (from) => from.findTrack('far:missing', never)],
  ])('is requested again for %s, once', async (_what, ageMs, ask) => {
    await ask(catalog);
    now += ageMs - 1;
    await ask(catalog);
    expect(far.calls).toHaveLength(1);
    now += 1;
    await Promise.all(Array.from({ length: 20 }, () => ask(catalog)));
    await ask(catalog);
    expect(far.calls).toHaveLength(2);
  });

  it('is requested again for a response cached by a clock that was ahead', async () => {
    now += 30 * DAY;
    await catalog.findTrack('far:1', never);
    now -= 30 * DAY;
    await catalog.findTrack('far:1', never);
    await catalog.findTrack('far:1', never);
    expect(far.calls).toHaveLength(2);
  });

  it('is requested again for a playlist’s entries as soon as the playlist has changed', async () => {
    const addedAt = async () => {
      const { items } = await catalog.listPlaylistEntries('far:list', FIRST, never);
      return items[0]?.addedAt;
    };
    expect(await addedAt()).toBe('one');
    playlist = { ...playlist, revision: 'two' };
    expect(await addedAt()).toBe('one');
    now += 5 * MINUTE;
    expect(await addedAt()).toBe('two');
    now += 5 * MINUTE;
    expect(await addedAt()).toBe('two');
    expect(far.calls.filter((call) => call.startsWith('listPlaylistEntries'))).toHaveLength(2);
  });

  it('is requested again after it failed or limited us, and that response is cached', async () => {
    for (const thrown of [
      new UpstreamFailedError('broken'),
      new UpstreamLimitedError('far', 5_000),
      new TypeError('a bug'),
    ]) {
      far.failWith(thrown);
      await expect(catalog.findTrack('far:1', never)).rejects.toBe(thrown);
    }
    far.failWith(null);
    expect(await catalog.findTrack('far:1', never)).toEqual(makeTrack('far:1'));
    expect(await catalog.findTrack('far:1', never)).toEqual(makeTrack('far:1'));
    expect(far.calls).toHaveLength(4);
    expect(warnings).toEqual([]);
  });

  it.each([new UpstreamFailedError('It is down.'), new UpstreamLimitedError('far', 60_000)])(
    'is replaced by its cached response while it fails or limits us, which is logged: %s',
    async (thrown) => {
      await catalog.findTrack('far:1', never);
      now += 2 * DAY;
      far.failWith(thrown);
      const asOf = '2026-03-01T12:00:00.000Z';
      expect(await catalog.findTrack('far:1', never)).toEqual({ ...makeTrack('far:1'), asOf });
      expect(warnings).toEqual([
        {
          key: `${provider} 1 findTrack ["far:1"]`,
          fetchedAt: new Date('2026-03-01T12:00:00Z'),
          code: thrown.code,
          message: thrown.message,
        },
      ]);
      far.failWith(null);
      await catalog.findTrack('far:1', never);
      await catalog.findTrack('far:1', never);
      expect(far.calls).toHaveLength(3);
    },
  );

  it('is replaced by responses of earlier versions, in which unknown values were 0 or empty', async () => {
    far.failWith(new UpstreamFailedError('It is down.'));
    const entry = { track: makeTrack('far:1'), addedAt: null };
    await store('findTrack ["far:1"]', { ...makeTrack('far:1'), durationMs: 0 });
    await store('findShow ["far:show"]', { ...makeShow('far:show'), publisher: '' });
    await store('findPlaylist ["far:list"]', playlist);
    await store('listPlaylistEntries ["far:list","one",0,20]', { items: [entry], total: 1 });
    expect(await catalog.findTrack('far:1', never)).toEqual(makeTrack('far:1', { durationMs: null }));
    expect(await catalog.findShow('far:show', never)).toEqual(makeShow('far:show', { publisher: null }));
    expect((await catalog.listPlaylistEntries('far:list', FIRST, never)).items).toEqual([
      { ...entry, trackId: null },
    ]);
  });

  it('is not replaced by the cache for a missing item or a bug of ours', async () => {
    await catalog.findTrack('far:missing', never);
    await catalog.findTrack('far:1', never);
    now += 2 * DAY;
    far.failWith(new UpstreamFailedError('It is down.'));
    await expect(catalog.findTrack('far:missing', never)).rejects.toThrow('It is down.');
    far.failWith(new TypeError('a bug'));
    await expect(catalog.findTrack('far:1', never)).rejects.toThrow('a bug');
  });

  it('is requested at most once by each of several processes at once, and not again later', async () => {
    const release = far.hold();
    const processes = [inAnotherProcess(), inAnotherProcess(), inAnotherProcess()];
    const asked = processes.flatMap((each) =>
      Array.from({ length: 10 }, () => each.findArtist('far:1', never)),
    );
    release();
    expect(await Promise.all(asked)).toEqual(Array.from({ length: 30 }, () => makeArtist('far:1')));
    expect(far.calls.length).toBeLessThanOrEqual(3);
    const calls = far.calls.length;
    await Promise.all([...processes, inAnotherProcess()].map((each) => each.findArtist('far:1', never)));
    expect(far.calls).toHaveLength(calls);
  });

  it('continues for the remaining callers when one leaves, and is aborted when all have', async () => {
    const release = far.hold();
    const [one, other] = [new AbortController(), new AbortController()];
    const left = catalog.findTrack('far:1', one.signal);
    const stayed = catalog.findTrack('far:1', never);
    one.abort(new Error('left'));
    await expect(left).rejects.toThrow('left');
    release();
    expect(await stayed).toEqual(makeTrack('far:1'));
    expect(far.aborted).toEqual([]);

    const letGo = far.hold();
    const alone = catalog.findTrack('far:2', other.signal);
    await expect.poll(() => far.calls).toHaveLength(2);
    other.abort(new Error('left'));
    await expect(alone).rejects.toThrow('left');
    expect(far.aborted).toEqual(['findTrack far:2']);
    letGo();
    expect(await catalog.findTrack('far:2', never)).toEqual(makeTrack('far:2'));
  });

  it('returns responses that cannot be cached', async () => {
    const text = randomBytes(8_000).toString('hex');
    const question = { text, type: 'TRACK' as const, ...FIRST };
    expect((await catalog.search(question, never)).total).toBe(1);
    expect(warnings).toHaveLength(1);
  });

  it('is looked up in one query for a hundred items requested at once', async () => {
    const ids = Array.from({ length: 100 }, (_, at) => `far:${at}`);
    await Promise.all(ids.map((id) => catalog.findArtist(id, never)));
    const queries = await countQueries(database.url, async (db) => {
      const elsewhere = inAnotherProcess(db);
      const found = await Promise.all([...ids, ...ids].map((id) => elsewhere.findArtist(id, never)));
      expect(found.map((artist) => artist?.id)).toEqual([...ids, ...ids]);
    });
    expect(queries).toBe(1);
    expect(far.calls).toHaveLength(100);
  });
});

describe('old responses', () => {
  const prune = () => {
    const deps = { db: connection.db, log: silentLog, clock: { now: () => new Date(now) } };
    return pruneCatalogCache(deps, { signal: never });
  };
  /** One a second, the youngest `ageMs` old. */
  const fill = (name: string, count: number, ageMs: number) => connection.db.$executeRaw`
    INSERT INTO "CatalogCacheEntry" ("key", "value", "fetchedAt")
    SELECT ${name} || n, 'null', ${new Date(now - ageMs)}::timestamptz - n * interval '1 second'
    FROM generate_series(0, ${count}::int - 1) AS n`;
  const left = () => connection.db.catalogCacheEntry.findMany({ orderBy: { fetchedAt: 'desc' } });

  beforeEach(async () => {
    await connection.db.catalogCacheEntry.deleteMany();
  });

  it('are deleted after a week, in batches, also by two at once, and the others stay', async () => {
    await fill('old ', 2_500, 7 * DAY);
    await fill('nearly old', 1, 7 * DAY - 1);
    await fill('young', 1, 0);
    const deleted = await Promise.all([prune(), prune()]);
    expect(deleted.reduce((sum, each) => sum + each)).toBe(2_500);
    expect((await left()).map(({ key }) => key)).toEqual(['young0', 'nearly old0']);
  });

  it('are deleted earlier when there are more than a hundred thousand', async () => {
    await fill('', 100_002, 0);
    expect(await prune()).toBe(2);
    expect((await left()).at(-1)?.key).toBe('99999');
    expect(await prune()).toBe(0);
  });
});
