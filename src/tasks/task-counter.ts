import DataLoader from 'dataloader';
import type { Viewer } from '../auth/viewer.js';
import type { Platform } from '../platform.js';
import { countByState } from './task-count-store.js';
import { TASK_STATES, type TaskState } from './task.js';

export type TaskCounts = Record<TaskState, number>;

/** Counts tasks, once for all who ask at the same time. */
export interface TaskCounter {
  /** How many top-level tasks that are not dismissed the viewer sees in each state. */
  count(viewer: Viewer): Promise<TaskCounts>;
}

const NONE = Object.fromEntries(TASK_STATES.map((state) => [state, 0])) as TaskCounts;
/** Stands for an admin, who sees everybody's. */
const EVERYBODY = 'everybody';

/**
 * One query at a time: whoever asks while one is under way waits for the next, which sees all that had changed when
 * they asked. So a change that a thousand subscribers are told of is counted two or three times, not a thousand.
 */
/** What this domain adds to Deps. */
export interface TaskDeps {
  /** Numbers of tasks, read once for all who ask at the same time. */
  taskCounter: TaskCounter;
}

export function createTaskCounter({ db }: Pick<Platform, 'db'>): TaskCounter {
  let underWay: Promise<unknown> = Promise.resolve();
  const read = (keys: readonly string[]) => {
    const answer = countFor(db, keys);
    underWay = answer.catch(() => undefined);
    return answer;
  };
  const loader = new DataLoader<string, TaskCounts>(read, {
    cache: false,
    maxBatchSize: 10_000,
    batchScheduleFn: (dispatch) => void underWay.then(() => setImmediate(dispatch)),
  });
  return { count: ({ id, role }) => loader.load(role === 'ADMIN' ? EVERYBODY : id) };
}

async function countFor(db: Platform['db'], keys: readonly string[]): Promise<TaskCounts[]> {
  const asked = new Set(keys);
  const everybody = asked.delete(EVERYBODY);
  const byKey = new Map(keys.map((key): [string, TaskCounts] => [key, { ...NONE }]));
  for (const { ownerId, state, n } of await countByState(db, { ownerIds: [...asked], everybody })) {
    const counts = byKey.get(ownerId ?? EVERYBODY);
    if (counts) counts[state] = n;
  }
  return keys.map((key) => byKey.get(key) ?? NONE);
}
