import { createSharedCalls } from '../lib/async.js';
import type { CatalogSource } from './catalog-source.js';

/** Albums at most, and bytes of a cover that is kept: 16 MiB of memory in the worst case. */
const KEPT_ALBUMS = 16;
const KEPT_BYTES = 1024 * 1024;

/**
 * Fetches covers, once for all tracks of an album that are downloaded one after the other. In memory, because
 * pictures would make up most of a database of texts.
 */
export function createRecentCovers({
  fetchCover,
}: Pick<CatalogSource, 'fetchCover'>): CatalogSource['fetchCover'] {
  const recent = new Map<string, Uint8Array>();
  const share = createSharedCalls();
  return async (track, signal) => {
    const album = track.album?.id ?? track.id;
    const cover = recent.get(album) ?? (await share(album, signal, (shared) => fetchCover(track, shared)));
    recent.delete(album);
    if (cover && cover.length <= KEPT_BYTES) recent.set(album, cover);
    const [oldest] = recent.keys();
    if (recent.size > KEPT_ALBUMS && oldest !== undefined) recent.delete(oldest);
    return cover;
  };
}
