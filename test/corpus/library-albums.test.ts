import { describe, expect, it } from 'vitest';
import { groupAlbums } from '../../src/library/group-albums.js';
import { toLibraryFile, type LibraryFile } from '../../src/library/library-file.js';
import type { RawTags } from '../../src/library/raw-tags.js';
import { makeFoundFile, makeRawTags } from '../kit/raw-tags.js';

/*
 * Which files are one album, as a person sees it. Each row: what it is, the files by path and tags, and the albums
 * that are expected: `Title · Artist: the files that are served`. A row that is here once stays right.
 */

const NOW = new Date('2026-01-02T03:04:05Z');
const MB_1 = '11111111-1111-4111-8111-111111111111';
const MB_2 = '22222222-2222-4222-8222-222222222222';

type Tags = Partial<RawTags>;
type Row = [what: string, files: Record<string, Tags>, albums: string[]];

const FLAC: Tags = { codec: 'flac', bitrateKbps: 800 };

/** Tags of tracks that only differ by their number. */
const song = (trackNumber: number, tags: Tags): Tags => ({
  title: `Song ${trackNumber}`,
  trackNumber,
  ...tags,
});
const by = (artist: string, album: string, tags: Tags = {}): Tags => ({ artists: [artist], album, ...tags });
const credited = (artist: string, album: string, tags: Tags = {}): Tags =>
  by(artist, album, { albumArtist: artist, ...tags });

function albumsOf(files: readonly LibraryFile[], isOwnOutput = (_path: string) => false): string[] {
  const nameOf = ({ path }: LibraryFile) => path.slice('/music/'.length);
  return groupAlbums(files, { isOwnOutput })
    .map(({ album, files: own, copies }) => {
      const served = own.filter(({ id }) => !copies.has(id)).map(nameOf);
      return `${album.title} · ${album.artistName}: ${served.sort().join(', ')}`;
    })
    .sort();
}

function toFiles(files: Record<string, Tags>): LibraryFile[] {
  return Object.entries(files).map(([path, tags]) =>
    toLibraryFile(makeFoundFile(path), makeRawTags(tags), NOW),
  );
}

