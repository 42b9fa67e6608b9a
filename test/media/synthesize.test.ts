import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { Media } from '../../src/media/media.js';
import { createTestMedia, createWorkspace, makeAudio, never } from '../kit/audio.js';
import { keepAudio } from '../kit/kept-audio.js';

let media: Media;
let workspace: Awaited<ReturnType<typeof createWorkspace>>;

beforeAll(async () => {
  media = await createTestMedia();
  workspace = await createWorkspace();
});

afterAll(() => workspace.remove());

describe.each(['flac', 'vorbis', 'mp3', 'opus'] as const)('%s made by a filter graph', (codec) => {
  const graph = "aevalsrc='0.2*sin(2*PI*220*t)|0.2*sin(2*PI*330*t)':s=44100";

  it('has the requested codec, length and channels', async () => {
    const path = await makeAudio(media, workspace.file(`shape.${codec}`), {
      graph,
      codec,
      durationMs: 3_000,
    });
    const probe = await media.probe(path, never);
    expect(probe).toMatchObject({ codec, channels: 2, sampleRateHz: codec === 'opus' ? 48_000 : 44_100 });
    expect(Math.abs(probe.durationMs - 3_000)).toBeLessThan(120);
  });

  it('is byte-identical each time', async () => {
    const [first, second] = await Promise.all(
      ['a', 'b'].map(async (name) =>
        readFile(await makeAudio(media, workspace.file(`${name}.${codec}`), { graph, codec })),
      ),
    );
    expect(first?.length).toBeGreaterThan(1_000);
    expect(first?.equals(second ?? Buffer.alloc(0))).toBe(true);
  });
});

it('an invalid filter graph fails the stream', async () => {
  const made = makeAudio(media, workspace.file('no.flac'), { graph: 'nosuchfilter=1' });
  await expect(made).rejects.toMatchObject({ code: 'TRANSCODE_FAILED' });
});

it('audio that is kept for other tests fails only its reader when it is aborted early', async () => {
  const kept = keepAudio(media, inject('keptAudio'));
  const stop = new AbortController();
  const read = buffer(
    kept.synthesize({ graph: 'sine=frequency=311', durationMs: 1_000, codec: 'flac' }, stop.signal),
  );
  setImmediate(() => stop.abort(new Error('too early')));
  await expect(read).rejects.toThrow('too early');
});
