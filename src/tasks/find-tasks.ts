import type { Playlist } from '../catalog/catalog-item.js';
import type { Platform } from '../platform.js';
import { fileOptionsOf, parseDownloadOptions } from './download-options.js';
import { findEarlierDownload, findFinishedAt, findTaskById, findTasksByIds } from './task-store.js';
import type { Task } from './task.js';

/** What other domains ask about tasks, for workers: they serve everybody and see everything. */
type Needs = Pick<Platform, 'db'>;

/** A task as it is now. */
export function findCurrentTask(deps: Needs, taskId: string): Promise<Task | null> {
  return findTaskById(deps.db, taskId);
}

/** The task that made the file at this path, if one of ours did. */
export function findMakerOf(deps: Needs, filePath: string): Promise<Task | null> {
  return findFinishedAt(deps.db, filePath);
}

/** The latest finished task for the same item with the same output. */
export function findTwin(deps: Needs, task: Task): Promise<Task | null> {
  return findEarlierDownload(deps.db, task.itemId, fileOptionsOf(parseDownloadOptions(task.options)));
}

/** The playlist that a task is part of; null when it is part of none. */
export async function findPlaylistOf(deps: Needs, task: Task): Promise<Playlist | null> {
  const parent = task.parentId ? await findTaskById(deps.db, task.parentId) : null;
  return parent?.kind === 'PLAYLIST' ? (parent.item as unknown as Playlist) : null;
}

/** Which of these tasks a worker is on. */
export async function listRunning(deps: Needs, taskIds: readonly string[]): Promise<Set<string>> {
  const tasks = await findTasksByIds(deps.db, taskIds);
  return new Set(tasks.filter((task) => task.state === 'RUNNING').map((task) => task.id));
}