const ROWS: Row[] = [
  [
    'one track has no album artist',
    {
      'h/1.flac': song(1, credited('Half', 'Half Album')),
      'h/2.flac': song(2, credited('Half', 'Half Album')),
      'h/3.flac': song(3, by('Half', 'Half Album')),
    },
    ['Half Album · Half: h/1.flac, h/2.flac, h/3.flac'],
  ],
  [
    'a guest’s track has no album artist, in the album’s folder',
    {
      'Half Album/1.flac': song(1, credited('Half', 'Half Album')),
      'Half Album/2.flac': song(2, by('Guest', 'Half Album')),
    },
    ['Half Album · Half: Half Album/1.flac, Half Album/2.flac'],
  ],
  [
    'one album artist has a guest',
    {
      'x/1.mp3': song(1, credited('Half', 'Album')),
      'x/2.mp3': song(2, credited('Half feat. Guest', 'Album')),
      'x/3.mp3': song(3, credited('The Half', 'Album')),
    },
    ['Album · Half: x/1.mp3, x/2.mp3, x/3.mp3'],
  ],
  [
    'the band’s name changes within the album’s folder',
    {
      'Purple/1.mp3': song(1, credited('Prinz', 'Purple')),
      'Purple/2.mp3': song(2, credited('Prinz', 'Purple')),
      'Purple/3.mp3': song(3, credited('Prinz & The Revolution', 'Purple')),
    },
    ['Purple · Prinz: Purple/1.mp3, Purple/2.mp3, Purple/3.mp3'],
  ],
  [
    'FLAC and MP3 of one album in two folders: each number once, the better file',
    {
      'Twin/Both (FLAC)/1.flac': song(1, credited('Twin', 'Both', FLAC)),
      'Twin/Both (FLAC)/2.flac': song(2, credited('Twin', 'Both', FLAC)),
      'Twin/Both (MP3)/1.mp3': song(1, credited('Twin', 'Both')),
      'Twin/Both (MP3)/2.mp3': song(2, credited('Twin', 'Both')),
    },
    ['Both · Twin: Twin/Both (FLAC)/1.flac, Twin/Both (FLAC)/2.flac'],
  ],
  [
    'FLAC and MP3 of one album in one folder',
    {
      'Both/1.flac': song(1, by('Twin', 'Both', FLAC)),
      'Both/1.mp3': song(1, by('Twin', 'Both')),
      'Both/2.mp3': song(2, by('Twin', 'Both')),
    },
    ['Both · Twin: Both/1.flac, Both/2.mp3'],
  ],
  [
    'only one of two copies has a MusicBrainz id, a date and a disc',
    {
      'a/1.flac': song(
        1,
        credited('Twin', 'Both', { ...FLAC, releaseId: MB_1, date: '2001-02-03', discNumber: 1 }),
      ),
      'b/1.mp3': song(1, credited('Twin', 'Both')),
    },
    ['Both · Twin: a/1.flac'],
  ],
  [
    'two bitrates of one album',
    {
      'low/1.mp3': song(1, credited('Twin', 'Both', { bitrateKbps: 128 })),
      'high/1.mp3': song(1, credited('Twin', 'Both', { bitrateKbps: 320 })),
    },
    ['Both · Twin: high/1.mp3'],
  ],
  [
    'two titles with one number are two songs',
    {
      'x/1.mp3': { ...by('A', 'Album'), title: 'One', trackNumber: 1 },
      'x/2.mp3': { ...by('A', 'Album'), title: 'Another', trackNumber: 1 },
    },
    ['Album · A: x/1.mp3, x/2.mp3'],
  ],
  [
    'one title in two lengths is two songs',
    {
      'x/1.mp3': song(1, by('A', 'Album', { durationMs: 200_000 })),
      'x/2.mp3': song(1, by('A', 'Album', { durationMs: 400_000 })),
    },
    ['Album · A: x/1.mp3, x/2.mp3'],
  ],
  [
    'two editions by year',
    {
      'Album (1999)/1.mp3': song(1, credited('A', 'Album', { date: '1999' })),
      'Album (2015)/1.mp3': song(1, credited('A', 'Album', { date: '2015' })),
    },
    ['Album · A: Album (1999)/1.mp3', 'Album · A: Album (2015)/1.mp3'],
  ],
  [
    'two editions by MusicBrainz id, in one folder',
    {
      'x/1a.mp3': song(1, credited('A', 'Album', { releaseId: MB_1 })),
      'x/1b.mp3': song(1, credited('A', 'Album', { releaseId: MB_2 })),
    },
    ['Album · A: x/1a.mp3', 'Album · A: x/1b.mp3'],
  ],
  [
    'two editions by UPC',
    {
      'x/1.mp3': song(1, credited('A', 'Album', { upc: '0602547202895' })),
      'y/1.mp3': song(1, credited('A', 'Album', { upc: '0602547202888' })),
    },
    ['Album · A: x/1.mp3', 'Album · A: y/1.mp3'],
  ],
  [
    'one release by its MusicBrainz id, over folders, titles and dates',
    {
      'x/1.mp3': song(1, credited('A', 'Album', { releaseId: MB_1, date: '1999' })),
      'y/2.mp3': song(2, by('B', 'The Album', { releaseId: MB_1, date: '2001' })),
    },
    ['Album · A: x/1.mp3, y/2.mp3'],
  ],
  [
    'one folder whose files have ids of two releases, each number once',
    {
      'Album/1.mp3': song(1, credited('A', 'Album', { releaseId: MB_1 })),
      'Album/2.mp3': song(2, credited('A', 'Album', { releaseId: MB_2 })),
    },
    ['Album · A: Album/1.mp3, Album/2.mp3'],
  ],
  [
    'albums of a box with one UPC',
    {
      'box/a/1.mp3': song(1, credited('A', 'First', { upc: '0602547202895' })),
      'box/b/1.mp3': song(1, credited('A', 'Second', { upc: '0602547202895' })),
    },
    ['First · A: box/a/1.mp3', 'Second · A: box/b/1.mp3'],
  ],
  [
    'albums of one name by one band, without years',
    {
      'I/1.mp3': { ...credited('Pete', 'Pete'), title: 'Moribund', trackNumber: 1 },
      'II/1.mp3': { ...credited('Pete', 'Pete'), title: 'On the Air', trackNumber: 1 },
    },
    ['Pete · Pete: I/1.mp3', 'Pete · Pete: II/1.mp3'],
  ],
  [
    'discs in folders',
    {
      'Side/Two/CD1/1.mp3': song(1, credited('Side', 'Two', { discNumber: 1 })),
      'Side/Two/CD2/1.mp3': song(1, credited('Side', 'Two', { discNumber: 2 })),
    },
    ['Two · Side: Side/Two/CD1/1.mp3, Side/Two/CD2/1.mp3'],
  ],
  [
    'discs in folders, told by the folders alone, by nobody in particular',
    {
      'Two/Disc 1/1.mp3': song(1, by('A', 'Two')),
      'Two/Disc 2/1.mp3': song(1, by('B', 'Two')),
    },
    ['Two · Various Artists: Two/Disc 1/1.mp3, Two/Disc 2/1.mp3'],
  ],
  [
    'discs in folders beside each other, and in the titles',
    {
      'Two CD1/1.mp3': song(1, by('A', 'Two (Disc 1)')),
      'Two CD2/1.mp3': song(1, by('A', 'Two (Disc 2)')),
    },
    ['Two · A: Two CD1/1.mp3, Two CD2/1.mp3'],
  ],
  [
    'untagged discs',
    { 'Side/Two/CD1/01 - One.mp3': {}, 'Side/Two/CD2/01 - Other.mp3': {} },
    ['Two · Side: Side/Two/CD1/01 - One.mp3, Side/Two/CD2/01 - Other.mp3'],
  ],
  [
    'a sampler without an album artist',
    { 's/1.mp3': song(1, by('A', 'Hits')), 's/2.mp3': song(2, by('B', 'Hits')) },
    ['Hits · Various Artists: s/1.mp3, s/2.mp3'],
  ],
  [
    'a sampler whose album artists are its artists',
    {
      'Hits/1.mp3': song(1, credited('A', 'Hits')),
      'Hits/2.mp3': song(2, credited('B', 'Hits')),
      'Hits/3.mp3': song(3, credited('C', 'Hits')),
    },
    ['Hits · Various Artists: Hits/1.mp3, Hits/2.mp3, Hits/3.mp3'],
  ],
  [
    'a sampler that says so on some tracks only, in another word',
    {
      's/1.mp3': song(1, by('A', 'Hits', { albumArtist: 'VA' })),
      's/2.mp3': song(2, by('B', 'Hits', { compilation: true })),
      's/3.mp3': song(3, by('C', 'Hits')),
    },
    ['Hits · Various Artists: s/1.mp3, s/2.mp3, s/3.mp3'],
  ],
  [
    'albums of one name by two artists in one folder',
    {
      'all/1.mp3': song(1, credited('Q', 'Greatest Hits')),
      'all/2.mp3': song(1, credited('Z', 'Greatest Hits')),
      'all/3.mp3': song(2, by('Z', 'Greatest Hits')),
    },
    ['Greatest Hits · Q: all/1.mp3', 'Greatest Hits · Z: all/2.mp3, all/3.mp3'],
  ],
  [
    'albums of one name by two artists in one folder, without album artists',
    {
      'all/1.mp3': { ...by('Q', 'Greatest Hits'), title: 'Q1', trackNumber: 1 },
      'all/2.mp3': { ...by('Z', 'Greatest Hits'), title: 'Z1', trackNumber: 1 },
    },
    ['Greatest Hits · Q: all/1.mp3', 'Greatest Hits · Z: all/2.mp3'],
  ],
  [
    'samplers of one name in two folders',
    {
      'x/1.mp3': song(1, by('A', 'Hits')),
      'x/2.mp3': song(2, by('B', 'Hits')),
      'y/1.mp3': song(1, by('A', 'Hits')),
    },
    ['Hits · A: y/1.mp3', 'Hits · Various Artists: x/1.mp3, x/2.mp3'],
  ],
  [
    'one album spread over folders',
    { 'x/1.mp3': song(1, credited('Band', 'Album')), 'y/2.mp3': song(2, credited('Band', 'Album')) },
    ['Album · Band: x/1.mp3, y/2.mp3'],
  ],
  [
    'names in another case and with other accents',
    { 'x/1.mp3': song(1, credited('BJÖRK', 'Début')), 'x/2.mp3': song(2, credited('Bjork', 'DEBUT')) },
    ['Début · BJÖRK: x/1.mp3, x/2.mp3'],
  ],
];

