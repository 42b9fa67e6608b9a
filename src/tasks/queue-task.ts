import { inTransaction, type Db } from '../database/prisma.js';
import type { Platform } from '../platform.js';
import { DuplicateDownloadError } from './errors.js';
import type { NewTask } from './new-task.js';
import { insertChildren } from './task-children-store.js';
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

type KeyedTask = NewTask & { dedupeKey: string };

/** Many at once; by the key of each, the active task that has it, which may be an existing one. */
export async function queueTasks(tx: Db, tasks: readonly KeyedTask[]): Promise<Map<string, Task>> {
  // In one order everywhere, or two callers with the same keys could deadlock.
  const sorted = [...tasks].sort((a, b) => (a.dedupeKey < b.dedupeKey ? -1 : 1));
  const active = new Map<string, Task>();
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const rest = sorted.filter(({ dedupeKey }) => !active.has(dedupeKey));
    if (rest.length === 0) return active;
    await insertChildren(tx, rest);
    const keys = rest.map(({ dedupeKey }) => dedupeKey);
    for (const task of await listActiveDuplicates(tx, keys)) active.set(task.dedupeKey ?? '', task);
  }
  throw new Error(`Duplicates of ${tasks.length} tasks appeared and vanished ${ATTEMPTS} times.`);
}
