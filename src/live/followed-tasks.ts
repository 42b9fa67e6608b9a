import { maySee } from '../auth/access-rules.js';
import type { Viewer } from '../auth/viewer.js';
import type { Db } from '../database/prisma.js';
import { InvalidInputError } from '../lib/errors.js';
import type { TaskFilter } from '../tasks/task-filter.js';
import { findTasksByIds } from '../tasks/task-store.js';
import { findActiveIds, findRootsInProgress } from './live-store.js';
import type { FeedRequest } from './task-changes.js';

/** What `untilFinished` waits for; a root with all below it. */
export function followedIds({ ids, rootId }: TaskFilter): string[] {
  return [...new Set([...(ids ?? []), ...(rootId ? [rootId] : [])])];
}

/** Throws InvalidInputError for a request that would never end. */
export async function checkFollowed(db: Db, viewer: Viewer, filter: TaskFilter): Promise<void> {
  const ids = followedIds(filter);
  if (ids.length === 0) {
    throw new InvalidInputError(
      '"untilFinished" needs tasks to wait for; name them with "ids" or "root" of "filter".',
      'untilFinished',
    );
  }
  const visible = (await findTasksByIds(db, ids)).filter((task) => maySee(viewer, task));
  const missing = ids.find((id) => !visible.some((task) => task.id === id));
  if (missing === undefined) return;
  throw new InvalidInputError(
    `"Task:${missing}" does not exist, or belongs to another user; name tasks that you may see.`,
    missing === filter.rootId ? 'root' : 'ids',
  );
}

/**
 * Of the readers that wait for the end of tasks, those that may end once all changes that are committed by now are
 * delivered to them. The database decides, because sequences do not order the changes of one task.
 */
export async function findEnding<Reader extends { request: FeedRequest }>(
  db: Db,
  readers: Iterable<Reader>,
): Promise<Reader[]> {
  const waiting = [...readers].filter(({ request }) => request.untilFinished);
  const ids = new Set(waiting.flatMap(({ request }) => followedIds(request.filter)));
  if (ids.size === 0) return [];
  const active = await findActiveIds(db, [...ids]);
  const ending = waiting.filter(({ request }) => !followedIds(request.filter).some((id) => active.has(id)));
  const rootIds = ending.flatMap(({ request }) => request.filter.rootId ?? []);
  if (rootIds.length === 0) return ending;
  const inProgress = await findRootsInProgress(db, rootIds);
  return ending.filter(({ request }) => !inProgress.has(request.filter.rootId ?? ''));
}
