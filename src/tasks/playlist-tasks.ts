import type { Platform } from '../platform.js';
import {
  listPartsWithFile,
  listUnwrittenPlaylists,
  markPlaylistWritten,
  type PlaylistPart,
} from './playlist-store.js';
import type { Task } from './task.js';

export type { PlaylistPart };

/** What who writes the m3u8 of playlists asks and says: for workers, which serve everybody. */
type Needs = Pick<Platform, 'db'>;

/** Playlists that have ended and whose m3u8 is still to be written. */
export function findUnwrittenPlaylists({ db }: Needs): Promise<Task[]> {
  return listUnwrittenPlaylists(db, 100);
}

/** The parts of a playlist that have a file, in its order. */
export function listPlaylistParts({ db }: Needs, playlist: Task): Promise<PlaylistPart[]> {
  return listPartsWithFile(db, playlist.id);
}

/** Notes where the m3u8 is; null when there was nothing to write. False when it may be old already. */
export function notePlaylistFile({ db }: Needs, playlist: Task, path: string | null): Promise<boolean> {
  return markPlaylistWritten(db, playlist, path);
}
