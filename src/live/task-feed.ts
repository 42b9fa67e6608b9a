import { maySee } from '../auth/viewer.js';
import { levelOf } from '../database/outage.js';
import { checkReached, readSequence } from '../database/sequence.js';
import { closeOnReturn, createReaderQueue, type ReaderQueue } from '../events/reader-queue.js';
import { getOrAdd } from '../lib/get-or-add.js';
import type { Platform } from '../platform.js';
import { matchesFilter } from '../tasks/task-filter.js';
import type { Task } from '../tasks/task.js';
import { checkFollowed, findEnding, followedIds } from './followed-tasks.js';
import { listFinishedAmong } from './live-store.js';
import { createSharedSnapshots, toInitialUpdate, type SharedSnapshot } from './shared-snapshots.js';
import {
  createTaskChanges,
  readChangesSince,
  type FeedRequest,
  type PlacedChange,
  type TaskChange,
} from './task-changes.js';

export interface TaskUpdate extends TaskChange {
  initial: boolean;
  /** Whether earlier changes of the task were left out, because the reader is slow. */
  coalesced: boolean;
}

interface TaskFeed {
  /**
   * Until the reader returns, falls too far behind, its tasks are finished, or the process stops. Throws
   * InvalidInputError.
   */
  subscribe(request: FeedRequest): Promise<AsyncIterableIterator<TaskUpdate>>;
  readerCount(): number;
  stop(): void;
}

export interface LiveDeps {
  feed: TaskFeed;
}

interface Reader {
  request: FeedRequest;
  queue: ReaderQueue<TaskUpdate>;
}

/** Far below what a person notices. */
const GATHER_MS = 20;
const RETRY_MS = 500;

/** Any event makes one poll, however many readers there are: a lost event costs nothing but time. */
export function createTaskFeed(deps: Pick<Platform, 'db' | 'bus' | 'log'>): TaskFeed {
  const readers = new Set<Reader>();
  const changes = createTaskChanges(deps);
  const coalesce = createCoalescing();
  const sizeOf = createSizeCache();
  const snapshots = createSharedSnapshots(deps);
  const poller = createPoller(async () => {
    if (readers.size === 0) return true;
    try {
      const ending = await findEnding(deps.db, readers);
      for await (const change of changes.read()) deliver(readers, change);
      for (const { queue } of ending) queue.close();
      return true;
    } catch (err) {
      deps.log[levelOf(err, 'warn')]({ err }, 'could not read changed tasks, trying again');
      return false;
    }
  });
  const offTask = deps.bus.on('task.changed', poller.pollSoon);
  const offGap = deps.bus.on('bus.gap', poller.pollSoon);

  return {
    readerCount: () => readers.size,
    async subscribe(request) {
      if (request.since !== null) await checkReached(deps.db, request.since);
      if (request.untilFinished) await checkFollowed(deps.db, request.viewer, request.filter);
      return openReader(deps, request, {
        join: (reader, sequence) => {
          if (readers.size === 0) changes.startFrom(sequence);
          readers.add(reader);
          if (request.untilFinished) poller.pollSoon();
        },
        leave: (reader) => void readers.delete(reader),
        coalesce,
        sizeOf,
        snapshots,
      });
    },
    stop: () => {
      offTask();
      offGap();
      poller.stop();
      for (const { queue } of readers) queue.close();
    },
  };
}

/** Never two polls at once, and once more for calls that came during a poll. */
function createPoller(poll: () => Promise<boolean>) {
  let timer: NodeJS.Timeout | null = null;
  let polling = false;
  let again = false;
  let stopped = false;
  const pollAfter = (delayMs: number) => {
    if (stopped || timer) return;
    if (polling) {
      again = true;
      return;
    }
    timer = setTimeout(() => {
      timer = null;
      polling = true;
      again = false;
      void poll().then((done) => {
        polling = false;
        if (again || !done) pollAfter(done ? GATHER_MS : RETRY_MS);
      });
    }, delayMs);
  };
  return {
    pollSoon: () => pollAfter(GATHER_MS),
    stop: () => {
      stopped = true;
      if (timer) clearTimeout(timer);
    },
  };
}

