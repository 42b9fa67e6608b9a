import type { Dirent } from 'node:fs';
import { lstat, mkdir, readdir, realpath, rmdir, stat, statfs } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { describeDiskError } from '../lib/disk-errors.js';
import { DomainError, systemCodeOf } from '../lib/errors.js';
import { DiskFullError, InvalidFileNameError, TargetNotWritableError } from '../media/errors.js';

/** Proves first that, links followed, it is below the root: nothing is made outside. */
export async function makeDirectoryInside(root: string, directory: string): Promise<void> {
  await proveInside(root, await nearestExisting(directory));
  await makeDirectory(directory);
  await proveInside(root, directory);
}

/** The path of nested folders, each spelled as an existing folder that only differs by the case of letters. */
export async function findDirectory(root: string, names: readonly string[]): Promise<string> {
  let directory = root;
  for (const name of names) directory = join(directory, await findSpelling(directory, name));
  return directory;
}

async function findSpelling(directory: string, name: string): Promise<string> {
  if (await exists(join(directory, name))) return name;
  const entries = await readdir(directory, { withFileTypes: true }).catch((): Dirent[] => []);
  const alike = entries.filter((entry) => entry.isDirectory() && foldCase(entry.name) === foldCase(name));
  return alike.map((entry) => entry.name).sort()[0] ?? name;
}

const foldCase = (name: string): string => name.normalize('NFC').toUpperCase().toLowerCase();

/** Not Node's `recursive`, which reports a read-only disk as ENOENT. */
export async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (thrown) {
    const code = systemCodeOf(thrown);
    if (code === 'EEXIST' && (await stat(path)).isDirectory()) return;
    if (code !== 'ENOENT' || dirname(path) === path) throw thrown;
    await makeDirectory(dirname(path));
    await makeDirectory(path);
  }
}

export async function proveInside(root: string, directory: string): Promise<void> {
  const realRoot = await realpath(root);
  // A broken or circular link does not lead to a place inside.
  const real = await realpath(directory).catch(() => null);
  if (real === realRoot || real?.startsWith(realRoot + sep)) return;
  throw new TargetNotWritableError('The target folder leads out of the download directory through a link.');
}

export async function nearestExisting(directory: string): Promise<string> {
  return (await exists(directory)) ? directory : nearestExisting(dirname(directory));
}

const MIN_FREE_BYTES = 500_000_000;

export async function describeFreeSpace(directory: string): Promise<{ ok: boolean; detail: string }> {
  const { bavail, bsize, blocks } = await statfs(await nearestExisting(directory));
  // Some shares do not say how large they are.
  if (blocks === 0) return { ok: true, detail: 'free space unknown' };
  const freeBytes = bavail * bsize;
  return { ok: freeBytes >= MIN_FREE_BYTES, detail: `${Math.floor(freeBytes / 1e6)} MB free` };
}

export async function removeEmptyDirectories(root: string, directory: string): Promise<void> {
  try {
    for (let path = directory; path.startsWith(root + sep); path = dirname(path)) await rmdir(path);
  } catch {
    // Not empty, or gone already: its parents are not ours to remove either.
  }
}

/** True for a broken link too. */
export async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (thrown) {
    if (isMissing(thrown)) return false;
    throw thrown;
  }
}

export async function sizeOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).size;
  } catch (thrown) {
    if (isMissing(thrown)) return null;
    throw thrown;
  }
}

function isMissing(thrown: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes(systemCodeOf(thrown) ?? '');
}

const ERRORS = {
  DISK_FULL: DiskFullError,
  TARGET_NOT_WRITABLE: TargetNotWritableError,
  INVALID_FILE_NAME: InvalidFileNameError,
};

/** `root` is the download directory. Anything but an error of a disk stays as it is. */
export function explainDiskError(thrown: unknown, root: string): unknown {
  if (thrown instanceof DomainError) return thrown;
  const failure = describeDiskError(thrown, root);
  return failure ? new ERRORS[failure.code](failure.message, { cause: thrown }) : thrown;
}
