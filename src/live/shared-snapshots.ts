import { setImmediate as nextTurn } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { readSequence } from '../database/sequence.js';
import { createSharedCalls } from '../lib/async.js';
import { createGate, type GateLimits } from '../lib/gate.js';
import { getOrAdd } from '../lib/get-or-add.js';
import type { Platform } from '../platform.js';
import type { TaskStamp } from '../tasks/task-store.js';
import type { Task } from '../tasks/task.js';
import { readSnapshotPage, resumeFrom, type FeedRequest, type TaskChange } from './task-changes.js';

export interface SharedSnapshot {
  /** Read before the first page: later changes may be missing in the snapshot. */
  sequence: bigint;
  /** Whether it began before this call, so that the caller has to read the changes since `sequence`. */
  shared: boolean;
  /** One object for all readers of one task, so that it is executed once. */
  read(): AsyncGenerator<InitialUpdate, void, void>;
}

interface InitialUpdate extends TaskChange {
  initial: true;
  coalesced: false;
}

/** Readers with the same viewer and filter that come within this time get the same snapshot. */
const SHARE_MS = 150;
/** Pages, not whole snapshots, wait for their turn: a slow reader keeps no place. */
const PAGE_LIMITS: GateLimits = { atOnce: 3, atOncePerKey: 3, waitingPerKey: 1_000, waitMs: 30_000 };
/** For readers that are behind the first; one further behind reads again. */
const KEPT_PAGES = 10;
/** Updates that a reader is given before other work gets its turn. */
const UPDATES_PER_TURN = 25;

interface Page {
  updates: InitialUpdate[];
  /** Null on the last page. */
  end: TaskStamp | null;
}

interface SnapshotPages {
  sequence: Promise<bigint>;
  page(after: TaskStamp | null, signal: AbortSignal): Promise<Page>;
}

export function toInitialUpdate(task: Task, current: bigint): InitialUpdate {
  return { sequence: resumeFrom(task.sequence, current), task, initial: true, coalesced: false };
}

export function createSharedSnapshots({ db }: Pick<Platform, 'db'>) {
  const recent = new Map<string, SnapshotPages>();
  const inTurn = createGate(PAGE_LIMITS);

  const openPages = (request: FeedRequest): SnapshotPages => {
    const sequence = readSequence(db);
    const share = createSharedCalls();
    const kept = new LRUCache<string, Page>({ max: KEPT_PAGES });
    const read = async (after: TaskStamp | null): Promise<Page> => {
      const current = await sequence;
      const { tasks, end } = await readSnapshotPage(db, request, { current, after });
      return { updates: tasks.map((task) => toInitialUpdate(task, current)), end };
    };
    return {
      sequence,
      page: async (after, signal) => {
        const key = after?.id ?? '';
        const found = kept.get(key);
        if (found) return found;
        const page = await share(key, signal, (shared) =>
          inTurn({ key: request.viewer.id, signal: shared }, () => read(after)),
        );
        kept.set(key, page);
        return page;
      },
    };
  };

  return {
    async open(request: FeedRequest): Promise<SharedSnapshot> {
      const key = keyOf(request);
      const shared = recent.has(key);
      const pages = getOrAdd(recent, key, () => {
        setTimeout(() => recent.delete(key), SHARE_MS).unref();
        return openPages(request);
      });
      return { sequence: await pages.sequence, shared, read: () => readPages(pages, request.signal) };
    },
  };
}

async function* readPages(
  pages: SnapshotPages,
  signal: AbortSignal,
): AsyncGenerator<InitialUpdate, void, void> {
  let after: TaskStamp | null = null;
  let given = 0;
  do {
    const page: Page = await pages.page(after, signal);
    for (const update of page.updates) {
      yield update;
      given += 1;
      // Otherwise a reader whose socket takes everything would hold up all others for a page.
      if (given % UPDATES_PER_TURN === 0) await nextTurn();
    }
    after = page.end;
  } while (after && !signal.aborted);
}

function keyOf({ viewer, filter, since }: FeedRequest): string {
  return JSON.stringify([viewer, filter, since?.toString()]);
}
