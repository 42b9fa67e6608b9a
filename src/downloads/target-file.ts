import { link, lstat, mkdir, open, realpath, rename, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { systemCodeOf } from '../lib/errors.js';
import { DiskFullError, TargetNotWritableError } from './errors.js';

/** Where unfinished files are: on the target's file system, out of sight of players, and easy to sweep. */
export function incomingDirectory(downloadDir: string): string {
  return join(downloadDir, '.incoming');
}

/** Makes a directory below the root and proves, links followed, that it is below it: before, so that nothing is made outside. */
export async function makeDirectoryInside(root: string, directory: string): Promise<void> {
  await proveInside(root, await nearestExisting(directory));
  await makeDirectory(directory);
  await proveInside(root, directory);
}

/** With those above it. Node's own way to do that calls a read-only disk ENOENT. */
export async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (thrown) {
    const code = systemCodeOf(thrown);
    if (code === 'EEXIST' && (await isDirectory(path))) return;
    if (code !== 'ENOENT' || dirname(path) === path) throw thrown;
    await makeDirectory(dirname(path));
    await makeDirectory(path);
  }
}

async function isDirectory(path: string): Promise<boolean> {
  return (await stat(path)).isDirectory();
}

async function proveInside(root: string, directory: string): Promise<void> {
  const realRoot = await realpath(root);
  // A link that leads nowhere, or in a circle, does not lead to a place inside.
  const real = await realpath(directory).catch(() => null);
  if (real === realRoot || real?.startsWith(realRoot + sep)) return;
  throw new TargetNotWritableError('The target folder leads out of the download directory through a link.');
}

/** The directory itself, or the first of those above it that there is. */
export async function nearestExisting(directory: string): Promise<string> {
  return (await exists(directory)) ? directory : nearestExisting(dirname(directory));
}

/** Removes a directory below the root, and those above it, as far as they are empty. */
export async function removeEmptyDirectories(root: string, directory: string): Promise<void> {
  try {
    for (let path = directory; path.startsWith(root + sep); path = dirname(path)) await rmdir(path);
  } catch {
    // Not empty, or gone already: so are those above it none of ours to remove.
  }
}

/** Puts a finished file in place without ever replacing one; false when the place was taken, or went, in the meantime. */
export async function moveIntoPlace(finished: string, target: string): Promise<boolean> {
  await syncToDisk(finished);
  try {
    await link(finished, target);
  } catch (thrown) {
    const code = systemCodeOf(thrown);
    if (code === 'EEXIST') return false;
    // Another task that failed has just removed the folder, which was empty.
    if (code === 'ENOENT' && (await exists(finished))) return false;
    // Some file systems know no hard links (exFAT, many network shares).
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(code ?? '')) throw thrown;
    if (await exists(target)) return false;
    await rename(finished, target);
  }
  await rm(finished, { force: true });
  await syncToDisk(dirname(target));
  return true;
}

/** Whether the name is taken, if only by a link that leads nowhere. */
export async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (thrown) {
    if (isMissing(thrown)) return false;
    throw thrown;
  }
}

/** Null when there is no such file. */
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

/** So that it is still there after a power cut: a file, or the names in a directory. */
export async function syncToDisk(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Says in words what a full or locked disk means; anything else is passed on as it is. */
export function explainDiskError(thrown: unknown): unknown {
  const code = systemCodeOf(thrown) ?? '';
  if (['ENOSPC', 'EDQUOT', 'DISK_FULL'].includes(code)) {
    return new DiskFullError('There is no space left in the download directory.', { cause: thrown });
  }
  if (['EROFS', 'EACCES', 'EPERM', 'ENOTDIR', 'EEXIST'].includes(code)) {
    return new TargetNotWritableError(
      `The download directory cannot be written (${code}): check that it is a directory, is not mounted read-only, has no file where a folder should be, and belongs to the user that runs Reprise.`,
      { cause: thrown },
    );
  }
  return thrown;
}
