import type { CatalogSource } from '../catalog/catalog-source.js';
import type { Db } from '../database/prisma.js';
import type { Platform } from '../platform.js';
import type { TaskRun } from '../queue/claimed-task.js';
import { insertClaimedChildren } from '../queue/insert-children.js';
import { listPositions, measureChildren } from '../tasks/task-children-store.js';
import { newChildren, type NewTask } from '../tasks/new-task.js';
import { findFreePosition, listWantedItems, type StagedList, type WantedItem } from './entry-store.js';
import { WatchNotFoundError } from './errors.js';
import { findOwned } from './find-owned.js';
import { markOwned, markQueued } from './member-store.js';
import { noteLibraryFiles } from './watch-file-store.js';
import { lockWatch } from './watch-store.js';
import type { Watch } from './watch.js';

interface Queueing extends TaskRun {
  deps: Pick<Platform, 'db' | 'env'>;
  watch: Watch;
  catalog: CatalogSource;
  /** Throws when nothing more is to be queued. */
  expectWatched(): Promise<void>;
}

/** Children inserted at once. */
const BATCH = 500;

/** Its next check is due at once, and queues the rest by the new options. */
class OptionsChangedError extends Error {}

/** Somebody marked one of them, or has it in the meantime. */
class MembersChangedError extends Error {}

/**
 * As children of the check, a batch and its members in one transaction. Without a list, what earlier downloads have
 * the items of. Ends when the options of the watch change.
 */
export async function queueWanted(queueing: Queueing, list: StagedList | null): Promise<void> {
  try {
    await queueAll(queueing, list);
  } catch (thrown) {
    if (!(thrown instanceof OptionsChangedError)) throw thrown;
    queueing.log.info({ watchId: queueing.watch.id }, 'options of the watch changed during its check');
  }
}

async function queueAll(queueing: Queueing, list: StagedList | null): Promise<void> {
  const { deps, watch, claimed } = queueing;
  const children = await measureChildren(deps.db, claimed.task.id);
  let free = Math.max(children.next, await findFreePosition(deps.db, watch.id));
  for (let after: string | undefined = ''; after !== undefined;) {
    const wanted: WantedItem[] = await listWantedItems(deps.db, watch, { list, after, limit: BATCH });
    const left = await withoutOwned(queueing, wanted);
    try {
      if (left.length > 0) free = await queueBatch(queueing, left, free);
      after = wanted.at(-1)?.itemId;
    } catch (thrown) {
      // Nothing of the batch was queued; it is read again.
      if (!(thrown instanceof MembersChangedError)) throw thrown;
    }
  }
}

/** Returns the position after the last that it gave out. Throws when some are not MISSING any more. */
async function queueBatch(queueing: Queueing, wanted: WantedItem[], free: number): Promise<number> {
  const { deps, watch, claimed } = queueing;
  await queueing.expectWatched();
  const firsts = wanted.flatMap(({ position }) => position ?? []);
  const taken = await listPositions(deps.db, claimed.task.id, firsts);
  let next = free;
  const entries = wanted.map(({ item, position }) => {
    // The place in the list, for file names; one that a child of an earlier attempt has is replaced.
    return { item, position: position === null || taken.has(position) ? next++ : position, refusal: null };
  });
  const children = newChildren(claimed, entries);
  await insertClaimedChildren(deps, claimed, {
    children,
    also: async (tx) => {
      await expectSameOptions(tx, watch);
      const queued = await markQueued(tx, watch.id, children.map(toQueued));
      if (queued < children.length) throw new MembersChangedError();
    },
  });
  return next;
}

/** Until the transaction ends they stay so. */
async function expectSameOptions(tx: Db, { id, itemId, optionsVersion }: Watch): Promise<void> {
  const current = await lockWatch(tx, id);
  if (!current) throw new WatchNotFoundError(itemId);
  if (current.optionsVersion !== optionsVersion) throw new OptionsChangedError();
}

const toQueued = ({ id, itemId }: NewTask) => ({ itemId, taskId: id });

/** What a person asked for again is downloaded although there is a file. */
async function withoutOwned(queueing: Queueing, wanted: WantedItem[]): Promise<WantedItem[]> {
  const { deps, watch, catalog, signal } = queueing;
  const open = wanted.flatMap(({ item, origin }) => (origin === 'REQUESTED' ? [] : (item ?? [])));
  const { itemIds, files } = await findOwned({ ...deps, catalog, signal }, open);
  if (itemIds.length > 0) {
    await noteLibraryFiles(deps.db, watch.id, files);
    await markOwned(deps.db, watch.id, itemIds);
  }
  const owned = new Set(itemIds);
  return wanted.filter(({ itemId, item }) => item !== null && !owned.has(itemId));
}
