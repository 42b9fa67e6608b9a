import { LRUCache } from 'lru-cache';
import type { Viewer } from '../auth/viewer.js';
import { readSequence } from '../database/sequence.js';
import type { Platform } from '../platform.js';
import type { TaskFilter } from '../tasks/task-filter.js';
import { findTasksByIds, listChangedTasks, listTaskStamps, type TaskStamp } from '../tasks/task-store.js';
import type { Task } from '../tasks/task.js';
import { findParentIds, listActiveTasks } from './live-store.js';

export interface TaskChange {
  /** Resuming from here may repeat changes, and misses none. */
  sequence: string;
  task: Task;
}

/** A change and the task's place in its tree. */
export interface PlacedChange extends TaskChange {
  grandparentId: string | null;
}

export interface FeedRequest {
  viewer: Viewer;
  filter: TaskFilter;
  /** Null starts with the active tasks. */
  since: bigint | null;
  /** Whether to end when all tasks that the filter names are finished. */
  untilFinished: boolean;
  /** Aborts when the reader has gone. */
  signal: AbortSignal;
}

const BATCH = 500;

/** In the order of change. Reads must not overlap. */
interface TaskChanges {
  startFrom(sequence: bigint): void;
  /** All changes below it have been returned. */
  position(): bigint;
  /** When it throws, the next read repeats what this one returned. */
  read(): AsyncGenerator<PlacedChange, void, void>;
}

/**
 * Reads the database: a notification may be late when a younger change is read, and then no sequence is safe
 * to resume from. An open transaction holds the sequence back, hence the memory of what was returned.
 */
export function createTaskChanges({ db }: Pick<Platform, 'db'>): TaskChanges {
  let since = 0n;
  let returned = new Map<string, bigint>();
  const findGrandparents = createGrandparentFinder(db);

  return {
    startFrom: (sequence) => {
      since = sequence;
      returned = new Map();
    },
    position: () => since,
    async *read() {
      const current = await readSequence(db);
      const next = new Map<string, bigint>();
      for await (const stamps of inBatches((after) => listTaskStamps(db, { since, after, limit: BATCH }))) {
        const fresh = stamps.filter(({ id, sequence }) => returned.get(id) !== sequence);
        const tasks = await findTasksByIds(
          db,
          fresh.map(({ id }) => id),
        );
        const byId = new Map(tasks.map((task) => [task.id, task]));
        const grandparentOf = await findGrandparents(tasks);
        for (const { id, sequence } of fresh) {
          const task = byId.get(id);
          if (task) {
            yield { sequence: resumeFrom(sequence, current), task, grandparentId: grandparentOf(task) };
          }
        }
        for (const { id, sequence } of stamps) if (sequence >= current) next.set(id, sequence);
      }
      since = current;
      returned = next;
    },
  };
}

/** More than one batch has; a task never changes its parent. */
const KNOWN_PARENTS = 10_000;

function createGrandparentFinder(db: Platform['db']) {
  const known = new LRUCache<string, { parentId: string | null }>({ max: KNOWN_PARENTS });
  return async (tasks: readonly Task[]): Promise<(task: Task) => string | null> => {
    const parentIds = new Set(tasks.flatMap(({ parentId }) => parentId ?? []));
    const unknown = [...parentIds].filter((id) => !known.has(id));
    const found = unknown.length > 0 ? await findParentIds(db, unknown) : [];
    for (const [id, parentId] of found) known.set(id, { parentId });
    return ({ parentId }) => (parentId ? (known.get(parentId)?.parentId ?? null) : null);
  };
}

interface PagePlace {
  current: bigint;
  after: TaskStamp | null;
}

/**
 * In the order of change, so that a reader who leaves in the middle can resume. `current` was read before; a `since`
 * above it is of a transaction that is younger than the oldest open one.
 */
export async function readSnapshotPage(
  db: Platform['db'],
  { viewer, filter, since }: FeedRequest,
  { current, after }: PagePlace,
): Promise<{ tasks: Task[]; end: TaskStamp | null }> {
  const tasks = await (since === null
    ? listActiveTasks(db, viewer, { filter, limit: BATCH, after })
    : listChangedTasks(db, viewer, {
        filter,
        since: since < current ? since : current,
        limit: BATCH,
        after,
      }));
  return { tasks, end: endOf(tasks) };
}

/** Stops between two pages when the reader has gone. */
export async function* readChangesSince(
  deps: Pick<Platform, 'db'>,
  request: FeedRequest,
  current: bigint,
): AsyncGenerator<TaskChange, void, void> {
  let after: TaskStamp | null = null;
  do {
    const page: Awaited<ReturnType<typeof readSnapshotPage>> = await readSnapshotPage(deps.db, request, {
      current,
      after,
    });
    for (const task of page.tasks) yield { sequence: resumeFrom(task.sequence, current), task };
    after = page.end;
  } while (after && !request.signal.aborted);
}

/** All still to be read is at or above it, and so is what was not committed when `current` was read. */
export function resumeFrom(sequence: bigint, current: bigint): string {
  return (sequence < current ? sequence : current).toString();
}

async function* inBatches<Row extends TaskStamp>(
  read: (after: TaskStamp | null) => Promise<Row[]>,
): AsyncGenerator<Row[], void, void> {
  let after: Row | null = null;
  do {
    const rows: Row[] = await read(after);
    yield rows;
    after = endOf(rows);
  } while (after);
}

/** Null for the last batch. */
function endOf<Row extends TaskStamp>(rows: Row[]): Row | null {
  return rows.length === BATCH ? (rows.at(-1) ?? null) : null;
}
