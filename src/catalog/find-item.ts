import { WrongIdTypeError } from '../lib/errors.js';
import {
  providerOf,
  type Album,
  type AlbumGroup,
  type Artist,
  type CatalogItem,
  type CatalogType,
  type Episode,
  type Playlist,
  type QueueableItem,
  type Show,
  type Track,
} from './catalog-item.js';
import { findByMusicBrainzId, MUSICBRAINZ } from './bridge.js';
import {
  isCatalogSetUp,
  type CatalogDeps,
  type CatalogSource,
  type EntryAbsence,
  type Page,
  type PageRequest,
} from './catalog-source.js';
import { CatalogItemNotFoundError, CatalogNotSetUpError, InvalidItemError } from './errors.js';
import { parseItemReference, shortLinkIn, type ItemReference } from './item-reference.js';

type FindDeps = Pick<CatalogDeps, 'catalogs' | 'defaultCatalog' | 'shortLinks' | 'enrichment'>;

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

/** Throws CatalogNotSetUpError for a known catalog, InvalidItemError for any other. */
export function getCatalog({ catalogs }: Pick<CatalogDeps, 'catalogs'>, id: string): CatalogSource {
  const provider = providerOf({ id });
  const catalog = catalogs.get(provider);
  if (catalog) return catalog;
  const available = [...catalogs.keys()].filter((name) => isCatalogSetUp({ catalogs }, name));
  if (CatalogNotSetUpError.isKnown(provider)) throw new CatalogNotSetUpError(provider, available);
  throw new InvalidItemError(`There is no catalog "${provider}"; available: ${available.join(', ')}.`);
}

/** Throws InvalidItemError before a catalog is called, CatalogItemNotFoundError when it lacks the item. */
export async function findItem(
  deps: FindDeps,
  requested: { item: string; type: CatalogType | null },
  signal: AbortSignal,
): Promise<CatalogItem> {
  const { id, type } = await readTyped(deps, requested, signal);
  if (providerOf({ id }) === MUSICBRAINZ) return findByMusicBrainzId(deps, { id, type }, signal);
  const catalog = getCatalog(deps, id);
  for (const candidate of type ? [type] : FINDABLE) {
    const item = await findTyped(catalog, candidate, { id, signal });
    if (item) return item;
  }
  throw new CatalogItemNotFoundError(`${catalog.provider} has no ${type?.toLowerCase() ?? 'item'} ${id}.`);
}

/** Throws InvalidItemError for a show or an episode too. */
export async function findQueueableItem(
  deps: FindDeps,
  requested: { item: string; type: CatalogType | null },
  signal: AbortSignal,
): Promise<QueueableItem> {
  const { type } = await readTyped(deps, requested, signal);
  if (type) refuseUnqueueable(type);
  const item = await findItem(deps, requested, signal);
  if (item.type === 'SHOW' || item.type === 'EPISODE') return refuseUnqueueable(item.type);
  return item;
}

function refuseUnqueueable(type: 'SHOW' | 'EPISODE'): never;
function refuseUnqueueable(type: CatalogType): void;
function refuseUnqueueable(type: CatalogType): void {
  if (QUEUEABLE.includes(type)) return;
  throw new InvalidItemError(`Items of type ${type} cannot be queued; allowed: ${QUEUEABLE.join(', ')}.`);
}

/** As `parseItemReference`; a short link is followed. Throws InvalidItemError, and Upstream… errors of its service. */
export async function readItemReference(
  deps: Pick<FindDeps, 'defaultCatalog' | 'shortLinks'>,
  item: string,
  signal: AbortSignal,
): Promise<ItemReference> {
  const link = shortLinkIn(item);
  return parseItemReference(link ? await deps.shortLinks.follow(link, signal) : item, deps.defaultCatalog());
}

async function readTyped(
  deps: FindDeps,
  { item, type }: { item: string; type: CatalogType | null },
  signal: AbortSignal,
): Promise<ItemReference> {
  const reference = await readItemReference(deps, item, signal);
  if (!type || !reference.type || type === reference.type)
    return { ...reference, type: type ?? reference.type };
  throw new InvalidItemError(`${item} is of type ${reference.type}, not ${type}.`);
}

/** Names of the types in the schema and its ids. */
export const TYPE_NAMES = {
  TRACK: 'Track',
  ALBUM: 'Album',
  PLAYLIST: 'Playlist',
  ARTIST: 'Artist',
  SHOW: 'Show',
  EPISODE: 'Episode',
} as const satisfies Record<CatalogType, string>;

/** Null when the catalog does not have it. Throws InvalidItemError for a bad id, WrongIdTypeError for another type's. */
export async function findItemOfType<T extends CatalogType>(
  deps: FindDeps,
  requested: { id: string; type: T },
  signal: AbortSignal,
): Promise<ItemOf[T] | null> {
  const reference = await readItemReference(deps, requested.id, signal);
  if (reference.type && reference.type !== requested.type)
    throw new WrongIdTypeError(requested.id, TYPE_NAMES[requested.type]);
  if (providerOf(reference) === MUSICBRAINZ)
    return findBridged(deps, { ...reference, type: requested.type }, signal);
  return findTyped(getCatalog(deps, reference.id), requested.type, { id: reference.id, signal });
}

async function findBridged<T extends CatalogType>(
  deps: FindDeps,
  reference: { id: string; type: T },
  signal: AbortSignal,
): Promise<ItemOf[T] | null> {
  try {
    const found = await findByMusicBrainzId(deps, reference, signal);
    return isOfType(found, reference.type) ? found : null;
  } catch (thrown) {
    if (thrown instanceof CatalogItemNotFoundError && !(thrown instanceof CatalogNotSetUpError)) return null;
    throw thrown;
  }
}

function isOfType<T extends CatalogType>(item: CatalogItem, type: T): item is ItemOf[T] & CatalogItem {
  return item.type === type;
}

interface ChildPage extends Page<Track | Album | null> {
  /** Of a playlist, why an item is null; absent where that is not known. */
  absences?: (EntryAbsence | undefined)[];
}

/** Null for an entry that its catalog does not have. */
export async function listChildren(
  catalog: CatalogSource,
  parent: QueueableItem,
  { request, groups, signal }: { request: PageRequest; groups: readonly AlbumGroup[]; signal: AbortSignal },
): Promise<ChildPage> {
  switch (parent.type) {
    case 'ALBUM':
      return catalog.listAlbumTracks(parent.id, request, signal);
    case 'PLAYLIST': {
      const page = await catalog.listPlaylistEntries(parent.id, request, signal);
      return {
        items: page.items.map((entry) => entry.track),
        absences: page.items.map((entry) => entry.absence),
        total: page.total,
      };
    }
    case 'ARTIST':
      return catalog.listArtistAlbums(parent.id, { ...request, groups }, signal);
    case 'TRACK':
      return { items: [parent], total: 1 };
  }
}

export function findTyped<T extends CatalogType>(
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
