import { lstat, readdir, realpath } from 'node:fs/promises';
import { extname, join, resolve, sep } from 'node:path';
import { messageOf, systemCodeOf } from '../lib/errors.js';
import { AUDIO_EXTENSIONS, type FoundFile } from './library-file.js';

export interface ClosedPlace {
  path: string;
  problem: string;
}

export type Step = { kind: 'file'; file: FoundFile } | { kind: 'closed'; place: ClosedPlace };

/** A root that is missing, unreadable or empty is closed: so looks a disk that is not mounted. */
export async function openRoots(
  directories: readonly string[],
): Promise<{ open: string[]; closed: ClosedPlace[] }> {
  const open: string[] = [];
  const closed: ClosedPlace[] = [];
  for (const directory of directories) {
    try {
      const path = await realpath(resolve(directory));
      if ((await readdir(path)).length > 0) open.push(path);
      else closed.push({ path, problem: 'It is empty; perhaps it is not mounted.' });
    } catch (error) {
      closed.push({ path: resolve(directory), problem: messageOf(error) });
    }
  }
  const outermost = open.filter((path) => !open.some((other) => other !== path && isUnder(path, other)));
  return { open: [...new Set(outermost)], closed };
}

export function isUnder(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory.endsWith(sep) ? directory : directory + sep);
}

/** Ordered by name. Skips hidden files and symbolic links, so there are no loops or duplicates. */
export async function* walkLibrary(root: string, signal: AbortSignal): AsyncGenerator<Step> {
  const pending: string[][] = [[]];
  for (let folders = pending.pop(); folders; folders = pending.pop()) {
    signal.throwIfAborted();
    const directory = join(root, ...folders);
    const listed = await list(directory);
    if ('problem' in listed) {
      yield { kind: 'closed', place: { path: directory, problem: listed.problem } };
      continue;
    }
    pending.push(...listed.folders.map((name) => [...folders, name]).reverse());
    for (const fileName of listed.files) {
      const step = await readEntry({ directory, folders, fileName });
      if (step) yield step;
    }
  }
}

type Listed = { folders: string[]; files: string[] } | { problem: string };

async function list(directory: string): Promise<Listed> {
  try {
    const entries = await readdir(directory, { withFileTypes: true });
    const shown = entries.filter((entry) => !entry.name.startsWith('.'));
    const names = (kept: typeof shown) => kept.map((entry) => entry.name).sort();
    return {
      folders: names(shown.filter((entry) => entry.isDirectory())),
      files: names(shown.filter((entry) => entry.isFile() && isAudio(entry.name))),
    };
  } catch (error) {
    const problem = problemOf(directory, error);
    return problem === null ? { folders: [], files: [] } : { problem };
  }
}

const isAudio = (name: string): boolean => AUDIO_EXTENSIONS.has(extname(name).toLowerCase());

async function readEntry(at: {
  directory: string;
  folders: string[];
  fileName: string;
}): Promise<Step | null> {
  const path = join(at.directory, at.fileName);
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) {
    return { kind: 'closed', place: { path, problem: `Its path is over ${MAX_PATH_BYTES} bytes long.` } };
  }
  const { folders, fileName } = at;
  try {
    const stats = await lstat(path);
    const modifiedAt = plainDate(stats.mtime);
    return { kind: 'file', file: { path, folders, fileName, sizeBytes: BigInt(stats.size), modifiedAt } };
  } catch (error) {
    const problem = problemOf(path, error);
    return problem === null ? null : { kind: 'closed', place: { path, problem } };
  }
}

/** Longer paths exceed what a PostgreSQL index takes, and are rare on file systems. */
const MAX_PATH_BYTES = 2_000;

/** Null for a file that is gone. Node shows bytes that are not UTF-8 as U+FFFD, and cannot open the name. */
function problemOf(path: string, error: unknown): string | null {
  if (systemCodeOf(error) !== 'ENOENT') return messageOf(error);
  return path.includes('\uFFFD') ? 'Its name is not valid UTF-8.' : null;
}

/** Damaged file systems have dates outside PostgreSQL's range. */
function plainDate(date: Date): Date {
  const year = date.getUTCFullYear();
  return year >= 1 && year <= 9999 ? date : new Date(0);
}
