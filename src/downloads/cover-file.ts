import { readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { CoverDeps } from '../covers/covers.js';
import { logFieldsOf } from '../jobs/errors.js';
import { writeNewFile } from '../lib/plain-file.js';
import { moveIntoPlace } from './move-into-place.js';
import type { TrackDownload } from './plan-track.js';
import { exists, proveInside } from './target-file.js';

const NAMES = ['cover.jpg', 'cover.png'] as const;

/** Null when there is none or it cannot be fetched, which does not fail the download. */
export async function fetchCover(
  { covers }: CoverDeps,
  { track, signal, log }: TrackDownload,
): Promise<Uint8Array | null> {
  try {
    return await covers.original(track, signal);
  } catch (thrown) {
    signal.throwIfAborted();
    log.warn(logFieldsOf(thrown), 'could not fetch the cover');
    return null;
  }
}

/** Never replaces a cover. Called before the task ends, so that a crash cannot leave it out. */
export async function saveCover(
  { options, root, work, log }: TrackDownload,
  trackPath: string,
  cover: Uint8Array | null,
): Promise<void> {
  // A folder that several albums share has no cover of its own.
  if (!cover || !options.saveCover || !options.customDirFormat.includes('%album%')) return;
  const name = coverName(cover);
  try {
    if (!name || (await hasCover(trackPath))) return;
    await proveInside(root, dirname(trackPath));
    const files = await work.open();
    await writeNewFile(files.cover, cover);
    await moveIntoPlace(files.cover, join(dirname(trackPath), name));
  } catch (thrown) {
    log.warn(logFieldsOf(thrown), 'could not save the cover beside the track');
  }
}

async function hasCover(trackPath: string): Promise<boolean> {
  for (const name of NAMES) if (await exists(join(dirname(trackPath), name))) return true;
  return false;
}

export async function removeLonelyCover(directory: string): Promise<void> {
  const left = await readdir(directory).catch((): string[] => []);
  if (!left.every((name) => (NAMES as readonly string[]).includes(name))) return;
  await Promise.all(left.map((name) => rm(join(directory, name), { force: true })));
}

function coverName([first, second]: Uint8Array): (typeof NAMES)[number] | null {
  if (first === 0xff && second === 0xd8) return 'cover.jpg';
  return first === 0x89 && second === 0x50 ? 'cover.png' : null;
}
