import { execFileSync } from 'node:child_process';
import { rename } from 'node:fs/promises';
import { expect, it, onTestFinished } from 'vitest';
import { listProblems } from '../../src/library/library-scan-store.js';
import { createTagReader } from '../../src/library/tag-reader.js';
import { never } from '../kit/audio.js';
import {
  manyArtists,
  pidsReading,
  titled,
  writeCoveredM4a,
  writeHoles,
  writeTaggedMp3,
  writeTaggedWav,
} from '../kit/hostile-audio.js';
import { touch, useTestLibrary, type TestLibrary } from '../kit/library.js';
import { stretch, waitFor } from '../kit/wait-for.js';

const MB = 1_048_576;
/** What a scan leaves behind in any process; the files below have twice as much and more in one tag. */
const RSS_BOUND = 100 * MB;

const problems = async (library: TestLibrary) =>
  (await listProblems(library.db, { offset: 0, limit: 10 })).items;

/** How much the resident memory of this process grew at most during the work. */
async function growthDuring(work: () => Promise<unknown>): Promise<number> {
  const before = process.memoryUsage.rss();
  let most = before;
  const timer = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 10);
  await work().finally(() => clearInterval(timer));
  return Math.max(most, process.memoryUsage.rss()) - before;
}

async function scanTime(library: TestLibrary, path: string, minutes: number): Promise<number> {
  await touch(path, minutes);
  const startedAt = performance.now();
  expect(await library.scan()).toMatchObject({ changed: 1 });
  return performance.now() - startedAt;
}

/** In turns, the best of five, because the machine may be busy. */
async function timeRatio(library: TestLibrary, [path, base]: [string, string]): Promise<number> {
  const ratios: number[] = [];
  for (let minutes = 1; minutes <= 5; minutes += 1) {
    const time = await scanTime(library, path, minutes);
    ratios.push(time / (await scanTime(library, base, minutes)));
  }
  return Math.min(...ratios);
}

it('reads 8,000 artist names in about the time that one takes', async () => {
  const library = await useTestLibrary();
  const one = await writeTaggedMp3(library.path('one.mp3'), [titled('One'), manyArtists(1)]);
  const many = await writeTaggedMp3(library.path('many.mp3'), [titled('Many'), manyArtists(8_000)]);
  await library.scan();

  expect(await timeRatio(library, [many, one])).toBeLessThan(10);
  const file = await library.db.libraryFile.findFirst({ where: { title: 'Many' } });
  expect(file?.artists).toHaveLength(20);
  expect(file?.artists[0]).toBe('lfls');
});

it('refuses a text of 240 MB without reading it, and not again until the file changes', async () => {
  const library = await useTestLibrary();
  const path = await writeTaggedMp3(library.path('large.mp3'), [
    titled('Large'),
    { id: 'TPE1', text: 'x', bytes: 240_000_000 },
  ]);
  await library.add('small.mp3', { title: 'Small' });

  expect(await growthDuring(() => library.scan())).toBeLessThan(RSS_BOUND);
  expect(await problems(library)).toEqual([
    { path, kind: 'UNREADABLE', problem: 'Its tags are larger than 24 MB.' },
  ]);
  expect(await library.db.libraryFile.count({ where: { title: 'Small' } })).toBe(1);

  library.reader.reads.length = 0;
  expect(await library.scan()).toMatchObject({ unchanged: 2, unreadable: 1 });
  expect(library.reader.reads).toEqual([]);

  await writeTaggedMp3(path, [titled('Smaller')]);
  expect(await library.scan()).toMatchObject({ changed: 1, unreadable: 0 });
  expect(library.reader.reads).toEqual([path]);
  expect(await problems(library)).toEqual([]);
});

it('steps over a picture of 200 MB, for tags and for a cover', async () => {
  const library = await useTestLibrary();
  const path = await writeTaggedMp3(library.path('picture.mp3'), [
    { id: 'APIC', text: 'image/jpeg\0\x03\0\xff\xd8\xff', bytes: 200_000_000 },
    titled('Behind'),
  ]);

  expect(await growthDuring(() => library.scan())).toBeLessThan(RSS_BOUND);
  expect(await library.db.libraryFile.findFirst()).toMatchObject({ path, title: 'Behind', problem: null });
  const cover = () => library.reader.readCover(path, never).catch(() => null);
  expect(await growthDuring(async () => expect(await cover()).toBeNull())).toBeLessThan(RSS_BOUND);
});

