import { lstat, rm } from 'node:fs/promises';
import { dirname, join, parse, relative, sep } from 'node:path';
import { systemCodeOf } from '../lib/errors.js';
import { TargetNotWritableError } from '../media/errors.js';
import type { Platform } from '../platform.js';
import type { SettingsDeps } from '../settings/live-settings.js';
import { TRASH_DIRECTORY } from '../settings/path-rules.js';
import { moveIntoPlace } from './move-into-place.js';
import { exists, makeDirectoryInside, proveInside, removeEmptyDirectories } from './target-file.js';

/** The download directory that the file is in; null outside of all of them, and for what is in the trash already. */
export function findTrashRoot(
  { env, settings }: Pick<Platform & SettingsDeps, 'env' | 'settings'>,
  path: string,
): string | null {
  const roots = [settings().downloadPath, env.downloadDir, ...env.downloadRoots];
  const root = roots.find((each) => path.startsWith(each.endsWith(sep) ? each : each + sep));
  if (root === undefined || relative(root, path).split(sep)[0] === TRASH_DIRECTORY) return null;
  return root;
}

/** A free name, at the same place below the trash as the file is below the root. */
export async function findTrashPath(root: string, path: string): Promise<string> {
  const { dir, name, ext } = parse(relative(root, path));
  for (let number = 1; ; number++) {
    const numbered = `${name}${number === 1 ? '' : ` (${number})`}${ext}`;
    const target = join(root, TRASH_DIRECTORY, dir, numbered);
    if (!(await exists(target))) return target;
  }
}

interface Move {
  root: string;
  path: string;
  target: string;
}

/**
 * Never replaces a file. Idempotent: a process that was killed in the middle has left one of the two names, or both.
 * TAKEN: another file has the name by now. GONE: there is no file to move.
 */
export async function moveToTrash({ root, path, target }: Move): Promise<'MOVED' | 'TAKEN' | 'GONE'> {
  const found = await findEntry(path);
  const there = await findEntry(target);
  if (!found) return there ? 'MOVED' : 'GONE';
  await proveInside(root, dirname(path));
  const isHalfMoved = there !== null && there.ino === found.ino && there.dev === found.dev;
  if (isHalfMoved) await rm(path, { force: true });
  else {
    if (!found.isFile() || found.nlink > 1) throw notPlain(path);
    await makeDirectoryInside(root, dirname(target));
    if (!(await moveIntoPlace(path, target))) return 'TAKEN';
  }
  await removeEmptyDirectories(root, dirname(path));
  return 'MOVED';
}

function notPlain(path: string): TargetNotWritableError {
  return new TargetNotWritableError(
    `"${path}" is a link or a folder, or has a second name, and was not moved to the trash: remove it yourself, or put the file back.`,
  );
}

async function findEntry(path: string) {
  try {
    return await lstat(path);
  } catch (thrown) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCodeOf(thrown) ?? '')) return null;
    throw thrown;
  }
}
