import { chmod, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMedia } from '../../src/media/create-media.js';
import { FfmpegMissingError } from '../../src/media/errors.js';
import { AUDIO_FORMATS } from '../../src/media/media.js';
import { createTestMedia, createWorkspace, never, silentLog, writeFfmpegScript } from '../kit/audio.js';

let workspace: Awaited<ReturnType<typeof createWorkspace>>;

beforeAll(async () => {
  workspace = await createWorkspace();
});

afterAll(() => workspace.remove());

describe('tools', () => {
  it('are found without any setting, with all formats enabled', async () => {
    const media = await createMedia({ ffmpegPath: null, ffprobePath: null, log: silentLog });
    expect(media.problem).toBeNull();
    expect(media.tools?.version).toMatch(/\d/);
    expect([...media.formats].sort()).toEqual([...AUDIO_FORMATS].sort());
  });

  it('report their version and disable formats without an encoder', async () => {
    const script = `case "$*" in
      -version) echo 'ffmpeg version 7.9-test Copyright';;
      *-encoders*) "$FFMPEG" "$@" | grep -v -e libmp3lame -e alac;;
    esac`;
    const media = await createTestMedia(await writeFfmpegScript(workspace.file('few'), script));
    expect(media.tools?.version).toBe('7.9-test');
    expect(AUDIO_FORMATS.filter((format) => !media.formats.has(format))).toEqual(['MP3', 'ALAC']);
  });
});

describe('a configured ffmpeg that does not run is reported:', () => {
  const problemOf = async (name: string) => (await createTestMedia(workspace.file(name))).problem;

  it('a missing one', async () => {
    expect(await problemOf('none')).toBe('The ffmpeg that FFMPEG_PATH names does not run: not found.');
  });

  it('one that is not executable', async () => {
    await writeFfmpegScript(workspace.file('locked'), 'exit 0');
    await chmod(workspace.file('locked'), 0o644);
    expect(await problemOf('locked')).toBe('The ffmpeg that FFMPEG_PATH names does not run: not executable.');
  });

  it('another program', async () => {
    await writeFfmpegScript(workspace.file('other'), 'echo hello');
    expect(await problemOf('other')).toBe(
      'The ffmpeg that FFMPEG_PATH names does not run: it does not answer like ffmpeg.',
    );
  });

  it('not a program', async () => {
    await writeFile(workspace.file('text'), '\0\x01 nonsense');
    await chmod(workspace.file('text'), 0o755);
    expect(await problemOf('text')).toMatch(/^The ffmpeg that FFMPEG_PATH names does not run: /);
  });

  it('or a configured ffprobe', async () => {
    const paths = { ffmpegPath: null, ffprobePath: workspace.file('none') };
    const media = await createMedia({ ...paths, log: silentLog });
    expect(media.problem).toBe('The ffprobe that FFPROBE_PATH names does not run: not found.');
  });
});

describe('media without ffmpeg', () => {
  it('is created, and every operation fails with a named error', async () => {
    const media = await createTestMedia(workspace.file('none'));
    expect(media.tools).toBeNull();
    expect(media.formats.size).toBe(0);
    await expect(media.probe('/any', never)).rejects.toBeInstanceOf(FfmpegMissingError);
    const options = { signal: never, onProgress: () => undefined };
    await expect(media.transcode({} as never, options)).rejects.toMatchObject({ code: 'FFMPEG_MISSING' });
    const stream = media.synthesize({ graph: 'sine', durationMs: 1_000, codec: 'flac' }, never);
    expect(await once(stream, 'error')).toMatchObject([{ code: 'FFMPEG_MISSING' }]);
  });
});
