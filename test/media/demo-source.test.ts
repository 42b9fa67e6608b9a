import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { Track } from '../../src/catalog/catalog-item.js';
import type { AudioSource, Rendition } from '../../src/catalog/audio-source.js';
import type { Media } from '../../src/media/media.js';
import { createDemoCatalog, SHOWCASE_ALBUM_ID, TROUBLE_ALBUM_ID } from '../../src/upstream/demo/catalog.js';
import { TROUBLES, type Trouble } from '../../src/upstream/demo/music.js';
import { createDemoSource } from '../../src/upstream/demo/source.js';
import { bareTags, createTestMedia, createWorkspace, never, pidsWith } from '../kit/audio.js';
import { keepAudio } from '../kit/kept-audio.js';
import { waitFor } from '../kit/wait-for.js';

const catalog = createDemoCatalog();
let workspace: Awaited<ReturnType<typeof createWorkspace>>;
let media: Media;
/** For all that is not about how the audio is made. */
let kept: Media;
let source: AudioSource;

beforeAll(async () => {
  workspace = await createWorkspace();
  media = await createTestMedia();
  kept = keepAudio(media, inject('keptAudio'));
  source = createDemoSource({ media: kept });
});

afterAll(() => workspace.remove());

async function getTrack(id: string): Promise<Track> {
  const track = await catalog.findTrack(id, never);
  if (!track) throw new Error(`no track ${id}`);
  return track;
}

async function getRendition(id: string): Promise<Rendition> {
  const rendition = await source.find(await getTrack(id), never);
  if (!rendition) throw new Error(`no audio for ${id}`);
  return rendition;
}

const open = async (id: string, { from = source, signal = never } = {}) =>
  from.open(await getRendition(id), { offsetBytes: 0, signal });

const read = async (id: string, from = source) => buffer(await open(id, { from }));

const troubled = (trouble: Trouble) =>
  `${TROUBLE_ALBUM_ID}-1-${String(TROUBLES.indexOf(trouble) + 1).padStart(2, '0')}`;

/** To the sample, by decoding all of it. */
async function measure(audio: Buffer) {
  const [inputPath, outputPath] = [workspace.file('measured'), workspace.file('measured.wav')];
  await writeFile(inputPath, audio);
  const input = await media.probe(inputPath, never);
  await media.transcode(
    {
      inputPath,
      outputPath,
      maxOutputBytes: 1e9,
      input,
      format: 'WAV',
      bitrateKbps: null,
      artistSeparator: '; ',
      tagPolicy: 'replace',
      tags: bareTags,
      cover: null,
    },
    { signal: never, onProgress: () => undefined },
  );
  const { durationMs } = await media.probe(outputPath, never);
  await rm(outputPath);
  return { ...input, durationMs };
}

describe('audio of healthy tracks', () => {
  const showcase = Array.from({ length: 9 }, (_, index) => `${SHOWCASE_ALBUM_ID}-1-0${index + 1}`);

  it.each([...showcase, 'demo:tide-00042', 'demo:voltage-gardens-1-02', `${TROUBLE_ALBUM_ID}-1-10`])(
    'is as long as the catalog says, in stereo and in the promised codec: %s',
    async (id) => {
      const [track, rendition, audio] = [await getTrack(id), await getRendition(id), await read(id)];
      const measured = await measure(audio);
      expect(measured.codec).toBe(rendition.codec);
      expect(measured.channels).toBe(2);
      expect(Math.abs(measured.durationMs - (track.durationMs ?? NaN))).toBeLessThanOrEqual(100);
    },
  );

  it('comes in all four codecs', async () => {
    const renditions = await Promise.all(showcase.map(getRendition));
    expect(new Set(renditions.map((rendition) => rendition.codec))).toEqual(
      new Set(['flac', 'vorbis', 'mp3', 'opus']),
    );
  });

  it.each(['flac', 'vorbis', 'mp3', 'opus'])('is byte-identical each time: %s', async (codec) => {
    const renditions = await Promise.all(showcase.map(getRendition));
    const id = renditions.find((rendition) => rendition.codec === codec)?.ref ?? '';
    expect((await read(id)).equals(await read(id, createDemoSource({ media })))).toBe(true);
  });

  it('differs from track to track, and is shared by a sampler', async () => {
    const [one, other] = [await read('demo:tide-00001'), await read('demo:tide-00002')];
    expect(one.equals(other)).toBe(false);
    expect((await read('demo:harbour-lights-1-01')).equals(await read('demo:night-ferry-1-03'))).toBe(true);
  });

  it('stops when its signal aborts, and ffmpeg with it', async () => {
    const controller = new AbortController();
    const audio = await open('demo:voltage-gardens-1-05', {
      from: createDemoSource({ media }),
      signal: controller.signal,
    });
    await once(audio, 'readable');
    expect(await pidsWith('atrim=end=203,')).not.toEqual([]);
    const ended = new Promise((resolve) => audio.once('error', resolve));
    controller.abort(new Error('enough'));
    expect(await ended).toMatchObject({ message: 'enough' });
    await waitFor(async () => (await pidsWith('atrim=end=203,')).length === 0, { what: 'ffmpeg to end' });
  });
});

