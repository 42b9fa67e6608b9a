import { SYSTEM_VIEWER } from '../auth/viewer.js';
import type { Deps } from '../deps.js';
import { createReaderQueue, type ReaderQueue } from '../events/reader-queue.js';
import { messageOf } from '../lib/errors.js';
import { readHorizon } from '../store/sequence.js';
import { isTerminal } from './task.js';
import { isWanted, maySee } from './task-filter.js';
import type { FeedRequest, TaskNews } from './task-news.js';
import { readChanged, readSnapshot } from './task-snapshot.js';
import { findTasksByIds } from './task-store.js';

/** Live changes of tasks for many readers, each with its own bounded queue. */
export interface TaskFeed {
  /** A snapshot first, then changes, until the reader returns, falls too far behind, or the process stops. */
  subscribe(request: FeedRequest): AsyncIterableIterator<TaskNews>;
  /** How many read at present. */
  readerCount(): number;
  stop(): void;
}

interface Reader {
  request: FeedRequest;
  queue: ReaderQueue<TaskNews>;
}

/** Changes that come within this time are read with one query; far below what a person notices. */
const GATHER_MS = 20;
const RETRY_MS = 500;

/**
 * The bus says which tasks changed; the feed reads each of them once, however many listen, and hands the rows to
 * the readers that may and want to see them. When news may have been lost, it reads all since its last mark.
 */
export function createTaskFeed(deps: Pick<Deps, 'db' | 'bus' | 'log'>): TaskFeed {
  const readers = new Set<Reader>();
  const gathered: Gathered = { changed: new Set(), mark: null, newsLost: false };
  let timer: NodeJS.Timeout | null = null;
  let stopped = false;

  const readAfter = (delayMs: number) => {
    if (stopped || timer || readers.size === 0) return;
    timer = setTimeout(() => {
      void readGathered(deps, gathered, readers).then((read) => {
        timer = null;
        if (!read) readAfter(RETRY_MS);
        else if (gathered.changed.size > 0) readAfter(GATHER_MS);
      });
    }, delayMs);
  };
  const offTask = deps.bus.on('task.changed', ({ taskId }) => {
    if (readers.size === 0) return;
    gathered.changed.add(taskId);
    readAfter(GATHER_MS);
  });
  const offGap = deps.bus.on('bus.gap', () => {
    gathered.newsLost = true;
    readAfter(GATHER_MS);
  });

  return {
    readerCount: () => readers.size,
    subscribe: (request) =>
      openReader(deps, request, {
        joined: (reader, horizon) => {
          readers.add(reader);
          gathered.mark ??= horizon;
        },
        left: (reader) => {
          readers.delete(reader);
          if (readers.size === 0) gathered.mark = null;
        },
      }),
    stop: () => {
      stopped = true;
      offTask();
      offGap();
      if (timer) clearTimeout(timer);
      for (const { queue } of readers) queue.close();
    },
  };
}

/** What is still to be read for the readers. */
interface Gathered {
  changed: Set<string>;
  /** All before it has been delivered; null while nobody reads. */
  mark: bigint | null;
  newsLost: boolean;
}

/** Reads what was gathered and delivers it; false when the database did not answer, and nothing is lost then. */
async function readGathered(
  deps: Pick<Deps, 'db' | 'log'>,
  gathered: Gathered,
  readers: ReadonlySet<Reader>,
): Promise<boolean> {
  const { changed, mark, newsLost } = gathered;
  gathered.changed = new Set();
  gathered.newsLost = false;
  try {
    const horizon = await readHorizon(deps.db);
    const sequence = horizon.toString();
    const lost = newsLost && mark !== null;
    const tasks = lost ? readChanged(deps, EVERYBODY, mark) : await findTasksByIds(deps.db, [...changed]);
    for await (const task of tasks) deliver(readers, { sequence, initial: false, task });
    gathered.mark = horizon;
    return true;
  } catch (thrown) {
    deps.log.warn({ error: messageOf(thrown) }, 'could not read changed tasks; trying again');
    gathered.newsLost = true;
    return false;
  }
}

const EVERYBODY = { viewer: SYSTEM_VIEWER };

function deliver(readers: Iterable<Reader>, news: TaskNews): void {
  for (const { request, queue } of readers) {
    if (maySee(request.viewer, news.task) && isWanted(request.filter, news.task)) queue.push(news);
  }
}

/** The queue is open before the snapshot is read, so that nothing falls between the two. */
function openReader(
  deps: Pick<Deps, 'db'>,
  request: FeedRequest,
  room: { joined(reader: Reader, horizon: bigint): void; left(reader: Reader): void },
): AsyncIterableIterator<TaskNews> {
  const queue = createReaderQueue<TaskNews>({
    key: ({ task }) => task.id,
    isTerminal: ({ task }) => isTerminal(task.state),
    // Its place is the first one's, so its mark must be too: resuming from a later one would miss what lies between.
    merge: (pending, latest) => ({ ...latest, sequence: pending.sequence }),
    sizeBytes: ({ task }) => 600 + 2 * JSON.stringify(task.item).length,
  });
  const reader = { request, queue };
  async function* run(): AsyncGenerator<TaskNews, void, void> {
    try {
      const horizon = await readHorizon(deps.db);
      room.joined(reader, horizon);
      yield* readSnapshot(deps, request, horizon);
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

/** A slow reader's queue drops what is not terminal; what it dropped is read again from the reader's mark. */
async function* readQueue(
  deps: Pick<Deps, 'db'>,
  { request, queue }: Reader,
  horizon: bigint,
): AsyncGenerator<TaskNews, void, void> {
  let read = horizon;
  for await (const news of queue) {
    if (queue.takeDropped() > 0) {
      yield* readSnapshot(deps, { ...request, since: read }, await readHorizon(deps.db));
    }
    yield news;
    read = BigInt(news.sequence);
  }
}
