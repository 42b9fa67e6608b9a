import type { Album, AlbumGroup, Artist, Playlist, Track } from '../catalog/catalog-item.js';
import type { CatalogSource, Page, PageRequest } from '../catalog/catalog-source.js';
import type { ListedItem } from './compare-list.js';

export interface ListRequest {
  catalog: CatalogSource;
  item: Playlist | Artist;
  /** Of an artist. */
  groups: readonly AlbumGroup[];
  pageSize: number;
  /** Stores some entries, each item once: a long list is never in memory as a whole. */
  onEntries(entries: readonly ListEntry[]): Promise<void>;
  /** Called before each page; throws to end the reading. */
  beforePage(share: number): Promise<void>;
  signal: AbortSignal;
}

export interface ListEntry {
  listed: ListedItem;
  /** Null for one that its catalog no longer has. */
  item: Track | Album | null;
}

export interface Reading {
  /** Entries that name an item. */
  listed: number;
  unnamedCount: number;
  /** Of an artist, the kinds of albums that were read. */
  groups: readonly AlbumGroup[];
  /** Whether what is not listed has left. */
  complete: boolean;
  /** Why it is not complete. */
  notice: string | null;
}

interface Entry {
  item: Track | Album | null;
  itemId: string | null;
}

/** No list of a catalog is longer; one that claims to be never ends. */
const MAX_ENTRIES = 100_000;

/** Items that are passed on at once, at least. */
const BATCH = 500;

/** The whole list, page by page. Throws what the catalog throws, also when it fails on a later page. */
export async function readList(request: ListRequest): Promise<Reading> {
  const totals = new Set<number>();
  const entries = new Map<string, ListEntry>();
  const passOn = async () => {
    await request.onEntries([...entries.values()]);
    entries.clear();
  };
  let listed = 0;
  let offset = 0;
  let unnamedCount = 0;
  for (let total = 1; offset < Math.min(total, MAX_ENTRIES);) {
    await request.beforePage(offset / total);
    const page = await readPage(request, { offset, limit: request.pageSize });
    totals.add(page.total);
    total = page.total;
    if (page.items.length === 0) break;
    const named = collect(entries, page.items, offset);
    listed += named;
    unnamedCount += page.items.length - named;
    offset += page.items.length;
    if (entries.size >= BATCH) await passOn();
  }
  await passOn();
  const notice = await findNotice(request, { read: offset, totals });
  const groups = request.item.type === 'ARTIST' ? request.groups : [];
  return { listed, unnamedCount, groups, complete: notice === null, notice };
}

/** Returns how many name an item. */
function collect(entries: Map<string, ListEntry>, page: readonly Entry[], offset: number): number {
  let listed = 0;
  page.forEach(({ item, itemId }, index) => {
    if (itemId === null) return;
    listed += 1;
    const before = entries.get(itemId);
    if (before) before.listed.positions.push(offset + index);
    else entries.set(itemId, { item, listed: toListed({ item, itemId, position: offset + index }) });
  });
  return listed;
}

function toListed({
  item,
  itemId,
  position,
}: {
  item: Track | Album | null;
  itemId: string;
  position: number;
}): ListedItem {
  return {
    itemId,
    title: item?.title ?? '',
    positions: [position],
    available: item !== null,
    explicit: item?.type === 'TRACK' && item.explicit,
    durationMs: item?.type === 'TRACK' ? item.durationMs : null,
  };
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
