import { link, lstat, mkdir, open, realpath, rename, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, sep } from 'node:path';
import { systemCodeOf } from '../lib/errors.js';
import { isPlainFile } from '../lib/plain-file.js';
import { DiskFullError, InvalidFileNameError, TargetNotWritableError } from '../media/errors.js';

/** Proves first that, links followed, it is below the root: nothing is made outside. */
export async function makeDirectoryInside(root: string, directory: string): Promise<void> {
  await proveInside(root, await nearestExisting(directory));
  await makeDirectory(directory);
  await proveInside(root, directory);
}

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

export async function removeEmptyDirectories(root: string, directory: string): Promise<void> {
  try {
    for (let path = directory; path.startsWith(root + sep); path = dirname(path)) await rmdir(path);
  } catch {
    // Not empty, or gone already: its parents are not ours to remove either.
  }
}

/** Never replaces a file; false when the name or the folder was lost to another task. A plain file, or nothing. */
export async function moveIntoPlace(finished: string, target: string): Promise<boolean> {
  if (!(await isPlainFile(finished))) {
    throw new TargetNotWritableError('The unfinished file was exchanged for a link, and was not used.');
  }
  await syncToDisk(finished);
  try {
    await link(finished, target);
  } catch (thrown) {
    const code = systemCodeOf(thrown);
    if (code === 'EEXIST') return false;
    // Another task that failed has just removed the folder, which was empty.
    if (code === 'ENOENT' && (await exists(finished))) return false;
    // Some file systems have no hard links (exFAT, many network shares).
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(code ?? '')) throw thrown;
    if (await exists(target)) return false;
    await rename(finished, target);
  }
  await rm(finished, { force: true });
  await syncToDisk(dirname(target));
  return true;
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

/** Makes a file, or the names in a directory, survive a power cut. */
export async function syncToDisk(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const FULL = ['ENOSPC', 'EDQUOT'];
const NOT_WRITABLE = ['EROFS', 'EACCES', 'EPERM', 'ENOTDIR', 'EEXIST', 'EISDIR', 'ELOOP', 'EFBIG', 'EXDEV'];
const NAME_REFUSED = ['ENAMETOOLONG', 'EILSEQ', 'EINVAL'];

export function explainDiskError(thrown: unknown): unknown {
  const code = systemCodeOf(thrown) ?? '';
  const cause = { cause: thrown };
  if (FULL.includes(code)) {
    return new DiskFullError('There is no space left in the download directory.', cause);
  }
  if (NOT_WRITABLE.includes(code)) {
    return new TargetNotWritableError(
      `The download directory cannot be written (${code}): check that it is a directory, is not mounted read-only, has no file or link where a folder should be, takes files of this size, and belongs to the user that runs Reprise.`,
      cause,
    );
  }
  if (NAME_REFUSED.includes(code) && isAboutFile(thrown)) {
    return new InvalidFileNameError(
      `The disk does not allow the name or path of this file (${code}): use a shorter "downloadPath", or shorten "customDirFormat" and "customTrackFormat".`,
      cause,
    );
  }
  return thrown;
}

/** EINVAL has many causes; Node names the path where it is about one. */
function isAboutFile(thrown: unknown): boolean {
  return thrown instanceof Error && ('path' in thrown || isAboutFile(thrown.cause));
}
