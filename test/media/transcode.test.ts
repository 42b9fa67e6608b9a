import { existsSync } from 'node:fs';
import { readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCover } from '../../src/media/artwork.js';
import { MediaError } from '../../src/media/errors.js';
import { AUDIO_FORMATS, type AudioFormat, type Media, type TranscodeRequest } from '../../src/media/media.js';
import { createProgress } from '../../src/media/transcode.js';
import {
  bareFfmpeg,
  bareTags,
  createTestMedia,
  createWorkspace,
  fullTags,
  makeAudio,
  never,
  pidsWith,
  readTags,
  writeFfmpegScript,
} from '../kit/audio.js';
import { canMount, readOnlyDirectory, withSmallDisk } from '../kit/small-disk.js';
import { stretchNow, waitFor } from '../kit/wait-for.js';

const mountable = await canMount();

let media: Media;
let workspace: Awaited<ReturnType<typeof createWorkspace>>;
let smallJpeg: Uint8Array;

beforeAll(async () => {
  media = await createTestMedia();
  workspace = await createWorkspace();
  for (const codec of ['flac', 'vorbis', 'mp3', 'opus'] as const) {
    await makeAudio(media, workspace.file(`source.${codec}`), { codec });
  }
  await bareFfmpeg('-i', workspace.file('source.flac'), workspace.file('source.m4a'));
  await bareFfmpeg('-f', 'lavfi', '-i', 'testsrc2=s=300x300', '-frames:v', '1', workspace.file('small.jpg'));
  smallJpeg = await readFile(workspace.file('small.jpg'));
});

afterAll(() => workspace.remove());

let outputs = 0;

/** Transcodes a file of the workspace into a new one and gives its path and the progress that was told. */
async function convert(
  source: string,
  format: AudioFormat,
  change: Partial<TranscodeRequest> & { by?: Media; signal?: AbortSignal } = {},
) {
  const { by = media, signal = never, ...rest } = change;
  const inputPath = workspace.file(source);
  const input = rest.input ?? (await media.probe(inputPath, never));
  const outputPath = workspace.file(`out-${++outputs}.part`);
  const progress: number[] = [];
  const usual = {
    maxOutputBytes: 1e9,
    bitrateKbps: null,
    artistSeparator: '; ',
    tags: bareTags,
    tagPolicy: 'replace' as const,
    cover: null,
  };
  await by.transcode(
    { inputPath, outputPath, input, format, ...usual, ...rest },
    { signal, onProgress: (percent) => progress.push(percent) },
  );
  return { path: rest.outputPath ?? outputPath, progress, input };
}

