import type { Viewer } from '../auth/viewer.js';
import { readSequence } from '../database/sequence.js';
import type { Platform } from '../platform.js';
import type { TaskFilter } from '../tasks/task-filter.js';
import { findTasksByIds, listChangedTasks, listTaskStamps, type TaskStamp } from '../tasks/task-store.js';
import type { Task } from '../tasks/task.js';
import { listActiveTasks } from './live-store.js';

export interface TaskChange {
  /** Resuming from here may repeat changes, and misses none. */
  sequence: string;
  task: Task;
}

export interface FeedRequest {
  viewer: Viewer;
  filter: TaskFilter;
  /** Null starts with the active tasks. */
  since: bigint | null;
  /** Aborts when the reader has gone. */
  signal: AbortSignal;
}

const BATCH = 500;

/** In the order of change. Reads must not overlap. */
interface TaskChanges {
  startFrom(sequence: bigint): void;
  /** When it throws, the next read repeats what this one returned. */
  read(): AsyncGenerator<TaskChange, void, void>;
}

/**
 * Reads the database: a notification may be late when a younger change is read, and then no sequence is safe
 * to resume from. An open transaction holds the sequence back, hence the memory of what was returned.
 */
export function createTaskChanges({ db }: Pick<Platform, 'db'>): TaskChanges {
  let since = 0n;
  let returned = new Map<string, bigint>();

  return {
    startFrom: (sequence) => {
      since = sequence;
      returned = new Map();
    },
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
        for (const { id, sequence } of fresh) {
          const task = byId.get(id);
          if (task) yield { sequence: resumeFrom(sequence, current), task };
        }
        for (const { id, sequence } of stamps) if (sequence >= current) next.set(id, sequence);
      }
      since = current;
      returned = next;
    },
  };
}

interface PagePlace {
  current: bigint;
  after: TaskStamp | null;
}

/**
 * In the order of change, so that a reader who leaves in the middle can resume. `current` was read before. A
 * `since` ahead of the database's sequence (it was restored) starts with the active tasks.
 */
export async function readSnapshotPage(
  db: Platform['db'],
  { viewer, filter, since }: FeedRequest,
  { current, after }: PagePlace,
): Promise<{ tasks: Task[]; end: TaskStamp | null }> {
  const resumes = since !== null && since <= current;
  const tasks = await (resumes
    ? listChangedTasks(db, viewer, { filter, since, limit: BATCH, after })
    : listActiveTasks(db, viewer, { filter, limit: BATCH, after }));
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
