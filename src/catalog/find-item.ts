import { catalogInUse } from '../config/catalog-in-use.js';
import type { Deps } from '../deps.js';
import type { Album, Artist, CatalogItem, CatalogType, Playlist, Track } from './catalog-item.js';
import type { CatalogSource, Page, PageRequest } from './catalog-source.js';
import { CatalogItemNotFoundError, InvalidItemError } from './errors.js';
import { getCatalog } from './get-catalog.js';
import { parseItemReference } from './item-id.js';

type Needs = Pick<Deps, 'catalogs' | 'env' | 'settings'>;

interface ItemOf {
  TRACK: Track;
  ALBUM: Album;
  PLAYLIST: Playlist;
  ARTIST: Artist;
}
export type FindableType = keyof ItemOf;

/** In the order in which an id without a type is tried. */
const FINDABLE: readonly FindableType[] = ['TRACK', 'ALBUM', 'PLAYLIST', 'ARTIST'];

/**
 * Finds an item by whatever a person wrote (item-id.ts), and by type where that is known. Throws InvalidItemError
 * before a catalogue is asked, CatalogItemNotFoundError when the catalogue does not have it.
 */
export async function findItem(
  deps: Needs,
  wanted: { item: string; type: CatalogType | null },
  signal: AbortSignal,
): Promise<CatalogItem> {
  const reference = parseItemReference(wanted.item, catalogInUse(deps));
  const type = wanted.type ?? reference.type;
  if (reference.type && type !== reference.type) {
    throw new InvalidItemError(`${wanted.item} is of type ${reference.type}, not ${type ?? ''}.`);
  }
  const catalog = getCatalog(deps, reference.id);
  for (const candidate of type ? [toFindable(type)] : FINDABLE) {
    const item = await findTyped(catalog, candidate, { id: reference.id, signal });
    if (item) return item;
  }
  throw new CatalogItemNotFoundError(
    `${catalog.provider} has no ${type?.toLowerCase() ?? 'item'} ${reference.id}.`,
  );
}

/** Finds an item of one type; null when the catalogue does not have it. Throws InvalidItemError for a bad id. */
export async function findItemOfType<T extends FindableType>(
  deps: Needs,
  wanted: { id: string; type: T },
  signal: AbortSignal,
): Promise<ItemOf[T] | null> {
  const reference = parseItemReference(wanted.id, catalogInUse(deps));
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
  return getCatalog(deps, `${catalog ?? catalogInUse(deps)}:`).search(rest, signal);
}

function toFindable(type: CatalogType): FindableType {
  const findable = FINDABLE.find((candidate) => candidate === type);
  if (findable) return findable;
  throw new InvalidItemError(`Items of type ${type} cannot be queued; allowed: ${FINDABLE.join(', ')}.`);
}

function findTyped<T extends FindableType>(
  catalog: CatalogSource,
  type: T,
  { id, signal }: { id: string; signal: AbortSignal },
): Promise<ItemOf[T] | null> {
  const finders: { [K in FindableType]: () => Promise<ItemOf[K] | null> } = {
    TRACK: () => catalog.findTrack(id, signal),
    ALBUM: () => catalog.findAlbum(id, signal),
    PLAYLIST: () => catalog.findPlaylist(id, signal),
    ARTIST: () => catalog.findArtist(id, signal),
  };
  return finders[type]();
}
