import { randomUUID } from 'node:crypto';
import { lstat, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import type { Platform } from '../platform.js';
import type { SettingsDeps } from '../settings/live-settings.js';
import { cleanPathPart } from '../lib/filenames.js';
import { messageOf } from '../lib/errors.js';
import { parseDownloadOptions } from '../tasks/download-options.js';
import { findCurrentTask } from '../tasks/find-tasks.js';
import {
  listChildrenWithFile,
  listUnwrittenPlaylists,
  markPlaylistWritten,
  type PlaylistChild,
} from '../tasks/task-children-store.js';
import { isFinished, type Task } from '../tasks/task.js';
import { TargetNotWritableError } from './errors.js';
import { formatPlaylist, playlistMark, type PlaylistEntry } from './playlist-format.js';
import {
  exists,
  explainDiskError,
  incomingDirectory,
  makeDirectory,
  makeDirectoryInside,
  syncToDisk,
} from './target-file.js';
import { userDirectories } from './user-directory.js';

export type WritePlaylistsDeps = Pick<Platform & SettingsDeps, 'db' | 'settings' | 'log'>;

/** Where playlists are, below the download directory or the user's own. */
const DIRECTORY = 'playlists';

const PLAYLISTS_AT_ONCE = 100;

/** Writes the m3u8 of each playlist that has ended since it was last written. Safe to call at any time, from any process. */
export async function writePlaylists(deps: WritePlaylistsDeps): Promise<void> {
  for (const playlist of await listUnwrittenPlaylists(deps.db, PLAYLISTS_AT_ONCE)) {
    const log = deps.log.child({ taskId: playlist.id });
    try {
      await writeLatest({ ...deps, log }, playlist);
    } catch (thrown) {
      const problem = explainDiskError(thrown);
      log.warn({ error: messageOf(problem) }, 'the m3u8 of a playlist could not be written');
      // A full disk may be emptied; a folder that leads elsewhere stays one, until the playlist is tried again.
      if (problem instanceof TargetNotWritableError) await markPlaylistWritten(deps.db, playlist, null);
    }
  }
}

/** One that ended anew meanwhile is written anew, lest ours, which is older, replaced what another worker wrote. */
async function writeLatest(deps: WritePlaylistsDeps, playlist: Task): Promise<void> {
  let now: Task | null = playlist;
  while (now && isFinished(now.state)) {
    const path = await writePlaylist(deps, now);
    if (await markPlaylistWritten(deps.db, now, path)) return;
    now = await findCurrentTask(deps, playlist.id);
  }
}

/** Null when none of its files is there. */
async function writePlaylist(deps: WritePlaylistsDeps, playlist: Task): Promise<string | null> {
  const root = deps.settings().downloadPath;
  const { userDirectory } = parseDownloadOptions(playlist.options);
  const directory = join(root, ...userDirectories(userDirectory), DIRECTORY);
  const entries = await findEntries(await listChildrenWithFile(deps.db, playlist.id), { root, directory });
  if (entries.length === 0) return null;
  await makeDirectoryInside(root, directory);
  const path = await findPath(directory, playlist);
  await replaceFile(path, { root, text: formatPlaylist({ ...playlist, entries }) });
  deps.log.info({ path, entries: entries.length }, 'm3u8 written');
  return path;
}

/** Files looked for at once. */
const LOOKS_AT_ONCE = 50;

/** Those whose file is there, and below the root: a path that leads out of it would be worth nothing elsewhere. */
async function findEntries(
  parts: readonly PlaylistChild[],
  { root, directory }: { root: string; directory: string },
): Promise<PlaylistEntry[]> {
  const entries: PlaylistEntry[] = [];
  for (let at = 0; at < parts.length; at += LOOKS_AT_ONCE) {
    const some = parts.slice(at, at + LOOKS_AT_ONCE);
    const there = await Promise.all(some.map(({ filePath }) => isFileBelow(root, filePath ?? '')));
    for (const [index, { title, artists, filePath, fileDurationMs }] of some.entries()) {
      if (!there[index] || !filePath) continue;
      const path = relative(directory, filePath).replaceAll(sep, '/');
      entries.push({ title, artists, durationMs: fileDurationMs, path });
    }
  }
  return entries;
}

async function isFileBelow(root: string, path: string): Promise<boolean> {
  if (!path.startsWith(root.endsWith(sep) ? root : root + sep)) return false;
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

/** A name that is free, or that the same playlist has already; what is not ours is left alone. */
async function findPath(directory: string, { title, itemId }: Task): Promise<string> {
  for (let number = 1; ; number++) {
    const path = join(directory, `${cleanPathPart(title)}${number === 1 ? '' : ` (${number})`}.m3u8`);
    if (!(await exists(path)) || (await isOurs(path, itemId))) return path;
  }
}

async function isOurs(path: string, itemId: string): Promise<boolean> {
  if (!(await lstat(path)).isFile()) return false;
  const [, mark] = (await readFile(path, 'utf8')).split('\n', 2);
  return mark === playlistMark(itemId);
}

/** Whole or not at all, whenever the process is killed. */
async function replaceFile(path: string, { root, text }: { root: string; text: string }): Promise<void> {
  const incoming = incomingDirectory(root);
  await makeDirectory(incoming);
  const unfinished = join(incoming, `playlist.${randomUUID()}`);
  try {
    const handle = await open(unfinished, 'wx');
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(unfinished, path);
  } finally {
    await rm(unfinished, { force: true });
  }
  await syncToDisk(dirname(path));
}
