import { maySee } from '../auth/viewer.js';
import type { Platform } from '../platform.js';
import { createReaderQueue, type ReaderQueue } from '../events/reader-queue.js';
import { messageOf } from '../lib/errors.js';
import { getOrAdd } from '../lib/get-or-add.js';
import { readHorizon } from '../database/sequence.js';
import { createTaskChanges, type TaskChange } from './task-changes.js';
import { matchesFilter } from '../tasks/task-filter.js';
import type { FeedRequest, TaskNews } from './task-event.js';
import { readSnapshot } from './task-snapshot.js';

/** Live changes of tasks for many readers, each with its own bounded queue. */
export interface TaskFeed {
  /** A snapshot first, then changes, until the reader returns, falls too far behind, or the process stops. */
  subscribe(request: FeedRequest): AsyncIterableIterator<TaskNews>;
  /** How many read at present. */
  readerCount(): number;
  stop(): void;
}

/** What this domain adds to Deps. */
export interface LiveDeps {
  /** Live changes of tasks, read once for all readers. */
  feed: TaskFeed;
}

interface Reader {
  request: FeedRequest;
  queue: ReaderQueue<TaskNews>;
}

/** Changes that come within this time are read together; far below what a person notices. */
const GATHER_MS = 20;
const RETRY_MS = 500;

/**
 * Any news makes the feed look; what has changed, it reads once, however many listen, and hands the rows to the
 * readers that may and want to see them. So news that were lost cost nothing but time.
 */
export function createTaskFeed(deps: Pick<Platform, 'db' | 'bus' | 'log'>): TaskFeed {
  const readers = new Set<Reader>();
  const changes = createTaskChanges(deps);
  const asOf = createDatedNews();
  const sizeOf = createSizes();
  const look = createLookout(async () => {
    if (readers.size === 0) return true;
    try {
      for await (const change of changes.read()) deliver(readers, change);
      return true;
    } catch (thrown) {
      deps.log.warn({ error: messageOf(thrown) }, 'could not read changed tasks; trying again');
      return false;
    }
  });
  const offTask = deps.bus.on('task.changed', look.soon);
  const offGap = deps.bus.on('bus.gap', look.soon);

  return {
    readerCount: () => readers.size,
    subscribe: (request) =>
      openReader(deps, request, {
        joined: (reader, horizon) => {
          if (readers.size === 0) changes.startFrom(horizon);
          readers.add(reader);
        },
        left: (reader) => void readers.delete(reader),
        asOf,
        sizeOf,
      }),
    stop: () => {
      offTask();
      offGap();
      look.stop();
      for (const { queue } of readers) queue.close();
    },
  };
}

/** Looks a moment after it is called, never twice at once, and once more for calls that came while it looked. */
function createLookout(look: () => Promise<boolean>) {
  let timer: NodeJS.Timeout | null = null;
  let looking = false;
  let again = false;
  let stopped = false;
  const after = (delayMs: number) => {
    if (stopped || timer) return;
    if (looking) {
      again = true;
      return;
    }
    timer = setTimeout(() => {
      timer = null;
      looking = true;
      again = false;
      void look().then((done) => {
        looking = false;
        if (again || !done) after(done ? GATHER_MS : RETRY_MS);
      });
    }, delayMs);
  };
  return {
    soon: () => after(GATHER_MS),
    stop: () => {
      stopped = true;
      if (timer) clearTimeout(timer);
    },
  };
}

function deliver(readers: Iterable<Reader>, { sequence, task }: TaskChange): void {
  const news = { sequence, initial: false, task };
  for (const { request, queue } of readers) {
    if (maySee(request.viewer, task) && matchesFilter(request.filter, task)) queue.push(news);
  }
}

/** About how many bytes a task takes; measured once for all readers that have it waiting. */
function createSizes() {
  const sizes = new WeakMap<TaskNews['task'], number>();
  return (task: TaskNews['task']): number => {
    return getOrAdd(sizes, task, () => 600 + 2 * JSON.stringify(task.item).length);
  };
}

/** What a reader needs of the feed. */
interface Room {
  joined(reader: Reader, horizon: bigint): void;
  left(reader: Reader): void;
  asOf(latest: TaskNews, sequence: string): TaskNews;
  sizeOf(task: TaskNews['task']): number;
}

/** The queue is open before the snapshot is read, so that nothing falls between the two. */
function openReader(
  deps: Pick<Platform, 'db'>,
  request: FeedRequest,
  room: Room,
): AsyncIterableIterator<TaskNews> {
  const queue = createReaderQueue<TaskNews>({
    key: ({ task }) => task.id,
    // An end may be dropped like anything else, because it is read again from the database: a playlist of
    // thousands that is cancelled would else close every reader.
    isTerminal: () => false,
    // Its place is the first one's, so its mark must be too: resuming from a later one would miss what lies between.
    merge: (pending, latest) => room.asOf(latest, pending.sequence),
    sizeBytes: ({ task }) => room.sizeOf(task),
  });
  const reader = { request, queue };
  async function* run(): AsyncGenerator<TaskNews, void, void> {
    try {
      const horizon = await readHorizon(deps.db);
      room.joined(reader, horizon);
      for await (const change of readSnapshot(deps, request, horizon)) yield { ...change, initial: true };
      yield* readQueue(deps, reader, horizon);
    } finally {
      room.left(reader);
      queue.close();
    }
  }
  const running = run();
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next: () => running.next(),
    // A generator that waits for its queue only hears of return() once the queue gives way.
    return: () => {
      queue.close();
      return running.return();
    },
  };
}

/** News with an earlier mark: one object for all readers that are equally late, so that it is executed once. */
function createDatedNews() {
  const dated = new WeakMap<TaskNews['task'], Map<string, TaskNews>>();
  return (latest: TaskNews, sequence: string): TaskNews => {
    const bySequence = getOrAdd(dated, latest.task, () => new Map<string, TaskNews>());
    return getOrAdd(bySequence, sequence, () => ({ ...latest, sequence }));
  };
}

/** A slow reader's queue drops what is too much; the reader then reads from the database what it missed. */
async function* readQueue(
  deps: Pick<Platform, 'db'>,
  { request, queue }: Reader,
  horizon: bigint,
): AsyncGenerator<TaskNews, void, void> {
  let read = horizon;
  for await (const news of queue) {
    if (queue.takeDropped() > 0) {
      const now = await readHorizon(deps.db);
      const missed = readSnapshot(deps, { ...request, since: read }, now);
      for await (const change of missed) yield { ...change, initial: false };
      read = now;
    }
    yield news;
    const sequence = BigInt(news.sequence);
    if (sequence > read) read = sequence;
  }
}
