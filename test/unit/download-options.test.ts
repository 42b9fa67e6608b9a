import { describe, expect, it } from 'vitest';
import { DEFAULT_SETTINGS, defaultSettings, type Settings } from '../../src/settings/settings.js';
import { chooseGroups, resolveOptions, type OptionsInput } from '../../src/downloads/resolve-options.js';
import { InvalidOptionsError } from '../../src/downloads/errors.js';
import { FormatUnavailableError } from '../../src/media/errors.js';
import { AUDIO_FORMATS, BITRATE_RANGES, type AudioFormat, type Media } from '../../src/media/media.js';
import { dedupeKeyOf, storedOptions, type DownloadOptions } from '../../src/tasks/download-options.js';

const TOOLS = { ffmpegPath: 'ffmpeg', ffprobePath: 'ffprobe', version: '7' };

interface World {
  settings?: Partial<Settings>;
  formats?: readonly AudioFormat[];
  tools?: typeof TOOLS | null;
}

function resolve(
  input: OptionsInput | null,
  { settings, formats = AUDIO_FORMATS, tools = TOOLS }: World = {},
) {
  const media = { tools, formats: new Set(formats) } as unknown as Media;
  return resolveOptions(
    { settings: () => ({ ...defaultSettings({ downloadDir: '/music' }), ...settings }), media },
    input,
    { username: 'ana' },
  );
}

describe('the output of a download', () => {
  it('follows the settings when omitted', () => {
    expect(resolve(null)).toMatchObject({ format: 'KEEP', bitrateKbps: null });
    const settings = { format: 'MP3', bitrateKbps: 192 } as const;
    expect(resolve({}, { settings })).toMatchObject({ format: 'MP3', bitrateKbps: 192 });
    expect(resolve({ format: null, bitrateKbps: null }, { settings })).toMatchObject({
      format: 'MP3',
      bitrateKbps: 192,
    });
  });

  it('does not take the setting’s bitrate for another format', () => {
    const settings = { format: 'MP3', bitrateKbps: 320 } as const;
    expect(resolve({ format: 'OPUS' }, { settings })).toMatchObject({ format: 'OPUS', bitrateKbps: null });
    expect(resolve({ format: 'FLAC' }, { settings })).toMatchObject({ format: 'FLAC', bitrateKbps: null });
  });

  it.each(Object.entries(BITRATE_RANGES) as [AudioFormat, { min: number; max: number }][])(
    'allows for %s the bitrates of its range, and lists them',
    (format, { min, max }) => {
      for (const bitrateKbps of [min, max]) {
        expect(resolve({ format, bitrateKbps })).toMatchObject({ format, bitrateKbps });
      }
      for (const bitrateKbps of [min - 1, max + 1, 0, -1]) {
        expect(() => resolve({ format, bitrateKbps })).toThrow(InvalidOptionsError);
        expect(() => resolve({ format, bitrateKbps })).toThrow(
          `it must be between ${min} and ${max} for ${format}.`,
        );
      }
    },
  );

  it.each(AUDIO_FORMATS.filter((format) => !BITRATE_RANGES[format]))('rejects a bitrate for %s', (format) => {
    expect(() => resolve({ format, bitrateKbps: 128 })).toThrow(`${format} takes no bitrate.`);
  });

  it('must be one that this ffmpeg can make', () => {
    expect(() => resolve({ format: 'OPUS' }, { formats: ['KEEP', 'MP3'] })).toThrow(FormatUnavailableError);
  });

  it('may be anything while there is no ffmpeg, which may come back', () => {
    expect(resolve({ format: 'OPUS' }, { formats: [], tools: null })).toMatchObject({
      format: 'OPUS',
      bitrateKbps: null,
    });
  });

  it('is read back as it was stored, and rejected when it is invalid', () => {
    const stored: unknown = JSON.parse(JSON.stringify(resolve({ format: 'MP3', bitrateKbps: 128 })));
    expect(storedOptions.parse(stored)).toEqual(resolve({ format: 'MP3', bitrateKbps: 128 }));
    expect(() => storedOptions.parse({ format: 'MIDI', bitrateKbps: null })).toThrow();
    expect(() => storedOptions.parse(null)).toThrow();
  });
});