describe('albums of the library', () => {
  it.each(ROWS)('%s', (_what, files, expected) => {
    const made = toFiles(files);
    expect(albumsOf(made)).toEqual(expected);
    expect(albumsOf(made.toReversed()), 'in another order').toEqual(expected);
  });

  it('serves the file that another was made of, and one that is there before one that is away', () => {
    const files = toFiles({
      'own/1.mp3': song(1, credited('A', 'Album')),
      'downloads/1.flac': song(1, credited('A', 'Album', FLAC)),
    });
    expect(albumsOf(files, (path) => path.startsWith('/music/downloads'))).toEqual(['Album · A: own/1.mp3']);
    const away = files.map((file) => (file.path.includes('/own/') ? { ...file, awaySince: NOW } : file));
    expect(albumsOf(away, (path) => path.startsWith('/music/downloads'))).toEqual([
      'Album · A: downloads/1.flac',
    ]);
  });

  it('counts the tracks that the tags state, on each disc, and never fewer than a number', () => {
    const count = (files: Record<string, Tags>) => {
      const [first] = groupAlbums(toFiles(files), { isOwnOutput: () => false });
      return [first?.album.trackTotal, first?.album.discTotal];
    };
    const seventh = {
      'x/7.mp3': song(7, credited('A', 'Album', { trackTotal: 12, discNumber: 1, discTotal: 3 })),
    };
    expect(count(seventh)).toEqual([12, 3]);
    expect(count({ 'x/7.mp3': song(7, credited('A', 'Album')) })).toEqual([7, 1]);
    expect(count({ 'x/7.mp3': song(7, credited('A', 'Album', { trackTotal: 2 })) })).toEqual([7, 1]);
    expect(count({ 'x/7.mp3': { ...credited('A', 'Album'), title: 'T' } })).toEqual([1, 1]);
    const discs = {
      ...seventh,
      'x/b.mp3': song(9, credited('A', 'Album', { trackTotal: 10, discNumber: 2 })),
    };
    expect(count(discs)).toEqual([22, 3]);
  });

  it('keeps the id of an album when another edition comes', () => {
    const idsOf = (files: LibraryFile[]) =>
      new Map(
        groupAlbums(files, { isOwnOutput: () => false }).map(({ album, files: own }) => [
          own[0]?.path,
          album.id,
        ]),
      );
    const first = toFiles({ 'b/1.mp3': song(1, credited('A', 'Album', { date: '2015' })) });
    const id = idsOf(first).get('/music/b/1.mp3') ?? '';
    const known = first.map((file) => ({ ...file, albumId: id }));
    const second = toFiles({ 'a/1.mp3': song(1, credited('A', 'Album', { date: '1999', releaseId: MB_1 })) });
    const both = idsOf([...second, ...known]);
    expect(both.get('/music/b/1.mp3')).toBe(id);
    expect(new Set(both.values()).size).toBe(2);
  });
});

