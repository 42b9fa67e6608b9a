import type { Album, AlbumGroup, Artist, Playlist, Track } from '../catalog/catalog-item.js';
import type { CatalogSource, Page, PageRequest } from '../catalog/catalog-source.js';
import type { ListedItem, Reading } from './compare-list.js';

export interface ListRequest {
  catalog: CatalogSource;
  item: Playlist | Artist;
  /** Of an artist. */
  groups: readonly AlbumGroup[];
  pageSize: number;
  /** Whether the item may have to be downloaded: all others are not kept in memory. */
  keeps(itemId: string): boolean;
  /** Called before each page; throws to end the reading. */
  beforePage(share: number): Promise<void>;
  signal: AbortSignal;
}

interface Entry {
  item: Track | Album | null;
  itemId: string | null;
}

/** No list of a catalog is longer; one that claims to be never ends. */
const MAX_ENTRIES = 100_000;

/** The whole list, page by page. Throws what the catalog throws: a reading that failed on the way is none. */
export async function readList(request: ListRequest): Promise<Reading> {
  const listed = new Map<string, ListedItem>();
  const items = new Map<string, Track | Album>();
  const totals = new Set<number>();
  let offset = 0;
  let unnamedCount = 0;
  for (let total = 1; offset < Math.min(total, MAX_ENTRIES);) {
    await request.beforePage(offset / total);
    const page = await readPage(request, { offset, limit: request.pageSize });
    totals.add(page.total);
    total = page.total;
    if (page.items.length === 0) break;
    page.items.forEach(({ item, itemId }, index) => {
      if (itemId === null) return void unnamedCount++;
      list(listed, { item, itemId, position: offset + index });
      if (item && request.keeps(itemId)) items.set(itemId, item);
    });
    offset += page.items.length;
  }
  const notice = await findNotice(request, { read: offset, totals });
  const groups = request.item.type === 'ARTIST' ? request.groups : [];
  return { listed, items, unnamedCount, groups, complete: notice === null, notice };
}

function list(
  listed: Map<string, ListedItem>,
  { item, itemId, position }: { item: Track | Album | null; itemId: string; position: number },
): void {
  const before = listed.get(itemId);
  if (before) return void before.positions.push(position);
  listed.set(itemId, {
    itemId,
    title: item?.title ?? '',
    positions: [position],
    available: item !== null,
    explicit: item?.type === 'TRACK' && item.explicit,
  });
}

async function readPage(
  { catalog, item, groups, signal }: ListRequest,
  page: PageRequest,
): Promise<Page<Entry>> {
  if (item.type === 'ARTIST') {
    const { items, total } = await catalog.listArtistAlbums(item.id, { ...page, groups }, signal);
    return { items: items.map((album) => ({ item: album, itemId: album.id })), total };
  }
  const { items, total } = await catalog.listPlaylistEntries(item.id, page, signal);
  return {
    items: items.map(({ track, trackId }) => ({ item: track, itemId: track?.id ?? trackId })),
    total,
  };
}

/** Why what was not read may still be in the list. */
async function findNotice(
  { catalog, item, signal }: ListRequest,
  { read, totals }: { read: number; totals: ReadonlySet<number> },
): Promise<string | null> {
  const [total = 0] = totals;
  const changed = 'The list changed while it was read, so nothing counts as removed until the next check.';
  if (totals.size > 1) return changed;
  if (read < total) {
    return `The catalog returned ${read} of ${total} entries, so nothing counts as removed until the next check.`;
  }
  if (item.type === 'ARTIST' || item.revision === null) return null;
  const now = await catalog.findPlaylist(item.id, signal);
  return now?.revision === item.revision ? null : changed;
}
