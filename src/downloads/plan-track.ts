import { join } from 'node:path';
import { providerOf, type Track } from '../catalog/catalog-item.js';
import type { CatalogDeps } from '../catalog/catalog-source.js';
import type { Platform } from '../platform.js';
import type { TaskRun } from '../queue/claimed-task.js';
import type { SettingsDeps } from '../settings/live-settings.js';
import type { Settings } from '../settings/settings.js';
import { TargetNotWritableError } from '../media/errors.js';
import { findDownloadPathProblem } from '../settings/download-path.js';
import { fileOptionsOf, type DownloadOptions } from '../tasks/download-options.js';
import { findPlaylist } from '../tasks/task-children-store.js';
import { findEarlierDownload } from '../tasks/task-file-store.js';
import type { Task } from '../tasks/task.js';
import { formatPath, userDirectories, type PathContext } from './path-format.js';
import { createWorkFolder, type WorkFolder } from './incoming.js';
import { findDirectory } from './target-file.js';

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
  deps: Pick<Platform & SettingsDeps & CatalogDeps, 'db' | 'env' | 'settings' | 'catalogs'>,
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
  const root = rootOf(options, settings);
  if (options.downloadPath !== null) await expectAllowed(deps, options.downloadPath);
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

/** Directory above all folders of the options. */
export function rootOf(
  { downloadPath }: Pick<DownloadOptions, 'downloadPath'>,
  settings: Pick<Settings, 'downloadPath'>,
): string {
  return downloadPath ?? settings.downloadPath;
}

/** Throws TargetNotWritableError for one that was allowed when it was chosen, and is no longer. */
export async function expectAllowed({ env }: Pick<Platform, 'env'>, downloadPath: string): Promise<void> {
  const problem = await findDownloadPathProblem(downloadPath, env.downloadRoots);
  if (problem) throw new TargetNotWritableError(`${problem.message} Change the options of the watch.`);
}

async function findPosition(
  { db }: Pick<Platform, 'db'>,
  { parentId, position }: Task,
): Promise<PathContext['playlist']> {
  const playlist = parentId ? await findPlaylist(db, parentId) : null;
  return playlist && { title: playlist.title, total: playlist.total, position: (position ?? 0) + 1 };
}

/** Folders that differ from existing ones by the case of letters alone are those: one for each artist. */
export async function findTargetStem(
  download: TrackDownload,
  quality: string,
  maxPartBytes?: number,
): Promise<string> {
  const { track, playlist, options } = download;
  const parts = formatPath(options, { track, playlist, quality }, maxPartBytes);
  const folders = [...userDirectories(options.userDirectory), ...parts.slice(0, -1)];
  return join(await findDirectory(download.root, folders), parts.at(-1) ?? '');
}
