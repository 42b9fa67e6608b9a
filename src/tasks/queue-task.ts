import { inTransaction } from '../database/prisma.js';
import type { Platform } from '../platform.js';
import { DuplicateDownloadError } from './errors.js';
import type { NewTask } from './new-task.js';
import { insertTask, listActiveDuplicates } from './task-store.js';
import type { Task } from './task.js';

/** A duplicate may finish between the insert and the read; the insert is then repeated. */
const ATTEMPTS = 3;

/** A unique index decides which of many requests at once is the DuplicateDownloadError. */
export async function queueTask(
  deps: Pick<Platform, 'db'>,
  task: NewTask & { dedupeKey: string },
): Promise<Task> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    // In a transaction for its longer time limit.
    const created = await inTransaction(deps.db, (tx) => insertTask(tx, task));
    if (created) return created;
    const [existing] = await listActiveDuplicates(deps.db, [task.dedupeKey]);
    if (existing) throw new DuplicateDownloadError(existing);
  }
  throw new Error(`A duplicate of ${task.itemId} appeared and vanished ${ATTEMPTS} times.`);
}
