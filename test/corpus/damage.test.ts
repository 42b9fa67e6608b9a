import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AudioFormat, Media } from '../../src/media/media.js';
import { bareFfmpeg, bareTags, createTestMedia, createWorkspace, never } from '../kit/audio.js';
import { breakFile, cutFile, FADE_IN } from './recipes.js';

const SECONDS = 24;

let media: Media;
let workspace: Awaited<ReturnType<typeof createWorkspace>>;

beforeAll(async () => {
  media = await createTestMedia();
  workspace = await createWorkspace();
});
afterAll(async () => {
  media.stop();
  await workspace.remove();
});

const ENCODERS: Record<string, string[]> = {
  mp3: ['-b:a', '128k'],
  'no-header.mp3': ['-q:a', '4', '-write_xing', '0'],
  flac: ['-c:a', 'flac'],
  ogg: ['-c:a', 'libvorbis'],
  opus: ['-c:a', 'libopus'],
  m4a: ['-c:a', 'aac'],
  wma: ['-c:a', 'wmav2', '-f', 'asf'],
  wv: ['-c:a', 'wavpack'],
  aac: ['-c:a', 'aac', '-f', 'adts'],
  aiff: ['-c:a', 'pcm_s16be'],
  wav: ['-c:a', 'pcm_s16le'],
  mka: ['-c:a', 'flac'],
};

let made = 0;

async function make(kind: string): Promise<string> {
  const path = workspace.file(`${++made}.${kind}`);
  await bareFfmpeg(...FADE_IN(SECONDS), ...(ENCODERS[kind] ?? []), path);
  return path;
}

/** How long the audio was, or what was said of it. */
async function outcomeOf(inputPath: string, format: AudioFormat): Promise<number | string> {
  try {
    const input = await media.probe(inputPath, never);
    const outputPath = workspace.file(`${++made}.out`);
    const request = { inputPath, outputPath, maxOutputBytes: 1e9, input, format, bitrateKbps: null };
    const { decodedMs } = await media.transcode(
      { ...request, artistSeparator: '; ', tags: bareTags, tagPolicy: 'fill', cover: null },
      { signal: never, onProgress: () => undefined },
    );
    return Math.round((decodedMs ?? 0) / 1000);
  } catch (error) {
    return error instanceof Error && 'code' in error
      ? `${String(error.code)}: ${error.message}`
      : String(error);
  }
}

const DAMAGED = /^SOURCE_DAMAGED: The audio is damaged: [\d.]+ of 24 s cannot be decoded\.$/;

describe('a whole file is completed with its real length', () => {
  it.each(Object.keys(ENCODERS))('%s', async (kind) => {
    expect(await outcomeOf(await make(kind), 'KEEP')).toBe(SECONDS);
  });

  it.each(['KEEP', 'MP3', 'OPUS'] as const)(
    'an MP3 of varying bitrate without a header, as %s (F01)',
    async (format) => {
      const path = await make('no-header.mp3');
      const { durationMs } = await media.probe(path, never);
      expect(Math.abs(durationMs - SECONDS * 1_000)).toBeLessThan(1_000);
      expect(await outcomeOf(path, format)).toBe(SECONDS);
    },
  );

  it('an MP3 whose header is of a longer one', async () => {
    const path = await make('mp3');
    const bytes = await readFile(path);
    const frames = Math.max(bytes.indexOf('Info'), bytes.indexOf('Xing')) + 8;
    bytes.writeUInt32BE(bytes.readUInt32BE(frames) * 2, frames);
    await writeFile(path, bytes);
    expect(await outcomeOf(path, 'KEEP')).toBe(SECONDS);
  });

  it('two MP3s in one file, with a tag in the middle that is larger than any frame', async () => {
    const tagged = workspace.file('tagged.mp3');
    const title = ['-metadata', `title=${'long '.repeat(4_000)}`];
    await bareFfmpeg('-i', await make('no-header.mp3'), '-c', 'copy', '-write_xing', '0', ...title, tagged);
    const bytes = await readFile(tagged);
    const path = workspace.file('joined.mp3');
    await writeFile(path, Buffer.concat([bytes, bytes]));
    expect(await outcomeOf(path, 'KEEP')).toBe(2 * SECONDS);
  });
});

/** PCM has no sums: zeroes are silence there. */
const CODED = Object.keys(ENCODERS).filter((kind) => kind !== 'wav' && kind !== 'aiff' && kind !== 'aac');

describe('a destroyed stretch in the middle fails, with its length in words', () => {
  it.each(CODED)('%s', async (kind) => {
    const path = await make(kind);
    await breakFile(path, { from: 0.5, share: 0.1 });
    expect(await outcomeOf(path, 'KEEP')).toMatch(DAMAGED);
  });

  it.each(['KEEP', 'MP3', 'OPUS', 'FLAC'] as const)('a FLAC, as %s (F02)', async (format) => {
    const path = await make('flac');
    await breakFile(path, { from: 0.5, share: 0.05 });
    expect(await outcomeOf(path, format)).toMatch(DAMAGED);
  });

  it('raw AAC, where reading ends', async () => {
    const path = await make('aac');
    await breakFile(path, { from: 0.5, share: 0.1 });
    expect(await outcomeOf(path, 'KEEP')).toMatch(/^SOURCE_DAMAGED: /);
  });
});

describe('a flipped byte in lossless audio fails', () => {
  it.each(['flac', 'wv', 'mka'])('%s', async (kind) => {
    const path = await make(kind);
    const bytes = await readFile(path);
    const at = Math.round(bytes.length * 0.6);
    bytes.writeUInt8((bytes[at] ?? 0) ^ 0xff, at);
    await writeFile(path, bytes);
    expect(await outcomeOf(path, 'KEEP')).toMatch(/^SOURCE_DAMAGED: The audio is damaged: /);
    if (kind === 'flac') expect(await outcomeOf(path, 'MP3')).toMatch(/one failure in decoding it/);
  });
});

describe('a file that breaks off fails, where the format says how long it is', () => {
  it.each(['mp3', 'flac', 'wv', 'aiff', 'wav', 'mka', 'm4a'])('%s', async (kind) => {
    const path = await make(kind);
    await cutFile(path, 0.7);
    expect(await outcomeOf(path, 'KEEP')).toMatch(/^SOURCE_(?:DAMAGED|INVALID_AUDIO): /);
  });
});
