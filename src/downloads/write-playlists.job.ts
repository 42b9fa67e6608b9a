import { lstat, readFile, rm, stat } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { z } from 'zod';
import { levelOf } from '../database/outage.js';
import { logFieldsOf } from '../jobs/errors.js';
import { defineJob } from '../jobs/job.js';
import { coalesce } from '../lib/async.js';
import { cleanPathPart } from '../lib/filenames.js';
import { writeNewFile } from '../lib/plain-file.js';
import type { Platform } from '../platform.js';
import type { SettingsDeps } from '../settings/live-settings.js';
import { PLAYLISTS_DIRECTORY } from '../settings/path-rules.js';
import {
  listChildrenWithFile,
  listUnwrittenPlaylists,
  markPlaylistWritten,
  type FinishedPlaylist,
  type PlaylistChild,
} from '../tasks/task-children-store.js';
import { findTaskWithOptions, type TaskWithOptions } from '../tasks/task-store.js';
import { isFinished, type Task } from '../tasks/task.js';
import { InvalidFileNameError, TargetNotWritableError } from '../media/errors.js';
import { userDirectories } from './path-format.js';
import { newUnfinishedFile } from './incoming.js';
import { moveOver } from './move-into-place.js';
import { rootOf } from './plan-track.js';
import { exists, explainDiskError, makeDirectoryInside, proveInside, withShortNames } from './target-file.js';

type PlaylistDeps = Pick<Platform & SettingsDeps, 'db' | 'settings' | 'log'>;

/** Every 30 s, for killed workers and full disks; events do it at once. Idempotent: replaces whole files. */
export const writePlaylistsJob = defineJob({
  name: 'writePlaylists',
  payload: z.object({}),
  concurrency: 1,
  everyMs: 30_000,
  lockLifetimeMs: 60_000,
  run: (deps: PlaylistDeps) => writePlaylists(deps),
});

/** Returns how to stop, which waits for the file that is being written. */
export function writePlaylistsOnEvent(deps: PlaylistDeps & Pick<Platform, 'bus'>): () => Promise<void> {
  const write = coalesce(() =>
    writePlaylists(deps).catch((err: unknown) => {
      deps.log[levelOf(err, 'warn')]({ err }, 'could not list playlists to write');
    }),
  );
  let latest = write();
  const offTask = deps.bus.on('task.changed', ({ state, parentId }) => {
    if (parentId === null && isFinished(state)) latest = write();
  });
  const offGap = deps.bus.on('bus.gap', () => {
    latest = write();
  });
  return async () => {
    offTask();
    offGap();
    await latest;
  };
}

const BATCH = 100;

/** Safe to call at any time, from any process. */
async function writePlaylists(deps: PlaylistDeps): Promise<void> {
  for (const playlist of await listUnwrittenPlaylists(deps.db, BATCH)) {
    const log = deps.log.child({ taskId: playlist.id });
    try {
      await writeLatest({ ...deps, log }, playlist);
    } catch (thrown) {
      const err = explainDiskError(thrown, deps.settings().downloadPath);
      log[levelOf(err, 'warn')](logFieldsOf(err), 'could not write a playlist file');
      // A full disk may be emptied, but a folder that leads elsewhere stays so until the playlist is retried.
      const isLasting = err instanceof TargetNotWritableError || err instanceof InvalidFileNameError;
      if (isLasting) await markPlaylistWritten(deps.db, playlist, null);
    }
  }
}

/** Again when the playlist finished meanwhile: ours may have replaced another worker's newer file. */
async function writeLatest(deps: PlaylistDeps, { id }: FinishedPlaylist): Promise<void> {
  for (;;) {
    const playlist = await findTaskWithOptions(deps.db, id);
    if (!playlist || !isFinished(playlist.state)) return;
    if (await markPlaylistWritten(deps.db, playlist, await writePlaylist(deps, playlist))) return;
  }
}

async function writePlaylist(deps: PlaylistDeps, playlist: TaskWithOptions): Promise<string | null> {
  const { userDirectory } = playlist.options;
  const place = { root: rootOf(playlist.options, deps.settings()), userDirectory };
  const found = await listExistingFiles(place.root, await listChildrenWithFile(deps.db, playlist.id));
  return found.length === 0 ? null : writePlaylistFile(deps, { ...place, playlist }, found);
}

export interface PlaylistPlace {
  root: string;
  userDirectory: string | null;
  playlist: Pick<Task, 'title' | 'itemId'>;
}