/** What a promise was rejected with. */
async function failureOf(promise: Promise<unknown>): Promise<MediaError> {
  const error: unknown = await promise.then(
    () => new Error('It did not fail.'),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(MediaError);
  return error as MediaError;
}

const CODECS: Record<Exclude<AudioFormat, 'KEEP'>, string> = {
  MP3: 'mp3',
  AAC: 'aac',
  OGG: 'vorbis',
  OPUS: 'opus',
  FLAC: 'flac',
  WAV: 'pcm_s16le',
  ALAC: 'alac',
};

describe.each(['source.flac', 'source.vorbis', 'source.mp3', 'source.opus', 'source.m4a'])(
  'from %s',
  (source) => {
    it.each(AUDIO_FORMATS)('%s has the right codec and length, all tags and the cover', async (format) => {
      const { path, progress, input } = await convert(source, format, { tags: fullTags, cover: smallJpeg });

      const output = await media.probe(path, never);
      expect(output.codec).toBe(format === 'KEEP' ? input.codec : CODECS[format]);
      expect(Math.abs(output.durationMs - 2_000)).toBeLessThan(120);
      expect(output.streamed).toBeUndefined();
      expect(progress.at(-1)).toBe(100);

      const { common, credit, picture } = await readTags(path);
      expect(common).toMatchObject({
        title: fullTags.title,
        artists: ['Ana Sol', 'Björk Ü'],
        album: 'Night Drive',
        albumartist: 'Ana Sol',
        track: { no: 3, of: 12 },
        disk: { no: 1, of: 2 },
        date: '2020-05-06',
        isrc: ['QZDEM2000003'],
        barcode: '0123456789012',
        label: ['Lämmchen Records'],
        copyright: '© 2020 Lämmchen Records',
        genre: ['Ambient', 'Électro'],
      });
      expect(credit).toEqual({ source: fullTags.source, licence: fullTags.licence });
      expect(picture?.format).toBe('image/jpeg');
      expect(Buffer.from(picture?.data ?? []).equals(smallJpeg)).toBe(true);
    });
  },
);

describe('copying', () => {
  it.each([
    ['source.mp3', 'MP3'],
    ['source.vorbis', 'OGG'],
    ['source.opus', 'OPUS'],
    ['source.m4a', 'AAC'],
  ] as const)('leaves the sound of %s as it is', async (source, format) => {
    const { path } = await convert(source, format, { tags: fullTags });
    const [before, after] = [workspace.file('before.sum'), workspace.file('after.sum')];
    for (const [file, sum] of [
      [workspace.file(source), before],
      [path, after],
    ] as const) {
      await bareFfmpeg('-i', file, '-map', '0:a:0', '-c', 'copy', '-f', 'md5', sum);
    }
    expect(await readFile(after, 'utf8')).toBe(await readFile(before, 'utf8'));
  });

  it('keeps Opus to the requested bitrate, whatever the music', async () => {
    const tones = 'sine=frequency=440[a];sine=frequency=554[b];sine=frequency=659[c];[a][b][c]amix=inputs=3';
    await makeAudio(media, workspace.file('tones.flac'), { graph: tones, durationMs: 10_000 });
    for (const bitrateKbps of [32, 96, 256]) {
      const { path } = await convert('tones.flac', 'OPUS', { bitrateKbps });
      const { size } = await stat(path);
      expect((size * 8) / 10_000 / bitrateKbps).toBeLessThan(1.1);
    }
  });

  it('converts down to the requested bitrate', async () => {
    const { path } = await convert('source.mp3', 'MP3', { bitrateKbps: 64 });
    expect((await media.probe(path, never)).bitrateKbps).toBe(64);
  });
});

describe('unusual sound', () => {
  it.each(AUDIO_FORMATS)('of 96 kHz, 24 bits and six channels becomes %s', async (format) => {
    const source = workspace.file('surround.flac');
    const graph = 'aevalsrc=0.1*sin(440*t)|0|0|0|0|0.1*sin(550*t):s=96000:c=5.1(side):d=1';
    if (!existsSync(source)) {
      await bareFfmpeg('-f', 'lavfi', '-i', graph, '-sample_fmt', 's32', '-c:a', 'flac', source);
    }
    const { path, input } = await convert('surround.flac', format);
    expect(input).toMatchObject({ sampleRateHz: 96_000, channels: 6, bitDepth: 24 });
    const output = await media.probe(path, never);
    const lossy = ['MP3', 'AAC', 'OGG', 'OPUS'].includes(format);
    expect(output).toMatchObject(
      lossy ? { sampleRateHz: 48_000, channels: 2 } : { sampleRateHz: 96_000, channels: 6, bitDepth: 24 },
    );
  });

  it.each(AUDIO_FORMATS)('of 8 kHz and one channel becomes %s at the highest bitrate', async (format) => {
    const options = ['-f', 'lavfi', '-i', 'sine=duration=1:sample_rate=8000', '-c:a', 'pcm_s16le'];
    await bareFfmpeg(...options, workspace.file('phone.wav'));
    const { path } = await convert('phone.wav', format, { bitrateKbps: 320 });
    expect((await media.probe(path, never)).durationMs).toBeGreaterThan(900);
  });
});

describe('what a file says about its own bytes', () => {
  it.each(AUDIO_FORMATS.filter((format) => format !== 'KEEP'))(
    'does not come along to %s',
    async (format) => {
      const source = workspace.file('talkative.mka');
      const old = ['-metadata', 'title=OLD', '-metadata:s:a:0', 'DURATION=OLD', '-metadata', 'iTunSMPB=OLD'];
      const inputs = ['-i', workspace.file('source.vorbis'), '-i', workspace.file('source.flac')];
      await bareFfmpeg(...inputs, '-map', '0:a', '-map', '1:a', '-c', 'copy', ...old, source);

      const { path } = await convert('talkative.mka', format, { tags: { ...bareTags, title: 'NEW' } });
      const { common } = await readTags(path);
      expect(common.title).toBe('NEW');
      expect((await readFile(path)).includes('OLD')).toBe(false);
    },
  );
});

describe('hostile tags', () => {
  const planted = () => workspace.file('planted.ogg');
  const titles = (): [string, string][] => [
    ['a path behind an option', `-y ${planted()}`],
    ['a path behind a word', `x ${planted()}`],
    ['a leading dash', '-i'],
    ['two leading dashes', '--help'],
    ['quotes', `It's "quoted" \`and\` $(touch ${planted()})`],
    ['lines', `first\nsecond=2\n[CHAPTER]\nlast`],
    ['the signs of ffmetadata', '=;#\\ a=b;c#d\\e'],
    ['an ffmetadata header', ';FFMETADATA1'],
    ['emoji and scripts', '👩‍👩‍👧 ‮עברית ไทย 日本'],
    ['percent signs', '%03d %s %n'],
    ['colons', 'file:/etc/passwd|concat:a|b'],
    ['markup', '<title>&amp;</title>'],
    ['five thousand letters', 'long '.repeat(1_000).trim()],
  ];

  it.each(AUDIO_FORMATS.filter((format) => format !== 'KEEP'))('are only words in %s', async (format) => {
    for (const [what, title] of titles()) {
      const tags = { ...bareTags, title, artists: [title], album: title, copyright: title, isrc: title };
      const { path } = await convert('source.flac', format, { tags });
      const { title: read, artists, album, copyright } = (await readTags(path)).common;
      const expected = { read: title, artists: [title], album: title, copyright: title };
      expect({ read, artists, album, copyright }, what).toEqual(expected);
      expect(existsSync(planted()), what).toBe(false);
      await rm(path);
    }
  });

  it('and hostile file names are only names', async () => {
    const names = ['-y.mp3', '%03d.mp3', "it's; $(x) & #1.mp3", 'concat:a|b.mp3', 'pipe:1', 'new\nline.mp3'];
    for (const name of names) {
      const outputPath = workspace.file(name);
      await convert('source.mp3', 'KEEP', { outputPath, tags: fullTags });
      const again = await media.probe(outputPath, never);
      expect(again.tags.title, name).toBe(fullTags.title);
      const inputPath = outputPath;
      await convert('unused', 'FLAC', { inputPath, input: again });
      await rm(outputPath);
    }
  });
});

describe('covers', () => {
  async function image(name: string, size: string, ...options: string[]): Promise<Uint8Array> {
    if (existsSync(workspace.file(name))) return readFile(workspace.file(name));
    const noise = `testsrc2=s=${size},noise=alls=60`;
    await bareFfmpeg('-f', 'lavfi', '-i', noise, '-frames:v', '1', ...options, workspace.file(name));
    return readFile(workspace.file(name));
  }

  it.each(AUDIO_FORMATS)('of 3,000 px are made smaller for %s', async (format) => {
    const cover = await image('huge.png', '3000x1500');
    const { path } = await convert('source.flac', format, { cover });
    const { picture } = await readTags(path);
    const read = readCover(picture?.data ?? new Uint8Array());
    expect(read).toMatchObject({ mime: 'image/jpeg', widthPx: 1_000, heightPx: 500 });
  });

  it.each(['OPUS', 'OGG'] as const)(
    'past what an argument can hold go into %s byte for byte',
    async (format) => {
      const cover = await image('big.jpg', '700x700', '-q:v', '2');
      expect(cover.length).toBeGreaterThan(200_000);
      const { path } = await convert('source.flac', format, { cover });
      const { picture } = await readTags(path);
      expect(picture?.type).toBe('Cover (front)');
      expect(Buffer.from(picture?.data ?? []).equals(cover)).toBe(true);
    },
  );

  it.each(AUDIO_FORMATS)('that are PNG stay so in %s', async (format) => {
    const cover = await image('small.png', '100x100');
    const { path } = await convert('source.flac', format, { cover });
    expect((await readTags(path)).picture?.format).toBe('image/png');
  });

  it.each([
    ['no image', Buffer.from('<html>not found</html>')],
    ['nothing', Buffer.alloc(0)],
    ['a PNG that claims 100,000 px a side', pngHeader(100_000, 100_000)],
    ['a large PNG that breaks off', pngHeader(2_000, 2_000)],
    ['a JPEG that breaks off', Buffer.from('ffd8ffe000104a46', 'hex')],
  ])('that are %s are left out', async (_what, cover) => {
    const { path } = await convert('source.flac', 'MP3', { cover, tags: fullTags });
    const { common, picture } = await readTags(path);
    expect(common.title).toBe(fullTags.title);
    expect(picture).toBeUndefined();
  });

  it.each(AUDIO_FORMATS)('that break off in the middle do not fail %s', async (format) => {
    const cover = smallJpeg.subarray(0, smallJpeg.length / 2);
    const { path } = await convert('source.flac', format, { cover, tags: fullTags });
    expect((await readTags(path)).common.title).toBe(fullTags.title);
  });

  function pngHeader(width: number, height: number): Buffer {
    const bytes = Buffer.from('89504e470d0a1a0a0000000d4948445200000000000000000802000000', 'hex');
    bytes.writeUInt32BE(width, 16);
    bytes.writeUInt32BE(height, 20);
    return bytes;
  }
});

describe('stopping', () => {
  /** Half an hour of noise, which takes any machine longer to convert than the test waits. */
  async function makeLong(): Promise<string> {
    const path = workspace.file('long.mp3');
    if (existsSync(path)) return 'long.mp3';
    await makeAudio(media, workspace.file('noise.mp3'), {
      graph: 'anoisesrc',
      durationMs: 10_000,
      codec: 'mp3',
    });
    await bareFfmpeg('-stream_loop', '180', '-i', workspace.file('noise.mp3'), '-c', 'copy', path);
    return 'long.mp3';
  }

  it('ends ffmpeg within a second, leaves nothing and rejects with the signal’s reason', async () => {
    const source = await makeLong();
    const outputPath = workspace.file('stopped.part');
    const stop = new AbortController();
    const converting = convert(source, 'OPUS', { outputPath, signal: stop.signal }).catch(
      (error: unknown) => error,
    );
    const [pid] = await waitFor(async () => {
      const pids = await pidsWith(`file:${outputPath}`);
      return pids.length > 0 && existsSync(outputPath) ? pids : null;
    });
    const reason = new Error('cancelled');
    const before = performance.now();
    stop.abort(reason);
    expect(await converting).toBe(reason);
    expect(performance.now() - before).toBeLessThan(stretchNow(1_000));
    expect(existsSync(`/proc/${pid}`)).toBe(false);
    expect(existsSync(outputPath)).toBe(false);
  });

  it('kills an ffmpeg that does not listen', async () => {
    const deaf = `case "$*" in *-i*) trap '' TERM; exec sleep 61.25;; esac; exec "$FFMPEG" "$@"`;
    const by = await createTestMedia(await writeFfmpegScript(workspace.file('deaf'), deaf));
    const stop = new AbortController();
    const converting = convert('source.flac', 'MP3', { by, signal: stop.signal }).catch(
      (error: unknown) => error,
    );
    await waitFor(async () => (await pidsWith('61.25')).length > 0);
    const reason = new Error('cancelled');
    stop.abort(reason);
    expect(await converting).toBe(reason);
    expect(await pidsWith('61.25')).toEqual([]);
  });

  it('before the start starts nothing', async () => {
    const signal = AbortSignal.abort(new Error('too late'));
    const outputPath = workspace.file('never.part');
    await expect(convert('source.flac', 'MP3', { outputPath, signal })).rejects.toThrow('too late');
    expect(existsSync(outputPath)).toBe(false);
  });
});

describe('failing', () => {
  it('reports the last line of ffmpeg without a path, and leaves no file', async () => {
    const input = await media.probe(workspace.file('source.flac'), never);
    await writeFile(workspace.file('text of mine.flac'), 'not audio at all');
    const outputPath = workspace.file('failed.part');
    const failure = await failureOf(convert('text of mine.flac', 'MP3', { input, outputPath }));
    expect(failure).toMatchObject({ code: 'TRANSCODE_FAILED', retryable: false });
    expect(failure.message).toMatch(/^The audio could not be converted: \S/);
    expect(JSON.stringify([failure.message, failure])).not.toContain(workspace.path);
    expect(existsSync(outputPath)).toBe(false);
  });

  it('is reported when ffmpeg is killed from outside', async () => {
    const script = `case "$*" in *-i*) kill -9 $$;; esac; exec "$FFMPEG" "$@"`;
    const by = await createTestMedia(await writeFfmpegScript(workspace.file('dying'), script));
    const failure = await failureOf(convert('source.flac', 'MP3', { by }));
    expect(failure.code).toBe('TRANSCODE_FAILED');
    expect(failure.message).toContain('killed with signal SIGKILL');
  });

  it.each([
    ['makes no file', 'exit 0'],
    ['makes an empty one', 'for last; do :; done; : > "${last#file:}"; exit 0'],
  ])('is reported when ffmpeg succeeds and %s, in every format', async (what, then) => {
    const script = `case "$*" in *-i*) ${then};; esac; exec "$FFMPEG" "$@"`;
    const by = await createTestMedia(await writeFfmpegScript(workspace.file(what), script));
    for (const format of AUDIO_FORMATS) {
      const failure = await failureOf(convert('source.flac', format, { by }));
      expect([format, failure.code]).toEqual([format, 'TRANSCODE_FAILED']);
      expect(failure.message).toBe('ffmpeg reported success, but wrote no file.');
    }
  });

  it('is FFMPEG_MISSING when ffmpeg went away after the start', async () => {
    const script = await writeFfmpegScript(workspace.file('leaving'), 'exec "$FFMPEG" "$@"');
    const by = await createTestMedia(script);
    await rm(script);
    expect((await failureOf(convert('source.flac', 'MP3', { by }))).code).toBe('FFMPEG_MISSING');
  });

  it('is FORMAT_UNAVAILABLE, with no run, when there is no encoder', async () => {
    const script = `case "$*" in *-encoders*) "$FFMPEG" "$@" | grep -v libopus; exit;; esac; exec "$FFMPEG" "$@"`;
    const by = await createTestMedia(await writeFfmpegScript(workspace.file('no-opus'), script));
    expect([...by.formats]).toEqual(['KEEP', 'MP3', 'AAC', 'OGG', 'FLAC', 'WAV', 'ALAC']);
    expect((await failureOf(convert('source.flac', 'OPUS', { by }))).code).toBe('FORMAT_UNAVAILABLE');
    await convert('source.opus', 'OPUS', { by });
  });

  it.skipIf(!mountable)('is DISK_FULL, wherever in the file the space runs out', async () => {
    await makeAudio(media, workspace.file('noise.flac'), { graph: 'anoisesrc', durationMs: 8_000 });
    const cover = smallJpeg;
    for (const format of AUDIO_FORMATS) {
      const { size } = await stat((await convert('noise.flac', format, { cover, tags: fullTags })).path);
      for (const share of [0.1, 0.5, 0.95]) {
        const disk = await withSmallDisk(Math.max(4_096, Math.floor(size * share) - 8_192));
        const outputPath = `${disk.path}/full.part`;
        const failing = convert('noise.flac', format, { outputPath, cover, tags: fullTags });
        const failure = await failureOf(failing).finally(() => rm(outputPath, { force: true }));
        expect([format, share, failure.code]).toEqual([format, share, 'DISK_FULL']);
        expect(failure.message).toBe('The disk is full.');
        await disk.remove();
      }
    }
  });

  it('is TARGET_NOT_WRITABLE where the output is a link, and what that leads to stays as it is', async () => {
    const [outputPath, victim] = [workspace.file('linked.part'), workspace.file('victim')];
    await writeFile(victim, 'not music');
    await symlink(victim, outputPath);
    const failure = await failureOf(convert('source.flac', 'WAV', { outputPath }));
    expect(failure.code).toBe('TARGET_NOT_WRITABLE');
    expect(await readFile(victim, 'utf8')).toBe('not music');
  });

  it.each(['WAV', 'FLAC', 'MP3', 'OPUS', 'AAC'] as const)(
    'is TRACK_TOO_LARGE when %s takes more than the limit, and stops soon after it',
    async (format) => {
      const outputPath = workspace.file(`large.${format}`);
      const failure = await failureOf(convert('source.flac', format, { outputPath, maxOutputBytes: 8_192 }));
      expect(failure).toMatchObject({ code: 'TRACK_TOO_LARGE', retryable: false });
      expect(existsSync(outputPath)).toBe(false);
    },
  );

  it.skipIf(!mountable)('is TARGET_NOT_WRITABLE on a read-only disk', async () => {
    const disk = await readOnlyDirectory();
    const failure = await failureOf(convert('source.flac', 'MP3', { outputPath: `${disk.path}/a.part` }));
    expect(failure.code).toBe('TARGET_NOT_WRITABLE');
    await disk.remove();
  });
});

describe('progress', () => {
  it('never decreases, stays below 100 until the end and is not reported twice', () => {
    const told: number[] = [];
    const onLine = createProgress(10_000, (percent) => told.push(percent));
    const positions = [
      'N/A',
      '00:00:00.00',
      '00:00:02.50',
      '00:00:02.51',
      '00:00:01.00',
      '00:00:09.99',
      '01:00:00.00',
    ];
    for (const time of positions) onLine(`size=      40kB time=${time} bitrate=  64.7kbits/s speed=83.3x`);
    onLine('some error');
    expect(told).toEqual([0, 25, 99]);
  });
});
