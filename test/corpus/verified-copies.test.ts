import { readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyLibrary } from '../../src/downloads/verify-library.job.js';
import { digestAudio } from '../../src/media/audio-digest.js';
import type { Media, Verified } from '../../src/media/media.js';
import {
  bareFfmpeg,
  createTestMedia,
  fullTags,
  never,
  readTags,
  writeFfmpegScript,
  writeFfprobeScript,
} from '../kit/audio.js';
import { createTestLibrary, touch, type TestLibrary } from '../kit/library.js';
import { breakFile, FADE_IN, makeRichFlac } from './recipes.js';

let library: TestLibrary;
let media: Media;
let made = 0;

const file = (name: string) => library.workspace.file(name);

beforeAll(async () => {
  library = await createTestLibrary();
  // Notes each run of them.
  media = await createTestMedia(
    await writeFfmpegScript(file('ffmpeg'), `echo "$@" >> '${file('runs')}'\nexec "$FFMPEG" "$@"`),
    await writeFfprobeScript(file('ffprobe'), `echo "$@" >> '${file('probes')}'\nexec "$FFPROBE" "$@"`),
  );
  await makeRichFlac(file('rich.flac'), { TITLE: ['Rich Song'] });
  await bareFfmpeg(...FADE_IN(20), '-metadata', 'title=Old', '-b:a', '128k', file('old.mp3'));
  await bareFfmpeg(...FADE_IN(20), '-c:a', 'libvorbis', file('free.ogg'));
});
afterAll(async () => {
  media.stop();
  await library.close();
});

async function countRuns(log: 'runs' | 'probes', part: string): Promise<number> {
  const runs = await readFile(file(log), 'utf8').catch(() => '');
  return runs.split('\n').filter((line) => line.includes(part)).length;
}

const decodings = () => countRuns('runs', '-f null');
const probes = () => countRuns('probes', 'file:');

async function copy(name: string, verified: Verified | null) {
  const inputPath = file(name);
  const input = verified?.probe ?? (await media.probe(inputPath, never));
  const outputPath = file(`${++made}.${input.extension}`);
  const request = { inputPath, outputPath, input, verified, maxOutputBytes: 1e9, bitrateKbps: null };
  const before = { decodings: await decodings(), probes: await probes() };
  const options = { signal: never, onProgress: () => undefined };
  const transcoded = await media.transcode(
    { ...request, format: 'KEEP', artistSeparator: '; ', tags: fullTags, tagPolicy: 'replace', cover: null },
    options,
  );
  const decoded = (await decodings()) - before.decodings;
  return { ...transcoded, outputPath, decoded, probed: (await probes()) - before.probes };
}

describe.each(['rich.flac', 'old.mp3'])('a copy of %s', (name) => {
  it('is decoded and probed once, and not again when its audio is that of the first time', async () => {
    const first = await copy(name, null);
    expect(first).toMatchObject({ decoded: 1, probed: 1 });
    const second = await copy(name, first.verified);
    const { decodedMs, verified } = first;
    expect(second).toMatchObject({ decoded: 0, probed: 0, decodedMs, verified });
    const { container, codec, durationMs } = first.output;
    expect(second.output).toMatchObject({ container, codec, durationMs });
    // The mean of a FLAC counts its tags.
    expect(Math.abs((second.output.bitrateKbps ?? 0) - (first.output.bitrateKbps ?? 0))).toBeLessThan(60);
    expect((await readTags(second.outputPath)).common.title).toBe(fullTags.title);
    expect(await readFile(second.outputPath)).toEqual(await readFile(first.outputPath));
  });

  it('is decoded when the file was damaged after that, and keeps its size and time', async () => {
    const { verified } = await copy(name, null);
    const damaged = `damaged-${name}`;
    await writeFile(file(damaged), await readFile(file(name)));
    const { atime, mtime, size } = await stat(file(damaged));
    await breakFile(file(damaged), { from: 0.5, share: 0.2 });
    await utimes(file(damaged), atime, mtime);
    expect((await stat(file(damaged))).size).toBe(size);
    await expect(copy(damaged, verified)).rejects.toThrow(/^The audio is damaged/);
  });

  it('is probed and decoded when another file took its place', async () => {
    const { verified } = await copy(name, null);
    const other = `other-${name}`;
    await bareFfmpeg(...FADE_IN(7), file(other));
    await writeFile(file(`replaced-${name}`), await readFile(file(other)));
    const copied = await copy(`replaced-${name}`, verified);
    expect(copied.decoded).toBe(1);
    for (const { durationMs } of [copied.input, copied.output]) {
      expect(Math.abs(durationMs - 7_000)).toBeLessThan(200);
    }
    expect(copied.verified?.sha256).not.toBe(verified?.sha256);
  });

  it('has the checksum of its audio whatever its tags are, and another with one byte of it changed', async () => {
    const { outputPath, verified } = await copy(name, null);
    const container = name.endsWith('flac') ? 'flac' : 'mp3';
    expect(await digestAudio(file(name), container, never)).toBe(verified?.sha256);
    const bytes = await readFile(outputPath);
    const middle = Math.floor(bytes.length / 2);
    bytes.writeUInt8(bytes.readUInt8(middle) ^ 1, middle);
    await writeFile(outputPath, bytes);
    expect(await digestAudio(outputPath, container, never)).not.toBe(verified?.sha256);
  });
});

it('copies of formats whose tags lie between the audio are decoded each time', async () => {
  const first = await copy('free.ogg', null);
  expect(first).toMatchObject({ decoded: 1, verified: null });
});

it('files of the library are verified in the background, once, and again when they change', async () => {
  const path = await library.add('a/good.flac', { title: 'Good', artist: 'Ann', album: 'A' }, 20);
  await breakFile(await library.add('a/bad.flac', { title: 'Bad', artist: 'Ann', album: 'A' }, 20), {
    from: 0.5,
    share: 0.2,
  });
  await library.add('a/free.ogg', { title: 'Free', artist: 'Ann', album: 'A' });
  await library.scan();
  const deps = { ...library.deps, media, env: { libraryDirs: [library.root], libraryVerify: true } };
  const verify = async () => {
    const before = await decodings();
    await verifyLibrary(deps, { signal: never });
    const files = await library.db.libraryFile.findMany({ orderBy: { title: 'asc' } });
    return {
      decoded: (await decodings()) - before,
      found: files.map(({ title, verifiedMs, verifiedSha256 }) => [
        title,
        verifiedMs,
        verifiedSha256?.length,
      ]),
    };
  };
  const found = [
    ['Bad', 0, 0],
    ['Free', null, undefined],
    ['Good', 20_000, 64],
  ];
  expect(await verify()).toEqual({ decoded: 2, found });
  expect(library.warnings).toContainEqual({ path: library.path('a/bad.flac') });
  expect(await verify()).toEqual({ decoded: 0, found });
  await touch(path);
  await library.scan();
  expect(await verify()).toEqual({ decoded: 1, found });
});
