import { link, mkdir, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { systemCodeOf } from '../lib/errors.js';
import { DiskFullError, TargetNotWritableError } from './errors.js';

/** Where unfinished files are: on the target's file system, out of sight of players, and easy to sweep. */
export function incomingDirectory(downloadDir: string): string {
  return join(downloadDir, '.incoming');
}

/** Makes a directory below the root and proves, links followed, that it is still below it. */
export async function makeDirectoryInside(root: string, directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  const [realRoot, real] = await Promise.all([realpath(root), realpath(directory)]);
  if (real === realRoot || real.startsWith(realRoot + sep)) return;
  throw new TargetNotWritableError('The target folder leads out of the download directory through a link.');
}

/** Puts a finished file in place without ever replacing one; false when the place was taken in the meantime. */
export async function moveIntoPlace(finished: string, target: string): Promise<boolean> {
  await syncToDisk(finished);
  try {
    await link(finished, target);
  } catch (thrown) {
    const code = systemCodeOf(thrown);
    if (code === 'EEXIST') return false;
    // Some file systems know no hard links (exFAT, many network shares).
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(code ?? '')) throw thrown;
    if (await exists(target)) return false;
    await rename(finished, target);
  }
  await rm(finished, { force: true });
  await syncToDisk(dirname(target));
  return true;
}

export async function exists(path: string): Promise<boolean> {
  return (await sizeOf(path)) !== null;
}

/** Null when there is no such file. */
export async function sizeOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).size;
  } catch (thrown) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCodeOf(thrown) ?? '')) return null;
    throw thrown;
  }
}

async function syncToDisk(path: string): Promise<void> {
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
  if (['EROFS', 'EACCES', 'EPERM', 'ENOTDIR'].includes(code)) {
    return new TargetNotWritableError(
      `The download directory cannot be written (${code}): check that it exists, is not mounted read-only, and belongs to the user that runs Reprise.`,
      { cause: thrown },
    );
  }
  return thrown;
}
