import { findUser } from '../auth/user-store.js';
import { readSequence } from '../database/sequence.js';
import {
  listExistingFiles,
  removePlaylistFile,
  writePlaylistFile,
  type PlaylistPlace,
} from '../downloads/write-playlists.job.js';
import { rootOf } from '../downloads/plan-track.js';
import type { Platform } from '../platform.js';
import type { SettingsDeps } from '../settings/live-settings.js';
import { listFilesOfList, noteFiles, saveFilesRead, type ListedFile } from '../watches/watch-file-store.js';
import { readWatch } from '../watches/watch-store.js';
import type { Watch } from '../watches/watch.js';

type WriteDeps = Pick<Platform & SettingsDeps, 'db' | 'settings' | 'log'>;

/** Notes the files of a watch and, for a playlist, writes its m3u8. Again when the list changed meanwhile. */
export async function writeList(deps: WriteDeps, watchId: string): Promise<void> {
  for (;;) {
    const sequence = await readSequence(deps.db);
    const watch = await readWatch(deps.db, watchId);
    if (!watch) return;
    await noteFiles(deps.db, watchId);
    const playlistFile = watch.kind === 'PLAYLIST' ? await writeWatchedPlaylist(deps, watch) : null;
    if (await saveFilesRead(deps.db, watch, { sequence, playlistFile })) return;
  }
}

/** Null for a list that has no file, and had none. */
async function writeWatchedPlaylist(deps: WriteDeps, watch: Watch): Promise<string | null> {
  const { root, ...place } = await findPlace(deps, watch);
  const shared = place.userDirectory === null;
  const files = inListOrder(await listExistingFiles(root, await listFilesOfList(deps.db, watch, { shared })));
  if (files.length === 0 && watch.playlistFile === null) return null;
  const path = await writePlaylistFile(deps, { root, ...place }, files);
  const earlier = watch.playlistFile;
  if (earlier !== null && earlier !== path) await removePlaylistFile(root, earlier, watch.itemId);
  return path;
}

/** As for a download of the playlist: the last of the two to write knows the files of both. */
async function findPlace({ db, settings }: WriteDeps, watch: Watch): Promise<PlaylistPlace> {
  const current = settings();
  const owner = current.separateTracksByUser ? await findUser(db, watch.ownerId, {}) : null;
  return { root: rootOf(watch, current), userDirectory: owner?.username ?? null, playlist: watch };
}

/** The first file of each item, at all its positions. */
function inListOrder(files: readonly ListedFile[]): ListedFile[] {
  const first = new Map<string, ListedFile>();
  for (const file of files) if (!first.has(file.itemId)) first.set(file.itemId, file);
  return [...first.values()]
    .flatMap((file) => file.positions.map((position) => ({ file, position })))
    .sort((one, other) => one.position - other.position)
    .map(({ file }) => file);
}
