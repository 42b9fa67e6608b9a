import type { Platform } from '../platform.js';
import { DuplicateDownloadError } from './errors.js';
import type { NewTask } from './new-task.js';
import { findLiveDuplicate } from './duplicate-store.js';
import { insertTask } from './task-store.js';
import type { Task } from './task.js';

/** A duplicate that ends between the two looks is tried again, but not for ever. */
const LOOKS = 3;

/**
 * Queues a top-level task; the dispatcher hears of it from the database. Throws DuplicateDownloadError when a live
 * task has the same dedupe key: the database decides, however many ask at once.
 */
export async function queueTask(
  deps: Pick<Platform, 'db'>,
  task: NewTask & { dedupeKey: string },
): Promise<Task> {
  for (let look = 1; look <= LOOKS; look++) {
    const created = await insertTask(deps.db, task);
    if (created) return created;
    const existing = await findLiveDuplicate(deps.db, task.dedupeKey);
    if (existing) throw new DuplicateDownloadError(existing);
  }
  throw new Error(`A duplicate of ${task.itemId} appeared and vanished ${LOOKS} times.`);
}
