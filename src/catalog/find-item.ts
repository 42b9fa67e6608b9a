import type {
  Album,
  Artist,
  CatalogItem,
  CatalogType,
  Episode,
  Playlist,
  QueueableItem,
  Show,
  Track,
} from './catalog-item.js';
import type { CatalogSource, Page, PageRequest } from './catalog-source.js';
import { CatalogItemNotFoundError, InvalidItemError } from './errors.js';
import { getCatalog, type CatalogDeps } from './get-catalog.js';
import { parseItemReference } from './item-id.js';
import type { ItemReference } from './item-link.js';

type Needs = Pick<CatalogDeps, 'catalogs' | 'defaultCatalog'>;

interface ItemOf {
  TRACK: Track;
  ALBUM: Album;
  PLAYLIST: Playlist;
  ARTIST: Artist;
  SHOW: Show;
  EPISODE: Episode;
}

const QUEUEABLE: readonly CatalogType[] = ['TRACK', 'ALBUM', 'PLAYLIST', 'ARTIST'];
/** In the order in which an id without a type is tried. */
const FINDABLE: readonly CatalogType[] = [...QUEUEABLE, 'SHOW', 'EPISODE'];

/**
 * Finds an item by whatever a person wrote (item-id.ts), and by type where that is known. Throws InvalidItemError
 * before a catalogue is asked, CatalogItemNotFoundError when the catalogue does not have it.
 */
export async function findItem(
  deps: Needs,
  wanted: { item: string; type: CatalogType | null },
  signal: AbortSignal,
): Promise<CatalogItem> {
  const { id, type } = referenceTo(deps, wanted);
  const catalog = getCatalog(deps, id);
  for (const candidate of type ? [type] : FINDABLE) {
    const item = await findTyped(catalog, candidate, { id, signal });
    if (item) return item;
  }
  throw new CatalogItemNotFoundError(`${catalog.provider} has no ${type?.toLowerCase() ?? 'item'} ${id}.`);
}

/** The same for what is to be downloaded. Throws InvalidItemError for a show or an episode too. */
export async function findQueueableItem(
  deps: Needs,
  wanted: { item: string; type: CatalogType | null },
  signal: AbortSignal,
): Promise<QueueableItem> {
  const { type } = referenceTo(deps, wanted);
  if (type) refuseUnqueueable(type);
  const item = await findItem(deps, wanted, signal);
  if (item.type === 'SHOW' || item.type === 'EPISODE') return refuseUnqueueable(item.type);
  return item;
}

function refuseUnqueueable(type: 'SHOW' | 'EPISODE'): never;
function refuseUnqueueable(type: CatalogType): void;
function refuseUnqueueable(type: CatalogType): void {
  if (QUEUEABLE.includes(type)) return;
  throw new InvalidItemError(`Items of type ${type} cannot be queued; allowed: ${QUEUEABLE.join(', ')}.`);
}

function referenceTo(deps: Needs, { item, type }: { item: string; type: CatalogType | null }): ItemReference {
  const reference = parseItemReference(item, deps.defaultCatalog());
  if (!type || !reference.type || type === reference.type)
    return { ...reference, type: type ?? reference.type };
  throw new InvalidItemError(`${item} is of type ${reference.type}, not ${type}.`);
}

/** Finds an item of one type; null when the catalogue does not have it. Throws InvalidItemError for a bad id. */
export async function findItemOfType<T extends CatalogType>(
  deps: Needs,
  wanted: { id: string; type: T },
  signal: AbortSignal,
): Promise<ItemOf[T] | null> {
  const reference = parseItemReference(wanted.id, deps.defaultCatalog());
  if (reference.type && reference.type !== wanted.type) return null;
  return findTyped(getCatalog(deps, reference.id), wanted.type, { id: reference.id, signal });
}

/** Searches one catalogue; without a name the one in use. */
export async function searchCatalog(
  deps: Needs,
  query: { text: string; type: CatalogType; catalog: string | null } & PageRequest,
  signal: AbortSignal,
): Promise<Page<CatalogItem>> {
  const { catalog, ...rest } = query;
  return getCatalog(deps, `${catalog ?? deps.defaultCatalog()}:`).search(rest, signal);
}

function findTyped<T extends CatalogType>(
  catalog: CatalogSource,
  type: T,
  { id, signal }: { id: string; signal: AbortSignal },
): Promise<ItemOf[T] | null> {
  const finders: { [K in CatalogType]: () => Promise<ItemOf[K] | null> } = {
    TRACK: () => catalog.findTrack(id, signal),
    ALBUM: () => catalog.findAlbum(id, signal),
    PLAYLIST: () => catalog.findPlaylist(id, signal),
    ARTIST: () => catalog.findArtist(id, signal),
    SHOW: () => catalog.findShow(id, signal),
    EPISODE: () => catalog.findEpisode(id, signal),
  };
  return finders[type]();
}
