import type { CatalogSource, Page } from '../catalog/catalog-source.js';
import type { LibraryIndex } from './library-index.js';
import { findCover } from './library-cover.js';
import type { LibraryRoots } from './library-roots.js';
import { toAlbum, toArtist, toTrack } from './to-catalog-item.js';

export interface LibraryCatalogOptions {
  index: LibraryIndex;
  roots: LibraryRoots;
}

/** The owner's own files as a catalogue. It has no playlists and no shows. */
export function createLibraryCatalog({ index, roots }: LibraryCatalogOptions): CatalogSource {
  return {
    provider: 'library',
    remote: false,
    search: ({ text, type, ...page }) => search(index, { text, type }, page),
    findTrack: async (id) => mapped(await index.findTrack(id), toTrack),
    findAlbum: async (id) => mapped(await index.findAlbum(id), toAlbum),
    findArtist: async (id) => mapped(await index.findArtist(id), toArtist),
    findPlaylist: () => Promise.resolve(null),
    findShow: () => Promise.resolve(null),
    findEpisode: () => Promise.resolve(null),
    listAlbumTracks: async (id, page) => mappedPage(await index.listAlbumTracks(id, page), toTrack),
    listPlaylistEntries: () => Promise.resolve(nothing()),
    listShowEpisodes: () => Promise.resolve(nothing()),
    listArtistAlbums: async (id, query) => mappedPage(await index.listArtistAlbums(id, query), toAlbum),
    async fetchCover(track, signal) {
      const found = await index.findTrack(track.id);
      return found && findCover(roots, found.file.path, signal);
    },
  };
}

type Query = Parameters<CatalogSource['search']>[0];

async function search(
  index: LibraryIndex,
  { text, type }: Pick<Query, 'text' | 'type'>,
  page: Pick<Query, 'offset' | 'limit'>,
): ReturnType<CatalogSource['search']> {
  switch (type) {
    case 'TRACK':
      return mappedPage(await index.searchTracks(text, page), toTrack);
    case 'ALBUM':
      return mappedPage(await index.searchAlbums(text, page), toAlbum);
    case 'ARTIST':
      return mappedPage(await index.searchArtists(text, page), toArtist);
    case 'PLAYLIST':
    case 'EPISODE':
    case 'SHOW':
      return nothing();
  }
}

const nothing = <T>(): Page<T> => ({ items: [], total: 0 });

const mapped = <A, B>(found: A | null, map: (from: A) => B): B | null => (found === null ? null : map(found));

const mappedPage = <A, B>(page: Page<A>, map: (from: A) => B): Page<B> => ({
  items: page.items.map(map),
  total: page.total,
});
