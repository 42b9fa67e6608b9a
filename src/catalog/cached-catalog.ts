import type { CatalogCache } from './catalog-cache.js';
import { SHAPES_VERSION } from './catalog-item.js';
import type { CatalogSource } from './catalog-source.js';
import { createRecentCovers } from './recent-covers.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** Tracks, albums and artists: corrected once in a while. */
const LASTING_MS = 24 * HOUR_MS;
/** Searches, an artist's albums, shows: new ones come, and nobody minds an hour. */
const GROWING_MS = HOUR_MS;
/** Playlists: who adds a track and then queues the playlist means that track too. */
const CHANGING_MS = 5 * MINUTE_MS;

type Finder = 'findTrack' | 'findAlbum' | 'findPlaylist' | 'findArtist' | 'findShow' | 'findEpisode';
type List = 'listAlbumTracks' | 'listShowEpisodes';

/** The same catalogue, which is asked only for what the cache lacks, or has too old. */
export function createCachedCatalog(source: CatalogSource, cache: CatalogCache): CatalogSource {
  const ask = askThrough(source, cache);
  const findPlaylist = ask.find('findPlaylist', CHANGING_MS);
  return {
    provider: source.provider,
    remote: source.remote,
    search: (query, signal) => {
      const { type, text, offset, limit } = query;
      return ask.anything(['search', type, text, offset, limit], GROWING_MS, {
        signal,
        ask: (shared) => source.search(query, shared),
      });
    },
    findTrack: ask.find('findTrack', LASTING_MS),
    findAlbum: ask.find('findAlbum', LASTING_MS),
    findPlaylist,
    findArtist: ask.find('findArtist', LASTING_MS),
    findShow: ask.find('findShow', GROWING_MS),
    findEpisode: ask.find('findEpisode', LASTING_MS),
    listAlbumTracks: ask.list('listAlbumTracks', LASTING_MS),
    listShowEpisodes: ask.list('listShowEpisodes', GROWING_MS),
    // Entries belong to a revision: they are never older than the playlist that they are shown with.
    listPlaylistEntries: async (id, page, signal) => {
      const revision = (await findPlaylist(id, signal))?.revision ?? null;
      const maxAgeMs = revision === null ? CHANGING_MS : GROWING_MS;
      return ask.anything(['listPlaylistEntries', id, revision, page.offset, page.limit], maxAgeMs, {
        signal,
        ask: (shared) => source.listPlaylistEntries(id, page, shared),
      });
    },
    listArtistAlbums: (id, query, signal) => {
      const groups = query.groups.toSorted().join();
      return ask.anything(['listArtistAlbums', id, groups, query.offset, query.limit], GROWING_MS, {
        signal,
        ask: (shared) => source.listArtistAlbums(id, query, shared),
      });
    },
    fetchCover: createRecentCovers(source),
  };
}

interface Asking<T> {
  signal: AbortSignal;
  ask: (signal: AbortSignal) => Promise<T>;
}

/** Asks a catalogue by way of the cache; method and arguments are the question. */
function askThrough(source: CatalogSource, cache: CatalogCache) {
  const anything = <T>(
    [method, ...given]: [keyof CatalogSource, ...(string | number | null)[]],
    maxAgeMs: number,
    { signal, ask }: Asking<T>,
  ): Promise<T> => {
    const text = `${source.provider} ${SHAPES_VERSION} ${method} ${JSON.stringify(given)}`;
    return cache.answer({ text, maxAgeMs }, signal, ask);
  };
  const find = <Name extends Finder>(method: Name, maxAgeMs: number) => {
    const through = (id: string, signal: AbortSignal) =>
      anything<unknown>([method, id], maxAgeMs, { signal, ask: (shared) => source[method](id, shared) });
    return through as CatalogSource[Name];
  };
  const list = <Name extends List>(method: Name, maxAgeMs: number) => {
    const through: CatalogSource[List] = (id, page, signal) =>
      anything<never>([method, id, page.offset, page.limit], maxAgeMs, {
        signal,
        ask: (shared) => source[method](id, page, shared) as Promise<never>,
      });
    return through as CatalogSource[Name];
  };
  return { anything, find, list };
}
