import { z } from 'zod';
import type { Album } from '../../catalog/catalog-item.js';
import type { CatalogCache } from '../../catalog/catalog-cache.js';
import type { Page, PageRequest } from '../../catalog/catalog-source.js';
import { completeRows } from '../complete-rows.js';
import { LARGE_PAGE } from './page-sizes.js';
import type { SpotifyClient } from './client.js';
import { toAlbum } from './map.js';
import { albumSchema, trackSchema, type SpotifyAlbum, type SpotifyTrack } from './schemas.js';

/** Single items, which lists leave fields out of; each is requested once a day at most, by all processes together. */
export interface Details {
  track(id: string, signal: AbortSignal): Promise<SpotifyTrack | null>;
  /** With the number of its discs. */
  wholeAlbum(id: string, signal: AbortSignal): Promise<Album | null>;
  /** Null when Spotify has no such album. */
  albumTracks(id: string, page: PageRequest, signal: AbortSignal): Promise<Page<SpotifyTrack> | null>;
  /** With their ISRCs, which an album's tracks lack. */
  completeTracks(rows: readonly SpotifyTrack[], signal: AbortSignal): Promise<SpotifyTrack[]>;
}

const MAX_AGE_MS = 24 * 3_600_000;
/** For one page: each track is a request of its own. A download asks for the rest. */
const MAX_REQUESTS = 20;

const tracksSchema = z.object({ items: z.array(trackSchema), total: z.number() });

export function createDetails({ app, access: { market } }: SpotifyClient, cache: CatalogCache): Details {
  const query = { market };
  const request = <T>(path: string, schema: z.ZodType<T>) => ({
    key: `spotify item 1 ${market ?? ''} ${path}`,
    schema: schema.nullable(),
    maxAgeMs: MAX_AGE_MS,
  });
  const find = <T>(path: string, schema: z.ZodType<T>, signal: AbortSignal) =>
    cache.get(request(path, schema), signal, (shared) => app.find(path, schema, { signal: shared, query }));
  const track = (id: string, signal: AbortSignal) => find(`/tracks/${id}`, trackSchema, signal);
  const block = (id: string, { offset, limit }: PageRequest, signal: AbortSignal) => {
    const path = `/albums/${id}/tracks`;
    return cache.get(request(`${path} ${offset} ${limit}`, tracksSchema), signal, async (shared) => {
      const list = { kind: 'album tracks' as const, offset, limit, query, signal: shared };
      const page = await app.list(path, trackSchema, list);
      return page && { ...page, items: page.items.flatMap((each) => each ?? []) };
    });
  };
  return {
    track,
    async wholeAlbum(id, signal) {
      const found = await find(`/albums/${id}`, albumSchema, signal);
      return found && toAlbum(found, await countDiscs(found, (page) => block(id, page, signal)));
    },
    albumTracks: (id, page, signal) => readBlocks(page, (part) => block(id, part, signal)),
    completeTracks: (rows, signal) =>
      completeRows(rows, {
        lacksDetails: (row) => row.external_ids === null,
        find: async (row) => {
          const found = await track(row.linked_from?.id ?? row.id, signal);
          // Its place is that in this album.
          return found && { ...found, track_number: row.track_number, disc_number: row.disc_number };
        },
        maxRequests: MAX_REQUESTS,
      }),
  };
}

type ReadBlock = (page: PageRequest) => Promise<Page<SpotifyTrack> | null>;

/** The discs are in order: the last track is on the last one. */
async function countDiscs({ total_tracks: total }: SpotifyAlbum, read: ReadBlock): Promise<number> {
  const start = Math.floor(Math.max(0, (total ?? 0) - 1) / LARGE_PAGE) * LARGE_PAGE;
  const page = await read({ offset: start, limit: LARGE_PAGE });
  return Math.max(1, ...(page?.items ?? []).map((track) => track.disc_number ?? 1));
}

/** In blocks that are kept each: after the quota was reached in the middle, what had come is not requested again. */
async function readBlocks(
  { offset, limit }: PageRequest,
  read: ReadBlock,
): Promise<Page<SpotifyTrack> | null> {
  const items: SpotifyTrack[] = [];
  const first = Math.floor(offset / LARGE_PAGE) * LARGE_PAGE;
  let total = 0;
  for (let start = first; start === first || start < Math.min(total, offset + limit); start += LARGE_PAGE) {
    const block = await read({ offset: start, limit: LARGE_PAGE });
    if (!block) return null;
    total = block.total;
    items.push(...block.items);
  }
  return { items: items.slice(offset - first, offset - first + limit), total };
}
