import { describe, expect, it } from 'vitest';
import {
  artistIdOf,
  toLibraryFile,
  toUnreadableFile,
  type LibraryFile,
} from '../../src/library/library-file.js';
import type { RawTags } from '../../src/library/raw-tags.js';
import { leastOf } from '../kit/least.js';
import { makeFoundFile, makeRawTags } from '../kit/raw-tags.js';

const NOW = new Date('2026-01-02T03:04:05Z');

const record = (relative: string, tags: Partial<RawTags> = {}): LibraryFile =>
  toLibraryFile(makeFoundFile(relative), makeRawTags(tags), NOW);

describe('an untagged file is named by its place', () => {
  it.each<[string, Partial<LibraryFile>]>([
    ['Title.mp3', { title: 'Title', artists: [], album: '', trackNumber: null }],
    ['Artist - Title.mp3', { title: 'Title', artists: ['Artist'], album: '' }],
    ['Artist_-_Some_Title.mp3', { title: 'Some Title', artists: ['Artist'] }],
    ['Artist - Album - Title.mp3', { title: 'Title', artists: ['Artist'], album: 'Album' }],
    [
      'Artist - Album - 03 - Title.mp3',
      { title: 'Title', artists: ['Artist'], album: 'Album', trackNumber: 3 },
    ],
    ['03 - Title.mp3', { title: 'Title', trackNumber: 3 }],
    ['03 Title.mp3', { title: 'Title', trackNumber: 3 }],
    ['3. Title.mp3', { title: 'Title', trackNumber: 3 }],
    ['99 Luftballons.mp3', { title: '99 Luftballons', trackNumber: null }],
    ['1979.mp3', { title: '1979', trackNumber: null }],
    ['2Pac - Changes.mp3', { title: 'Changes', artists: ['2Pac'], trackNumber: null }],
    ['Artist/Title.mp3', { title: 'Title', artists: ['Artist'], album: '' }],
    ['Album/03 - Title.mp3', { title: 'Title', artists: [], album: 'Album', trackNumber: 3 }],
    [
      'Album/03 - Artist - Title.mp3',
      { title: 'Title', artists: ['Artist'], album: 'Album', trackNumber: 3 },
    ],
    [
      'Artist - Album/03 - Title.mp3',
      { title: 'Title', artists: ['Artist'], album: 'Album', trackNumber: 3 },
    ],
    [
      'Artist/Album/03 - Title.mp3',
      { title: 'Title', artists: ['Artist'], albumArtist: 'Artist', album: 'Album', trackNumber: 3 },
    ],
    [
      'Rock/Artist/Album/10 Title.mp3',
      { title: 'Title', artists: ['Artist'], album: 'Album', trackNumber: 10 },
    ],
    ['Artist/Album/03 - Artist - Title.mp3', { title: 'Title', artists: ['Artist'], trackNumber: 3 }],
    ['Artist/Album/03 - Title - Live.mp3', { title: 'Title - Live', artists: ['Artist'], trackNumber: 3 }],
    [
      'Artist/1999 - Album/03.Title.mp3',
      { title: 'Title', album: 'Album', releaseDate: '1999', trackNumber: 3 },
    ],
    ['Artist/Album (1999)/03 Title.mp3', { title: 'Title', album: 'Album', releaseDate: '1999' }],
    [
      'Artist/Artist - 1999 - Album/03 Title.mp3',
      { album: 'Album', releaseDate: '1999', artists: ['Artist'] },
    ],
    ['Artist/1989/03 Title.mp3', { album: '1989', releaseDate: null }],
    [
      'Artist/Album/CD2/03 - Title.mp3',
      { album: 'Album', artists: ['Artist'], discNumber: 2, trackNumber: 3 },
    ],
    ['Artist/Album/Disc 1/1-03 Title.mp3', { title: 'Title', album: 'Album', discNumber: 1, trackNumber: 3 }],
    [
      'Various Artists/Hits/03 - Someone - Title.mp3',
      { title: 'Title', artists: ['Someone'], albumArtist: 'Various Artists', album: 'Hits', trackNumber: 3 },
    ],
    ['Ärtist/Ålbum/03 – Tïtle.mp3', { title: 'Tïtle', artists: ['Ärtist'], album: 'Ålbum', trackNumber: 3 }],
    ['.mp3', { title: '.mp3' }],
    ['A feat. B - Title.mp3', { title: 'Title', artists: ['A', 'B'] }],
  ])('%s', (relative, expected) => {
    expect(record(relative)).toMatchObject(expected);
  });
});

