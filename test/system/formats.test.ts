import { stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AudioFormat, DownloadOptionsInput } from '../../src/generated/documents/graphql.js';
import { readTags } from '../kit/audio.js';
import { startApp, type TestApp } from '../kit/start-app.js';
import { ended, queue } from '../kit/story.js';

/** Names say the quality, so that no download is in another one's way. */
const customTrackFormat = '%tracknum%. %music% [%quality%]';
let app: TestApp;
beforeAll(async () => {
  app = await startApp({ overrides: { settings: { customTrackFormat } } });
});
afterAll(() => app?.stop());

const ITEM = 'demo:night-ferry-1-01';
const DURATION_MS = 12_000;
const LOSSLESS: readonly AudioFormat[] = ['FLAC', 'WAV', 'ALAC'];

interface Expected {
  extension: string;
  codec: RegExp;
}

const EXPECTED: Record<Exclude<AudioFormat, 'KEEP'>, Expected> = {
  MP3: { extension: '.mp3', codec: /MPEG 1 Layer 3/ },
  AAC: { extension: '.m4a', codec: /AAC/ },
  OGG: { extension: '.ogg', codec: /Vorbis/ },
  OPUS: { extension: '.opus', codec: /Opus/ },
  FLAC: { extension: '.flac', codec: /FLAC/ },
  WAV: { extension: '.wav', codec: /PCM/ },
  ALAC: { extension: '.m4a', codec: /ALAC/ },
};

async function download(options: DownloadOptionsInput) {
  const { state, error, file } = await ended(app, await queue(app, { item: ITEM, options }), 60_000);
  expect({ state, error }).toEqual({ state: 'COMPLETED', error: null });
  if (!file) throw new Error('a completed task has a file');
  return { file, read: await readTags(file.path) };
}

type Downloaded = Awaited<ReturnType<typeof download>>;

function expectTags({ common, credit, picture }: Downloaded['read']): void {
  expect(common).toMatchObject({
    title: 'Casting Off',
    artists: ['Saltglass Choir'],
    album: 'Night Ferry',
    albumartist: 'Saltglass Choir',
    track: { no: 1, of: 9 },
    disk: { no: 1, of: 1 },
    date: '2024-10-18',
    isrc: ['XXDEM2401101'],
    genre: ['Ambient'],
  });
  expect(credit).toEqual({ source: 'demo', licence: 'CC0-1.0' });
  expect(picture?.format).toBe('image/png');
  expect(picture?.data.length).toBeGreaterThan(100);
}

async function expectFacts({ file, read }: Downloaded): Promise<void> {
  const bitsPerSecond = read.format.bitrate ?? 0;
  expect(file).toMatchObject({ source: 'demo', licence: 'CC0-1.0' });
  expect(file.sizeBytes).toBe((await stat(file.path)).size);
  expect(Math.abs(file.durationMs - 1000 * (read.format.duration ?? 0))).toBeLessThan(100);
  expect(Math.abs(file.durationMs - DURATION_MS)).toBeLessThan(100);
  // What is counted as overhead, and how a varying rate is averaged, is everyone's own affair.
  const kbps = file.bitrateKbps ?? 0;
  expect(kbps).toBeGreaterThan((0.8 * bitsPerSecond) / 1000);
  expect(kbps).toBeLessThan((1.25 * bitsPerSecond) / 1000);
}

describe('a track of the demo album', () => {
  it.each(Object.entries(EXPECTED) as [keyof typeof EXPECTED, Expected][])(
    'becomes %s with all its tags and its cover',
    async (format, { extension, codec }) => {
      const downloaded = await download({ format });
      expect(extname(downloaded.file.path)).toBe(extension);
      expect(downloaded.file.format).toBe(format);
      expect(downloaded.read.format.codec).toMatch(codec);
      expect(downloaded.read.format.lossless ?? false).toBe(LOSSLESS.includes(format));
      expectTags(downloaded.read);
      await expectFacts(downloaded);
    },
  );

  it.each([
    ['MP3', 128],
    ['AAC', 96],
    ['OGG', 96],
    ['OPUS', 64],
  ] as const)('becomes %s of %i kbit/s', async (format, bitrateKbps) => {
    const { file, read } = await download({ format, bitrateKbps });
    expect(file.bitrateKbps).toBeGreaterThan(0.7 * bitrateKbps);
    // Opus takes its liberty with tones as clean as the demo's.
    expect(file.bitrateKbps).toBeLessThan((format === 'OPUS' ? 1.8 : 1.3) * bitrateKbps);
    expect(read.common.title).toBe('Casting Off');
  });

  it('keeps the format of its source', async () => {
    const task = await ended(app, await queue(app, { item: 'demo:night-ferry-1-02' }));
    const { codec } = (await readTags(task.file?.path ?? '')).format;
    const format = task.file?.format as keyof typeof EXPECTED;
    expect(codec).toMatch(EXPECTED[format].codec);
    expect(extname(task.file?.path ?? '')).toBe(EXPECTED[format].extension);
  });
});

describe('a file that is there already', () => {
  const item = 'demo:night-ferry-1-04';
  let plain: TestApp;
  beforeAll(async () => {
    plain = await startApp();
  });
  afterAll(() => plain?.stop());
  const ask = async (options: DownloadOptionsInput) => ended(plain, await queue(plain, { item, options }));

  it('is kept when only the bitrate differs, and reported as it is', async () => {
    const first = await ask({ format: 'MP3', bitrateKbps: 320 });
    const second = await ask({ format: 'MP3', bitrateKbps: 64 });
    expect([first.state, second.state]).toEqual(['COMPLETED', 'SKIPPED']);
    expect(second.file).toEqual(first.file);
  });

  it('is not mistaken for one of another format that has the same name', async () => {
    const first = await ask({ format: 'AAC' });
    const second = await ask({ format: 'ALAC' });
    expect([first.state, second.state]).toEqual(['COMPLETED', 'COMPLETED']);
    expect(second.file?.path).toBe(first.file?.path.replace('.m4a', ' (2).m4a'));
    expect((await readTags(second.file?.path ?? '')).format.codec).toMatch(EXPECTED.ALAC.codec);
  });

  it('is reported as it is, also when it was not downloaded here', async () => {
    const first = await ask({ format: 'OPUS', bitrateKbps: 128 });
    await plain.deps.db.task.deleteMany({ where: { filePath: first.file?.path ?? '' } });
    const second = await ask({ format: 'OPUS', bitrateKbps: 32 });
    expect(second.state).toBe('SKIPPED');
    expect(second.file).toEqual({ ...first.file, source: 'unknown', licence: 'unknown' });
  });
});