/** The same place for a download and a watch of a playlist. A file that has the same content stays as it is. */
export async function writePlaylistFile(
  { log }: Pick<PlaylistDeps, 'log'>,
  { root, userDirectory, playlist }: PlaylistPlace,
  files: readonly PlaylistChild[],
): Promise<string> {
  const directory = join(root, ...userDirectories(userDirectory), PLAYLISTS_DIRECTORY);
  await makeDirectoryInside(root, directory);
  const text = formatPlaylist(playlist, toEntries(directory, files));
  return withShortNames(async (maxNameBytes) => {
    const path = await findPath(directory, playlist, maxNameBytes);
    const written = await readFile(path, 'utf8').catch(() => null);
    if (written === text) return path;
    await replaceFile(path, { root, text });
    log.info({ path, entries: files.length }, 'playlist file written');
    return path;
  });
}

/** Only one that Reprise wrote for this playlist. */
export async function removePlaylistFile(root: string, path: string, itemId: string): Promise<void> {
  if (!isBelow(root, path) || !(await exists(path)) || !(await isOurs(path, itemId))) return;
  await proveInside(root, dirname(path));
  await rm(path, { force: true });
}

interface PlaylistEntry {
  title: string;
  artists: readonly string[];
  durationMs: number | null;
  /** From the playlist's directory, with `/` on every system. */
  path: string;
}

const CHECKED_AT_ONCE = 50;

/** Only files below the root: a path that leads out of it would be useless elsewhere. */
export async function listExistingFiles<File extends Pick<PlaylistChild, 'filePath'>>(
  root: string,
  files: readonly File[],
): Promise<File[]> {
  const existing: File[] = [];
  for (let start = 0; start < files.length; start += CHECKED_AT_ONCE) {
    const batch = files.slice(start, start + CHECKED_AT_ONCE);
    const found = await Promise.all(batch.map(({ filePath }) => isFileBelow(root, filePath ?? '')));
    existing.push(...batch.filter((_, index) => found[index]));
  }
  return existing;
}

function toEntries(directory: string, files: readonly PlaylistChild[]): PlaylistEntry[] {
  return files.map(({ title, artists, filePath, fileDurationMs }) => ({
    title,
    artists,
    durationMs: fileDurationMs === null ? null : Number(fileDurationMs),
    path: relative(directory, filePath ?? '').replaceAll(sep, '/'),
  }));
}

const isBelow = (root: string, path: string): boolean =>
  path.startsWith(root.endsWith(sep) ? root : root + sep);

async function isFileBelow(root: string, path: string): Promise<boolean> {
  if (!isBelow(root, path)) return false;
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

async function findPath(
  directory: string,
  { title, itemId }: Pick<Task, 'title' | 'itemId'>,
  maxNameBytes: number,
): Promise<string> {
  const name = cleanPathPart(title, maxNameBytes);
  for (let number = 1; ; number++) {
    const path = join(directory, `${name}${number === 1 ? '' : ` (${number})`}.m3u8`);
    if (!(await exists(path)) || (await isOurs(path, itemId))) return path;
  }
}

async function isOurs(path: string, itemId: string): Promise<boolean> {
  if (!(await lstat(path)).isFile()) return false;
  const [, line] = (await readFile(path, 'utf8')).split('\n', 2);
  return line === identityLine(itemId);
}

function identityLine(itemId: string): string {
  return `#REPRISE-PLAYLIST:${oneLine(itemId)}`;
}

function formatPlaylist(
  { title, itemId }: Pick<Task, 'title' | 'itemId'>,
  entries: readonly PlaylistEntry[],
): string {
  const lines = entries.flatMap(({ path, durationMs, artists, title: track }) => {
    const name = artists.length > 0 ? `${artists.join(', ')} - ${track}` : track;
    return [`#EXTINF:${durationMs === null ? -1 : Math.round(durationMs / 1000)},${oneLine(name)}`, path];
  });
  return ['#EXTM3U', identityLine(itemId), `#PLAYLIST:${oneLine(title)}`, ...lines, ''].join('\n');
}

/** A title with a line break in it could add an entry of its own. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim();
}

/** Whole or not at all, even if the process is killed. */
async function replaceFile(path: string, { root, text }: { root: string; text: string }): Promise<void> {
  const unfinished = await newUnfinishedFile(root);
  try {
    await writeNewFile(unfinished, text);
    await moveOver(unfinished, path);
  } finally {
    await rm(unfinished, { force: true });
  }
}
