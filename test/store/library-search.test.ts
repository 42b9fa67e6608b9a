import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AlbumGroup } from '../../src/catalog/catalog-item.js';
import { toLibraryFile, toUnreadableFile } from '../../src/library/library-file.js';
import type { LibraryIndex } from '../../src/library/library-store.js';
import { createLibraryIndex } from '../../src/library/library-store.js';
import type { RawTags } from '../../src/library/raw-tags.js';
import { createDatabase, type DatabaseConnection } from '../../src/database/prisma.js';
import { silentLog } from '../kit/audio.js';
import { createTestDatabase, type TestDatabase } from '../kit/database.js';
import { countQueries, indexFiles } from '../kit/library.js';
import { makeFoundFile, makeRawTags } from '../kit/raw-tags.js';

const NOW = new Date('2026-01-02T03:04:05.678Z');
const ALL: AlbumGroup[] = ['ALBUM', 'SINGLE', 'COMPILATION', 'APPEARS_ON'];
const FIRST = { offset: 0, limit: 20 };

let database: TestDatabase;
let connection: DatabaseConnection;
let index: LibraryIndex;

function record(relative: string, tags: Partial<RawTags> = {}) {
  const found = makeFoundFile(relative, { sizeBytes: 5_000_000_000n, modifiedAt: NOW });
  if (tags.codec === 'broken') return toUnreadableFile(found, 'broken', NOW);
  return toLibraryFile(found, makeRawTags({ bitrateKbps: 128, durationMs: 200_000, ...tags }), NOW);
}

const RECORDS = [
  record('Björk/Début/02 - Human Behaviour.flac', { genres: ['Pop'] }),
  record('Björk/Début/01 - Venus as a Boy.flac', { genres: ['Electronic'] }),
  record('Björk/Live/01 - Venus as a Boy (Live).flac'),
  record('Mix/1.mp3', { title: 'Duet', artists: ['Björk', 'Mira'], album: 'Mixed', isrc: 'USRC17607839' }),
  record('Mix/2.mp3', { title: 'Solo', artists: ['Mira'], album: 'Mixed' }),
  record('hits/1.mp3', { title: 'Hit', artists: ['Mira'], album: 'Hits', albumArtist: 'Various Artists' }),
  record('Nox/Boy/1-02 - B.mp3'),
  record('Nox/Boy/1-01 - A.mp3'),
  record('Nox/Boy/2-01 - C.mp3', { date: '2001-02-03' }),
  record('Nox - Loose.mp3'),
  record('nobody.mp3'),
  record('Nameless/01 - First.mp3'),
  record('percent.mp3', { title: '100% Pure', artists: ['A_B'] }),
  record('broken.mp3', { codec: 'broken' }),
];

beforeAll(async () => {
  database = await createTestDatabase();
  connection = createDatabase({ url: database.url, log: silentLog });
  await indexFiles(connection.db, RECORDS);
  index = createLibraryIndex(connection.db);
});

afterAll(async () => {
  await connection.close();
  await database.drop();
});

const tracks = async (text: string) =>
  (await index.searchTracks(text, FIRST)).items.map(({ file }) => file.title);
const albums = async (text: string) =>
  (await index.searchAlbums(text, FIRST)).items.map(({ title }) => title);
const artists = async (text: string) =>
  (await index.searchArtists(text, FIRST)).items.map(({ name }) => name);
const artistId = async (name: string) => (await index.searchArtists(name, FIRST)).items[0]?.id ?? '';
const albumId = async (title: string) => (await index.searchAlbums(title, FIRST)).items[0]?.id ?? '';

it('stores every field as it was given', async () => {
  const stored = await connection.db.libraryFile.findMany();
  const byId = new Map(stored.map((file) => [file.id, file]));
  for (const file of RECORDS) {
    const albumId = byId.get(file.id)?.albumId ?? null;
    expect(byId.get(file.id)).toEqual({ ...file, albumId, grouped: true });
  }
});

