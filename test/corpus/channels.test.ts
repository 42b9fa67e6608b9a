import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AudioFormat, Media } from '../../src/media/media.js';
import { bareFfmpeg, bareTags, createTestMedia, createWorkspace, never } from '../kit/audio.js';

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

const LAYOUTS = { '3.0': 3, quad: 4, '4.0': 4, '5.0': 5, '5.1': 6, '5.1(side)': 6, '6.1': 7, '7.1': 8 };

/** A tone of its own in each channel. */
async function makeChannels(layout: string, count: number): Promise<string> {
  const path = workspace.file(`${layout}.wav`);
  const tones = Array.from({ length: count }, (_, channel) => `0.5*sin(${200 + 90 * channel}*2*PI*t)`);
  const graph = `aevalsrc=${tones.join('|')}:c=${layout}:s=44100:d=0.5`;
  await bareFfmpeg('-f', 'lavfi', '-i', graph, '-c:a', 'pcm_s16le', path);
  return path;
}

async function samplesOf(path: string): Promise<Buffer> {
  await bareFfmpeg('-i', path, '-f', 's16le', '-c:a', 'pcm_s16le', `${path}.raw`);
  return readFile(`${path}.raw`);
}

async function convert(layout: string, count: number, format: AudioFormat): Promise<string> {
  const inputPath = await makeChannels(layout, count);
  const input = await media.probe(inputPath, never);
  const outputPath = workspace.file(`${layout}.${format}`);
  const request = { inputPath, outputPath, maxOutputBytes: 1e9, input, format, bitrateKbps: null };
  const about = { artistSeparator: '; ', tags: bareTags, tagPolicy: 'fill', cover: null } as const;
  await media.transcode({ ...request, ...about }, { signal: never, onProgress: () => undefined });
  return outputPath;
}

const REFUSED: Partial<Record<AudioFormat, string[]>> = { FLAC: ['4.0'], ALAC: ['quad', '6.1', '7.1'] };

describe.each(['FLAC', 'ALAC', 'WAV'] as const)('%s', (format) => {
  it.each(Object.entries(LAYOUTS))(
    'holds each channel of %s as it was, or refuses it',
    async (layout, count) => {
      if (REFUSED[format]?.includes(layout)) {
        const words = `${format} does not hold the channel layout "${layout}" of this audio. Use KEEP or WAV.`;
        await expect(convert(layout, count, format)).rejects.toThrow(words);
        return;
      }
      const output = await convert(layout, count, format);
      const expected = await samplesOf(workspace.file(`${layout}.wav`));
      // Encoders add a few samples of silence at the end.
      expect((await samplesOf(output)).subarray(0, expected.length).equals(expected)).toBe(true);
    },
  );
});

describe.each(['MP3', 'AAC', 'OGG', 'OPUS'] as const)('%s', (format) => {
  it.each(Object.entries(LAYOUTS))('of %s is stereo', async (layout, count) => {
    expect(await media.probe(await convert(layout, count, format), never)).toMatchObject({ channels: 2 });
  });
});
