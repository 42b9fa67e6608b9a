import { describe, expect, it } from 'vitest';
import {
  DEFAULT_WATCH_SETTINGS,
  defaultSettings,
  findSettingsProblems,
  findWatchSettingsProblems,
  type Settings,
} from '../../src/settings/settings.js';

const problemsOf = (changes: Partial<Settings>) =>
  findSettingsProblems({ ...defaultSettings({ downloadDir: '/music' }), ...changes });

describe('settings', () => {
  it('are valid by default', () => {
    expect(problemsOf({})).toEqual([]);
    expect(findWatchSettingsProblems(DEFAULT_WATCH_SETTINGS)).toEqual([]);
  });

  it.each<Partial<Settings>>([
    { maxConcurrentDownloads: 1 },
    { maxConcurrentDownloads: 500 },
    { realTimeMultiplier: 10 },
    { realTimeMultiplier: 0.5 },
    { padNumberWidth: 'auto' },
    { sourceOrder: null },
    { sourceOrder: 'subsonic2, library,internet-archive' },
    { padNumberWidth: 1 },
    { padNumberWidth: 10 },
    { format: 'MP3', bitrateKbps: 32 },
    { format: 'MP3', bitrateKbps: 320 },
    { format: 'AAC', bitrateKbps: 256 },
    { format: 'OGG', bitrateKbps: 64 },
    { format: 'OPUS', bitrateKbps: 32 },
    { format: 'FLAC', bitrateKbps: null },
    { customDirFormat: '' },
    { customDirFormat: '%artist_1%/%ar_album_12%/a...' },
    { customDirFormat: 'music/playlists/incoming' },
    { customDirFormat: 'playlists of %artist%' },
    { customDirFormat: 'a/b/c/d/e/f/g/h/i/j' },
    { customDirFormat: '%artist%'.repeat(20) },
    { maxTrackSeconds: 1 },
    { customDirFormat: '100% %quality%/50%' },
    { customTrackFormat: '%music%' },
    { spotifyAccount: 'my.account-1', deezerAccount: null },
    { catalog: 'jamendo' },
    { downloadPath: '/' },
    { downloadPath: '/mnt/music 2/..hidden/a..b' },
  ])('may be %j', (changes) => {
    expect(problemsOf(changes)).toEqual([]);
  });

  it.each<[Partial<Settings>, keyof Settings]>([
    [{ maxConcurrentDownloads: 0 }, 'maxConcurrentDownloads'],
    [{ maxConcurrentDownloads: 501 }, 'maxConcurrentDownloads'],
    [{ maxConcurrentDownloads: 1.5 }, 'maxConcurrentDownloads'],
    [{ maxConcurrentDownloads: Number.NaN }, 'maxConcurrentDownloads'],
    [{ maxRetries: -1 }, 'maxRetries'],
    [{ retryDelaySeconds: -0.5 }, 'retryDelaySeconds'],
    [{ realTimeMultiplier: 10.1 }, 'realTimeMultiplier'],
    [{ padNumberWidth: 0 }, 'padNumberWidth'],
    [{ padNumberWidth: 11 }, 'padNumberWidth'],
    [{ format: 'MP3', bitrateKbps: 31 }, 'bitrateKbps'],
    [{ format: 'AAC', bitrateKbps: 257 }, 'bitrateKbps'],
    [{ format: 'WAV', bitrateKbps: 128 }, 'bitrateKbps'],
    [{ format: 'KEEP', bitrateKbps: 128 }, 'bitrateKbps'],
    [{ customDirFormat: '..' }, 'customDirFormat'],
    [{ customDirFormat: '%artist%/ .. /%album%' }, 'customDirFormat'],
    [{ customDirFormat: './%album%' }, 'customDirFormat'],
    [{ customDirFormat: '/%album%' }, 'customDirFormat'],
    [{ customDirFormat: '\\\\server\\share' }, 'customDirFormat'],
    [{ customDirFormat: 'c:/music' }, 'customDirFormat'],
    [{ customDirFormat: '%artist_0%' }, 'customDirFormat'],
    [{ customDirFormat: '%album%\u0000' }, 'customDirFormat'],
    [{ customDirFormat: '%album%\ud800' }, 'customDirFormat'],
    [{ customDirFormat: '.incoming' }, 'customDirFormat'],
    [{ customDirFormat: '.Incoming/%album%' }, 'customDirFormat'],
    [{ customDirFormat: '%artist%/ .%album%' }, 'customDirFormat'],
    [{ customDirFormat: '%artist%/...' }, 'customDirFormat'],
    [{ customDirFormat: '/playlists' }, 'customDirFormat'],
    [{ customDirFormat: 'playlists' }, 'customDirFormat'],
    [{ customDirFormat: 'PLAYLISTS. /%album%' }, 'customDirFormat'],
    [{ customDirFormat: 'play"lists/%album%' }, 'customDirFormat'],
    [{ customDirFormat: 'play\u200blists' }, 'customDirFormat'],
    [{ customDirFormat: '%album%\u202e' }, 'customDirFormat'],
    [{ customDirFormat: 'a/b/c/d/e/f/g/h/i/j/k' }, 'customDirFormat'],
    [{ customDirFormat: '%artist%'.repeat(21) }, 'customDirFormat'],
    [{ sourceOrder: '' }, 'sourceOrder'],
    [{ sourceOrder: 'library,,demo' }, 'sourceOrder'],
    [{ sourceOrder: 'My Server' }, 'sourceOrder'],
    [{ customTrackFormat: '.%music%' }, 'customTrackFormat'],
    [{ customTrackFormat: '%music%'.repeat(21) }, 'customTrackFormat'],
    [{ customTrackFormat: '\u2066%music%' }, 'customTrackFormat'],
    [{ maxTrackSeconds: 0 }, 'maxTrackSeconds'],
    [{ downloadPath: `/${'\u706f'.repeat(400)}` }, 'downloadPath'],
    [{ customTrackFormat: ' ' }, 'customTrackFormat'],
    [{ customTrackFormat: '%title%' }, 'customTrackFormat'],
    [{ customTrackFormat: 'x'.repeat(501) }, 'customTrackFormat'],
    [{ artistSeparator: '' }, 'artistSeparator'],
    [{ artistSeparator: '\udc00' }, 'artistSeparator'],
    [{ catalog: '' }, 'catalog'],
    [{ catalog: '../demo' }, 'catalog'],
    [{ spotifyAccount: 'a/b' }, 'spotifyAccount'],
    [{ deezerAccount: '...' }, 'deezerAccount'],
    [{ downloadPath: '' }, 'downloadPath'],
    [{ downloadPath: 'music' }, 'downloadPath'],
    [{ downloadPath: '/music/../etc' }, 'downloadPath'],
    [{ downloadPath: '/music/' }, 'downloadPath'],
    [{ downloadPath: '/music\u0000' }, 'downloadPath'],
    [{ downloadPath: '/music\ud800' }, 'downloadPath'],
    [{ downloadPath: `/${'x'.repeat(1_000)}` }, 'downloadPath'],
  ])('may not be %j', (changes, field) => {
    expect(problemsOf(changes)).toEqual([{ field, message: expect.stringMatching(/^.+\.$/) as string }]);
  });

  it('say which folder is not allowed, and why', () => {
    const messageOf = (customDirFormat: string) => problemsOf({ customDirFormat })[0]?.message;
    expect(messageOf('%artist%/.x')).toBe(
      '"customDirFormat" has the folder ".x", which begins with "."; remove the dot, because such names are hidden.',
    );
    expect(messageOf('Playlists/%artist%')).toBe(
      '"customDirFormat" begins with the folder "Playlists", which Reprise uses itself; choose another name.',
    );
    expect(messageOf('a/'.repeat(12))).toBe('"customDirFormat" has 12 folders; at most 10 are allowed.');
  });

  it('report an unknown placeholder and list the known ones', () => {
    const [problem] = problemsOf({ customDirFormat: '%artist%/%genius%' });
    expect(problem?.message).toContain('%genius%');
    for (const known of ['%music%', '%ar_album%', '%playlistnum%', '%artist_N%', '%quality%']) {
      expect(problem?.message).toContain(known);
    }
  });

  it('report all problems at once', () => {
    const wrong = {
      maxRetries: -1,
      customTrackFormat: '',
      downloadPath: 'x',
      format: 'ALAC',
      bitrateKbps: 1,
    };
    const fields = problemsOf(wrong as Partial<Settings>).map(({ field }) => field);
    expect(fields.sort()).toEqual(['bitrateKbps', 'customTrackFormat', 'downloadPath', 'maxRetries']);
  });
});
