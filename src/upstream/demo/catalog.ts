import type { CatalogSource } from '../../catalog/catalog-source.js';
import { listAlbumTracks, listArtistAlbums, listPlaylistEntries, listShowEpisodes } from './catalog-lists.js';
import { createCatalogSearch } from './catalog-search.js';
import { createCollection } from './collection.js';
import { renderCover } from './cover.js';
import { PROVIDER, slugOf, toAlbum, toArtist, toEpisode, toId, toPlaylist, toShow, toTrack } from './map.js';
import type { DemoAlbum } from './shapes.js';

/** Healthy, short, with a cover: the album that shows everything in well under a minute. */
export const SHOWCASE_ALBUM_ID = toId('night-ferry');
/** Every track but the last has something wrong with its audio: one for each of TROUBLES (shapes.ts), in that order. */
export const TROUBLE_ALBUM_ID = toId('rough-crossing');

/** The built-in catalogue: invented, offline, and the same each time it is asked. */
export function createDemoCatalog(): CatalogSource {
  const collection = createCollection();
  const { artists, albums, playlists } = collection;
  const search = createCatalogSearch(collection);
  const coverOf = createCovers();
  return {
    provider: PROVIDER,
    remote: false,
    search: (query, signal) => answer(signal, () => search(query)),
    findTrack: (id, signal) =>
      answer(signal, () => orNull(collection.findTrack(slugOf(id)), (track) => toTrack(artists, track))),
    findAlbum: (id, signal) =>
      answer(signal, () => orNull(albums.get(slugOf(id)), (album) => toAlbum(artists, album))),
    findPlaylist: (id, signal) => answer(signal, () => orNull(playlists.get(slugOf(id)), toPlaylist)),
    findArtist: (id, signal) => answer(signal, () => orNull(artists.get(slugOf(id)), toArtist)),
    findShow: (id, signal) => answer(signal, () => orNull(collection.shows.get(slugOf(id)), toShow)),
    findEpisode: (id, signal) => answer(signal, () => orNull(collection.episodes.get(slugOf(id)), toEpisode)),
    listAlbumTracks: (id, page, signal) =>
      answer(signal, () => listAlbumTracks(collection, slugOf(id), page)),
    listPlaylistEntries: (id, page, signal) =>
      answer(signal, () => listPlaylistEntries(collection, slugOf(id), page)),
    listArtistAlbums: (id, query, signal) =>
      answer(signal, () => listArtistAlbums(collection, slugOf(id), query)),
    listShowEpisodes: (id, page, signal) =>
      answer(signal, () => listShowEpisodes(collection, slugOf(id), page)),
    fetchCover: (track, signal) =>
      answer(signal, () => orNull(collection.findTrack(slugOf(track.id))?.place?.album, coverOf)),
  };
}

/** A cover takes a tenth of a second to draw, and each of an album's tracks wants it. */
function createCovers(): (album: DemoAlbum) => Uint8Array {
  const covers = new Map<string, Uint8Array>();
  return (album) => {
    const cover = covers.get(album.slug) ?? renderCover(album);
    covers.set(album.slug, cover);
    return cover;
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
