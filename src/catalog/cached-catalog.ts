import { z } from 'zod';
import type { CatalogCache } from './catalog-cache.js';
import {
  albumSchema,
  artistSchema,
  catalogItemSchema,
  episodeSchema,
  playlistSchema,
  SCHEMA_VERSION,
  showSchema,
  trackSchema,
  type CatalogItem,
} from './catalog-item.js';
import { playlistEntrySchema, type CatalogSource, type Page, type PageRequest } from './catalog-source.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** Tracks, albums and artists: corrected once in a while. */
const LASTING_MS = 24 * HOUR_MS;
/** Searches, an artist's albums, shows: new ones come, and an hour's delay does no harm. */
const GROWING_MS = HOUR_MS;
/** Playlists: who adds a track and then queues the playlist expects that track too. */
const CHANGING_MS = 5 * MINUTE_MS;

/** @param note is told what items a fresh response has */
export function createCachedCatalog(
  source: CatalogSource,
  cache: CatalogCache,
  note: (items: readonly CatalogItem[]) => Promise<void> = () => Promise.resolve(),
): CatalogSource {
  const { request, find, list } = createRequests(source, { cache, note });
  const findPlaylist = find(source.findPlaylist, 'findPlaylist', [playlistSchema, CHANGING_MS]);
  return {
    provider: source.provider,
    remote: source.remote,
    ...(source.isOwnMusic && { isOwnMusic: true as const }),
    ...(source.isSetUp && { isSetUp: source.isSetUp }),
    ...cacheCodes(source, find),
    search: (query, signal) => {
      const { type, text, offset, limit } = query;
      return request(['search', type, text, offset, limit], [pageOf(catalogItemSchema), GROWING_MS], {
        signal,
        load: (shared) => source.search(query, shared),
        itemsIn: ({ items }) => items,
      });
    },
    findTrack: find(source.findTrack, 'findTrack', [trackSchema, LASTING_MS]),
    findAlbum: find(source.findAlbum, 'findAlbum', [albumSchema, LASTING_MS]),
    findPlaylist,
    findArtist: find(source.findArtist, 'findArtist', [artistSchema, LASTING_MS]),
    findShow: find(source.findShow, 'findShow', [showSchema, GROWING_MS]),
    findEpisode: find(source.findEpisode, 'findEpisode', [episodeSchema, LASTING_MS]),
    listAlbumTracks: list(source.listAlbumTracks, 'listAlbumTracks', [trackSchema, LASTING_MS]),
    listShowEpisodes: list(source.listShowEpisodes, 'listShowEpisodes', [episodeSchema, GROWING_MS]),
    // Entries are stored by revision: they are never older than the playlist that they are shown with.
    listPlaylistEntries: async (id, page, signal) => {
      const revision = (await findPlaylist(id, signal))?.revision ?? null;
      const maxAgeMs = revision === null ? CHANGING_MS : GROWING_MS;
      return request(
        ['listPlaylistEntries', id, revision, page.offset, page.limit],
        [pageOf(playlistEntrySchema), maxAgeMs],
        {
          signal,
          load: (shared) => source.listPlaylistEntries(id, page, shared),
          itemsIn: ({ items }) => items.flatMap(({ track }) => track ?? []),
        },
      );
    },
    listArtistAlbums: (id, query, signal) => {
      const groups = query.groups.toSorted().join();
      return request(
        ['listArtistAlbums', id, groups, query.offset, query.limit],
        [pageOf(albumSchema), GROWING_MS],
        {
          signal,
          load: (shared) => source.listArtistAlbums(id, query, shared),
          itemsIn: ({ items }) => items,
        },
      );
    },
    // Kept on disk (covers/): pictures would make up most of a database of texts.
    fetchCover: source.fetchCover,
  };
}

/** Absent where the catalog cannot look codes up. */
function cacheCodes(
  source: CatalogSource,
  find: ReturnType<typeof createRequests>['find'],
): Pick<CatalogSource, 'findTrackByIsrc' | 'findAlbumByUpc'> {
  return {
    ...(source.findTrackByIsrc && {
      findTrackByIsrc: find(source.findTrackByIsrc, 'findTrackByIsrc', [trackSchema, LASTING_MS]),
    }),
    ...(source.findAlbumByUpc && {
      findAlbumByUpc: find(source.findAlbumByUpc, 'findAlbumByUpc', [albumSchema, LASTING_MS]),
    }),
  };
}

const pageOf = <T>(item: z.ZodType<T>): z.ZodType<Page<T>> =>
  z.object({ items: z.array(item), total: z.number() });

type Rule<T> = [schema: z.ZodType<T>, maxAgeMs: number];
type Method = keyof CatalogSource;

interface Load<T> {
  signal: AbortSignal;
  load: (signal: AbortSignal) => Promise<T>;
  itemsIn: (value: T) => readonly CatalogItem[];
}

interface CacheUse {
  cache: CatalogCache;
  note: (items: readonly CatalogItem[]) => Promise<void>;
}

function createRequests({ provider, cacheScope }: CatalogSource, { cache, note }: CacheUse) {
  const request = async <T>(
    [method, ...args]: [Method, ...(string | number | null)[]],
    [schema, maxAgeMs]: Rule<T>,
    { signal, load, itemsIn }: Load<T>,
  ): Promise<T> => {
    const scope = cacheScope ? `${await cacheScope()} ` : '';
    const key = `${provider} ${SCHEMA_VERSION} ${scope}${method} ${JSON.stringify(args)}`;
    const markStale = (value: T, fetchedAt: Date) => {
      for (const item of itemsIn(value)) item.asOf = fetchedAt.toISOString();
    };
    return cache.get({ key, schema, maxAgeMs, markStale }, signal, async (shared) => {
      const value = await load(shared);
      await note(itemsIn(value));
      return value;
    });
  };
  const find =
    <T extends CatalogItem>(
      load: (id: string, signal: AbortSignal) => Promise<T | null>,
      method: Method,
      [schema, maxAgeMs]: Rule<T>,
    ) =>
    (id: string, signal: AbortSignal) =>
      request([method, id], [schema.nullable(), maxAgeMs], {
        signal,
        load: (shared) => load(id, shared),
        itemsIn: (item) => (item ? [item] : []),
      });
  const list =
    <T extends CatalogItem>(
      load: (id: string, page: PageRequest, signal: AbortSignal) => Promise<Page<T>>,
      method: Method,
      [schema, maxAgeMs]: Rule<T>,
    ) =>
    (id: string, page: PageRequest, signal: AbortSignal) =>
      request([method, id, page.offset, page.limit], [pageOf(schema), maxAgeMs], {
        signal,
        load: (shared) => load(id, page, shared),
        itemsIn: ({ items }) => items,
      });
  return { request, find, list };
}
