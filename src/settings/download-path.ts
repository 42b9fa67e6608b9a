import { constants } from 'node:fs';
import { access, lstat, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import type { SettingsProblem } from './errors.js';
import { findOwnFolder } from './path-rules.js';

export function withoutTrailingSlash(path: string): string {
  return path.replace(/(?<=[^/])\/+$/, '');
}

/** Null when allowed. Links are followed. The path is absolute, without `..`, and need not exist yet. */
export async function findDownloadPathProblem(
  path: string,
  roots: readonly string[],
): Promise<SettingsProblem | null> {
  const own = findOwnFolder(path);
  if (own !== null) {
    const message = `"downloadPath" is "${path}"; "${own}" is a folder that Reprise uses itself, choose another.`;
    return { field: 'downloadPath', message };
  }
  const [target, ...real] = await Promise.all([path, ...roots].map(followLinks));
  if (target && real.some((root) => root !== null && isInside(root, target))) return null;
  if (!target) {
    const broken = `"downloadPath" is "${path}", which is or follows a link that leads nowhere; mount what it leads to, or remove the link.`;
    return { field: 'downloadPath', message: broken };
  }
  const message = `"downloadPath" is "${path}"; it must be inside ${roots.join(' or ')} (DOWNLOAD_ROOTS).`;
  return { field: 'downloadPath', message };
}

function isInside(root: string, path: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : root + sep);
}

/** Null for a broken link: its target may be created anywhere. */
async function followLinks(path: string): Promise<string | null> {
  try {
    return await realpath(path);
  } catch {
    if (dirname(path) === path) return null;
    // It may have been made just now.
    if (await isThere(path)) return realpath(path).catch(() => null);
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

/** A missing directory is created when needed, if the one above allows it. */
export async function isWritable(path: string): Promise<boolean> {
  try {
    if (!(await stat(path)).isDirectory()) return false;
    await access(path, constants.W_OK);
    return true;
  } catch (thrown) {
    const missing = thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT';
    return missing && dirname(path) !== path && isWritable(dirname(path));
  }
}
