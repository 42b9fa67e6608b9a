import { readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';

/** Every file and directory below a directory, as relative paths, sorted. */
export async function listTree(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries.map((entry) => relative(directory, join(entry.parentPath, entry.name))).sort();
}

/** The finished music: neither directories, nor covers beside it, nor what is still being worked on. */
export async function listFiles(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return files.filter((path) => !path.includes('/.incoming/') && !/\/cover\.(jpg|png)$/.test(path)).sort();
}