describe('a search for tracks', () => {
  it.each([
    ['venus', ['Venus as a Boy', 'Venus as a Boy (Live)']],
    ['VÉNUS boy', ['Venus as a Boy', 'Venus as a Boy (Live)']],
    ['bjork debut', ['Human Behaviour', 'Venus as a Boy']],
    ['debut human', ['Human Behaviour']],
    ['mira', ['Duet', 'Solo', 'Hit']],
    ['venus mira', []],
    ['100%', ['100% Pure']],
    ['%', []],
    ['pure a_b', ['100% Pure']],
    ["x'; DROP TABLE", []],
    ['broken', []],
  ])('for %j finds %j', async (text, expected) => {
    expect((await tracks(text)).sort()).toEqual([...expected].sort());
  });

  it('puts the very title first, then titles, then the rest', async () => {
    expect(await tracks('boy')).toEqual(['Venus as a Boy', 'Venus as a Boy (Live)', 'A', 'B', 'C']);
    expect((await tracks('Venus as a Boy (Remastered)'))[0]).toBeUndefined();
    expect((await tracks('c'))[0]).toBe('C');
  });

  it('finds all without words, in pages with the total', async () => {
    const pages = await Promise.all(
      [0, 5, 10, 15].map((offset) => index.searchTracks(' ', { offset, limit: 5 })),
    );
    expect(pages.map((page) => [page.items.length, page.total])).toEqual([
      [5, 13],
      [5, 13],
      [3, 13],
      [0, 13],
    ]);
    expect(new Set(pages.flatMap((page) => page.items.map(({ file }) => file.id))).size).toBe(13);
  });

  it('makes three database calls, however many are found', async () => {
    for (const limit of [1, 20]) {
      const queries = await countQueries(database.url, (db) =>
        createLibraryIndex(db).searchTracks('boy', { offset: 0, limit }),
      );
      expect(queries).toBe(3);
    }
  });

  it('brings the album with its counts', async () => {
    const [found] = (await index.searchTracks('nox boy', FIRST)).items;
    expect(found?.album).toMatchObject({
      title: 'Boy',
      artistName: 'Nox',
      group: 'ALBUM',
      trackTotal: 3,
      discTotal: 2,
      releaseDate: '2001-02-03',
    });
    const [loose] = (await index.searchTracks('loose', FIRST)).items;
    expect(loose).toMatchObject({ album: null, file: { sizeBytes: 5_000_000_000n, modifiedAt: NOW } });
  });
});

describe('a search for albums', () => {
  it.each([
    ['', ['Boy', 'Début', 'Hits', 'Live', 'Mixed', 'Nameless']],
    ['boy', ['Boy']],
    ['bjork', ['Début', 'Live', 'Mixed']],
    ['mira', ['Mixed']],
    ['venus', []],
    ['various', ['Hits', 'Mixed']],
  ])('for %j finds %j', async (text, expected) => {
    expect((await albums(text)).sort()).toEqual(expected);
  });

  it('knows pages and totals, with two queries', async () => {
    expect(await index.searchAlbums('', { offset: 4, limit: 4 })).toMatchObject({
      total: 6,
      items: [{}, {}],
    });
    expect(await index.searchAlbums('', { offset: 9, limit: 4 })).toEqual({ total: 6, items: [] });
    expect(await countQueries(database.url, (db) => createLibraryIndex(db).searchAlbums('', FIRST))).toBe(2);
  });

  it('names various artists when nothing else does', async () => {
    const [mixed] = (await index.searchAlbums('mixed', FIRST)).items;
    expect(mixed).toMatchObject({ artistName: 'Various Artists', group: 'COMPILATION' });
    expect(await index.findArtist(mixed?.artistId ?? '')).toMatchObject({ name: 'Various Artists' });
    const [nameless] = (await index.searchAlbums('nameless', FIRST)).items;
    expect(nameless).toMatchObject({ artistName: '', artistId: '', group: 'ALBUM' });
  });

  it('gathers genres', async () => {
    const [debut] = (await index.searchAlbums('debut', FIRST)).items;
    expect(debut?.genres).toEqual(['Electronic', 'Pop']);
  });
});

describe('a search for artists', () => {
  it.each([
    ['', ['A_B', 'Björk', 'Mira', 'Nox', 'Various Artists']],
    ['BJÖRK', ['Björk']],
    ['mira', ['Mira']],
    ['venus', []],
    ['bjork mira', []],
  ])('for %j finds %j', async (text, expected) => {
    expect((await artists(text)).sort()).toEqual(expected);
  });

  it('knows pages and totals, with two queries', async () => {
    expect(await index.searchArtists('', { offset: 3, limit: 3 })).toMatchObject({
      total: 5,
      items: [{}, {}],
    });
    expect(await countQueries(database.url, (db) => createLibraryIndex(db).searchArtists('', FIRST))).toBe(2);
  });
});

