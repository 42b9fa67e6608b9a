import { readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { DownloadOptions } from '../tasks/download-options.js';
import { exists, moveIntoPlace } from './target-file.js';

const NAMES = ['cover.jpg', 'cover.png'] as const;

/** A folder that several albums share has no cover of its own. */
export function wantsCoverFile({ saveCover, customDirFormat }: DownloadOptions): boolean {
  return saveCover && customDirFormat.includes('%album%');
}

/** Puts the cover beside a track, never in place of one. `unfinished` is a path for what is being written. */
export async function saveCoverFile(
  trackPath: string,
  { cover, unfinished }: { cover: Uint8Array; unfinished: string },
): Promise<void> {
  const name = nameOf(cover);
  if (!name) return;
  await writeFile(unfinished, cover);
  await moveIntoPlace(unfinished, join(dirname(trackPath), name));
}

export async function hasCoverFile(trackPath: string): Promise<boolean> {
  for (const name of NAMES) if (await exists(join(dirname(trackPath), name))) return true;
  return false;
}

/** Of a folder whose tracks are all gone. */
export async function removeLonelyCover(directory: string): Promise<void> {
  const left = await readdir(directory).catch((): string[] => []);
  if (!left.every((name) => (NAMES as readonly string[]).includes(name))) return;
  await Promise.all(left.map((name) => rm(join(directory, name), { force: true })));
}

/** Null for what is neither JPEG nor PNG. */
function nameOf([first, second]: Uint8Array): (typeof NAMES)[number] | null {
  if (first === 0xff && second === 0xd8) return 'cover.jpg';
  return first === 0x89 && second === 0x50 ? 'cover.png' : null;
}