describe('the demo source', () => {
  it('has every demo track but one', async () => {
    const { items } = await catalog.listAlbumTracks(TROUBLE_ALBUM_ID, { offset: 0, limit: 50 }, never);
    const found = await Promise.all(items.map((track) => source.find(track, never)));
    expect(items.filter((_, index) => !found[index]).map((track) => track.id)).toEqual([troubled('missing')]);
    expect(await getRendition('demo:tide-10000')).toEqual({
      source: 'demo',
      ref: 'demo:tide-10000',
      codec: expect.stringMatching(/^(flac|vorbis|mp3|opus)$/) as string,
      bitrateKbps: null,
      durationMs: (await getTrack('demo:tide-10000')).durationMs,
      sizeBytes: null,
      checksum: null,
      localPath: null,
      licence: 'CC0-1.0',
      resumable: false,
    });
  });

  it('has no tracks of another catalog', async () => {
    const track = await getTrack('demo:tide-00001');
    expect(await source.find({ ...track, id: 'library:tide-00001' }, never)).toBeNull();
    expect(await source.find({ ...track, id: 'demo:nothing' }, never)).toBeNull();
  });

  it('fails with the abort reason of its signal', async () => {
    const gone = AbortSignal.abort(new Error('gone'));
    await expect(source.find(await getTrack('demo:tide-00001'), gone)).rejects.toThrow('gone');
    await expect(open('demo:tide-00001', { signal: gone })).rejects.toThrow('gone');
    await expect(open(troubled('slow'), { signal: gone })).rejects.toThrow('gone');
  });
});

describe('tracks of trouble', () => {
  it('slow: arrives as fast as it plays, and whole', async () => {
    const waits: number[] = [];
    const unhurried = createDemoSource({ media: kept, wait: (ms) => Promise.resolve(void waits.push(ms)) });
    const audio = await read(troubled('slow'), unhurried);
    const durationMs = (await getTrack(troubled('slow'))).durationMs ?? NaN;
    expect(waits.reduce((sum, ms) => sum + ms, 0)).toBe(durationMs);
    expect(Math.abs((await measure(audio)).durationMs - durationMs)).toBeLessThanOrEqual(100);
  });

  it('slow: stops at once when its signal aborts', async () => {
    const controller = new AbortController();
    const audio = await open(troubled('slow'), { signal: controller.signal });
    await once(audio, 'readable');
    const ended = new Promise((resolve) => audio.once('error', resolve));
    controller.abort();
    expect(await ended).toMatchObject({ name: 'AbortError' });
  });

  it('flaky: fails twice before each success', async () => {
    const fresh = createDemoSource({ media: kept });
    const outcomes: unknown[] = [];
    for (let attempt = 0; attempt < 6; attempt++) {
      outcomes.push(
        await read(troubled('flaky'), fresh).then(
          (audio) => audio.length > 10_000,
          (error: { code: string; retryable: boolean }) => [error.code, error.retryable],
        ),
      );
    }
    const failure = ['UPSTREAM_FAILED', true];
    expect(outcomes).toEqual([failure, failure, true, failure, failure, true]);
  });

  it('failing: fails each time, with an error that allows a retry', async () => {
    for (let attempt = 0; attempt < 4; attempt++) {
      await expect(open(troubled('failing'))).rejects.toMatchObject({
        code: 'UPSTREAM_FAILED',
        retryable: true,
      });
    }
  });

  it('limited: says how long to wait, then works', async () => {
    const fresh = createDemoSource({ media: kept });
    await expect(open(troubled('limited'), { from: fresh })).rejects.toMatchObject({
      code: 'UPSTREAM_LIMITED',
      retryable: true,
      retryAfterMs: 1_500,
    });
    expect((await read(troubled('limited'), fresh)).length).toBeGreaterThan(10_000);
  });

  it('cut off: ends too early, but is valid audio until then', async () => {
    const durationMs = (await getTrack(troubled('cutOff'))).durationMs ?? NaN;
    const measured = await measure(await read(troubled('cutOff')));
    expect(measured.durationMs).toBeGreaterThan(2_000);
    expect(measured.durationMs).toBeLessThan(durationMs - 5_000);
  });

  it('garbage: is bytes, but no audio', async () => {
    const garbage = await read(troubled('garbage'));
    expect(garbage.length).toBeGreaterThan(10_000);
    await writeFile(workspace.file('garbage'), garbage);
    await expect(media.probe(workspace.file('garbage'), never)).rejects.toMatchObject({
      code: 'SOURCE_INVALID_AUDIO',
    });
  });

  it('empty: ends without a byte', async () => {
    expect(await read(troubled('empty'))).toHaveLength(0);
  });

  it('stalled: sends its first bytes and then nothing, until its signal aborts', async () => {
    const controller = new AbortController();
    const audio = await open(troubled('stalled'), { signal: controller.signal });
    let bytes = 0;
    audio.on('data', (chunk: Buffer) => (bytes += chunk.length));
    await waitFor(() => bytes > 0, { what: 'the first bytes' });
    expect(bytes).toBe(16_384);
    expect(audio.readableEnded).toBe(false);
    const ended = new Promise((resolve) => audio.once('error', resolve));
    controller.abort();
    expect(await ended).toMatchObject({ name: 'AbortError' });
    expect(bytes).toBe(16_384);
  });
});
