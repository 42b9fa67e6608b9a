import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Album, Track } from '../../src/catalog/catalog-item.js';
import { DEFAULT_SETTINGS } from '../../src/settings/settings.js';
import {
  formatPath,
  userDirectories,
  type PathContext,
  type PathSettings,
} from '../../src/downloads/path-format.js';

const album: Album = {
  type: 'ALBUM',
  id: 'demo:night-ferry',
  title: 'Night Ferry',
  artists: [
    { id: 'demo:choir', name: 'Saltglass Choir' },
    { id: 'demo:otter', name: 'Otter & Semaphore' },
  ],
  group: 'ALBUM',
  releaseDate: '2024-10-18',
  trackTotal: 9,
  discTotal: 2,
  upc: null,
  label: null,
  copyright: null,
  genres: ['Ambient'],
  images: [],
  url: null,
};

const track: Track = {
  type: 'TRACK',
  id: 'demo:night-ferry-1-05',
  title: 'All the Lifeboats Are Orange',
  artists: [
    { id: 'demo:choir', name: 'Saltglass Choir' },
    { id: 'demo:juniper', name: 'Juniper Voltmeter' },
    { id: 'demo:brass', name: 'Brass Meridian Nine' },
  ],
  album,
  durationMs: 21_400,
  explicit: true,
  trackNumber: 5,
  discNumber: 2,
  isrc: 'XXDEM2401105',
  genres: ['Choral', 'Ambient'],
  url: null,
};

interface Given extends Partial<PathSettings> {
  track?: Partial<Track>;
  playlist?: PathContext['playlist'];
  quality?: string;
}

function pathOf({ track: changes, playlist = null, quality = 'MP3 320', ...settings }: Given): string {
  const context = { track: { ...track, ...changes }, playlist, quality };
  return join('root', ...formatPath({ ...DEFAULT_SETTINGS, ...settings }, context)).slice('root/'.length);
}

const fileOf = (format: string, given: Given = {}) =>
  pathOf({ customDirFormat: '', customTrackFormat: format, ...given });

describe('a path made by a format', () => {
  it('is by default the album artist’s folder, the album’s, and number and title', () => {
    expect(pathOf({})).toBe(
      'Saltglass Choir; Otter & Semaphore/Night Ferry/2-005. All the Lifeboats Are Orange',
    );
  });

  it.each<[string, string, Given]>([
    ['one disc', '005', { track: { album: { ...album, discTotal: 1 } } }],
    ['an unknown disc', '005', { track: { discNumber: null } }],
    ['no album', '005', { track: { album: null } }],
    ['a folder for each disc', '005', { customDirFormat: '%album%/CD %discnum%' }],
    ['a format of their own', '005', { customTrackFormat: '%tracknum%. %artist%' }],
    ['discs in one folder', '2-005', {}],
    ['discs in a folder without the album', '2-005', { customDirFormat: '%ar_album%' }],
  ])('numbers files with %s as %s', (_what, number, given) => {
    expect(pathOf(given).split('/').at(-1)).toMatch(new RegExp(`^${number}\\. `));
  });

  it.each([
    ['%music%', 'All the Lifeboats Are Orange'],
    ['%artist%', 'Saltglass Choir; Juniper Voltmeter; Brass Meridian Nine'],
    ['%artist_1%', 'Saltglass Choir'],
    ['%artist_2%', 'Juniper Voltmeter'],
    ['%artist_3%', 'Brass Meridian Nine'],
    ['%artist_9%', 'Saltglass Choir'],
    ['%album%', 'Night Ferry'],
    ['%ar_album%', 'Saltglass Choir; Otter & Semaphore'],
    ['%ar_album_2%', 'Otter & Semaphore'],
    ['%ar_album_3%', 'Saltglass Choir'],
    ['%tracknum%', '005'],
    ['%discnum%', '002'],
    ['%year%', '2024'],
    ['%date%', '2024-10-18'],
    ['%genre%', 'Choral'],
    ['%isrc%', 'XXDEM2401105'],
    ['%explicit%', 'Explicit'],
    ['%duration%', '21'],
    ['%quality%', 'MP3 320'],
    ['%unknown%', '%unknown%'],
    ['100% %music%', '100% All the Lifeboats Are Orange'],
  ])('fills in %s', (format, filled) => {
    expect(fileOf(format)).toBe(filled);
  });

  it('fills in a playlist and the place in it for a track of one', () => {
    const playlist = { title: 'First Watch', position: 12, total: 12 };
    expect(fileOf('%playlist% %playlistnum%', { playlist })).toBe('First Watch 012');
  });

  it('pads numbers as wide as was set, or not at all', () => {
    expect(fileOf('%discnum%-%tracknum%', { padNumberWidth: 2 })).toBe('02-05');
    expect(fileOf('%discnum%-%tracknum%', { padNumbers: false })).toBe('2-5');
    expect(fileOf('%tracknum%', { padNumberWidth: 2, track: { trackNumber: 1234 } })).toBe('1234');
  });

  it.each([
    ['the album', '%tracknum%', { track: { album: { ...album, trackTotal: 120 } } }, '005'],
    ['an album of few tracks', '%tracknum%', {}, '05'],
    ['the discs', '%discnum%', { track: { album: { ...album, discTotal: 100 } } }, '002'],
    ['the playlist', '%playlistnum%', { playlist: { title: 'Long', position: 7, total: 10_000 } }, '00007'],
    ['no album at all', '%tracknum%', { track: { album: null } }, '05'],
  ])('pads numbers by itself to as many digits as %s needs, at least 2', (_what, format, given, filled) => {
    expect(fileOf(format, { padNumberWidth: 'auto', ...given })).toBe(filled);
  });

  it('joins artists by the separator that was set', () => {
    expect(fileOf('%ar_album%', { artistSeparator: ' & ' })).toBe('Saltglass Choir & Otter & Semaphore');
  });

  it('makes as many folders as the format has, and no more', () => {
    expect(pathOf({ customDirFormat: '/%year%//%genre%/', customTrackFormat: '%music%' })).toBe(
      '2024/Choral/All the Lifeboats Are Orange',
    );
  });

  it('takes a slash in the file’s own format for a space', () => {
    expect(fileOf('%discnum%/%tracknum%')).toBe('002 005');
  });
});

