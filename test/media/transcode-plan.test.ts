import { describe, expect, it } from 'vitest';
import { FormatUnavailableError } from '../../src/media/errors.js';
import { AUDIO_FORMATS, type AudioFormat, type AudioProbe } from '../../src/media/media.js';
import { extensionOf, loudnessOf, planTranscode, vorbisQuality } from '../../src/media/transcode-plan.js';
import { formatsOf } from '../../src/media/containers.js';

const encoders = new Set(['libmp3lame', 'aac', 'libvorbis', 'libopus', 'flac', 'pcm_s16le', 'alac']);

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
  options: { bitrateKbps?: number; encoders?: Set<string> } = {},
) {
  const request = {
    inputPath: '/in -y/a.flac',
    input: { ...flac, ...input },
    format,
    bitrateKbps: options.bitrateKbps ?? null,
    maxOutputBytes: 71_000,
  };
  return planTranscode(request, options.encoders ?? encoders);
}

const counted = ['-af', 'asetpts=N/SR/TB'];

/** The options between the mapped stream and the metadata: how the audio is made. */
function audioOf(...args: Parameters<typeof plan>): string[] | 'bytes' {
  const job = plan(...args);
  if (!job) return 'bytes';
  const { outputOptions } = job;
  const audio = outputOptions.slice(outputOptions.indexOf('-c:a'), outputOptions.indexOf('-map_metadata:g'));
  if (audio[1] === 'copy') return audio;
  expect(audio.slice(-2)).toEqual(counted);
  return audio.slice(0, -2);
}

describe('the whole argument list', () => {
  it('guards and checks the input, makes the audio alone and names its muxer', () => {
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
            'aac,ac3,aiff,amr,ape,asf,au,caf,dsf,dts,eac3,flac,iff,matroska,webm,mlp,mov,mp3,mpc,mpc8,ogg,rm,shn,tak,truehd,tta,voc,w64,wav,wv',
            '-err_detect',
            'crccheck',
            '-threads',
            '1',
          ],
          source: 'file:/in -y/a.flac',
        },
      ],
      outputOptions: [
        '-map',
        '0:a:0',
        '-c:a',
        'libmp3lame',
        '-b:a',
        '320k',
        ...counted,
        '-map_metadata:g',
        '-1',
        '-map_metadata:s:a:0',
        '-1',
        '-map_chapters',
        '0',
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
    expect(planTranscode({ ...request, ...limits }, encoders)?.outputOptions).toContain('s16');
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

  it('rejects more channels than a lossless format holds', () => {
    const message = 'holds at most 8 channels, and this audio has 10. Use KEEP or WAV.';
    expect(() => plan('FLAC', { codec: 'pcm_s16le', channels: 10 })).toThrow(`FLAC ${message}`);
    expect(() => plan('ALAC', { channels: 10 })).toThrow(`ALAC ${message}`);
    expect(audioOf('WAV', { channels: 10 })).toEqual(['-c:a', 'pcm_s16le']);
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
    ['MP3', 'mp3', 'mp3'],
    ['AAC', 'aac', 'mov,mp4,m4a,3gp,3g2,mj2'],
    ['OGG', 'vorbis', 'ogg'],
    ['OPUS', 'opus', 'ogg'],
    ['FLAC', 'flac', 'flac'],
    ['ALAC', 'alac', 'mov,mp4,m4a,3gp,3g2,mj2'],
    ['WAV', 'pcm_s24le', 'wav'],
  ] as const)('copies the bytes of what is %s already', (format, codec, container) => {
    expect(audioOf(format, { codec, container })).toBe('bytes');
    expect(audioOf(format, { codec, container: 'matroska,webm' })).toEqual(copied);
  });

  it('copies only the audio of a file with video, and of one that needs a header', () => {
    const mp3 = { codec: 'mp3', container: 'mp3' };
    expect(audioOf('MP3', { ...mp3, extraStreams: true })).toEqual(copied);
    expect(audioOf('MP3', { ...mp3, estimated: true })).toEqual(copied);
    expect(audioOf('KEEP', { ...mp3, extraStreams: true, estimated: true })).toBe('bytes');
  });

  it('copies when the source is at most the requested bitrate, or slightly above it', () => {
    const asked = (bitrateKbps: number) => ({ bitrateKbps });
    expect(audioOf('MP3', { codec: 'mp3', container: 'mp3', bitrateKbps: 192 }, asked(320))).toBe('bytes');
    expect(audioOf('OPUS', { codec: 'opus', container: 'ogg', bitrateKbps: 131 }, asked(128))).toBe('bytes');
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
    expect(audioOf('KEEP', { streamed: true }, { encoders: new Set() })).toBe('bytes');
  });

  it('needs no encoder', () => {
    expect(audioOf('MP3', { codec: 'mp3' }, { encoders: new Set() })).toEqual(copied);
  });
});

describe('measured loudness', () => {
  it('stays where the audio does, without its peaks where they move, and not when channels are mixed', () => {
    const of = (format: AudioFormat, input: Partial<AudioProbe> = {}) =>
      loudnessOf({ format, input: { ...flac, ...input } });
    expect(of('ALAC')).toEqual({ keep: 'all', asR128: false });
    expect(of('ALAC', { codec: 'mp3' })).toEqual({ keep: 'gains', asR128: false });
    expect(of('MP3')).toEqual({ keep: 'gains', asR128: false });
    expect(of('OPUS')).toEqual({ keep: 'gains', asR128: true });
    expect(of('MP3', { channels: 6 })).toEqual({ keep: 'none', asR128: false });
  });
});

describe('formats', () => {
  it.each([
    ['mp3', 'mp3', '', 'mp3'],
    ['ogg', 'vorbis', '', 'ogg'],
    ['ogg', 'opus', '', 'opus'],
    ['ogg', 'flac', '', 'oga'],
    ['ogg', 'opus', 'ogg', 'ogg'],
    ['flac', 'flac', 'fla', 'flac'],
    ['mov,mp4,m4a,3gp,3g2,mj2', 'aac', '', 'm4a'],
    ['mov,mp4,m4a,3gp,3g2,mj2', 'aac', 'm4b', 'm4b'],
    ['mov,mp4,m4a,3gp,3g2,mj2', 'alac', 'mp3', 'm4a'],
    ['wav', 'pcm_s16le', '', 'wav'],
    ['aiff', 'pcm_s16be', '', 'aiff'],
    ['aiff', 'pcm_s24be', 'aif', 'aif'],
    ['asf', 'wmav2', '', 'wma'],
    ['ape', 'ape', '', 'ape'],
    ['wv', 'wavpack', '', 'wv'],
    ['matroska,webm', 'opus', 'webm', 'webm'],
    ['matroska,webm', 'flac', '', 'mka'],
    ['aac', 'aac', '', 'aac'],
  ])('keeps %s with %s, named "%s", as .%s', (container, codec, extension, expected) => {
    expect(extensionOf('KEEP', { ...flac, container, codec, extension })).toBe(expected);
  });

  it('are disabled without their encoder, and requesting one is rejected with a message', () => {
    const lacking = new Set([...encoders].filter((name) => name !== 'libopus'));
    expect(AUDIO_FORMATS.filter((format) => !formatsOf(lacking).has(format))).toEqual(['OPUS']);
    expect(() => plan('OPUS', {}, { encoders: lacking })).toThrow(FormatUnavailableError);
    expect(() => plan('OPUS', {}, { encoders: lacking })).toThrow('The installed ffmpeg cannot make OPUS.');
  });
});
