import { readdir } from 'node:fs/promises';
import { dirname, join, parse } from 'node:path';
import { parseFile, selectCover } from 'music-metadata';
import type { Album, Artist, ArtistRef, Track } from '../catalog/catalog-item.js';
import type { CatalogSource, Page } from '../catalog/catalog-source.js';
import { LIBRARY } from './library-file.js';
import type { LibraryAlbum, LibraryArtist, LibraryIndex, LibraryTrack } from './library-store.js';
import type { LibraryRoots } from './library-roots.js';

interface LibraryCatalogOptions {
  index: LibraryIndex;
  roots: LibraryRoots;
}

export function createLibraryCatalog({ index, roots }: LibraryCatalogOptions): CatalogSource {
  return {
    provider: LIBRARY,
    remote: false,
    search: ({ text, type, ...page }) => search(index, { text, type }, page),
    findTrack: async (id) => mapItem(await index.findTrack(id), toTrack),
    findAlbum: async (id) => mapItem(await index.findAlbum(id), toAlbum),
    findArtist: async (id) => mapItem(await index.findArtist(id), toArtist),
    findPlaylist: () => Promise.resolve(null),
    findShow: () => Promise.resolve(null),
    findEpisode: () => Promise.resolve(null),
    listAlbumTracks: async (id, page) => mapPage(await index.listAlbumTracks(id, page), toTrack),
    listPlaylistEntries: () => Promise.resolve(emptyPage()),
    listShowEpisodes: () => Promise.resolve(emptyPage()),
    listArtistAlbums: async (id, query) => mapPage(await index.listArtistAlbums(id, query), toAlbum),
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
    durationMs: file.durationMs,
    explicit: false,
    trackNumber: file.trackNumber,
    discNumber: file.discNumber,
    isrc: file.isrc,
    genres: file.genres,
    url: null,
  };
}

function toAlbum({ artistId, artistName, ...album }: LibraryAlbum): Album {
  return {
    type: 'ALBUM',
    ...album,
    artists: artistId ? [{ id: artistId, name: artistName }] : [],
    images: [],
    url: null,
  };
}

function toArtist(artist: LibraryArtist): Artist {
  return { type: 'ARTIST', ...artist, images: [], url: null };
}

const NAMES = ['cover', 'folder', 'front', 'album'];
const EXTENSIONS = new Set(['.jpg', '.jpeg', '.png']);
const MAX_BYTES = 20 * 1024 * 1024;

async function findCover(roots: LibraryRoots, path: string, signal: AbortSignal): Promise<Uint8Array | null> {
  const embedded = await readEmbedded(roots, path).catch(() => null);
  signal.throwIfAborted();
  return embedded ?? (await readBeside(roots, path).catch(() => null));
}

async function readEmbedded(roots: LibraryRoots, path: string): Promise<Uint8Array | null> {
  const { path: real, handle } = await roots.open(path);
  await handle.close();
  const { common } = await parseFile(real);
  const pictures = (common.picture ?? []).filter(({ data }) => isPicture(data));
  return selectCover(pictures)?.data ?? null;
}

async function readBeside(roots: LibraryRoots, path: string): Promise<Uint8Array | null> {
  const folder = dirname(path);
  const pictures = (await readdir(folder))
    .map((file) => ({ file, ...parse(file.toLowerCase()) }))
    .filter(({ name, ext }) => NAMES.includes(name) && EXTENSIONS.has(ext))
    .sort((a, b) => NAMES.indexOf(a.name) - NAMES.indexOf(b.name) || (a.file < b.file ? -1 : 1));
  for (const { file } of pictures) {
    const data = await readPicture(roots, join(folder, file)).catch(() => null);
    if (data && isPicture(data)) return data;
  }
  return null;
}

async function readPicture(roots: LibraryRoots, path: string): Promise<Uint8Array | null> {
  const { handle } = await roots.open(path);
  try {
    return (await handle.stat()).size <= MAX_BYTES ? await handle.readFile() : null;
  } finally {
    await handle.close();
  }
}

function isPicture(data: Uint8Array): boolean {
  const start = Buffer.from(data.subarray(0, 4)).toString('hex');
  return data.length <= MAX_BYTES && (start.startsWith('ffd8ff') || start === '89504e47');
}