it('reads the tags behind a picture of 40 MB in a WAV and an M4A', async () => {
  const library = await useTestLibrary();
  await writeTaggedWav(library.path('a.wav'), [
    { id: 'APIC', text: 'image/jpeg\0\x03\0\xff\xd8\xff', bytes: 40_000_000 },
    titled('Behind'),
  ]);
  await writeCoveredM4a(library.path('b.m4a'), 'Beside', 40_000_000);

  expect(await library.scan()).toMatchObject({ added: 2, unreadable: 0 });
  const titles = (await library.db.libraryFile.findMany()).map(({ title }) => title).sort();
  expect(titles).toEqual(['Behind', 'Beside']);
});

it('goes on with the next file when one exhausts the process that reads it', async () => {
  const library = await useTestLibrary();
  const path = await writeTaggedMp3(library.path('a.mp3'), [
    titled('A'),
    { id: 'TPE1', text: 'x\0', bytes: 20_000_000 },
  ]);
  await library.add('b.mp3', { title: 'B' });
  await library.add('c.mp3', { title: 'C' });

  expect(await growthDuring(() => library.scan())).toBeLessThan(RSS_BOUND);
  expect(await problems(library)).toMatchObject([
    { path, problem: expect.stringMatching(/^Reading its tags took too much memory/) as string },
  ]);
  expect(await library.db.libraryFile.count({ where: { title: { in: ['B', 'C'] } } })).toBe(2);

  library.reader.reads.length = 0;
  expect(await library.scan()).toMatchObject({ unchanged: 3, unreadable: 1 });
  expect(library.reader.reads).toEqual([]);
});

/** Kills the process that reads the file, once it does, and waits for its end. */
async function killReader(path: string): Promise<void> {
  const pid = await waitFor(async () => (await pidsReading(path))[0], {
    timeoutMs: 30_000,
    what: `a process that reads ${path}`,
  });
  process.kill(pid, 'SIGKILL');
  await waitFor(async () => !(await pidsReading(path)).includes(pid), { what: 'its end' });
}

it('reads a file again whose reader was killed, and gives it up when the second one is', async () => {
  const library = await useTestLibrary();
  const path = await writeHoles(library.path('slow.mp3'), 2_000 * MB);
  const whole = await library.add('whole/whole.mp3', { title: 'Whole' });

  const reading = library.reader.read(path, never);
  const refused = expect(reading).rejects.toThrow('took too much memory, or crashed the reader (SIGKILL)');
  await killReader(path);
  await killReader(path);
  await refused;

  const again = library.reader.read(path, never);
  const pid = await waitFor(async () => (await pidsReading(path))[0], { what: 'the file to be read' });
  await rename(whole, path);
  process.kill(pid, 'SIGKILL');
  expect(await again).toMatchObject({ title: 'Whole' });
});

it('gives up a file that takes too long, and reads the next', async () => {
  const library = await useTestLibrary();
  const path = library.path('hanging.mp3');
  execFileSync('mkfifo', [path]); // which nobody writes to: opening it takes forever, as on a disk that hangs
  const whole = await library.add('whole.mp3', { title: 'Whole' });
  // The next one is read in that time.
  const limitS = Math.ceil(stretch(3));
  const reader = createTagReader({ media: library.media, timeLimitMs: limitS * 1_000 });
  onTestFinished(reader.stop);

  await expect(reader.read(path, never)).rejects.toThrow(`Reading its tags took longer than ${limitS} s.`);
  expect(await reader.read(whole, never)).toMatchObject({ title: 'Whole' });
});

it('ends its processes when it stops', async () => {
  const library = await useTestLibrary();
  const path = await writeHoles(library.path('slow.mp3'), 2_000 * MB);
  const reader = createTagReader({ media: library.media });

  const refused = expect(reader.read(path, never)).rejects.toThrow('stopping');
  await waitFor(async () => (await pidsReading(path)).length > 0, { what: 'the file to be read' });
  reader.stop();
  await refused;
  await waitFor(async () => (await pidsReading(path)).length === 0, { what: 'the reader to be gone' });
  await expect(reader.read(path, never)).rejects.toThrow('stopping');
});
