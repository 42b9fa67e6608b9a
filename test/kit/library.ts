import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, rm, utimes, writeFile } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { PrismaClient } from '../../src/generated/prisma/client.js';
import { PrismaPg } from '@prisma/adapter-pg';
import { scanLibrary, type ScanDeps } from '../../src/library/scan-library.job.js';
import { systemClock } from '../../src/lib/clock.js';
import type { Logger } from '../../src/lib/logger.js';
import { createDatabase, type Database } from '../../src/database/prisma.js';
import { groupChangedFiles } from '../../src/library/group-store.js';
import type { LibraryFile } from '../../src/library/library-file.js';
import { saveFiles } from '../../src/library/library-scan-store.js';
import { createTagReader, type CoverReader, type TagReader } from '../../src/library/tag-reader.js';
import { bareFfmpeg, bundledPrograms, createTestMedia, createWorkspace, never, silentLog } from './audio.js';
import { createTestDatabase } from './database.js';

/** Five seconds of a tone in each container, made once; the codecs are what the extension stands for. */
const ENCODERS: Record<string, string[]> = {
  '.mp3': ['-c:a', 'libmp3lame', '-b:a', '128k'],
  '.flac': ['-c:a', 'flac'],
  '.ogg': ['-c:a', 'libvorbis'],
  '.oga': ['-c:a', 'flac', '-f', 'ogg'],
  '.opus': ['-c:a', 'libopus'],
  '.m4a': ['-c:a', 'aac'],
  '.m4b': ['-c:a', 'aac', '-f', 'ipod'],
  '.mp4': ['-c:a', 'aac'],
  '.mka': ['-c:a', 'flac'],
  '.webm': ['-c:a', 'libopus'],
  '.tta': ['-c:a', 'tta'],
  '.spx': ['-c:a', 'libspeex', '-ar', '32000', '-ac', '1'],
  '.caf': ['-c:a', 'pcm_s16be'],
  '.w64': ['-c:a', 'pcm_s16le'],
  '.au': ['-c:a', 'pcm_s16be'],
  '.ac3': ['-c:a', 'ac3'],
  '.eac3': ['-c:a', 'eac3'],
  '.mlp': ['-c:a', 'mlp', '-strict', '-2'],
  '.thd': ['-c:a', 'truehd', '-strict', '-2'],
  '.voc': ['-c:a', 'pcm_u8'],
  '.mp2': ['-c:a', 'mp2'],
  '.dts': ['-c:a', 'dca', '-strict', '-2', '-ar', '48000'],
  '.aac': ['-c:a', 'aac', '-f', 'adts'],
  '.wav': ['-c:a', 'pcm_s16le'],
  '.aiff': ['-c:a', 'pcm_s16be'],
  '.wma': ['-c:a', 'wmav2'],
  '.wv': ['-c:a', 'wavpack'],
};

type ScanChanges = Partial<Omit<ScanDeps, 'env'>> & { env?: Partial<ScanDeps['env']> };

export type Tags = Record<string, string>;

/** Music folders, a database and the real tag reader, all of the test's own and gone after it. */
export async function createTestLibrary() {
  const workspace = await createWorkspace();
  const database = await createTestDatabase();
  const connection = createDatabase({ url: database.url, log: silentLog });
  const media = await createTestMedia();
  const root = workspace.file('music');
  await mkdir(root);
  await chmod(workspace.path, 0o755);
  const tagReader = createTagReader({ media, ...bundledPrograms() });
  const reader = countReads(tagReader);
  const log = recordWarnings();
  const deps: ScanDeps = {
    db: connection.db,
    log: log.logger,
    clock: systemClock,
    env: { libraryDirs: [root], libraryForgetDays: 30, downloadDir: workspace.file('downloads') },
    tagReader: reader,
  };
  const close = async () => {
    tagReader.stop();
    await connection.close();
    await database.drop();
    await workspace.remove();
  };
  return {
    root,
    workspace,
    deps,
    db: connection.db,
    url: database.url,
    media,
    reader,
    warnings: log.warnings,
    close,
    path: (relative: string) => join(root, relative),
    add: (relative: string, tags: Tags = {}, seconds = 5) =>
      addAudio({ workspace: workspace.path, path: join(root, relative), tags, seconds }),
    scan: ({ env, ...changes }: ScanChanges = {}, signal = never) =>
      scanLibrary({ ...deps, ...changes, env: { ...deps.env, ...env } }, { signal }),
  };
}

