import type { CatalogItem, CatalogType } from '../../catalog/catalog-item.js';
import type { Page, PageRequest } from '../../catalog/catalog-source.js';
import type { Collection } from './collection.js';
import { toAlbum, toArtist, toEpisode, toPlaylist, toShow, toTrack } from './map.js';
import { pageOf } from './page.js';
import { createSearch, foldText } from './search.js';
import type { PlacedTrack } from './shapes.js';

export function createCatalogSearch(collection: Collection) {
  const { artists } = collection;
  const tracks = createTrackSearch(collection);
  const albums = createSearch(
    [...collection.albums.values()].map((item) => ({
      item,
      title: item.title,
      beside: item.by.map((slug) => artists.get(slug)?.name ?? ''),
    })),
  );
  const playlists = createSearch(
    [...collection.playlists.values()].map((item) => ({
      item,
      title: item.title,
      beside: [item.description],
    })),
  );
  const shows = createSearch(
    [...collection.shows.values()].map((item) => ({
      item,
      title: item.title,
      beside: [item.publisher, item.description],
    })),
  );
  const episodes = createSearch(
    [...collection.episodes.values()].map((item) => ({
      item,
      title: item.title,
      beside: [item.show.title, item.description],
    })),
  );
  const people = createSearch([...artists.values()].map((item) => ({ item, title: item.name, beside: [] })));
  return ({ text, type, ...page }: { text: string; type: CatalogType } & PageRequest): Page<CatalogItem> => {
    switch (type) {
      case 'TRACK':
        return pageOf(tracks(text), page, (track) => toTrack(artists, track));
      case 'ALBUM':
        return pageOf(albums(text), page, (album) => toAlbum(artists, album));
      case 'PLAYLIST':
        return pageOf(playlists(text), page, toPlaylist);
      case 'ARTIST':
        return pageOf(people(text), page, toArtist);
      case 'EPISODE':
        return pageOf(episodes(text), page, toEpisode);
      case 'SHOW':
        return pageOf(shows(text), page, toShow);
    }
  };
}

/** The ten thousand tides would bury everything else: one is found by its whole title only, and comes last. */
function createTrackSearch(collection: Collection): (text: string) => PlacedTrack[] {
  const search = createSearch(
    [...collection.tracks.values()].map((item) => ({
      item,
      title: item.title,
      beside: [...item.artists.map((artist) => artist.name), item.place?.album.title ?? ''],
    })),
  );
  return (text) => {
    const tide = collection.findTrack(foldText(text).replace(/^tide (?=\d{5}$)/, 'tide-'));
    return [...search(text), ...(tide?.place === null ? [tide] : [])];
  };
}
