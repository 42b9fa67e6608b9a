import { maySee } from '../auth/access-rules.js';
import { levelOf } from '../database/outage.js';
import { checkReached, readSequence } from '../database/sequence.js';
import { closeOnReturn, createReaderQueue } from '../events/reader-queue.js';
import { getOrAdd } from '../lib/get-or-add.js';
import type { Platform } from '../platform.js';
import { matchesFilter } from '../tasks/task-filter.js';
import type { Task } from '../tasks/task.js';
import { checkFollowed, findEnding, followedIds } from './followed-tasks.js';
import { createRepeats, noteUpdate, type HeldBackReader } from './held-back.js';
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

interface Reader extends HeldBackReader<TaskUpdate> {
  request: FeedRequest;
}

/** Far below what a person notices. */
const GATHER_MS = 20;
const RETRY_MS = 500;
/** Nothing reports the end of a transaction that changed no task. */
const HELD_BACK_MS = 200;

/** Any event makes one poll, however many readers there are: a lost event costs nothing but time. */
export function createTaskFeed(deps: Pick<Platform, 'db' | 'bus' | 'log'>): TaskFeed {
  const readers = new Set<Reader>();
  const changes = createTaskChanges(deps);
  const coalesce = createCoalescing();
  const repeatHeldBack = createRepeats<TaskUpdate>();
  const sizeOf = createSizeCache();
  const snapshots = createSharedSnapshots(deps);
  const poller = createPoller(async () => {
    if (readers.size === 0) return 'done';
    try {
      const ending = await findEnding(deps.db, readers);
      for await (const change of changes.read()) deliver(readers, change);
      const held = repeatHeldBack(readers, changes.position());
      for (const { queue } of ending) queue.close();
      return held ? 'held back' : 'done';
    } catch (err) {
      deps.log[levelOf(err, 'warn')]({ err }, 'could not read changed tasks, trying again');
      return 'failed';
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
        hold: poller.pollLater,
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
function createPoller(poll: () => Promise<'done' | 'held back' | 'failed'>) {
  let timer: NodeJS.Timeout | null = null;
  let dueAt = 0;
  let polling = false;
  let again = false;
  let stopped = false;
  const pollAfter = (delayMs: number) => {
    if (stopped) return;
    if (polling) {
      again = true;
      return;
    }
    const at = performance.now() + delayMs;
    if (timer && dueAt <= at) return;
    if (timer) clearTimeout(timer);
    dueAt = at;
    timer = setTimeout(run, delayMs);
  };
  const run = () => {
    timer = null;
    polling = true;
    again = false;
    void poll().then((outcome) => {
      polling = false;
      if (outcome === 'failed') pollAfter(RETRY_MS);
      else if (again) pollAfter(GATHER_MS);
      else if (outcome === 'held back') pollAfter(HELD_BACK_MS);
    });
  };
  return {
    pollSoon: () => pollAfter(GATHER_MS),
    pollLater: () => pollAfter(HELD_BACK_MS),
    stop: () => {
      stopped = true;
      if (timer) clearTimeout(timer);
    },
  };
}

function deliver(readers: Iterable<Reader>, { sequence, task, grandparentId }: PlacedChange): void {
  const update = { sequence, task, initial: false, coalesced: false };
  for (const reader of readers) {
    const { viewer, filter } = reader.request;
    if (!maySee(viewer, task) || !matchesFilter(filter, task, grandparentId)) continue;
    reader.unread = true;
    reader.queue.push(update);
  }
}

function createSizeCache() {
  const sizes = new WeakMap<Task, number>();
  return (task: Task): number => getOrAdd(sizes, task, () => 600 + 2 * JSON.stringify(task.item).length);
}

interface ReaderDependencies {
  join(reader: Reader, sequence: bigint): void;
  leave(reader: Reader): void;
  /** Sees to it that the reader's update is sent again once its sequence is free. */
  hold(): void;
  coalesce(update: TaskUpdate, sequence: string): TaskUpdate;
  sizeOf(task: Task): number;
  snapshots: ReturnType<typeof createSharedSnapshots>;
}

function openReader(
  deps: Pick<Platform, 'db'>,
  request: FeedRequest,
  { join, leave, hold, coalesce, sizeOf, snapshots }: ReaderDependencies,
): AsyncIterableIterator<TaskUpdate> {
  const queue = createReaderQueue<TaskUpdate>({
    key: ({ task }) => task.id,
    merge: (pending, latest) => coalesce(latest, pending.sequence),
    sizeBytes: ({ task }) => sizeOf(task),
  });
  const reader: Reader = { request, queue, unread: false, heldBack: null };
  const note = (update: TaskUpdate, shown = BigInt(update.sequence)) => {
    if (noteUpdate(reader, update, shown)) hold();
  };
  async function* run(): AsyncGenerator<TaskUpdate, void, void> {
    try {
      const snapshot = await snapshots.open(request);
      const current = snapshot.shared ? await readSequence(deps.db) : snapshot.sequence;
      // Before the snapshot, so that nothing is lost between the two.
      join(reader, current);
      const initial = request.untilFinished ? withFinished(deps, request, snapshot) : snapshot.read();
      for await (const update of initial) {
        yield update;
        note(update);
      }
      if (snapshot.shared) {
        const since = snapshot.sequence;
        const missed = readChangesSince(deps, { ...request, since }, current);
        for await (const change of missed) {
          const update = { ...change, initial: false, coalesced: false };
          yield update;
          note(update);
        }
      }
      yield* readQueue(deps, reader, { start: current, note });
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
  { start, note }: { start: bigint; note(update: TaskUpdate, shown: bigint): void },
): AsyncGenerator<TaskUpdate, void, void> {
  let since = start;
  for await (const update of queue) {
    if (queue.takeDropped() > 0) {
      const current = await readSequence(deps.db);
      const missed = readChangesSince(deps, { ...request, since }, current);
      for await (const change of missed) {
        const late = { ...change, initial: false, coalesced: true };
        yield late;
        note(late, BigInt(late.sequence));
      }
      since = current;
    }
    yield update;
    const sequence = BigInt(update.sequence);
    if (sequence > since) since = sequence;
    note(update, sequence);
  }
}
