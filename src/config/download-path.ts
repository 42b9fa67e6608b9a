import { realpath } from 'node:fs/promises';
import { dirname, sep } from 'node:path';
import type { SettingsProblem } from './errors.js';

/** Why a download directory is not allowed; null when it is. Links are followed: only where a path leads counts. */
export async function findDownloadPathProblem(
  path: string,
  roots: readonly string[],
): Promise<SettingsProblem | null> {
  const [target, ...real] = await Promise.all([path, ...roots].map(resolveLinks));
  if (real.some((root) => target === root || target?.startsWith(root === sep ? root : root + sep)))
    return null;
  const message = `it is not inside of a directory that the server allows; allowed are ${roots.join(', ')} (DOWNLOAD_ROOTS).`;
  return { field: 'downloadPath', message };
}

/** A path with the links of what exists of it followed; what does not exist yet is no link. */
async function resolveLinks(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch {
    const parent = dirname(path);
    if (parent === path) return path;
    const above = await resolveLinks(parent);
    return `${above === sep ? '' : above}${path.slice(parent === sep ? 0 : parent.length)}`;
  }
}
