import { describe, expect, it } from 'vitest';
import { defaultSettings, type Settings } from '../../src/config/settings.js';
import { resolveOptions, type OptionsInput } from '../../src/downloads/resolve-options.js';
import { InvalidOptionsError } from '../../src/downloads/errors.js';
import { FormatUnavailableError } from '../../src/media/errors.js';
import { AUDIO_FORMATS, BITRATE_RANGES, type AudioFormat, type Media } from '../../src/media/media.js';
import { dedupeKeyOf, parseDownloadOptions } from '../../src/tasks/download-options.js';

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
  );
}

describe('the output of a download', () => {
  it('follows the settings where nothing is asked for', () => {
    expect(resolve(null)).toEqual({ format: 'KEEP', bitrateKbps: null });
    const settings = { convertTo: 'MP3', bitrateKbps: 192 } as const;
    expect(resolve({}, { settings })).toEqual({ format: 'MP3', bitrateKbps: 192 });
    expect(resolve({ format: null, bitrateKbps: null }, { settings })).toEqual({
      format: 'MP3',
      bitrateKbps: 192,
    });
  });

  it('does not take the setting’s bitrate for another format', () => {
    const settings = { convertTo: 'MP3', bitrateKbps: 320 } as const;
    expect(resolve({ format: 'OPUS' }, { settings })).toEqual({ format: 'OPUS', bitrateKbps: null });
    expect(resolve({ format: 'FLAC' }, { settings })).toEqual({ format: 'FLAC', bitrateKbps: null });
  });

  it.each(Object.entries(BITRATE_RANGES) as [AudioFormat, { min: number; max: number }][])(
    'takes for %s the bitrates of its range, and says which these are',
    (format, { min, max }) => {
      for (const bitrateKbps of [min, max]) {
        expect(resolve({ format, bitrateKbps })).toEqual({ format, bitrateKbps });
      }
      for (const bitrateKbps of [min - 1, max + 1, 0, -1]) {
        expect(() => resolve({ format, bitrateKbps })).toThrow(InvalidOptionsError);
        expect(() => resolve({ format, bitrateKbps })).toThrow(`allowed: ${min} to ${max}`);
      }
    },
  );

  it.each(AUDIO_FORMATS.filter((format) => !BITRATE_RANGES[format]))('takes no bitrate for %s', (format) => {
    expect(() => resolve({ format, bitrateKbps: 128 })).toThrow(`${format} takes no bitrate.`);
  });

  it('must be one that this ffmpeg can make', () => {
    expect(() => resolve({ format: 'OPUS' }, { formats: ['KEEP', 'MP3'] })).toThrow(FormatUnavailableError);
  });

  it('may be anything while there is no ffmpeg, which may come back', () => {
    expect(resolve({ format: 'OPUS' }, { formats: [], tools: null })).toEqual({
      format: 'OPUS',
      bitrateKbps: null,
    });
  });

  it('is read back as it was stored, and not taken when it is something else', () => {
    const stored: unknown = JSON.parse(JSON.stringify(resolve({ format: 'MP3', bitrateKbps: 128 })));
    expect(parseDownloadOptions(stored)).toEqual({ format: 'MP3', bitrateKbps: 128 });
    expect(() => parseDownloadOptions({ format: 'MIDI', bitrateKbps: null })).toThrow();
    expect(() => parseDownloadOptions(null)).toThrow();
  });
});

describe('the key by which a download is a duplicate', () => {
  const key = dedupeKeyOf('someone', 'demo:x', { format: 'MP3', bitrateKbps: 320 });

  it('is the same for the same download, however its output is spelt', () => {
    expect(dedupeKeyOf('someone', 'demo:x', { bitrateKbps: 320, format: 'MP3' })).toBe(key);
  });

  it.each([
    ['owner', dedupeKeyOf('someone else', 'demo:x', { format: 'MP3', bitrateKbps: 320 })],
    ['item', dedupeKeyOf('someone', 'demo:y', { format: 'MP3', bitrateKbps: 320 })],
    ['format', dedupeKeyOf('someone', 'demo:x', { format: 'AAC', bitrateKbps: 320 })],
    ['bitrate', dedupeKeyOf('someone', 'demo:x', { format: 'MP3', bitrateKbps: null })],
  ])('is another one for another %s', (_what, other) => {
    expect(other).not.toBe(key);
  });

  it('cannot be made the same by moving text from one part to the next', () => {
    const output = { format: 'MP3', bitrateKbps: null } as const;
    expect(dedupeKeyOf('a', 'b:c', output)).not.toBe(dedupeKeyOf('a:b', 'c', output));
  });
});
