import { lstat, realpath } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import type { SettingsProblem } from './errors.js';

/**
 * Why a download directory is not allowed; null when it is. Links are followed: only where a path leads counts. The
 * path is absolute and has no `..` in it (settings-rules.ts); what does not exist of it yet is made later.
 */
export async function findDownloadPathProblem(
  path: string,
  roots: readonly string[],
): Promise<SettingsProblem | null> {
  const [target, ...real] = await Promise.all([path, ...roots].map(followLinks));
  if (target && real.some((root) => root !== null && isInside(root, target))) return null;
  const message = `it is not inside of a directory that the server allows: ${roots.join(', ')} (DOWNLOAD_ROOTS).`;
  return { field: 'downloadPath', message };
}

function isInside(root: string, path: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : root + sep);
}

/** Null for a path over a link that leads nowhere: nobody knows what will be there. */
async function followLinks(path: string): Promise<string | null> {
  try {
    return await realpath(path);
  } catch {
    if (dirname(path) === path || (await isThere(path))) return null;
    const above = await followLinks(dirname(path));
    return above === null ? null : join(above, basename(path));
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch {
    return false;
  }
}
