import type { Album, Track } from '../catalog/catalog-item.js';
import type { CatalogSource } from '../catalog/catalog-source.js';
import type { Platform } from '../platform.js';
import type { TaskRun } from '../queue/claimed-task.js';
import { insertClaimedChildren } from '../queue/insert-children.js';
import { listAllPositions } from '../tasks/task-children-store.js';
import { newChildren, type NewTask } from '../tasks/new-task.js';
import { findOwned } from './find-owned.js';
import { listWanted, markQueued, setMembers, type WantedMember } from './member-store.js';
import { noteLibraryFiles } from './watch-file-store.js';
import type { Watch } from './watch.js';

interface Queueing extends TaskRun {
  deps: Pick<Platform, 'db' | 'env'>;
  watch: Watch;
  catalog: CatalogSource;
  /** Throws when nothing more is to be queued. */
  expectWatched(): Promise<void>;
}

type Items = ReadonlyMap<string, Track | Album>;

/** Children inserted at once. */
const BATCH = 500;

/** As children of the check, a batch and its members in one transaction. */
export async function queueWanted(queueing: Queueing, items: Items): Promise<void> {
  const { deps, watch, claimed } = queueing;
  await markOwned(queueing, items);
  const wanted = (await listWanted(deps.db, watch)).filter(({ itemId }) => items.has(itemId));
  const placed = assignPositions(wanted, await listAllPositions(deps.db, claimed.task.id));
  for (let start = 0; start < placed.length; start += BATCH) {
    await queueing.expectWatched();
    const entries = placed.slice(start, start + BATCH).map(({ itemId, position }) => ({
      item: items.get(itemId) ?? null,
      position,
      refusal: null,
    }));
    const children = newChildren(claimed, entries);
    await insertClaimedChildren(deps, claimed, {
      children,
      also: (tx) => markQueued(tx, watch.id, children.map(toQueued)),
    });
  }
}

const toQueued = ({ id, itemId }: NewTask) => ({ itemId, taskId: id });

/** What a person asked for again is downloaded although there is a file. */
async function markOwned({ deps, watch, catalog, signal }: Queueing, items: Items): Promise<void> {
  const wanted = await listWanted(deps.db, watch);
  const open = wanted.flatMap(({ itemId, origin }) =>
    origin === 'REQUESTED' ? [] : (items.get(itemId) ?? []),
  );
  const { itemIds, files } = await findOwned({ ...deps, catalog, signal }, open);
  if (itemIds.length === 0) return;
  await noteLibraryFiles(deps.db, watch.id, files);
  await setMembers(deps.db, { watchId: watch.id, itemIds }, 'KNOWN');
}

/** The place in the list, for file names; one that another child has, only after an incomplete reading, is replaced. */
function assignPositions(
  wanted: readonly WantedMember[],
  taken: Set<number>,
): { itemId: string; position: number }[] {
  const highest = wanted.flatMap(({ positions }) => positions).reduce((a, b) => Math.max(a, b), -1);
  let free = 1 + [...taken].reduce((a, b) => Math.max(a, b), highest);
  return wanted.map(({ itemId, positions: [first] }) => {
    const position = first === undefined || taken.has(first) ? free++ : first;
    taken.add(position);
    return { itemId, position };
  });
}
