import { describe, expect, it } from 'vitest';
import { FormatUnavailableError } from '../../src/media/errors.js';
import { AUDIO_FORMATS, type AudioFormat, type AudioProbe } from '../../src/media/media.js';
import { type PlanFiles, planTranscode, vorbisQuality } from '../../src/media/transcode-plan.js';
import { containerFor, formatsOf } from '../../src/media/containers.js';

const encoders = new Set(['libmp3lame', 'aac', 'libvorbis', 'libopus', 'flac', 'pcm_s16le', 'alac']);
const noCover: PlanFiles = { carrierPath: '/work dir/tags', cover: 'none' };

const flac: AudioProbe = {
  container: 'flac',
  codec: 'flac',
  bitrateKbps: 900,
  durationMs: 200_000,
  sampleRateHz: 44_100,
  channels: 2,
  bitDepth: 16,
  hasCover: false,
  tags: {},
};

function plan(
  format: AudioFormat,
  input: Partial<AudioProbe> = {},
  options: { bitrateKbps?: number; files?: PlanFiles; encoders?: Set<string> } = {},
) {
  const request = {
    inputPath: '/in -y/a.flac',
    input: { ...flac, ...input },
    format,
    bitrateKbps: options.bitrateKbps ?? null,
    maxOutputBytes: 71_000,
  };
  return planTranscode(request, options.encoders ?? encoders, options.files ?? noCover);
}

/** The options between the mapped stream and the metadata: how the audio is made. */
function audioOf(...args: Parameters<typeof plan>): string[] {
  const { outputOptions } = plan(...args);
  return outputOptions.slice(outputOptions.indexOf('-c:a'), outputOptions.indexOf('-map_metadata'));
}

describe('the whole argument list', () => {
  it('guards the input, reads tags from the carrier alone and names its muxer', () => {
    expect(plan('MP3')).toEqual({
      inputs: [
        {
          options: [
            '-nostdin',
            '-v',
            'error',
            '-stats',
            '-protocol_whitelist',
            'file,pipe',
            '-format_whitelist',
            'aac,ac3,aiff,amr,ape,asf,au,caf,dsf,dts,eac3,flac,iff,matroska,webm,mov,mp3,mpc,mpc8,ogg,tta,w64,wav,wv',
            '-threads',
            '1',
          ],
          source: 'file:/in -y/a.flac',
        },
        { options: ['-protocol_whitelist', 'file', '-f', 'matroska'], source: 'file:/work dir/tags' },
      ],
      outputOptions: [
        '-map',
        '0:a:0',
        '-c:a',
        'libmp3lame',
        '-b:a',
        '320k',
        '-map_metadata',
        '1',
        '-map_metadata:s:a:0',
        '-1',
        '-map_chapters',
        '-1',
        '-threads',
        '1',
        '-fs',
        '71000',
        '-id3v2_version',
        '4',
        '-write_xing',
        '1',
        '-f',
        'mp3',
      ],
    });
  });

  it('puts a cover beside the audio as an attached picture', () => {
    const { outputOptions } = plan('AAC', {}, { files: { carrierPath: '/t', cover: 'stream' } });
    expect(outputOptions.slice(0, 10)).toEqual([
      '-map',
      '0:a:0',
      '-map',
      '1:v:0',
      '-c:v',
      'copy',
      '-disposition:v:0',
      'attached_pic',
      '-metadata:s:v:0',
      'comment=Cover (front)',
    ]);
  });

  it('attaches a cover to Matroska', () => {
    const files: PlanFiles = { carrierPath: '/t', cover: { attach: '/c', mime: 'image/png' } };
    expect(plan('KEEP', { codec: 'wmav2' }, { files }).outputOptions).toEqual([
      '-map',
      '0:a:0',
      '-attach',
      'file:/c',
      '-metadata:s:t:0',
      'mimetype=image/png',
      '-metadata:s:t:0',
      'filename=cover.png',
      '-c:a',
      'copy',
      '-map_metadata',
      '1',
      '-map_metadata:s:a:0',
      '-1',
      '-map_chapters',
      '-1',
      '-threads',
      '1',
      '-fs',
      '71000',
      '-f',
      'matroska',
    ]);
  });

  it.each(['OGG', 'OPUS'] as const)(
    'gives %s its tags on the audio stream, where Ogg keeps them',
    (format) => {
      const { outputOptions } = plan(format);
      expect(outputOptions[outputOptions.indexOf('-map_metadata:s:a:0') + 1]).toBe('1:g');
    },
  );
});

