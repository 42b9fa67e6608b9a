import {
  albumGroup,
  ALBUM_GROUPS,
  type Album,
  type Artist,
  type ArtistRef,
  type CatalogItem,
  type Image,
  type Track,
} from '../catalog/catalog-item.js';
import type { CatalogSource, Page } from '../catalog/catalog-source.js';
import { coverVersion, findCover } from './find-cover.js';
import { LIBRARY, lengthOf } from './library-file.js';
import type { LibraryAlbum, LibraryArtist, LibraryIndex, LibraryTrack } from './library-store.js';
import type { LibraryRoots } from './library-roots.js';
import type { CoverReader } from './tag-reader.js';

interface LibraryCatalogOptions {
  index: LibraryIndex;
  roots: LibraryRoots;
  covers: CoverReader;
}

export function createLibraryCatalog({ index, roots, covers }: LibraryCatalogOptions): CatalogSource {
  return {
    provider: LIBRARY,
    remote: false,
    isOwnMusic: true,
    search: ({ text, type, ...page }) => search(index, { text, type }, page),
    findTrack: async (id) => mapItem(await index.findTrack(id), toTrack),
    findAlbum: async (id) => mapItem(await index.findAlbum(id), toAlbum),
    findArtist: async (id) => mapItem(await index.findArtist(id), toArtist),
    findTrackByIsrc: async (isrc) => mapItem(await index.findTrackByIsrc(isrc), toTrack),
    findAlbumByUpc: async (upc) => mapItem(await index.findAlbumByUpc(upc), toAlbum),
    findPlaylist: () => Promise.resolve(null),
    findShow: () => Promise.resolve(null),
    findEpisode: () => Promise.resolve(null),
    listAlbumTracks: async (id, page) => mapPage(await index.listAlbumTracks(id, page), toTrack),
    listPlaylistEntries: () => Promise.resolve(emptyPage()),
    listShowEpisodes: () => Promise.resolve(emptyPage()),
    listArtistAlbums: async (id, query) => mapPage(await index.listArtistAlbums(id, query), toAlbum),
    async fetchCover(item, signal) {
      for (const path of await listPicturedFiles(index, item)) {
        const cover = await findCover({ roots, covers }, path, signal);
        if (cover) return cover;
      }
      return null;
    },
    coverVersion: async (item) => coverVersion(await listPicturedFiles(index, item)),
  };
}

/** Of an artist, the newest albums stand for what is not known of the artist. */
const PICTURED_ALBUMS = 3;

/** Files that may have the picture of an item, or lie beside it. */
async function listPicturedFiles(index: LibraryIndex, item: CatalogItem): Promise<string[]> {
  switch (item.type) {
    case 'TRACK': {
      const found = await index.findTrack(item.id);
      return found ? [found.file.path] : [];
    }
    case 'ALBUM': {
      const { items } = await index.listAlbumTracks(item.id, { offset: 0, limit: 1 });
      return items.map(({ file }) => file.path);
    }
    case 'ARTIST': {
      const query = { offset: 0, limit: PICTURED_ALBUMS, groups: ALBUM_GROUPS };
      const { items } = await index.listArtistAlbums(item.id, query);
      const albums = items.map((album) => listPicturedFiles(index, toAlbum(album)));
      return (await Promise.all(albums)).flat();
    }
    case 'PLAYLIST':
    case 'SHOW':
    case 'EPISODE':
      return [];
  }
}

/** Only its file or folder says whether it has a picture, and which. */
const pictureOf = (id: string): Image[] => [{ url: id, widthPx: null, heightPx: null }];

type Query = Parameters<CatalogSource['search']>[0];

async function search(
  index: LibraryIndex,
  { text, type }: Pick<Query, 'text' | 'type'>,
  page: Pick<Query, 'offset' | 'limit'>,
): ReturnType<CatalogSource['search']> {
  switch (type) {
    case 'TRACK':
      return mapPage(await index.searchTracks(text, page), toTrack);
    case 'ALBUM':
      return mapPage(await index.searchAlbums(text, page), toAlbum);
    case 'ARTIST':
      return mapPage(await index.searchArtists(text, page), toArtist);
    case 'PLAYLIST':
    case 'EPISODE':
    case 'SHOW':
      return emptyPage();
  }
}

const emptyPage = <T>(): Page<T> => ({ items: [], total: 0 });

const mapItem = <A, B>(found: A | null, map: (from: A) => B): B | null =>
  found === null ? null : map(found);

const mapPage = <A, B>(page: Page<A>, map: (from: A) => B): Page<B> => ({
  items: page.items.map(map),
  total: page.total,
});

function toTrack({ file, album }: LibraryTrack): Track {
  return {
    type: 'TRACK',
    id: file.id,
    title: file.title,
    artists: file.artists.map((name, at): ArtistRef => ({ id: file.artistIds[at] ?? '', name })),
    album: album && toAlbum(album),
    durationMs: lengthOf(file),
    explicit: false,
    trackNumber: file.trackNumber,
    discNumber: file.discNumber,
    ...(file.trackTotal === null ? {} : { trackTotal: file.trackTotal }),
    isrc: file.isrc,
    genres: file.genres,
    url: null,
  };
}

function toAlbum({ artistId, artistName, searchText: _, ...album }: LibraryAlbum): Album {
  return {
    type: 'ALBUM',
    ...album,
    group: albumGroup.parse(album.group),
    artists: artistId ? [{ id: artistId, name: artistName }] : [],
    images: pictureOf(album.id),
    url: null,
  };
}

function toArtist({ id, name, genres }: LibraryArtist): Artist {
  return { type: 'ARTIST', id, name, genres, images: pictureOf(id), url: null };
}