describe('a path made from missing values', () => {
  const bare: Partial<Track> = {
    artists: [],
    album: null,
    trackNumber: null,
    discNumber: null,
    isrc: null,
    genres: [],
    explicit: false,
    durationMs: null,
  };

  it('is still valid', () => {
    expect(pathOf({ track: bare })).toBe(
      'Unknown/All the Lifeboats Are Orange/000. All the Lifeboats Are Orange',
    );
  });

  it.each([
    '%artist%',
    '%artist_2%',
    '%ar_album%',
    '%year%',
    '%date%',
    '%genre%',
    '%isrc%',
    '%explicit%',
    '%duration%',
    '%playlist%',
  ])('writes Unknown for a name of nothing but %s', (format) => {
    expect(fileOf(format, { track: bare })).toBe('Unknown');
  });

  it('takes a single’s own title and artists where it has no album', () => {
    expect(pathOf({ track: { album: null } })).toBe(
      'Saltglass Choir; Juniper Voltmeter; Brass Meridian Nine/All the Lifeboats Are Orange/005. All the Lifeboats Are Orange',
    );
  });

  it('takes the album’s genre where the track has none', () => {
    expect(fileOf('%genre%', { track: { genres: [] } })).toBe('Ambient');
  });
});

describe('a path made from malicious values', () => {
  it('never leads out of the folder, whatever a title says', () => {
    const track = { title: '../../../../etc/passwd', album: { ...album, title: '..' } };
    expect(pathOf({ customDirFormat: '%album%', customTrackFormat: '%music%', track })).toBe(
      'Unknown/etcpasswd',
    );
  });

  it('never leads out of the folder, whatever the format says', () => {
    const path = pathOf({ customDirFormat: '../../%album%/..', customTrackFormat: '../%music%' });
    expect(path.split('/')).not.toContain('..');
    expect(path).toBe('Unknown/Unknown/Night Ferry/Unknown/All the Lifeboats Are Orange');
  });

  it('does not fill in what a value only looks like', () => {
    expect(fileOf('%music%', { track: { title: '%isrc% %artist%' } })).toBe('%isrc% %artist%');
  });

  it('takes a dollar sign in a value for itself', () => {
    expect(fileOf('%music%', { track: { title: "$& $1 $' $$" } })).toBe("$& $1 $' $$");
  });

  it.each(['playlists', 'PlayLists', ' playlists. ', 'play\u200blists', 'playli\u017fts', '.playlists'])(
    'keeps an artist called %j out of the folder of playlist files',
    (name) => {
      const artists = [{ id: 'demo:x', name }];
      const [folder = '', ...others] = pathOf({ track: { artists, album: null } }).split('/');
      expect(folder).toMatch(/^_play/i);
      expect(others).toEqual(['All the Lifeboats Are Orange', '005. All the Lifeboats Are Orange']);
    },
  );

  it('keeps a user called like a folder of Reprise out of it', () => {
    expect(userDirectories('Playlists')).toEqual(['_Playlists']);
    expect(userDirectories('.incoming')).toEqual(['incoming']);
  });

  it('reserves names at the first level only', () => {
    const track = { artists: [{ id: 'demo:x', name: 'playlists' }] };
    expect(pathOf({ customDirFormat: '%year%/%artist%', customTrackFormat: '%artist%', track })).toBe(
      '2024/playlists/playlists',
    );
    expect(fileOf('%artist%', { track })).toBe('playlists');
  });

  it('is short enough for any disk, whatever the values are, and the same each time', () => {
    const title = '\u706f'.repeat(400);
    const track = { title, album: { ...album, title }, artists: [{ id: 'demo:x', name: title }] };
    const customDirFormat = Array.from({ length: 10 }, (_, level) => `${level}%artist%%album%`).join('/');
    const path = pathOf({ customDirFormat, track });
    expect(path.split('/')).toHaveLength(11);
    expect(Buffer.byteLength(path)).toBeLessThanOrEqual(700);
    expect(Buffer.byteLength(path)).toBeGreaterThan(500);
    expect(pathOf({ customDirFormat, track })).toBe(path);
  });

  it('is cut no more than its parts where it has the usual three', () => {
    const title = 'x'.repeat(300);
    const track = { title, album: { ...album, title, artists: [{ id: 'demo:x', name: title }] } };
    expect(
      pathOf({ track })
        .split('/')
        .map((part) => part.length),
    ).toEqual([200, 200, 200]);
  });

  it('avoids the names of devices and cuts what is too long', () => {
    expect(fileOf('%music%', { track: { title: 'CON' } })).toBe('_CON');
    expect(Buffer.byteLength(fileOf('%music%', { track: { title: 'é'.repeat(300) } }))).toBe(200);
  });

  it('spells letters in one way', () => {
    expect(fileOf('%music%', { track: { title: 'Cafe\u0301' } })).toBe('Caf\u00e9');
  });
});