export type TestLibrary = Awaited<ReturnType<typeof createTestLibrary>>;

/** As a scan does with what it has read. */
export async function indexFiles(db: Database, files: readonly LibraryFile[]): Promise<void> {
  await saveFiles(db, files);
  await groupChangedFiles(db, { isOwnOutput: () => false });
}

/** For one test; `createTestLibrary` for a file's tests together. */
export async function useTestLibrary(): Promise<TestLibrary> {
  const library = await createTestLibrary();
  onTestFinished(library.close);
  return library;
}

async function addAudio(file: {
  workspace: string;
  path: string;
  tags: Tags;
  seconds: number;
}): Promise<string> {
  const extension = extname(file.path).toLowerCase();
  const tone = join(file.workspace, `tone-${file.seconds}${extension}`);
  const input = ['-f', 'lavfi', '-i', `sine=frequency=440:duration=${file.seconds}`];
  if (!existsSync(tone)) await bareFfmpeg(...input, ...(ENCODERS[extension] ?? []), tone);
  await mkdir(dirname(file.path), { recursive: true });
  const metadata = Object.entries(file.tags).flatMap(([name, value]) => ['-metadata', `${name}=${value}`]);
  if (metadata.length === 0) await copyFile(tone, file.path);
  else await bareFfmpeg('-i', tone, '-c', 'copy', ...metadata, ...formatOf(extension), file.path);
  return file.path;
}

const formatOf = (extension: string): string[] =>
  extension === '.oga' ? ['-f', 'ogg'] : extension === '.m4b' ? ['-f', 'ipod'] : [];

/** The real reader, with a list of the files it has read. */
function countReads(reader: TagReader & CoverReader): TagReader & CoverReader & { reads: string[] } {
  const reads: string[] = [];
  return {
    ...reader,
    reads,
    read(path, signal) {
      reads.push(path);
      return reader.read(path, signal);
    },
  };
}

function recordWarnings() {
  const warnings: unknown[] = [];
  const logger = Object.assign(Object.create(silentLog) as Logger, {
    warn: (facts: unknown) => void warnings.push(facts),
  });
  return { logger, warnings };
}

/** A later time of modification than a file has now, by the minute. */
export async function touch(path: string, minutes = 1): Promise<void> {
  const time = new Date(Date.now() + minutes * 60_000);
  await utimes(path, time, time);
}

/** A JPEG of one colour. */
export async function makeCover(path: string, colour = 'red'): Promise<string> {
  await bareFfmpeg('-f', 'lavfi', '-i', `color=${colour}:size=64x64:duration=0.1`, '-frames:v', '1', path);
  return path;
}

export async function writeGarbage(path: string): Promise<string> {
  await writeFile(
    path,
    Buffer.from(Array.from({ length: 20_000 }, (_, at) => (at * 7919 + (at >> 3)) % 251)),
  );
  return path;
}

/** Database calls of `work`, by a client that counts them. */
export async function countQueries(
  url: string,
  work: (db: PrismaClient) => Promise<unknown>,
): Promise<number> {
  const db = new PrismaClient({
    adapter: new PrismaPg({ connectionString: url }),
    log: [{ emit: 'event', level: 'query' }],
  });
  let queries = 0;
  db.$on('query', () => void (queries += 1));
  try {
    await work(db);
    return queries;
  } finally {
    await db.$disconnect();
  }
}

/** Root may read everything: as root, runs `work` as the user who may nothing. */
export async function asUserWithoutRights<T>(work: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return work();
  process.seteuid?.(65_534);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
  }
}

export const remove = (path: string): Promise<void> => rm(path, { recursive: true });
