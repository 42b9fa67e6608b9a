import { z } from 'zod';
import type { AudioSource } from './audio-source.js';
import { namedEnum } from '../lib/named-enum.js';
import { trackSchema } from './catalog-item.js';
import type {
  Album,
  AlbumGroup,
  Artist,
  CatalogItem,
  CatalogType,
  Episode,
  Playlist,
  Show,
  Track,
} from './catalog-item.js';
import type { CatalogLinks } from './catalog-link-store.js';
import type { Enrichment } from './enrichment.js';
import type { ShortLinks } from './short-links.js';

export interface CatalogDeps {
  /** By provider, the part of an id before the colon. Remote ones respond from the cache where they can. */
  catalogs: ReadonlyMap<string, CatalogSource>;
  /** The same without the cache, for whoever compares with what was there before. */
  liveCatalogs: ReadonlyMap<string, CatalogSource>;
  /** In the order in which audio is requested from them. */
  sources: readonly AudioSource[];
  /** The provider of searches and ids that name none: the setting `catalog` if it is set up, else CATALOG. */
  defaultCatalog: () => string;
  shortLinks: ShortLinks;
  links: CatalogLinks;
  /** Null while the setting `musicBrainz` is off. */
  enrichment: () => Enrichment | null;
}

export interface PageRequest {
  offset: number;
  limit: number;
}

export interface Page<T> {
  items: T[];
  total: number;
}

export const entryAbsence = namedEnum('PlaylistEntryAbsence', 'Why an entry of a playlist has no track.', {
  GONE: 'The catalog lists an entry that it no longer has.',
  LOCAL_FILE: 'A file on a device of whoever added it, which the catalog does not have.',
  EPISODE: 'An episode of a show, which is not a track.',
});
export type EntryAbsence = z.infer<typeof entryAbsence>;

export const playlistEntrySchema = z.object({
  /** Null when the catalog lists an entry that it no longer has. */
  track: trackSchema.nullable(),
  /** `provider:id`, also of a track that is gone; null where the catalog does not say, or an earlier version stored it. */
  trackId: z.string().nullable().default(null),
  addedAt: z.string().nullable(),
  /** Why there is no track, where that is known; absent for an entry that is gone. */
  absence: entryAbsence.optional(),
});

export type PlaylistEntry = z.infer<typeof playlistEntrySchema>;

/** A port. `find…` returns null for what the catalog lacks; all throw Upstream… errors (lib/errors.ts). */
export interface CatalogSource {
  /** The part before the colon in its ids. */
  readonly provider: string;
  /** Responses of a remote catalog are cached (cached-catalog.ts). */
  readonly remote: boolean;
  /** The owner's files: shown rather than the same thing in another catalog. */
  readonly isOwnMusic?: true;
  /** Whether it has what it needs, such as an account; absent for one that needs nothing. */
  isSetUp?(): boolean;
  /** What its responses depend on besides the request, such as the country of its account: kept apart in the cache. */
  cacheScope?(): Promise<string>;
  /** For trials: not searched together with others unless it is the default. */
  readonly isInvented?: true;
  search(
    query: { text: string; type: CatalogType } & PageRequest,
    signal: AbortSignal,
  ): Promise<Page<CatalogItem>>;
  findTrack(id: string, signal: AbortSignal): Promise<Track | null>;
  findAlbum(id: string, signal: AbortSignal): Promise<Album | null>;
  findPlaylist(id: string, signal: AbortSignal): Promise<Playlist | null>;
  findArtist(id: string, signal: AbortSignal): Promise<Artist | null>;
  findShow(id: string, signal: AbortSignal): Promise<Show | null>;
  findEpisode(id: string, signal: AbortSignal): Promise<Episode | null>;
  /** By International Standard Recording Code; absent where a catalog cannot look codes up. */
  findTrackByIsrc?(isrc: string, signal: AbortSignal): Promise<Track | null>;
  /** By bar code, a UPC or an EAN. */
  findAlbumByUpc?(upc: string, signal: AbortSignal): Promise<Album | null>;
  listAlbumTracks(albumId: string, page: PageRequest, signal: AbortSignal): Promise<Page<Track>>;
  listPlaylistEntries(
    playlistId: string,
    page: PageRequest,
    signal: AbortSignal,
  ): Promise<Page<PlaylistEntry>>;
  listArtistAlbums(
    artistId: string,
    query: PageRequest & { groups: readonly AlbumGroup[] },
    signal: AbortSignal,
  ): Promise<Page<Album>>;
  /** The newest first. */
  listShowEpisodes(showId: string, page: PageRequest, signal: AbortSignal): Promise<Page<Episode>>;
  /** The picture of an item in the size that the catalog has, of a track the cover of its album; null without one. */
  fetchCover(item: CatalogItem, signal: AbortSignal): Promise<Uint8Array | null>;
  /** Of catalogs that are not remote: changes when `fetchCover` may return another picture. Absent where it never does. */
  coverVersion?(item: CatalogItem, signal: AbortSignal): Promise<string>;
}

/** False for one that lacks what it needs, and for a name that no catalog has. */
export function isCatalogSetUp({ catalogs }: Pick<CatalogDeps, 'catalogs'>, name: string): boolean {
  const catalog = catalogs.get(name);
  return catalog !== undefined && catalog.isSetUp?.() !== false;
}