describe('artists of a track', () => {
  const slashed = (name: string, tags: Tags = {}): Tags => ({
    title: 'T',
    artists: [name],
    slashes: true,
    ...tags,
  });
  it.each<[string, Tags, string[]]>([
    [
      'one name with a slash, as the album artist says',
      slashed('GZ/Harbour', { albumArtist: 'GZ/Harbour' }),
      ['GZ/Harbour'],
    ],
    ['a long one', slashed('Love/Hate', { albumArtist: 'Love/Hate' }), ['Love/Hate']],
    [
      'two, where ID3v2.3 separates them',
      slashed('Dana Eld/Finn Gray', { albumArtist: 'Dana Eld' }),
      ['Dana Eld', 'Finn Gray'],
    ],
    ['AC/DC, whatever the album artist', slashed('AC/DC'), ['AC/DC']],
    ['AC/DC on a sampler', slashed('AC/DC', { albumArtist: 'Various Artists' }), ['AC/DC']],
    ['M/A/R/R/S', slashed('M/A/R/R/S'), ['M/A/R/R/S']],
    ['a slash in any other format', { title: 'T', artists: ['Love/Hate'] }, ['Love/Hate']],
    [
      'a spaced slash, as the album artist says',
      { title: 'T', artists: ['A1 / B2'], albumArtist: 'A1 / B2' },
      ['A1 / B2'],
    ],
    ['several values', { title: 'T', artists: ['Dana Eld', 'Finn Gray'] }, ['Dana Eld', 'Finn Gray']],
    [
      'the text that Reprise writes',
      { title: 'T', artists: ['Dana Eld; Finn Gray'], albumArtist: 'Dana Eld; Finn Gray' },
      ['Dana Eld', 'Finn Gray'],
    ],
  ])('%s', (_what, tags, expected) => {
    expect(toLibraryFile(makeFoundFile('x.mp3'), makeRawTags(tags), NOW).artists).toEqual(expected);
  });
});