describe('an option', () => {
  const asked: OptionsInput = {
    customDirFormat: '%year%/%genre%',
    customTrackFormat: '%artist_1% - %music%',
    padNumbers: false,
    padNumberWidth: 'auto',
    artistSeparator: ' & ',
    saveCover: false,
    acceptLowerQuality: true,
    realTime: true,
    realTimeMultiplier: 2.5,
  };

  it('follows the settings when omitted', () => {
    const { customDirFormat, saveCover } = DEFAULT_SETTINGS;
    expect(resolve({ customDirFormat: null })).toMatchObject({ customDirFormat, saveCover });
    expect(resolve(null, { settings: { customDirFormat: '%year%' } })).toMatchObject({
      customDirFormat: '%year%',
    });
  });

  it('is as requested, whatever the settings say', () => {
    expect(resolve(asked)).toMatchObject(asked);
  });

  it('uses the user’s own folder when the settings require one for each', () => {
    expect(resolve(null).userDirectory).toBeNull();
    expect(resolve(null, { settings: { separateTracksByUser: true } }).userDirectory).toBe('ana');
  });

  it('falls back to the earlier default for a task queued before options existed', () => {
    const stored = { format: 'MP3', bitrateKbps: 320 };
    expect(storedOptions.parse(stored)).toEqual({ ...resolve(null), ...stored });
  });

  it('of a path that was allowed when the task was queued falls back to the default', () => {
    const stored = { ...resolve(null), customDirFormat: '.incoming', customTrackFormat: '.%music%' };
    expect(storedOptions.parse(stored)).toEqual(resolve(null));
  });

  it.each<[string, OptionsInput, string]>([
    ['customDirFormat', { customDirFormat: '.incoming' }, 'begins with "."'],
    ['customDirFormat', { customDirFormat: 'Playlists/x' }, 'which Reprise uses itself'],
    ['customDirFormat', { customDirFormat: '../%album%' }, 'no folder may be'],
    ['customDirFormat', { customDirFormat: '%album%/ .. /x' }, 'no folder may be'],
    ['customDirFormat', { customDirFormat: '/etc' }, 'below the download directory'],
    ['customDirFormat', { customDirFormat: 'C:/Music' }, 'below the download directory'],
    ['customDirFormat', { customDirFormat: 'a\\b' }, 'below the download directory'],
    ['customDirFormat', { customDirFormat: '%nonsense%' }, 'contains %nonsense%, which is not a placeholder'],
    ['customDirFormat', { customDirFormat: 'x'.repeat(501) }, 'must have at most 500 characters'],
    ['customTrackFormat', { customTrackFormat: '' }, 'must not be empty'],
    ['customTrackFormat', { customTrackFormat: ' ' }, 'must not be empty'],
    ['customTrackFormat', { customTrackFormat: 'a\nb' }, 'must not contain control characters'],
    [
      'customTrackFormat',
      { customTrackFormat: '%artist_0%' },
      'contains %artist_0%, which is not a placeholder',
    ],
    ['padNumberWidth', { padNumberWidth: 0 }, 'between 1 and 10'],
    ['padNumberWidth', { padNumberWidth: 11 }, 'between 1 and 10'],
    ['padNumberWidth', { padNumberWidth: Number.NaN }, 'between 1 and 10'],
    ['artistSeparator', { artistSeparator: '' }, 'must not be empty'],
    ['artistSeparator', { artistSeparator: '\ud800' }, 'must not contain control characters'],
    ['realTimeMultiplier', { realTimeMultiplier: -1 }, 'between 0 and 10'],
    ['realTimeMultiplier', { realTimeMultiplier: 10.5 }, 'between 0 and 10'],
    ['realTimeMultiplier', { realTimeMultiplier: Number.NaN }, 'between 0 and 10'],
  ])('%s is rejected by name when it is invalid', (field, input, problem) => {
    expect(() => resolve(input)).toThrow(problem);
    expect(() => resolve(input)).toThrow(
      expect.objectContaining({ field, code: 'INVALID_OPTIONS' }) as Error,
    );
  });
});

describe('an artist’s albums', () => {
  const fallback = ['ALBUM', 'SINGLE'] as const;

  it('default to those in the settings', () => {
    expect(chooseGroups('ARTIST', { requested: null, fallback })).toEqual(['ALBUM', 'SINGLE']);
  });

  it('are each group once, in one order, however they were requested', () => {
    const requested = ['APPEARS_ON', 'ALBUM', 'APPEARS_ON'] as const;
    expect(chooseGroups('ARTIST', { requested, fallback })).toEqual(['ALBUM', 'APPEARS_ON']);
  });

  it('cannot be selected without an artist, and cannot be empty', () => {
    expect(chooseGroups('ALBUM', { requested: null, fallback })).toBeNull();
    expect(() => chooseGroups('ALBUM', { requested: ['ALBUM'], fallback })).toThrow(InvalidOptionsError);
    expect(() => chooseGroups('ARTIST', { requested: [], fallback })).toThrow('must have at least one group');
  });
});

describe('the key by which a download is a duplicate', () => {
  const options = resolve({ format: 'MP3', bitrateKbps: 320 });
  const key = dedupeKeyOf('someone', 'demo:x', options);
  const keyWith = (changes: Partial<DownloadOptions>) =>
    dedupeKeyOf('someone', 'demo:x', { ...options, ...changes });

  it('is the same for the same download, however its options are ordered', () => {
    const reversed = Object.fromEntries(Object.entries(options).reverse()) as DownloadOptions;
    expect(dedupeKeyOf('someone', 'demo:x', reversed)).toBe(key);
  });

  it('is the same for the same files fetched in another way', () => {
    expect(
      keyWith({ realTime: true, realTimeMultiplier: 3, acceptLowerQuality: true, saveCover: false }),
    ).toBe(key);
  });

  it.each([
    ['owner', dedupeKeyOf('someone else', 'demo:x', options)],
    ['item', dedupeKeyOf('someone', 'demo:y', options)],
    ['format', keyWith({ format: 'AAC' })],
    ['bitrate', keyWith({ bitrateKbps: null })],
    ['folder', keyWith({ customDirFormat: '%year%' })],
    ['name', keyWith({ customTrackFormat: '%music%' })],
    ['user’s folder', keyWith({ userDirectory: 'ana' })],
    ['choice of albums', keyWith({ albumGroups: ['ALBUM'] })],
  ])('differs for another %s', (_what, other) => {
    expect(other).not.toBe(key);
  });

  it('cannot be forged by moving text from one component to the next', () => {
    expect(dedupeKeyOf('a', 'b:c', options)).not.toBe(dedupeKeyOf('a:b', 'c', options));
  });
});