describe('a tagged file', () => {
  it('is named by its tags, whatever its place', () => {
    const file = record('Artist/Album/03 - Title.mp3', {
      title: 'Real',
      artists: ['Someone'],
      album: 'Other',
    });
    expect(file).toMatchObject({ title: 'Real', artists: ['Someone'], album: 'Other', trackNumber: 3 });
  });

  it('takes its album from the folder when the folder above is its artist', () => {
    expect(record('Someone/Album/x.mp3', { title: 'T', artists: ['Someone'] }).album).toBe('Album');
    expect(record('Downloads/Stuff/x.mp3', { title: 'T', artists: ['Someone'] }).album).toBe('');
  });

  it('takes from the path what is missing', () => {
    expect(record('Artist - Title.mp3', { title: 'Real' })).toMatchObject({
      title: 'Real',
      artists: ['Artist'],
    });
    expect(record('Artist - Title.mp3', { trackNumber: 4, date: '2008' })).toMatchObject({
      title: 'Title',
      trackNumber: 4,
      releaseDate: '2008',
    });
  });

  it.each([
    [['A; B'], ['A', 'B']],
    [['A / B'], ['A', 'B']],
    [['A feat. B'], ['A', 'B']],
    [['A (ft. B)'], ['A', 'B']],
    [['AC/DC'], ['AC/DC']],
    [['Earth, Wind & Fire'], ['Earth, Wind & Fire']],
    [['A', 'a', 'The A', ''], ['A']],
    [['Feature'], ['Feature']],
  ])('%j is by %j', (artists, expected) => {
    expect(record('x.mp3', { title: 'T', artists }).artists).toEqual(expected);
  });

  it.each([
    ['2007', '2007'],
    ['2007-03', '2007-03'],
    ['2007-03-15', '2007-03-15'],
    ['2007.03.15', '2007-03-15'],
    ['20070315', '2007-03-15'],
    ['2007-03-15T08:00:00Z', '2007-03-15'],
    ['2007-00-00', '2007'],
    ['2007-13-01', '2007'],
    ['2007-03-00', '2007-03'],
    ['2007-02-31', '2007-02'],
    ['jan08', null],
    ['0000', null],
    ['', null],
  ])('date %j is %j', (date, expected) => {
    expect(record('x.mp3', { title: 'T', date }).releaseDate).toBe(expected);
  });

  it('keeps only codes and numbers that can be ones', () => {
    const good = { isrc: 'us-rc1-76-07839', upc: '0 602547-202895', trackNumber: 3, durationMs: 1234.4 };
    expect(record('x.mp3', good)).toMatchObject({
      isrc: 'USRC17607839',
      upc: '0602547202895',
      durationMs: 1234,
    });
    const bad = { isrc: 'nonsense', upc: 'none', trackNumber: 1e12, discNumber: -1, durationMs: 1e15 };
    expect(record('x.mp3', bad)).toMatchObject({
      isrc: null,
      upc: null,
      trackNumber: null,
      discNumber: null,
      durationMs: 0,
    });
  });

  it('has no characters that PostgreSQL rejects', () => {
    const file = record('x.mp3', { title: 'A\0B\ud800 \n C', album: 'x'.repeat(5000), genres: ['\0'] });
    expect(file).toMatchObject({ title: 'A B C', album: 'x'.repeat(500), genres: [] });
  });
});

describe('ids', () => {
  it('are short, opaque and the same each time', () => {
    const [first, again] = [record('a.mp3'), record('a.mp3', { title: 'Other' })];
    expect(first.id).toMatch(/^library:[\w-]{22}$/);
    expect(again.id).toBe(first.id);
    expect(record('b.mp3').id).not.toBe(first.id);
  });

  it('of an artist do not depend on spelling', () => {
    expect(artistIdOf('The Beatles')).toBe(artistIdOf('BEATLES'));
  });

  it('give a file without an album one of its own, if it has an artist', () => {
    expect(record('A - T.mp3').albumId).not.toBeNull();
    expect(record('A - T.mp3').albumId).not.toBe(record('A - U.mp3').albumId);
    expect(record('T.mp3').albumId).toBeNull();
  });

  it('of artists are in the order of artists, with the album artist last', () => {
    const file = record('x.mp3', { title: 'T', artists: ['A', 'B'], albumArtist: 'C' });
    expect(file.artistIds).toEqual(['A', 'B', 'C'].map(artistIdOf));
    expect(record('T.mp3').artistIds).toEqual([]);
  });
});

it('the search text has three lines, and spaces around every word', () => {
  const file = record('x.mp3', { title: 'Tïtle!', artists: ['Á', 'B'], album: 'Ålbum', albumArtist: 'C' });
  expect(file.searchText).toBe(' title \n a \t b \t c \n album c ');
  expect(record('Title.mp3').searchText).toBe(' title \n  \n  ');
});

it('an unreadable file has a problem and nothing else', () => {
  const file = toUnreadableFile(makeFoundFile('Artist/Album/01 Title.mp3'), '', NOW);
  expect(file).toMatchObject({ problem: 'It could not be read.', title: '', albumId: null, searchText: '' });
});

it.each([1_558_264_779, Number.POSITIVE_INFINITY, Number.NaN, -1])(
  'does not believe a length of %s ms, which a header may state',
  (durationMs) => {
    expect(record('a.mp3', { durationMs }).durationMs).toBe(0);
  },
);

it('splits twice as many artists in at most three times the time, and keeps 20', async () => {
  const names = (count: number) => Array.from({ length: count }, (_, at) => `name${at}`).join(';');
  const timeOf = (artists: string[]) => {
    const startedAt = performance.now();
    expect(record('a.mp3', { artists }).artists).toHaveLength(20);
    return performance.now() - startedAt;
  };
  const bestOf = (artists: string[]) => Math.min(...Array.from({ length: 10 }, () => timeOf(artists)));
  bestOf([names(1_000)]);
  const ratio = () => Promise.resolve(bestOf([names(2_000)]) / bestOf([names(1_000)]));
  expect(await leastOf(3, ratio)).toBeLessThan(3);
});

it('takes as long for a text of megabytes as for one of kilobytes', async () => {
  const timeOf = (title: string) => {
    const startedAt = performance.now();
    expect(record('a.mp3', { title }).title).toHaveLength(500);
    return performance.now() - startedAt;
  };
  const bestOf = (title: string) => Math.min(...Array.from({ length: 10 }, () => timeOf(title)));
  bestOf('x '.repeat(1_000));
  const ratio = () => Promise.resolve(bestOf('x '.repeat(4_000_000)) / bestOf('x '.repeat(1_000)));
  expect(await leastOf(20, ratio)).toBeLessThan(20);
});
