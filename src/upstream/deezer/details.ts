import { z } from 'zod';
import type { CatalogCache } from '../../catalog/catalog-cache.js';
import { completeRows } from '../complete-rows.js';
import type { DeezerApi } from './api.js';
import { albumSchema, artistSchema, podcastSchema, trackRowSchema } from './schemas.js';
import type { DeezerAlbum, DeezerAlbumRow, DeezerArtist, DeezerPodcast, DeezerTrack } from './schemas.js';

/** Single items, which lists leave fields out of; each is requested once a day at most, by all processes together. */
export interface Details {
  track(id: string, signal: AbortSignal): Promise<DeezerTrack | null>;
  album(id: string, signal: AbortSignal): Promise<DeezerAlbum | null>;
  artist(id: string, signal: AbortSignal): Promise<DeezerArtist | null>;
  podcast(id: string, signal: AbortSignal): Promise<DeezerPodcast | null>;
  /** All of an album, with their positions. */
  albumTracks(id: string, signal: AbortSignal): Promise<DeezerTrack[]>;
  /** With what these rows lack, most of all the ISRC. */
  completeTracks(rows: readonly (DeezerTrack | null)[], signal: AbortSignal): Promise<(DeezerTrack | null)[]>;
  completeAlbums(rows: readonly DeezerAlbumRow[], signal: AbortSignal): Promise<DeezerAlbumRow[]>;
}

const MAX_AGE_MS = 24 * 3_600_000;
const ALL = { offset: 0, limit: 10_000 };
/** For one page: a list is not worth more than the quota of 5 s. A download asks for the rest. */
const MAX_REQUESTS = 50;

export function createDetails(api: DeezerApi, cache: CatalogCache): Details {
  const find = <T>(path: string, schema: z.ZodType<T>, signal: AbortSignal) =>
    cache.get(
      { key: `deezer item 1 ${path}`, schema: schema.nullable(), maxAgeMs: MAX_AGE_MS },
      signal,
      (shared) => api.find(path, schema, shared),
    );
  const track = (id: string, signal: AbortSignal) => find(`/track/${id}`, trackRowSchema, signal);
  const album = (id: string, signal: AbortSignal) => find(`/album/${id}`, albumSchema, signal);
  return {
    track,
    album,
    artist: (id, signal) => find(`/artist/${id}`, artistSchema, signal),
    podcast: (id, signal) => find(`/podcast/${id}`, podcastSchema, signal),
    albumTracks: (id, signal) => {
      const path = `/album/${id}/tracks`;
      const request = { key: `deezer item 1 ${path}`, schema: z.array(trackRowSchema), maxAgeMs: MAX_AGE_MS };
      return cache.get(request, signal, async (shared) => {
        const { items } = await api.list(path, trackRowSchema, { ...ALL, signal: shared });
        return items.flatMap((each) => each ?? []);
      });
    },
    completeTracks: (rows, signal) =>
      completeRows(rows, {
        lacksDetails: (row) => row?.isrc === null,
        find: async (row) => {
          const found = row && (await track(row.id, signal));
          return found && { ...found, time_add: row.time_add };
        },
        maxRequests: MAX_REQUESTS,
      }),
    completeAlbums: (rows, signal) =>
      completeRows(rows, {
        lacksDetails: (row) => row.nb_tracks === null,
        find: (row) => album(row.id, signal),
        maxRequests: MAX_REQUESTS,
      }),
  };
}
