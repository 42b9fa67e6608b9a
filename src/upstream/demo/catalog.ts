import type { Album, AlbumGroup, CatalogItem, Episode, Track } from '../../catalog/catalog-item.js';
import type { CatalogSource, Page, PageRequest, PlaylistEntry } from '../../catalog/catalog-source.js';
import { systemClock, type Clock } from '../../lib/clock.js';
import { createCollection, episodesOf, tracksOf, type Collection } from './collection.js';
import { renderCover, renderMosaic, renderPortrait } from './cover.js';
import {
  pageOf,
  PROVIDER,
  slugOf,
  toAlbum,
  toArtist,
  toEpisode,
  toId,
  toPlaylist,
  toPlaylistEntry,
  toShow,
  toTrack,
} from './map.js';
import type { DemoAlbum } from './music.js';
import { createCatalogSearch } from './search.js';

/** A short album without faults and with a cover; downloads in well under a minute. */
export const SHOWCASE_ALBUM_ID = toId('night-ferry');
/** One track for each of TROUBLES (music.ts), in that order, and one without a fault. */
export const TROUBLE_ALBUM_ID = toId('rough-crossing');

/** The built-in catalog: invented, offline and deterministic, but for a playlist and an artist that change with the clock. */
export function createDemoCatalog({ clock }: { clock: Clock } = { clock: systemClock }): CatalogSource {
  const collection = createCollection(clock);
  const { artists, playlists } = collection;
  const search = createCatalogSearch(collection);
  const coverOf = createCovers();
  return {
    provider: PROVIDER,
    remote: false,
    isInvented: true,
    search: (query, signal) => respond(signal, () => search(query)),
    findTrack: (id, signal) =>
      respond(signal, () => orNull(collection.findTrack(slugOf(id)), (track) => toTrack(artists, track))),
    findAlbum: (id, signal) =>
      respond(signal, () => orNull(collection.findAlbum(slugOf(id)), (album) => toAlbum(artists, album))),
    findPlaylist: (id, signal) => respond(signal, () => orNull(playlists.get(slugOf(id)), toPlaylist)),
    findArtist: (id, signal) => respond(signal, () => orNull(artists.get(slugOf(id)), toArtist)),
    findShow: (id, signal) => respond(signal, () => orNull(collection.shows.get(slugOf(id)), toShow)),
    findEpisode: (id, signal) =>
      respond(signal, () => orNull(collection.episodes.get(slugOf(id)), toEpisode)),
    listAlbumTracks: (id, page, signal) =>
      respond(signal, () => listAlbumTracks(collection, slugOf(id), page)),
    listPlaylistEntries: (id, page, signal) =>
      respond(signal, () => listPlaylistEntries(collection, slugOf(id), page)),
    listArtistAlbums: (id, query, signal) =>
      respond(signal, () => listArtistAlbums(collection, slugOf(id), query)),
    listShowEpisodes: (id, page, signal) =>
      respond(signal, () => listShowEpisodes(collection, slugOf(id), page)),
    fetchCover: (item, signal) => respond(signal, () => drawPicture(collection, item, coverOf)),
    // That of a playlist shows what is in it.
    coverVersion: (item) => Promise.resolve((item.type === 'PLAYLIST' && item.revision) || ''),
  };
}

function drawPicture(
  collection: Collection,
  item: CatalogItem,
  coverOf: (album: DemoAlbum) => Uint8Array,
): Uint8Array | null {
  const slug = slugOf(item.id);
  const albums = [...collection.albums.values()];
  switch (item.type) {
    case 'TRACK':
      return orNull(collection.findTrack(slug)?.place?.album, coverOf);
    case 'ALBUM':
      return orNull(collection.findAlbum(slug), coverOf);
    case 'PLAYLIST': {
      const four = albumsIn(collection, slug);
      return four.length === 4 ? renderMosaic(four) : renderPortrait(slug, albums);
    }
    case 'EPISODE':
      return orNull(item.show, (show) => renderPortrait(slugOf(show.id), albums));
    case 'ARTIST':
    case 'SHOW':
      return renderPortrait(slug, albums);
  }
}

