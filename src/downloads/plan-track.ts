import { join } from 'node:path';
import { providerOf, type Track } from '../catalog/catalog-item.js';
import type { CatalogDeps } from '../catalog/catalog-source.js';
import type { Platform } from '../platform.js';
import type { TaskRun } from '../queue/claimed-task.js';
import type { SettingsDeps } from '../settings/live-settings.js';
import type { Settings } from '../settings/settings.js';
import { fileOptionsOf, type DownloadOptions } from '../tasks/download-options.js';
import { findPlaylist } from '../tasks/task-children-store.js';
import { findEarlierDownload } from '../tasks/task-store.js';
import type { Task } from '../tasks/task.js';
import { formatPath, userDirectories, type PathContext } from './path-format.js';
import { createWorkFolder, type WorkFolder } from './incoming.js';

export interface TrackDownload extends TaskRun {
  track: Track;
  options: DownloadOptions;
  /** They may change while the track is being made. */
  settings: Settings;
  playlist: PathContext['playlist'];
  earlier: Task | null;
  root: string;
  work: WorkFolder;
}

export async function planTrack(
  deps: Pick<Platform & SettingsDeps & CatalogDeps, 'db' | 'settings' | 'catalogs'>,
  run: TaskRun,
): Promise<TrackDownload> {
  const { task, item, options } = run.claimed;
  if (item.type !== 'TRACK')
    throw new Error(`Task ${task.id} of kind TRACK has an item of type ${item.type}.`);
  const settings = deps.settings();
  const [track, playlist, earlier] = await Promise.all([
    completeTrack(deps, item, run.signal),
    findPosition(deps, task),
    findEarlierDownload(deps.db, task.itemId, fileOptionsOf(options)),
  ]);
  const root = settings.downloadPath;
  const work = createWorkFolder(root, task);
  return { ...run, track, options, settings, playlist, earlier, root, work };
}

/** Lists of some remote catalogs leave out the ISRC, which finds the recording, and most of what an album has. */
async function completeTrack(
  { catalogs }: Pick<CatalogDeps, 'catalogs'>,
  track: Track,
  signal: AbortSignal,
): Promise<Track> {
  const catalog = catalogs.get(providerOf(track));
  const isComplete = track.isrc !== null && track.album?.trackTotal !== 0;
  return isComplete || !catalog?.remote ? track : ((await catalog.findTrack(track.id, signal)) ?? track);
}

async function findPosition(
  { db }: Pick<Platform, 'db'>,
  { parentId, position }: Task,
): Promise<PathContext['playlist']> {
  const playlist = parentId ? await findPlaylist(db, parentId) : null;
  return playlist && { title: playlist.title, total: playlist.total, position: (position ?? 0) + 1 };
}

export function targetStem(download: TrackDownload, quality: string): string {
  const { track, playlist, options } = download;
  const parts = formatPath(options, { track, playlist, quality });
  return join(download.root, ...userDirectories(options.userDirectory), ...parts);
}
