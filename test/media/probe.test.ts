import { randomBytes } from 'node:crypto';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InvalidAudioError } from '../../src/media/errors.js';
import type { Media } from '../../src/media/media.js';
import { bareFfmpeg, createTestMedia, createWorkspace, makeAudio, never } from '../kit/audio.js';

let media: Media;
let workspace: Awaited<ReturnType<typeof createWorkspace>>;

beforeAll(async () => {
  media = await createTestMedia();
  workspace = await createWorkspace();
});

afterAll(() => workspace.remove());

describe('a probe', () => {
  it('returns codec, channels, length and tags in lower case', async () => {
    const path = workspace.file('tagged.ogg');
    const options = ['-c:a', 'libvorbis', '-metadata', 'TITLE=Überfahrt', '-metadata', 'Artist=A'];
    await bareFfmpeg('-f', 'lavfi', '-i', 'sine=duration=2:sample_rate=44100', ...options, path);
    expect(await media.probe(path, never)).toMatchObject({
      container: 'ogg',
      codec: 'vorbis',
      durationMs: 2_000,
      sampleRateHz: 44_100,
      channels: 1,
      hasCover: false,
      tags: { title: 'Überfahrt', artist: 'A' },
    });
  });

  it('reports no tags but those that are used, and cuts them', async () => {
    const path = workspace.file('more.flac');
    const long = 'l'.repeat(50_000);
    const options = ['-c:a', 'flac', '-metadata', 'MyOwn=x', '-metadata', `title=${long}`];
    await bareFfmpeg('-f', 'lavfi', '-i', 'sine=duration=1', ...options, path);
    expect((await media.probe(path, never)).tags).toEqual({ title: long.slice(0, 10_000) });
  });

  it('measures a file that does not state its length', async () => {
    const path = await makeAudio(media, workspace.file('piped.flac'), { durationMs: 5_000 });
    const probe = await media.probe(path, never);
    expect(probe.streamed).toBe(true);
    expect(Math.abs(probe.durationMs - 5_000)).toBeLessThan(200);
    expect(probe.bitrateKbps).toBeGreaterThan(10);
  });

  it('stops when its signal aborts', async () => {
    const path = await makeAudio(media, workspace.file('stop.flac'));
    const reason = new Error('cancelled');
    await expect(media.probe(path, AbortSignal.abort(reason))).rejects.toBe(reason);
    const stop = new AbortController();
    const probing = media.probe(path, stop.signal);
    stop.abort(reason);
    await expect(probing).rejects.toBe(reason);
  });

  it('of a missing file is a system error, not an audio error', async () => {
    await expect(media.probe(workspace.file('none'), never)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('a file that is not audio', () => {
  async function failureOf(path: string): Promise<InvalidAudioError> {
    const error: unknown = await media.probe(path, never).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InvalidAudioError);
    return error as InvalidAudioError;
  }

  it.each([
    ['an empty file', Buffer.alloc(0), 'The file is empty.'],
    ['zeros', Buffer.alloc(100_000), 'The file is not readable audio.'],
    ['noise', randomBytes(300_000), /not readable audio|no audio|no length/],
    ['a web page', Buffer.from('<!doctype html><html>Not found</html>'), 'The file is not readable audio.'],
  ])('is rejected: %s', async (name, bytes, message) => {
    const path = workspace.file(name);
    await writeFile(path, bytes);
    const failure = await failureOf(path);
    expect(failure).toMatchObject({ code: 'SOURCE_INVALID_AUDIO', retryable: true });
    expect(failure.message).toMatch(message);
    expect(failure.message).not.toContain(workspace.path);
  });

  it('is rejected: a picture, and a film without sound', async () => {
    for (const [name, options] of [
      ['picture.png', ['-frames:v', '1']],
      ['silent.mkv', ['-t', '1']],
    ] as const) {
      await bareFfmpeg('-f', 'lavfi', '-i', 'testsrc', ...options, workspace.file(name));
      expect((await failureOf(workspace.file(name))).message).toMatch(/not readable audio|no audio/);
    }
  });

  it('is rejected: a header without content', async () => {
    const whole = await readFile(await makeAudio(media, workspace.file('whole.flac')));
    await writeFile(workspace.file('header.flac'), whole.subarray(0, 60));
    await failureOf(workspace.file('header.flac'));
  });

  it.each([
    [
      'a playlist',
      'list.m3u8',
      '#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nsecret.flac\n#EXT-X-ENDLIST\n',
    ],
    ['a concatenation', 'list.ffconcat', 'ffconcat version 1.0\nfile secret.flac\n'],
  ])('is rejected: %s, which would open other files of this machine', async (_what, name, text) => {
    await copyFile(await makeAudio(media, workspace.file('made.flac')), workspace.file('secret.flac'));
    await writeFile(workspace.file(name), text);
    await failureOf(workspace.file(name));
  });
});
