import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDatabase, type DatabaseConnection } from '../../src/database/prisma.js';
import { toLibraryFile } from '../../src/library/library-file.js';
import { createLibraryIndex, type LibraryIndex } from '../../src/library/library-store.js';
import { silentLog } from '../kit/audio.js';
import { createTestDatabase, type TestDatabase } from '../kit/database.js';
import { indexFiles } from '../kit/library.js';
import { makeFoundFile, makeRawTags } from '../kit/raw-tags.js';

/* What people search for in their own music, and what they mean. A row that is here once stays right. */

const NOW = new Date('2026-01-02T03:04:05Z');
const FIRST = { offset: 0, limit: 50 };

/** Album artist, album, titles. */
const MUSIC: [artist: string, album: string, titles: string[]][] = [
  ['Rainer Holt', 'Afterglow', ['Some A', 'Rain']],
  ['Zed Quay', 'Rain', ['Some B', 'Purple Rain']],
  ['Zed Quay', 'Rainbow', ['Terrain']],
  ['Quiet', 'Rain Dogs', ['Rain Song', 'Raining']],
  ['Rain', 'Zebra', ['Stripes']],
  ['M', 'Y', ['X', 'Mix']],
  ['Ed', '÷', ['Shape']],
  ['Ed', '÷ (Deluxe)', ['Shape of It']],
  ['!!!', 'Louden Up', ['Pardon']],
  ['The Beatles', 'Help', ['Yesterday']],
  ['Beatles Cover Band', 'Songs', ['Help']],
  ['AC/DC', 'Back', ['Hells']],
  ['Earth, Wind & Fire', 'Spirit', ['Getaway']],
  ['灯台守', '夜の船', ['海']],
  ['Sigur Rós', '( )', ['Vaka']],
  ['100 gecs', '1000', ['money']],
];

let database: TestDatabase;
let connection: DatabaseConnection;
let index: LibraryIndex;

beforeAll(async () => {
  database = await createTestDatabase();
  connection = createDatabase({ url: database.url, log: silentLog });
  const files = MUSIC.flatMap(([artist, album, titles], at) =>
    titles.map((title, number) => {
      const tags = { title, artists: [artist], albumArtist: artist, album, trackNumber: number + 1 };
      return toLibraryFile(makeFoundFile(`${at}/${number}.mp3`), makeRawTags(tags), NOW);
    }),
  );
  await indexFiles(connection.db, files);
  index = createLibraryIndex(connection.db);
});
afterAll(async () => {
  await connection?.close();
  await database?.drop();
});

describe('albums, the best first', () => {
  it.each([
    ['Rain', ['Rain', 'Rain Dogs', 'Rainbow', 'Zebra', 'Afterglow']],
    ['rain dogs', ['Rain Dogs']],
    ['dogs rain', ['Rain Dogs']],
    ['rain zed', ['Rain', 'Rainbow']],
    ['÷', ['÷', '÷ (Deluxe)']],
    ['÷ (deluxe)', ['÷ (Deluxe)']],
    ['( )', ['( )']],
    ['y', ['Y']],
    ['!!!', ['Louden Up']],
    ['ac/dc', ['Back']],
    ['earth, wind & fire', ['Spirit']],
    ['夜', ['夜の船']],
    ['Ed - ÷', ['÷', '÷ (Deluxe)']],
    ['100', ['1000']],
  ])('%s', async (text, expected) => {
    const { items, total } = await index.searchAlbums(text, FIRST);
    expect(items.map(({ title }) => title).slice(0, expected.length)).toEqual(expected);
    if (text !== 'Rain') expect(total).toBe(expected.length);
  });
});

describe('tracks, the best first', () => {
  it.each([
    ['rain', ['Rain', 'Rain Song', 'Raining', 'Purple Rain', 'Terrain', 'Stripes']],
    ['x', ['X']],
    ['m', ['money', 'Mix', 'X']],
    ['help', ['Help', 'Yesterday']],
    ['海', ['海']],
  ])('%s', async (text, expected) => {
    const found = (await index.searchTracks(text, FIRST)).items.map(({ file }) => file.title);
    const places = expected.map((title) => found.indexOf(title));
    expect(places).not.toContain(-1);
    expect(places[0]).toBe(0);
  });

  it('orders exact titles, titles that begin so, words, letters, artists', async () => {
    const found = (await index.searchTracks('rain', FIRST)).items.map(({ file }) => file.title);
    expect(found).toEqual([
      'Rain',
      'Rain Song',
      'Raining',
      'Purple Rain',
      'Terrain',
      'Stripes',
      'Some A',
      'Some B',
    ]);
  });
});

it.each(['\0', 'a\0', '\ud83d', '÷ \0', '%', '_', '\\', "'; --", '🌊', ' \n '])(
  'takes %j for a search',
  async (text) => {
    await expect(index.searchTracks(text, FIRST)).resolves.toBeDefined();
    await expect(index.searchAlbums(text, FIRST)).resolves.toBeDefined();
    await expect(index.searchArtists(text, FIRST)).resolves.toBeDefined();
  },
);

describe('artists, the best first', () => {
  it.each([
    ['rain', ['Rain', 'Rainer Holt']],
    ['m', ['M']],
    ['beatles', ['The Beatles', 'Beatles Cover Band']],
    ['!!!', ['!!!']],
    ['ac dc', ['AC/DC']],
    ['gecs', ['100 gecs']],
    ['rós', ['Sigur Rós']],
    ['', MUSIC.map(([artist]) => artist).filter((name, at, all) => all.indexOf(name) === at)],
  ])('%s', async (text, expected) => {
    const { items } = await index.searchArtists(text, { offset: 0, limit: 50 });
    const names = items.map(({ name }) => name);
    if (text === '') expect(names.sort()).toEqual(expected.sort());
    else expect(names).toEqual(expected);
  });
});
