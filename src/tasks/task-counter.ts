import DataLoader from 'dataloader';
import { countedOwnerOf } from '../auth/access-rules.js';
import type { Viewer } from '../auth/viewer.js';
import type { Platform } from '../platform.js';
import { countByState } from './task-count-store.js';
import { TASK_STATES, type TaskState } from './task.js';

export type TaskCounts = Record<TaskState, number>;

interface TaskCounter {
  /** Of top-level tasks that are not dismissed. */
  count(viewer: Viewer): Promise<TaskCounts>;
}

export interface TaskDeps {
  /** Counts of tasks by state, read once for all who ask at the same time. */
  taskCounter: TaskCounter;
}

const ZEROS = Object.fromEntries(TASK_STATES.map((state) => [state, 0])) as TaskCounts;
const EVERYBODY = 'everybody';

/** A caller during a query waits for the next one: a thousand subscribers cost two or three counts. */
export function createTaskCounter({ db }: Pick<Platform, 'db'>): TaskCounter {
  let running: Promise<unknown> = Promise.resolve();
  const read = (keys: readonly string[]) => {
    const counts = countFor(db, keys);
    running = counts.catch(() => undefined);
    return counts;
  };
  const loader = new DataLoader<string, TaskCounts>(read, {
    cache: false,
    maxBatchSize: 10_000,
    batchScheduleFn: (dispatch) => void running.then(() => setImmediate(dispatch)),
  });
  return { count: (viewer) => loader.load(countedOwnerOf(viewer) ?? EVERYBODY) };
}

async function countFor(db: Platform['db'], keys: readonly string[]): Promise<TaskCounts[]> {
  const ownerIds = new Set(keys);
  const everybody = ownerIds.delete(EVERYBODY);
  const byKey = new Map(keys.map((key): [string, TaskCounts] => [key, { ...ZEROS }]));
  for (const { ownerId, state, n } of await countByState(db, { ownerIds: [...ownerIds], everybody })) {
    const counts = byKey.get(ownerId ?? EVERYBODY);
    if (counts) counts[state] = n;
  }
  return keys.map((key) => byKey.get(key) ?? ZEROS);
}