function deliver(readers: Iterable<Reader>, { sequence, task, grandparentId }: PlacedChange): void {
  const update = { sequence, task, initial: false, coalesced: false };
  for (const { request, queue } of readers) {
    if (maySee(request.viewer, task) && matchesFilter(request.filter, task, grandparentId))
      queue.push(update);
  }
}

function createSizeCache() {
  const sizes = new WeakMap<Task, number>();
  return (task: Task): number => getOrAdd(sizes, task, () => 600 + 2 * JSON.stringify(task.item).length);
}

interface ReaderDependencies {
  join(reader: Reader, sequence: bigint): void;
  leave(reader: Reader): void;
  coalesce(update: TaskUpdate, sequence: string): TaskUpdate;
  sizeOf(task: Task): number;
  snapshots: ReturnType<typeof createSharedSnapshots>;
}

function openReader(
  deps: Pick<Platform, 'db'>,
  request: FeedRequest,
  { join, leave, coalesce, sizeOf, snapshots }: ReaderDependencies,
): AsyncIterableIterator<TaskUpdate> {
  const queue = createReaderQueue<TaskUpdate>({
    key: ({ task }) => task.id,
    merge: (pending, latest) => coalesce(latest, pending.sequence),
    sizeBytes: ({ task }) => sizeOf(task),
  });
  const reader = { request, queue };
  async function* run(): AsyncGenerator<TaskUpdate, void, void> {
    try {
      const snapshot = await snapshots.open(request);
      const current = snapshot.shared ? await readSequence(deps.db) : snapshot.sequence;
      // Before the snapshot, so that nothing is lost between the two.
      join(reader, current);
      yield* request.untilFinished ? withFinished(deps, request, snapshot) : snapshot.read();
      if (snapshot.shared) {
        const since = snapshot.sequence;
        const missed = readChangesSince(deps, { ...request, since }, current);
        for await (const change of missed) yield { ...change, initial: false, coalesced: false };
      }
      yield* readQueue(deps, reader, current);
    } finally {
      leave(reader);
      queue.close();
    }
  }
  return closeOnReturn(queue, run());
}

/** Includes tasks that are finished already: the reader waits for their end. */
async function* withFinished(
  { db }: Pick<Platform, 'db'>,
  { viewer, filter }: FeedRequest,
  { sequence, read }: SharedSnapshot,
): AsyncGenerator<TaskUpdate, void, void> {
  const left = new Set(followedIds(filter));
  for await (const update of read()) {
    left.delete(update.task.id);
    yield update;
  }
  const finished = left.size > 0 ? await listFinishedAmong(db, viewer, { filter, ids: [...left] }) : [];
  yield* finished.map((task) => toInitialUpdate(task, sequence));
}

/** One object for all readers that are equally late, so that it is executed once. */
function createCoalescing() {
  const byTask = new WeakMap<Task, Map<string, TaskUpdate>>();
  return (update: TaskUpdate, sequence: string): TaskUpdate => {
    const bySequence = getOrAdd(byTask, update.task, () => new Map<string, TaskUpdate>());
    return getOrAdd(bySequence, sequence, () => ({ ...update, sequence, coalesced: true }));
  };
}

/** A slow reader's queue drops the excess, which it then reads from the database. */
async function* readQueue(
  deps: Pick<Platform, 'db'>,
  { request, queue }: Reader,
  start: bigint,
): AsyncGenerator<TaskUpdate, void, void> {
  let since = start;
  for await (const update of queue) {
    if (queue.takeDropped() > 0) {
      const current = await readSequence(deps.db);
      const missed = readChangesSince(deps, { ...request, since }, current);
      for await (const change of missed) yield { ...change, initial: false, coalesced: true };
      since = current;
    }
    yield update;
    const sequence = BigInt(update.sequence);
    if (sequence > since) since = sequence;
  }
}