describe('by id', () => {
  it('finds items requested at the same moment in one batch of any size', async () => {
    const { items } = await index.searchTracks('', { offset: 0, limit: 100 });
    const ids = items.flatMap(({ file }) => file.id);
    const queries = await countQueries(database.url, async (db) => {
      const own = createLibraryIndex(db);
      const credits = items.flatMap(({ file }) => file.artistIds);
      const [tracks, albums, artists] = await Promise.all([
        Promise.all([...ids, 'library:none', ...ids].map((id) => own.findTrack(id))),
        Promise.all(items.map(({ album }) => own.findAlbum(album?.id ?? 'library:none'))),
        Promise.all(credits.map((id) => own.findArtist(id))),
      ]);
      expect(tracks.map((track) => track?.file.id ?? null)).toEqual([...ids, null, ...ids]);
      expect(albums.map((album) => album?.title)).toEqual(items.map(({ album }) => album?.title));
      expect(artists.map((artist) => artist?.id)).toEqual(credits);
    });
    expect(queries).toBe(4);
  });

  it('finds tracks, albums and artists, and nothing for an unknown id', async () => {
    const [track] = (await index.searchTracks('duet', FIRST)).items;
    expect(await index.findTrack(track?.file.id ?? '')).toEqual(track);
    expect(await index.findArtist(await artistId('bjork'))).toMatchObject({ name: 'Björk' });
    expect(await index.findAlbum(await albumId('debut'))).toMatchObject({ title: 'Début', trackTotal: 2 });
    for (const id of ['library:none', '', 'demo:1', "library:'", await artistId('bjork')]) {
      expect([await index.findTrack(id), await index.findAlbum(id)]).toEqual([null, null]);
    }
    expect(await index.findArtist('library:none')).toBeNull();
  });

  it('does not find a file that cannot be read', async () => {
    expect(await index.findTrack(RECORDS.at(-1)?.id ?? '')).toBeNull();
  });

  it('lists an album in its order, with the total', async () => {
    const page = await index.listAlbumTracks(await albumId('boy'), { offset: 1, limit: 5 });
    expect(page.items.map(({ file }) => file.title)).toEqual(['B', 'C']);
    expect(page.total).toBe(3);
  });

  it('lists the albums of an artist by what they are to the artist', async () => {
    const list = async (name: string, groups: AlbumGroup[]) => {
      const page = await index.listArtistAlbums(await artistId(name), { ...FIRST, groups });
      expect(page.total).toBe(page.items.length);
      return page.items.map(({ title, group }) => `${title}: ${group}`);
    };
    expect(await list('nox', ALL)).toEqual(['Boy: ALBUM', 'Loose: SINGLE']);
    expect(await list('nox', ['SINGLE'])).toEqual(['Loose: SINGLE']);
    expect(await list('bjork', ['ALBUM'])).toEqual(['Début: ALBUM', 'Live: ALBUM']);
    expect(await list('mira', ALL)).toEqual(['Hits: APPEARS_ON', 'Mixed: APPEARS_ON']);
    expect(await list('various artists', ALL)).toEqual(['Hits: COMPILATION']);
    expect(await list('bjork', [])).toEqual([]);
  });

  it('finds a loose track through its single', async () => {
    const { items } = await index.listArtistAlbums(await artistId('nox'), { ...FIRST, groups: ['SINGLE'] });
    const id = items[0]?.id ?? '';
    expect(await index.findAlbum(id)).toMatchObject({ title: 'Loose', trackTotal: 1 });
    expect((await index.listAlbumTracks(id, FIRST)).items).toMatchObject([
      { file: { title: 'Loose' }, album: null },
    ]);
  });
});

describe('candidates for a track of another catalog', () => {
  it.each([
    ['an ISRC', { title: 'X', isrc: 'USRC17607839', durationMs: 1 }, ['Duet']],
    [
      'a title',
      { title: 'VENUS AS A BOY - Remastered', isrc: null, durationMs: 203_000 },
      ['Venus as a Boy'],
    ],
    ['a title of quite another length', { title: 'Venus as a Boy', isrc: null, durationMs: 100_000 }, []],
    ['an ISRC without a length', { title: 'X', isrc: 'USRC17607839', durationMs: null }, ['Duet']],
    ['a title without a length', { title: 'Venus as a Boy', isrc: null, durationMs: null }, []],
    ['either', { title: 'Solo', isrc: 'USRC17607839', durationMs: 200_000 }, ['Duet', 'Solo']],
  ])('are found by %s', async (_, wanted, expected) => {
    const found = await index.listCandidates(wanted);
    expect(found.map((file) => file.title).sort()).toEqual(expected);
  });
});
