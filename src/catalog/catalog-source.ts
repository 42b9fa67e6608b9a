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

/** A part of a list: `offset` entries skipped, at most `limit` given. */
export interface PageRequest {
  offset: number;
  limit: number;
}

export interface Page<T> {
  items: T[];
  total: number;
}

export interface PlaylistEntry {
  /** Null when the catalogue lists an entry that it no longer has. */
  track: Track | null;
  addedAt: string | null;
}

/**
 * A port: a catalogue says what a track is. Adapters are in upstream/. Ids in and out are `provider:id` of this
 * provider. `find…` answers null for what the catalogue does not have; it throws UpstreamLimitedError while the
 * catalogue limits us and UpstreamFailedError when it does not answer properly (catalog/errors.ts).
 */
export interface CatalogSource {
  /** The part before the colon in its ids. */
  readonly provider: string;
  /** Whether asking it costs a call over the network: its answers are then kept for a while (cached-catalog.ts). */
  readonly remote: boolean;
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
  /** The front cover as JPEG or PNG; null when there is none. */
  fetchCover(track: Track, signal: AbortSignal): Promise<Uint8Array | null>;
}
