import type { Dirent } from 'node:fs';
import { lstat, readdir, realpath, stat } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { messageOf, systemCodeOf } from '../lib/errors.js';
import { extensionOf, isSystemFolder, kindOfFile } from './file-kinds.js';
import type { FoundFile } from './library-file.js';
import type { PassedOver } from './library-problems.js';

/** `closed`: what is known of it, and below it, is kept. */
export type Step =
  { kind: 'file'; file: FoundFile } | { kind: 'passed'; passed: PassedOver; closed: boolean };

/** A root that is missing, unreadable or empty is closed: so looks a disk that is not mounted. */
export async function openRoots(
  directories: readonly string[],
): Promise<{ open: string[]; closed: PassedOver[] }> {
  const open: string[] = [];
  const closed: PassedOver[] = [];
  for (const directory of directories) {
    try {
      const path = await realpath(resolve(directory));
      if ((await readdir(path)).length > 0) open.push(path);
      else closed.push({ path, kind: 'AWAY', problem: 'It is empty; perhaps its disk is not mounted.' });
    } catch (error) {
      const path = resolve(directory);
      const missing = {
        path,
        kind: 'AWAY',
        problem: 'It is missing; perhaps its disk is not mounted.',
      } as const;
      closed.push(systemCodeOf(error) === 'ENOENT' ? missing : explain(path, error));
    }
  }
  const outermost = open.filter((path) => !open.some((other) => other !== path && isUnder(path, other)));
  return { open: [...new Set(outermost)], closed };
}

export function isUnder(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory.endsWith(sep) ? directory : directory + sep);
}

interface Walk {
  root: string;
  /** A link into one of these is read where it leads to. */
  roots: readonly string[];
  signal: AbortSignal;
}

/**
 * Ordered by name. Links are followed by reading what they lead to at its own place: so there are no loops, nothing is
 * read twice, and nothing outside the roots.
 */
export async function* walkLibrary({ root, roots, signal }: Walk): AsyncGenerator<Step> {
  const pending: string[][] = [[]];
  for (let folders = pending.pop(); folders; folders = pending.pop()) {
    signal.throwIfAborted();
    const directory = join(root, ...folders);
    const entries = await list(directory);
    if (!Array.isArray(entries)) {
      if (entries) yield { kind: 'passed', passed: entries, closed: true };
      continue;
    }
    const below: string[][] = [];
    for (const entry of entries) {
      if (entry.isDirectory() && !isSystemFolder(entry.name)) below.push([...folders, entry.name]);
      const step = entry.isDirectory() ? null : await readEntry(entry, { directory, folders, roots });
      if (step) yield step;
    }
    pending.push(...below.reverse());
  }
}

/** Null for a folder that is gone. */
async function list(directory: string): Promise<Dirent[] | PassedOver | null> {
  try {
    const entries = await readdir(directory, { withFileTypes: true });
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    return explainUnlessGone(directory, error);
  }
}

interface Place {
  directory: string;
  folders: string[];
  roots: readonly string[];
}

/** Null for what is no music, is read elsewhere, or is gone. */
async function readEntry(entry: Dirent, place: Place): Promise<Step | null> {
  const path = join(place.directory, entry.name);
  const kind = kindOfFile(entry.name);
  if (kind === 'companion') return null;
  const passed = (reason: Omit<PassedOver, 'path'>, closed = false): Step => ({
    kind: 'passed',
    passed: { path, ...reason },
    closed,
  });
  if (entry.isSymbolicLink()) {
    const reason = await findLinkProblem(path, place.roots);
    return reason && passed(reason);
  }
  if (kind === 'unknown') return entry.isFile() ? passed(unknownExtension(entry.name)) : null;
  if (!entry.isFile()) return passed({ kind: 'DISK', problem: 'It is not a plain file.' });
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) {
    return passed({ kind: 'NAME', problem: `Its path is over ${MAX_PATH_BYTES} bytes long.` }, true);
  }
  return readFile(path, { ...place, fileName: entry.name });
}

function unknownExtension(name: string): Omit<PassedOver, 'path'> {
  const extension = extensionOf(name);
  const problem = extension
    ? `Files with the extension "${extension}" are not read.`
    : 'It has no extension.';
  return { kind: 'EXTENSION', problem };
}

async function readFile(path: string, place: Place & { fileName: string }): Promise<Step | null> {
  const { folders, fileName } = place;
  try {
    const stats = await lstat(path);
    const modifiedAt = plainDate(stats.mtime);
    return { kind: 'file', file: { path, folders, fileName, sizeBytes: BigInt(stats.size), modifiedAt } };
  } catch (error) {
    const passed = explainUnlessGone(path, error);
    return passed && { kind: 'passed', passed, closed: true };
  }
}

/** Null for a link to what is read anyway, or to what is no music. */
async function findLinkProblem(
  path: string,
  roots: readonly string[],
): Promise<Omit<PassedOver, 'path'> | null> {
  const link = (problem: string) => ({ kind: 'LINK', problem }) as const;
  try {
    const target = await realpath(path);
    if (roots.some((root) => isUnder(target, root))) return null;
    const isMusic = (await stat(target)).isDirectory() || kindOfFile(target) !== 'companion';
    return isMusic
      ? link(`It is a link to "${target}", which is outside LIBRARY_DIRS: add that to LIBRARY_DIRS.`)
      : null;
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === 'ENOENT') return link('It is a link to what does not exist.');
    if (code === 'ELOOP') return link('It is a link that leads in a circle.');
    const { kind, problem } = explain(path, error);
    return { kind, problem };
  }
}

/** Longer paths exceed what a PostgreSQL index takes, and are rare on file systems. */
const MAX_PATH_BYTES = 2_000;

/** Node shows bytes that are not UTF-8 as U+FFFD, and cannot open the name. */
function explainUnlessGone(path: string, error: unknown): PassedOver | null {
  const isGone = systemCodeOf(error) === 'ENOENT' && !path.includes('\uFFFD');
  return isGone ? null : explain(path, error);
}

function explain(path: string, error: unknown): PassedOver {
  const code = systemCodeOf(error) ?? '';
  if (code === 'ENOENT' && path.includes('\uFFFD')) {
    return { path, kind: 'NAME', problem: 'Its name is not valid UTF-8: rename it.' };
  }
  if (code === 'ENAMETOOLONG')
    return { path, kind: 'NAME', problem: 'Its path is too long for this system.' };
  if (code !== 'EACCES' && code !== 'EPERM') return { path, kind: 'DISK', problem: messageOf(error) };
  return {
    path,
    kind: 'PERMISSION',
    problem: 'The user that runs Reprise may not read it: change its mode or owner.',
  };
}

/** Damaged file systems have dates outside PostgreSQL's range. */
function plainDate(date: Date): Date {
  const year = date.getUTCFullYear();
  return year >= 1 && year <= 9999 ? date : new Date(0);
}
