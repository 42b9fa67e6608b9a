import type { CatalogSource, PageRequest } from '../../catalog/catalog-source.js';
import { createCatalogSearch } from './catalog-search.js';
import { createCollection, tracksOf } from './collection.js';
import { renderCover } from './cover.js';
import { PROVIDER, slugOf, toAlbum, toArtist, toId, toPlaylist, toPlaylistEntry, toTrack } from './map.js';
import { pageOf, placesOf } from './page.js';
import { listArtistAlbums } from './artist-albums.js';
import type { DemoAlbum, PlacedTrack } from './shapes.js';

/** Healthy, short, with a cover: the album that shows everything in well under a minute. */
export const SHOWCASE_ALBUM_ID = toId('night-ferry');
/** Every track but the last has something wrong with its audio: one for each of TROUBLES (shapes.ts), in that order. */
export const TROUBLE_ALBUM_ID = toId('rough-crossing');

/** The built-in catalogue: invented, offline, and the same each time it is asked. */
export function createDemoCatalog(): CatalogSource {
  const collection = createCollection();
  const { artists, albums, playlists } = collection;
  const search = createCatalogSearch(collection);
  const trackOf = (track: PlacedTrack | null) => orNull(track, (found) => toTrack(artists, found));
  const listAlbumTracks = (id: string, page: PageRequest) => {
    const slugs = orNull(albums.get(slugOf(id)), tracksOf) ?? [];
    const placed = slugs.flatMap((slug) => collection.findTrack(slug) ?? []);
    return pageOf(placed, page, (track) => toTrack(artists, track));
  };
  const listPlaylistEntries = (id: string, page: PageRequest) => {
    const playlist = playlists.get(slugOf(id));
    const items = placesOf(page, playlist?.total ?? 0).map((place) => {
      const slug = playlist?.entryAt(place) ?? null;
      return toPlaylistEntry(slug === null ? null : trackOf(collection.findTrack(slug)), place);
    });
    return { items, total: playlist?.total ?? 0 };
  };
  const covers = new Map<string, Uint8Array>();
  const coverOf = (album: DemoAlbum) => {
    const cover = covers.get(album.slug) ?? renderCover(album);
    covers.set(album.slug, cover);
    return cover;
  };
  return {
    provider: PROVIDER,
    search: (query, signal) => answer(signal, () => search(query)),
    findTrack: (id, signal) => answer(signal, () => trackOf(collection.findTrack(slugOf(id)))),
    findAlbum: (id, signal) =>
      answer(signal, () => orNull(albums.get(slugOf(id)), (album) => toAlbum(artists, album))),
    findPlaylist: (id, signal) => answer(signal, () => orNull(playlists.get(slugOf(id)), toPlaylist)),
    findArtist: (id, signal) => answer(signal, () => orNull(artists.get(slugOf(id)), toArtist)),
    listAlbumTracks: (id, page, signal) => answer(signal, () => listAlbumTracks(id, page)),
    listPlaylistEntries: (id, page, signal) => answer(signal, () => listPlaylistEntries(id, page)),
    listArtistAlbums: (id, query, signal) =>
      answer(signal, () => listArtistAlbums(collection, slugOf(id), query)),
    fetchCover: (track, signal) =>
      answer(signal, () => orNull(collection.findTrack(slugOf(track.id))?.place?.album, coverOf)),
  };
}

/** Answers at once, but as a service would: by a promise, which an aborted signal rejects. */
function answer<T>(signal: AbortSignal, make: () => T): Promise<T> {
  return new Promise((resolve) => {
    signal.throwIfAborted();
    resolve(make());
  });
}

function orNull<T, R>(found: T | null | undefined, convert: (found: T) => R): R | null {
  return found === null || found === undefined ? null : convert(found);
}
