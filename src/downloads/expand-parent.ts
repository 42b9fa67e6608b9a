import type { Album, QueueableItem, Track } from '../catalog/catalog-item.js';
import { getCatalog } from '../catalog/get-catalog.js';
import type { AlbumGroup } from '../catalog/album-group.js';
import type { Platform } from '../platform.js';
import type { CatalogDeps } from '../catalog/get-catalog.js';
import { insertClaimedChildren } from '../queue/insert-children.js';
import type { ClaimedTask } from '../queue/claimed-task.js';
import { parseDownloadOptions, type DownloadOptions } from '../tasks/download-options.js';
import { newChildren, type Refusal } from '../tasks/new-task.js';
import { ExplicitContentError } from './errors.js';
import { listEntries } from './list-entries.js';

/** Entries asked for at once; a catalogue with smaller pages makes several calls of it. */
const PAGE = 500;

/**
 * Writes an album's, a playlist's or an artist's children, a page at a time; they can start before the last is
 * written. Doing it again adds nothing: a child's place among its parent's is unique.
 */
export async function expandParent(
  deps: Pick<Platform & CatalogDeps, 'db' | 'catalogs' | 'env'>,
  run: { claimed: ClaimedTask; signal: AbortSignal },
): Promise<void> {
  const { task } = run.claimed;
  const catalog = getCatalog(deps, task.itemId);
  const options: DownloadOptions = parseDownloadOptions(task.options);
  for (let offset = 0, total = 1; offset < total; offset += PAGE) {
    run.signal.throwIfAborted();
    const page = await listEntries(catalog, task.item as unknown as QueueableItem, {
      request: { offset, limit: PAGE },
      groups: options.albumGroups ?? EARLIER_GROUPS,
      signal: run.signal,
    });
    total = page.total;
    const entries = page.items.map((item, index) => ({
      item,
      position: offset + index,
      refusal: refusalOf(deps, item),
    }));
    await insertClaimedChildren(deps, run.claimed, newChildren(task, entries));
  }
}

/** Of an artist that was queued before there was a choice. */
const EARLIER_GROUPS: readonly AlbumGroup[] = ['ALBUM', 'SINGLE'];

/** Why an entry is left out. */
function refusalOf({ env }: Pick<Platform, 'env'>, item: Track | Album | null): Refusal | null {
  if (!env.explicitFilter || item?.type !== 'TRACK' || !item.explicit) return null;
  const { code, message } = new ExplicitContentError(item.title);
  return { code, message };
}
