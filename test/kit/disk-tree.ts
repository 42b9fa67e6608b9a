import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';

/** Every file and directory below a directory, as relative paths, sorted. */
export async function listTree(directory: string): Promise<string[]> {
  const entries = await listEntries(directory);
  return entries.map((entry) => relative(directory, join(entry.parentPath, entry.name))).sort();
}

/** The finished music: neither directories, nor covers beside it, nor what is still being worked on. */
export async function listFiles(directory: string): Promise<string[]> {
  const entries = await listEntries(directory);
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return files.filter((path) => !path.includes('/.incoming/') && !/\/cover\.(jpg|png)$/.test(path)).sort();
}

/** Unlike Node's `recursive`, allows for folders that are removed meanwhile. */
async function listEntries(directory: string): Promise<Dirent[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  const below = await Promise.all(
    entries
      .filter((entry) => entry.isDirectory())
      .map((entry) => listEntries(join(directory, entry.name)).catch(() => [])),
  );
  return [...entries, ...below.flat()];
}
