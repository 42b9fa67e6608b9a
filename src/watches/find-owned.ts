import type { Album, Track } from '../catalog/catalog-item.js';
import { isSameRecording } from '../catalog/match-track.js';
import { titleKey } from '../catalog/normalize.js';
import { getOrAdd } from '../lib/get-or-add.js';
import { lengthOf } from '../library/library-file.js';
import { listFilesLike } from '../library/library-store.js';
import type { Platform } from '../platform.js';

/** Titles compared by one query. */
const BATCH = 500;

/** Ids of the tracks that the owner's library has a file of. Albums are matched track by track when they are made. */
export async function findOwnedTracks(
  { db, env }: Pick<Platform, 'db' | 'env'>,
  items: readonly (Track | Album)[],
): Promise<string[]> {
  if (env.libraryDirs.length === 0) return [];
  const tracks = items.filter((item) => item.type === 'TRACK');
  const owned: string[] = [];
  for (let start = 0; start < tracks.length; start += BATCH) {
    owned.push(...(await findOwnedIn(db, tracks.slice(start, start + BATCH))));
  }
  return owned;
}

async function findOwnedIn(db: Platform['db'], tracks: readonly Track[]): Promise<string[]> {
  const files = (await listFilesLike(db, tracks)).map((file) => ({ ...file, durationMs: lengthOf(file) }));
  const byTitle = new Map<string, typeof files>();
  const byCode = new Map<string | null, typeof files>();
  for (const file of files) {
    getOrAdd(byTitle, file.titleKey, () => []).push(file);
    getOrAdd(byCode, file.isrc, () => []).push(file);
  }
  const isOwned = (track: Track) => {
    const alike = [
      ...(byTitle.get(titleKey(track.title)) ?? []),
      ...(track.isrc ? (byCode.get(track.isrc) ?? []) : []),
    ];
    return alike.some((file) => isSameRecording(track, file));
  };
  return tracks.filter(isOwned).map(({ id }) => id);
}
