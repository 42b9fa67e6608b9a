import { execFile } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import ffmpegInstaller from '@ffmpeg-installer/ffmpeg';
import ffprobeInstaller from '@ffprobe-installer/ffprobe';
import { parseFile } from 'music-metadata';
import { createLogger } from '../../src/lib/logger.js';
import { createMedia } from '../../src/media/create-media.js';
import type { Media, TrackTags } from '../../src/media/media.js';

/** The ffmpeg that npm carries: every developer has the same one. */
export const packagedFfmpegPath = ffmpegInstaller.path;

export const never = new AbortController().signal;

export const silentLog = createLogger('silent');

const run = promisify(execFile);

/** The product's, which CI also runs with the oldest and the newest ffmpeg that people have. */
const productFfmpegPath = process.env['FFMPEG_PATH'] ?? packagedFfmpegPath;

/** For the processes that read and write tags: through tsx each takes half a second more of CPU time to start. */
export function bundledPrograms(): { programUrl?: string } {
  const directory = process.env['REPRISE_TEST_PROGRAMS'];
  return directory ? { programUrl: pathToFileURL(join(directory, 'bundle.mjs')).href } : {};
}

/** Runs ffmpeg as it is, for what the program itself has no need to do. */
export async function bareFfmpeg(...args: string[]): Promise<void> {
  await run(packagedFfmpegPath, ['-nostdin', '-v', 'error', '-y', ...args]);
}

const productFfprobePath = process.env['FFPROBE_PATH'] ?? null;

export function createTestMedia(
  ffmpegPath: string | null = productFfmpegPath,
  ffprobePath: string | null = productFfprobePath,
): Promise<Media> {
  return createMedia({ ffmpegPath, ffprobePath, log: silentLog, ...bundledPrograms() });
}

/** A directory of the test's own; `remove` it in afterAll. */
export async function createWorkspace() {
  const path = await mkdtemp(join(tmpdir(), 'reprise-test-'));
  return {
    path,
    file: (name: string) => join(path, name),
    list: () => readdir(path),
    remove: () => rm(path, { recursive: true, force: true }),
  };
}

/** Writes audio made by ffmpeg into a file and gives its path. */
export async function makeAudio(
  media: Media,
  path: string,
  request: Partial<Parameters<Media['synthesize']>[0]> = {},
): Promise<string> {
  const whole = { graph: 'sine=frequency=330', durationMs: 2_000, codec: 'flac' as const, ...request };
  await pipeline(media.synthesize(whole, never), createWriteStream(path));
  return path;
}

/** A program that stands before the real ffmpeg: `script` is shell, in which "$FFMPEG" is the real one. */
export async function writeFfmpegScript(path: string, script: string): Promise<string> {
  await writeFile(path, `#!/bin/sh\nFFMPEG='${productFfmpegPath}'\n${script}\n`);
  await chmod(path, 0o755);
  return path;
}

/** The same before the real ffprobe, "$FFPROBE". */
export async function writeFfprobeScript(path: string, script: string): Promise<string> {
  const real = productFfprobePath ?? ffprobeInstaller.path;
  await writeFile(path, `#!/bin/sh\nFFPROBE='${real}'\n${script}\n`);
  await chmod(path, 0o755);
  return path;
}

/** What music-metadata, which shares no code with ffmpeg, reads in a file. */
export async function readTags(path: string) {
  const { common, format, native } = await parseFile(path, { duration: true });
  const comment = common.comment?.[0]?.text;
  const picture = common.picture?.[0];
  const values = Object.values(native).flat();
  const own = (name: string) => values.find(({ id }) => new RegExp(`(?:^|:)${name}$`).test(id))?.value;
  return {
    common,
    format,
    native,
    comment,
    picture,
    credit: { source: own('SOURCE'), licence: own('LICENSE') },
  };
}

/** The pids of processes that have `text` in their command line. Linux. */
export async function pidsWith(text: string): Promise<number[]> {
  const entries = (await readdir('/proc')).filter(
    (name) => /^\d+$/.test(name) && name !== String(process.pid),
  );
  const found = await Promise.all(
    entries.map(async (pid) => {
      const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      return commandLine.includes(text) ? [Number(pid)] : [];
    }),
  );
  return found.flat();
}

export const fullTags: TrackTags = {
  title: 'Ночной поезд 🚂',
  artists: ['Ana Sol', 'Björk Ü'],
  album: 'Night Drive',
  albumArtists: ['Ana Sol'],
  trackNumber: 3,
  trackTotal: 12,
  discNumber: 1,
  discTotal: 2,
  date: '2020-05-06',
  isrc: 'QZDEM2000003',
  upc: '0123456789012',
  genres: ['Ambient', 'Électro'],
  label: 'Lämmchen Records',
  copyright: '© 2020 Lämmchen Records',
  source: 'demo – naïve',
  licence: 'CC0-1.0',
};

export const bareTags: TrackTags = {
  title: 'Untitled',
  artists: ['Nobody'],
  album: null,
  albumArtists: [],
  trackNumber: null,
  trackTotal: null,
  discNumber: null,
  discTotal: null,
  date: null,
  isrc: null,
  upc: null,
  genres: [],
  label: null,
  copyright: null,
  source: null,
  licence: null,
};
