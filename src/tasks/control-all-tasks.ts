import type { Viewer } from '../auth/viewer.js';
import { inTransaction, type Database, type Db } from '../database/prisma.js';
import { getOrAdd } from '../lib/get-or-add.js';
import type { Platform } from '../platform.js';
import { listControllable, type BulkAction } from './bulk-task-store.js';
import type { ControlDeps } from './control-tasks.js';
import type { TaskFilter } from './task-filter.js';
import {
  cancelTasks,
  markDismissed,
  pauseTasks,
  restampTask,
  resumeTasks,
  retryTasks,
} from './task-state-store.js';
import { isActiveDuplicate, listRetriedKeys } from './task-store.js';
import { changeTrees, lockWithAncestors, type TreeTask } from './task-tree-store.js';
import { isParentKind } from './task.js';

export interface BulkOutcome {
  /** Of matching tasks; children that changed with them count only if they match too. */
  taskCount: number;
  /** Null when nothing changed. */
  sequence: bigint | null;
}

type ChangeBatch = (tx: Db, tasks: readonly TreeTask[]) => Promise<string[]>;

/** Tasks queued meanwhile are not canceled. */
export function cancelAllTasks(deps: ControlDeps, viewer: Viewer, filter: TaskFilter): Promise<BulkOutcome> {
  const change: ChangeBatch = (tx, tasks) => changeTrees(tx, tasks, cancelTasks);
  return controlAll(deps, viewer, { action: 'cancel', filter, change });
}

/** As pauseTask for each: what runs finishes. */
export function pauseAllTasks(deps: ControlDeps, viewer: Viewer, filter: TaskFilter): Promise<BulkOutcome> {
  const change: ChangeBatch = (tx, tasks) => changeTrees(tx, tasks, pauseTasks);
  return controlAll(deps, viewer, { action: 'pause', filter, change });
}

export function resumeAllTasks(deps: ControlDeps, viewer: Viewer, filter: TaskFilter): Promise<BulkOutcome> {
  const change: ChangeBatch = (tx, tasks) => changeTrees(tx, tasks, resumeTasks);
  return controlAll(deps, viewer, { action: 'resume', filter, change });
}

/** Leaves out what another active task downloads already; of several for one item, the newest is retried. */
export function retryAllTasks(deps: ControlDeps, viewer: Viewer, filter: TaskFilter): Promise<BulkOutcome> {
  const change: ChangeBatch = async (tx, tasks) => {
    const unique = await withoutDuplicates(tx, tasks);
    return unique.length > 0 ? changeTrees(tx, unique, retryTasks) : [];
  };
  return controlAll(deps, viewer, { action: 'retry', filter, change });
}

/** Finished tasks only: active ones would have to be canceled first. */
export function dismissAllTasks(
  deps: ControlDeps & Pick<Platform, 'clock'>,
  viewer: Viewer,
  filter: TaskFilter,
): Promise<BulkOutcome> {
  const change: ChangeBatch = async (tx, tasks) => {
    const ids = tasks.map(({ id }) => id);
    await lockWithAncestors(tx, ids);
    return markDismissed(tx, ids, deps.clock.now());
  };
  return controlAll(deps, viewer, { action: 'dismiss', filter, change });
}

const LISTED_AT_ONCE = 10_000;

interface Control {
  action: BulkAction;
  filter: TaskFilter;
  change: ChangeBatch;
}

async function controlAll(
  deps: ControlDeps,
  viewer: Viewer,
  { action, filter, change }: Control,
): Promise<BulkOutcome> {
  let taskCount = 0;
  let latestId: string | null = null;
  let before: string | null = null;
  do {
    const page = { action, filter, before, limit: LISTED_AT_ONCE };
    const found: TreeTask[] = await listControllable(deps.db, viewer, page);
    for (const batch of toBatches(found)) {
      const changed = await changeBatch(deps.db, batch, change);
      taskCount += changed.length;
      latestId = changed[0] ?? latestId;
    }
    before = found.length === LISTED_AT_ONCE ? (found.at(-1)?.id ?? null) : null;
  } while (before);
  deps.log.info({ action, count: taskCount, by: viewer.username }, 'tasks changed at once');
  return { taskCount, sequence: latestId ? await restampTask(deps.db, latestId) : null };
}

const DUPLICATE_TRIES = 3;

async function changeBatch(db: Database, tasks: readonly TreeTask[], change: ChangeBatch): Promise<string[]> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await inTransaction(db, (tx) => change(tx, tasks));
    } catch (thrown) {
      // A duplicate was queued since the check; the unique index decides.
      if (attempt === DUPLICATE_TRIES || !isActiveDuplicate(thrown)) throw thrown;
    }
  }
}

/** Trees locked by one transaction: the workers of their children wait for it. */
const TREES_AT_ONCE = 20;
const TASKS_AT_ONCE = 500;

function* toBatches(tasks: readonly TreeTask[]): Generator<TreeTask[]> {
  const trees = groupByTree(tasks);
  const single = trees.get(null) ?? [];
  trees.delete(null);
  for (let from = 0; from < single.length; from += TASKS_AT_ONCE) {
    yield single.slice(from, from + TASKS_AT_ONCE);
  }
  let batch: TreeTask[][] = [];
  for (const members of trees.values()) {
    batch.push(members);
    if (batch.length === TREES_AT_ONCE) {
      yield batch.flat();
      batch = [];
    }
  }
  if (batch.length > 0) yield batch.flat();
}

/** By the parent that a change locks; null for a task that is a row by itself. */
function groupByTree(tasks: readonly TreeTask[]): Map<string | null, TreeTask[]> {
  const trees = new Map<string | null, TreeTask[]>();
  for (const task of tasks) {
    const parent = task.parentId ?? (isParentKind(task.kind) ? task.id : null);
    getOrAdd(trees, parent, () => []).push(task);
  }
  return trees;
}

async function withoutDuplicates(tx: Db, tasks: readonly TreeTask[]): Promise<TreeTask[]> {
  const keys = await listRetriedKeys(
    tx,
    tasks.map(({ id }) => id),
  );
  const byRoot = new Map<string, typeof keys>();
  for (const key of keys) getOrAdd(byRoot, key.rootId, () => []).push(key);
  const taken = new Map<string, string>();
  return tasks.filter(({ id }) => {
    const own = byRoot.get(id) ?? [];
    const isTaken = own.some((key) => (taken.get(key.dedupeKey) ?? key.id) !== key.id);
    if (isTaken || own.some(({ conflictId }) => conflictId !== null)) return false;
    for (const key of own) taken.set(key.dedupeKey, key.id);
    return true;
  });
}
