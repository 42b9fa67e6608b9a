import type { Db } from '../database/prisma.js';
import { levelOf } from '../database/outage.js';
import { checkReached, parseSequence, readSequence } from '../database/sequence.js';
import { coalesce } from '../lib/async.js';
import type { Logger } from '../lib/logger.js';
import type { EventBus, EventName } from './bus.js';
import { closeOnReturn, createReaderQueue, type ReaderQueue } from './reader-queue.js';

/** The newest state of one thing. */
interface LatestRow {
  key: string;
  sequence: bigint;
  /** Of one that is gone: shown to readers that may have known it. */
  removed?: boolean;
}

export interface LatestUpdate<Row> {
  /** Resuming from here may repeat updates, and misses none. */
  sequence: string;
  /** Whether it is part of the snapshot that a reader starts with. */
  initial: boolean;
  row: Row;
}

export interface LatestFeed<Row> {
  /** Until the reader returns or the process stops. Throws InvalidInputError for an unknown sequence. */
  subscribe(since: string | null | undefined): Promise<AsyncIterableIterator<LatestUpdate<Row>>>;
  readerCount(): number;
  stop(): void;
}

interface FeedDeps {
  db: Db;
  bus: EventBus;
  log: Logger;
}

interface FeedOptions<Row> {
  event: EventName;
  /** The state of all, or of those that changed at a sequence or later; more may be with them. */
  read(since: bigint | null): Promise<Row[]>;
}

/** No event reports that the database is back. */
const RETRY_MS = 500;

/**
 * For rows that change seldom: any event makes one read of what changed, however many readers there are. A new reader
 * makes one of all, and with it goes what was deleted and is not read as removed.
 */
export function createLatestFeed<Row extends LatestRow>(
  { db, bus, log }: FeedDeps,
  { event, read }: FeedOptions<Row>,
): LatestFeed<Row> {
  const readers = new Set<ReaderQueue<LatestUpdate<Row>>>();
  // The same objects for all readers, so that equal ones share one execution.
  let state: LatestUpdate<Row>[] = [];
  let again: NodeJS.Timeout | undefined;
  let stopped = false;
  /** All below has been read; null when all is to be read again. */
  let readTo: bigint | null = null;

  const refresh = coalesce(async () => {
    const current = await readSequence(db);
    const since = readTo;
    const changed = await read(since);
    const before = new Map(state.map((update) => [update.row.key, update]));
    const rows = since === null ? changed : merge(state, changed);
    readTo = current;
    const isNew = (row: Row) => before.get(row.key)?.row.sequence !== row.sequence;
    if (since !== null && !rows.some(isNew) && state.every(isBeyondItsRow)) return;
    state = toUpdates(rows, current).map((update) => {
      const earlier = before.get(update.row.key);
      return !earlier || isNew(update.row) || earlier.sequence !== update.sequence ? update : earlier;
    });
    for (const update of state.filter(({ row }) => isNew(row))) {
      const change = { ...update, initial: false };
      for (const queue of readers) queue.push(change);
    }
  });
  const follow = async (): Promise<void> => {
    clearTimeout(again);
    if (readers.size === 0 || stopped) return;
    try {
      await refresh();
    } catch (err) {
      log[levelOf(err, 'warn')]({ err, event }, 'could not read a change, trying again');
      again = setTimeout(() => void follow(), RETRY_MS);
    }
  };
  const offs = [bus.on(event, follow), bus.on('bus.gap', follow)];

  return {
    readerCount: () => readers.size,
    async subscribe(given) {
      const since = typeof given === 'string' ? parseSequence(given) : null;
      if (since !== null) await checkReached(db, since);
      return openReader(readers, async () => {
        readTo = null;
        await refresh();
        return state.filter(({ row }) => (since === null ? !row.removed : row.sequence >= since));
      });
    },
    stop: () => {
      stopped = true;
      clearTimeout(again);
      for (const off of offs) off();
      for (const queue of readers) queue.close();
    },
  };
}

function merge<Row extends LatestRow>(state: readonly LatestUpdate<Row>[], changed: readonly Row[]): Row[] {
  const rows = new Map([...state.map(({ row }) => row), ...changed].map((row) => [row.key, row]));
  return [...rows.values()];
}

/** Until then a reader that resumes gets the row again. */
const isBeyondItsRow = <Row extends LatestRow>(
  { sequence, row }: LatestUpdate<Row>,
  at: number,
  all: unknown[],
) => at < all.length - 1 || BigInt(sequence) > row.sequence;

/** `current` was read before the rows: all below it is in them, so that the last one may be resumed from there. */
function toUpdates<Row extends LatestRow>(rows: Row[], current: bigint): LatestUpdate<Row>[] {
  const sorted = rows.toSorted((a, b) => (a.sequence < b.sequence ? -1 : 1));
  return sorted.map((row, at) => {
    const safe = at === sorted.length - 1 || current < row.sequence ? current : row.sequence;
    return { sequence: safe.toString(), initial: true, row };
  });
}

function openReader<Row extends LatestRow>(
  readers: Set<ReaderQueue<LatestUpdate<Row>>>,
  readSnapshot: () => Promise<LatestUpdate<Row>[]>,
): AsyncIterableIterator<LatestUpdate<Row>> {
  const queue = createReaderQueue<LatestUpdate<Row>>({
    key: ({ row }) => row.key,
    merge: (pending, latest) => ({ ...latest, sequence: pending.sequence }),
    sizeBytes: () => 1,
  });
  async function* run(): AsyncGenerator<LatestUpdate<Row>, void, void> {
    try {
      const snapshot = await readSnapshot();
      // Nothing is awaited in between, so that no change is lost.
      readers.add(queue);
      yield* snapshot;
      yield* queue;
    } finally {
      readers.delete(queue);
      queue.close();
    }
  }
  return closeOnReturn(queue, run());
}
