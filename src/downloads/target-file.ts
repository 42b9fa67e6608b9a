import { link, lstat, mkdir, open, readdir, realpath, rename, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { systemCodeOf } from '../lib/errors.js';
import type { Platform } from '../platform.js';
import type { SettingsDeps } from '../settings/live-settings.js';
import { findTasksByIds } from '../tasks/task-store.js';
import type { Task } from '../tasks/task.js';
import { DiskFullError, TargetNotWritableError } from '../media/errors.js';

/** On the target's file system, hidden from players, easy to sweep. */
export function incomingDirectory(downloadDir: string): string {
  return join(downloadDir, '.incoming');
}

type Attempt = Pick<Task, 'id' | 'attempt'>;

export interface WorkFiles {
  directory: string;
  received: string;
  made: string;
  cover: string;
}

/** Named by attempt: a worker suspended beyond its lease must not write into its successor's file. */
export function workFilesOf(root: string, { id, attempt }: Attempt): WorkFiles {
  const directory = incomingDirectory(root);
  const path = (part: string) => join(directory, `${id}.${part}.${attempt}`);
  return { directory, received: path('source'), made: path('made'), cover: path('cover') };
}

const WORK_FILE = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.(?:source|made|cover)\.(\d+)$/;

export async function removeUnfinished(directory: string, { id, attempt }: Attempt): Promise<void> {
  const names = (await listNames(directory)).filter((name) => {
    const [, task, number] = WORK_FILE.exec(name) ?? [];
    return task === id && Number(number) <= attempt;
  });
  await Promise.all(names.map((name) => rm(join(directory, name), { force: true })));
}

export async function sweepUnfinishedFiles(
  deps: Pick<Platform & SettingsDeps, 'db' | 'env' | 'log' | 'settings'>,
): Promise<void> {
  const roots = new Set([deps.env.downloadDir, deps.settings().downloadPath]);
  for (const root of roots) await sweep(deps, incomingDirectory(root));
}

async function sweep({ db, log }: Pick<Platform, 'db' | 'log'>, directory: string): Promise<void> {
  try {
    const names = await listNames(directory);
    const taskOf = (name: string) => WORK_FILE.exec(name)?.[1] ?? '';
    const tasks = await findTasksByIds(db, [...new Set(names.map(taskOf).filter(Boolean))]);
    const running = new Set(tasks.filter(({ state }) => state === 'RUNNING').map(({ id }) => id));
    const abandoned = names.filter((name) => !running.has(taskOf(name)));
    for (const name of abandoned) await rm(join(directory, name), { force: true, recursive: true });
    if (abandoned.length > 0) log.info({ files: abandoned.length }, 'unfinished files removed');
  } catch (err) {
    log.warn({ err, directory }, 'could not remove unfinished files');
  }
}

async function listNames(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (thrown) {
    if (isMissing(thrown)) return [];
    throw thrown;
  }
}

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

async function proveInside(root: string, directory: string): Promise<void> {
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

/** Never replaces a file; false when the name or the folder was lost to another task. */
export async function moveIntoPlace(finished: string, target: string): Promise<boolean> {
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