/** Enough to find four albums in. */
const PICTURED_ENTRIES = 100;

/** The first four. */
function albumsIn({ playlists, findTrack }: Collection, playlistSlug: string): DemoAlbum[] {
  const playlist = playlists.get(playlistSlug);
  const slugs = Array.from({ length: PICTURED_ENTRIES }, (_, place) => playlist?.entryAt(place) ?? '');
  const found = slugs.flatMap((slug) => findTrack(slug)?.place?.album ?? []);
  return [...new Set(found)].slice(0, 4);
}

/** Drawing a cover takes a tenth of a second, and each track of an album needs it. */
function createCovers(): (album: DemoAlbum) => Uint8Array {
  const covers = new Map<string, Uint8Array>();
  return (album) => {
    const cover = covers.get(album.slug) ?? renderCover(album);
    // Albums without a number are made by a rule, and there is no end of them.
    if (album.number > 0) covers.set(album.slug, cover);
    return cover;
  };
}

/** A promise as a remote service would give it: rejected by an aborted signal. */
function respond<T>(signal: AbortSignal, make: () => T): Promise<T> {
  return new Promise((resolve) => {
    signal.throwIfAborted();
    resolve(make());
  });
}

function orNull<T, R>(found: T | null | undefined, convert: (found: T) => R): R | null {
  return found === null || found === undefined ? null : convert(found);
}

function listAlbumTracks(collection: Collection, albumSlug: string, page: PageRequest): Page<Track> {
  const album = collection.findAlbum(albumSlug);
  const tracks = (album ? tracksOf(album) : []).flatMap((slug) => collection.findTrack(slug) ?? []);
  return pageOf(tracks, page, (track) => toTrack(collection.artists, track));
}

/** Makes the entries of the page and no others. */
function listPlaylistEntries(
  collection: Collection,
  playlistSlug: string,
  page: PageRequest,
): Page<PlaylistEntry> {
  const playlist = collection.playlists.get(playlistSlug);
  if (!playlist) return { items: [], total: 0 };
  const items = placesOf(page, playlist.total).map((place) => {
    const slug = playlist.entryAt(place);
    const track = collection.findTrack(slug ?? '');
    return toPlaylistEntry(slug, track && toTrack(collection.artists, track), place);
  });
  return { items, total: playlist.total };
}

function listShowEpisodes(collection: Collection, showSlug: string, page: PageRequest): Page<Episode> {
  const show = collection.shows.get(showSlug);
  return pageOf(show ? episodesOf(show) : [], page, toEpisode);
}

/** Newest first. An album of others on which the artist has a track is in the group APPEARS_ON. */
function listArtistAlbums(
  collection: Collection,
  artistSlug: string,
  { groups, ...page }: PageRequest & { groups: readonly AlbumGroup[] },
): Page<Album> {
  const related = collection
    .albumsFor(artistSlug)
    .map((album) => ({ album, group: groupFor(collection, artistSlug, album) }))
    .filter(({ group }) => group !== null && groups.includes(group))
    .sort((one, other) => other.album.released.localeCompare(one.album.released, 'en'));
  return pageOf(related, page, ({ album, group }) =>
    toAlbum(collection.artists, album, group ?? album.group),
  );
}

/** Null: the album has nothing to do with the artist. */
function groupFor(collection: Collection, artistSlug: string, album: DemoAlbum): AlbumGroup | null {
  if (album.by.includes(artistSlug)) return album.group;
  const appears = tracksOf(album).some((slug) =>
    collection.findTrack(slug)?.artists.some((artist) => artist.slug === artistSlug),
  );
  return appears ? 'APPEARS_ON' : null;
}

function placesOf({ offset, limit }: PageRequest, total: number): number[] {
  const length = Math.max(0, Math.min(limit, total - offset));
  return Array.from({ length }, (_, index) => offset + index);
}
