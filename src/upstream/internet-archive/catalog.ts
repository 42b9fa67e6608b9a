import type { Album, CatalogItem, CatalogType, Track } from '../../catalog/catalog-item.js';
import type { CatalogSource, Page, PageRequest } from '../../catalog/catalog-source.js';
import { createPictureFetcher } from '../../catalog/fetch-picture.js';
import { artistKey, normalizeText, searchWords } from '../../catalog/normalize.js';
import type { Outbound } from '../../outbound/outbound.js';
import { DISPLAY_NAME, NAME, PICTURE_RULES, quoted, type ArchiveApi } from './api.js';
import { artistNameOf, localIdOf, recordingsOf, toAlbum, toArtist, toTrack, trackKeyOf } from './map.js';
import type { ArchiveRow } from './schemas.js';

interface CatalogParts {
  api: ArchiveApi;
  outbound: Outbound;
  url: string;
}

const nothing = <T>(): Page<T> => ({ items: [], total: 0 });
const slice = <T>(items: T[], { offset, limit }: PageRequest): Page<T> => ({
  items: items.slice(offset, offset + limit),
  total: items.length,
});

/** The items of the Internet Archive that have audio: each is an album. */
export function createArchiveCatalog({ api, outbound, url }: CatalogParts): CatalogSource {
  return {
    provider: NAME,
    remote: true,
    search: ({ text, type, ...page }, signal) => search(api, type, { text, page, signal }),
    findTrack: async (id, signal) => {
      const { identifier, key } = trackKeyOf(id) ?? {};
      const tracks = identifier === undefined ? [] : await readTracks(api, identifier, signal);
      return tracks.find((track) => track.id.endsWith(`.${key}`)) ?? null;
    },
    findAlbum: async (id, signal) => {
      const identifier = localIdOf(id);
      const [track] = identifier === null ? [] : await readTracks(api, identifier, signal);
      return track?.album ?? null;
    },
    findPlaylist: () => Promise.resolve(null),
    findArtist: async (id, signal) => {
      const name = artistNameOf(id);
      const albums = name === null ? [] : await albumsOf(api, name, signal);
      return name !== null && albums.length > 0 ? toArtist(name) : null;
    },
    findShow: () => Promise.resolve(null),
    findEpisode: () => Promise.resolve(null),
    listAlbumTracks: async (id, page, signal) => {
      const identifier = localIdOf(id);
      return slice(identifier === null ? [] : await readTracks(api, identifier, signal), page);
    },
    listPlaylistEntries: () => Promise.resolve(nothing()),
    listArtistAlbums: async (id, { groups, ...page }, signal) => {
      const name = artistNameOf(id);
      const albums = name === null ? [] : await albumsOf(api, name, signal);
      const own = albums.filter(({ group }) => groups.includes(group));
      return slice(own, page);
    },
    listShowEpisodes: () => Promise.resolve(nothing()),
    fetchCover: createPictureFetcher(outbound, {
      provider: NAME,
      displayName: DISPLAY_NAME,
      trusted: [url],
      rules: PICTURE_RULES,
    }),
  };
}

/** Empty for an unknown item, and for one without audio. */
async function readTracks(api: ArchiveApi, identifier: string, signal: AbortSignal): Promise<Track[]> {
  const item = await api.findItem(identifier, signal);
  if (!item) return [];
  const recordings = recordingsOf(item);
  const { pictureOf } = api;
  const album = toAlbum(item.metadata, { pictureOf, trackTotal: recordings.length });
  return recordings.map((recording) => toTrack(album, recording));
}

const MAX_ALBUMS = 1_000;

/** A search for a name finds similar ones too. */
async function albumsOf(api: ArchiveApi, name: string, signal: AbortSignal): Promise<Album[]> {
  const page = { offset: 0, limit: MAX_ALBUMS };
  const { rows } = await api.search([`creator:${quoted(name)}`], page, signal);
  const own = rows.filter(({ creator }) => creator.some((each) => artistKey(each) === artistKey(name)));
  return own.map((row) => toAlbum(row, api));
}

interface SearchRequest {
  text: string;
  page: PageRequest;
  signal: AbortSignal;
}

async function search(
  api: ArchiveApi,
  type: CatalogType,
  request: SearchRequest,
): Promise<Page<CatalogItem>> {
  switch (type) {
    case 'ALBUM': {
      const { rows, total } = await searchItems(api, request);
      return { items: rows.map((row) => toAlbum(row, api)), total };
    }
    case 'TRACK':
      return slice(await searchTracks(api, request), request.page);
    case 'ARTIST':
      return slice(await searchArtists(api, request), request.page);
    case 'PLAYLIST':
    case 'SHOW':
    case 'EPISODE':
      return nothing();
  }
}

const wordsIn = (text: string) => searchWords(text).map(quoted);

async function searchItems(api: ArchiveApi, { text, page, signal }: SearchRequest) {
  const words = wordsIn(text);
  if (words.length === 0) return { rows: [], total: 0 };
  const clauses = words.map((word) => `(title:${word} OR creator:${word})`);
  return api.search(clauses, page, signal);
}

/** The archive searches in items alone: these many are read for a search of tracks. */
const MAX_ITEMS = 6;

async function searchTracks(api: ArchiveApi, { text, signal }: SearchRequest): Promise<Track[]> {
  const page = { offset: 0, limit: MAX_ITEMS };
  const { rows } = await searchItems(api, { text, page, signal });
  const items = await Promise.all(rows.map(({ identifier }) => readTracks(api, identifier, signal)));
  const words = searchWords(text);
  return items.flat().filter(({ title, artists, album }) => {
    const names = [title, album?.title ?? '', ...artists.map(({ name }) => name)];
    const all = normalizeText(names.join(' '));
    return words.every((word) => all.includes(word));
  });
}

const ROWS_FOR_ARTISTS = 100;

async function searchArtists(api: ArchiveApi, { text, signal }: SearchRequest) {
  const words = searchWords(text);
  if (words.length === 0) return [];
  const page = { offset: 0, limit: ROWS_FOR_ARTISTS };
  const { rows } = await api.search(
    words.map((word) => `creator:${quoted(word)}`),
    page,
    signal,
  );
  return namesIn(rows)
    .filter((name) => words.every((word) => normalizeText(name).includes(word)))
    .map(toArtist)
    .filter(({ id }) => id !== '');
}

const namesIn = (rows: readonly ArchiveRow[]): string[] => {
  const byKey = new Map(rows.flatMap(({ creator }) => creator.map((name) => [artistKey(name), name])));
  return [...byKey.values()];
};