describe('how the audio is made', () => {
  it.each([
    ['MP3', ['-c:a', 'libmp3lame', '-b:a', '320k']],
    ['AAC', ['-c:a', 'aac', '-b:a', '256k']],
    ['OGG', ['-c:a', 'libvorbis', '-q:a', '8']],
    ['OPUS', ['-c:a', 'libopus', '-b:a', '160k', '-vbr', 'constrained', '-ar', '48000']],
    ['WAV', ['-c:a', 'pcm_s16le']],
    ['ALAC', ['-c:a', 'alac', '-sample_fmt', 's16p']],
  ] as const)('makes %s of its default quality when no bitrate is requested', (format, expected) => {
    expect(audioOf(format)).toEqual(expected);
  });

  it.each([
    ['MP3', ['-c:a', 'libmp3lame', '-b:a', '128k']],
    ['AAC', ['-c:a', 'aac', '-b:a', '128k']],
    ['OGG', ['-c:a', 'libvorbis', '-q:a', '4']],
    ['OPUS', ['-c:a', 'libopus', '-b:a', '128k', '-vbr', 'constrained', '-ar', '48000']],
  ] as const)('makes %s of the requested bitrate', (format, expected) => {
    expect(audioOf(format, {}, { bitrateKbps: 128 })).toEqual(expected);
  });

  it.each([
    ['FLAC', ['-c:a', 'flac', '-sample_fmt', 's32']],
    ['WAV', ['-c:a', 'pcm_s24le']],
    ['ALAC', ['-c:a', 'alac', '-sample_fmt', 's32p']],
  ] as const)('keeps 24 bits in %s', (format, expected) => {
    expect(audioOf(format, { codec: 'wavpack', bitDepth: 24 })).toEqual(expected);
  });

  it('makes 16 bits of a lossy source', () => {
    const lossy: AudioProbe = { ...flac, codec: 'mp3' };
    delete lossy.bitDepth;
    const request = { inputPath: '/a', input: lossy, format: 'FLAC' as const };
    const limits = { bitrateKbps: null, maxOutputBytes: 71_000 };
    expect(planTranscode({ ...request, ...limits }, encoders, noCover).outputOptions).toContain('s16');
  });

  it.each([
    [96_000, '48000'],
    [88_200, '44100'],
    [192_000, '48000'],
  ])('brings %i Hz down for lossy formats', (sampleRateHz, expected) => {
    expect(audioOf('MP3', { sampleRateHz })).toEqual(['-c:a', 'libmp3lame', '-b:a', '320k', '-ar', expected]);
  });

  it('mixes surround down for lossy formats and leaves it in lossless ones', () => {
    expect(audioOf('OPUS', { channels: 6 })).toContain('-ac');
    expect(audioOf('ALAC', { channels: 6 })).not.toContain('-ac');
  });

  it.each([
    [32, '0'],
    [64, '0'],
    [100, '2.25'],
    [192, '6'],
    [320, '9'],
    [900, '10'],
  ])('turns %i kbit/s into Vorbis quality %s', (kbps, quality) => {
    expect(vorbisQuality(kbps)).toBe(quality);
  });
});

describe('copying', () => {
  const copied = ['-c:a', 'copy'];

  it.each([
    ['MP3', 'mp3'],
    ['AAC', 'aac'],
    ['OGG', 'vorbis'],
    ['OPUS', 'opus'],
    ['FLAC', 'flac'],
    ['ALAC', 'alac'],
    ['WAV', 'pcm_s24le'],
  ] as const)('copies into %s what is %s already', (format, codec) => {
    expect(audioOf(format, { codec })).toEqual(copied);
  });

  it('copies when the source is at most the requested bitrate, or slightly above it', () => {
    expect(audioOf('MP3', { codec: 'mp3', bitrateKbps: 192 }, { bitrateKbps: 320 })).toEqual(copied);
    expect(audioOf('OPUS', { codec: 'opus', bitrateKbps: 131 }, { bitrateKbps: 128 })).toEqual(copied);
  });

  it('converts when the source is above the requested bitrate, or its bitrate is unknown', () => {
    const asked = { bitrateKbps: 128 };
    const expected = ['-c:a', 'libmp3lame', '-b:a', '128k'];
    expect(audioOf('MP3', { codec: 'mp3', bitrateKbps: 320 }, asked)).toEqual(expected);
    expect(audioOf('MP3', { codec: 'mp3', bitrateKbps: null }, asked)).toEqual(expected);
  });

  it('encodes a FLAC again that does not state its length', () => {
    const expected = ['-c:a', 'flac', '-sample_fmt', 's16'];
    expect(audioOf('KEEP', { streamed: true })).toEqual(expected);
    expect(audioOf('FLAC', { streamed: true })).toEqual(expected);
    expect(audioOf('KEEP', { streamed: true }, { encoders: new Set() })).toEqual(copied);
  });

  it('needs no encoder', () => {
    expect(audioOf('MP3', { codec: 'mp3' }, { encoders: new Set() })).toEqual(copied);
  });
});

describe('formats', () => {
  it.each([
    ['mp3', 'mp3'],
    ['vorbis', 'ogg'],
    ['opus', 'opus'],
    ['flac', 'flac'],
    ['aac', 'm4a'],
    ['alac', 'm4a'],
    ['pcm_s16le', 'wav'],
    ['pcm_s16be', 'mka'],
    ['wmav2', 'mka'],
  ])('keeps %s in a .%s file', (codec, extension) => {
    expect(containerFor('KEEP', codec)).toBe(extension);
  });

  it('are disabled without their encoder, and requesting one is rejected with a message', () => {
    const lacking = new Set([...encoders].filter((name) => name !== 'libopus'));
    expect(AUDIO_FORMATS.filter((format) => !formatsOf(lacking).has(format))).toEqual(['OPUS']);
    expect(() => plan('OPUS', {}, { encoders: lacking })).toThrow(FormatUnavailableError);
    expect(() => plan('OPUS', {}, { encoders: lacking })).toThrow('The installed ffmpeg cannot make OPUS.');
  });
});
