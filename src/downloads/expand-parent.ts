import type { Album, CatalogItem, Track } from '../catalog/catalog-item.js';
import type { CatalogSource, PageRequest } from '../catalog/catalog-source.js';
import { getCatalog } from '../catalog/get-catalog.js';
import type { Deps } from '../deps.js';
import { insertClaimedChildren } from '../tasks/insert-children.js';
import type { HeldTask } from '../tasks/held-task.js';
import { newChild } from '../tasks/new-task.js';

/** Entries asked for at once; a catalogue with smaller pages makes several calls of it. */
const PAGE = 500;

/**
 * Writes an album's, a playlist's or an artist's children, a page at a time; they can start before the last is
 * written. Doing it again adds nothing: a child's place among its parent's is unique.
 */
export async function expandParent(
  deps: Pick<Deps, 'db' | 'catalogs'>,
  run: { held: HeldTask; signal: AbortSignal },
): Promise<void> {
  const { task } = run.held;
  const catalog = getCatalog(deps, task.itemId);
  for (let offset = 0, total = 1; offset < total; offset += PAGE) {
    run.signal.throwIfAborted();
    const page = await listEntries(catalog, task.item as unknown as CatalogItem, {
      request: { offset, limit: PAGE },
      signal: run.signal,
    });
    total = page.total;
    const children = page.items.map((item, index) => newChild(task, item, offset + index));
    await insertClaimedChildren(deps, run.held, children);
  }
}

async function listEntries(
  catalog: CatalogSource,
  parent: CatalogItem,
  { request, signal }: { request: PageRequest; signal: AbortSignal },
): Promise<{ items: (Track | Album | null)[]; total: number }> {
  switch (parent.type) {
    case 'ALBUM':
      return catalog.listAlbumTracks(parent.id, request, signal);
    case 'PLAYLIST': {
      const page = await catalog.listPlaylistEntries(parent.id, request, signal);
      return { items: page.items.map((entry) => entry.track), total: page.total };
    }
    case 'ARTIST':
      return catalog.listArtistAlbums(parent.id, { ...request, groups: ['ALBUM', 'SINGLE'] }, signal);
    case 'TRACK':
      return { items: [parent], total: 1 };
  }
}
