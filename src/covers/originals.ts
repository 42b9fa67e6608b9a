import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { CatalogItem } from '../catalog/catalog-item.js';
import type { CatalogSource } from '../catalog/catalog-source.js';
import { logFieldsOf } from '../jobs/errors.js';
import { createSharedCalls } from '../lib/async.js';
import { UpstreamFailedError, UpstreamLimitedError } from '../lib/errors.js';
import type { Platform } from '../platform.js';
import { pictureKindOf } from './picture.js';
import type { PictureFile, PictureFiles } from './picture-files.js';

/** Where a picture comes from: equal keys are the same picture. */
export interface PictureSource {
  key: string;
  item: CatalogItem;
  catalog: CatalogSource;
}

export interface Original {
  bytes: Uint8Array;
  hash: string;
}

/** Pictures as catalogs have them. */
export interface Originals {
  /** Null for an item without a picture. Throws Upstream… errors. */
  load(source: PictureSource, signal: AbortSignal): Promise<Original | null>;
  /** What is known without a request; null when there is no picture, undefined when nothing is known. Throws as `load`. */
  knownHash(source: PictureSource): string | null | undefined;
  /** Its picture cannot be used: for a while, it is not requested again. */
  reject(source: PictureSource, thrown: unknown): Promise<void>;
}

type OriginalDeps = Pick<Platform, 'log' | 'clock'> & { files: PictureFiles };

/** The same address may have another picture some day. */
const REFRESH_MS = 30 * 86_400_000;
const REMEMBERED = 5_000;
const KNOWN_MS = 600_000;
const MISSING_MS = 60_000;

export function createOriginals(deps: OriginalDeps): Originals {
  const memo = createMemo();
  const share = createSharedCalls();
  const reject = ({ key, item }: PictureSource, thrown: unknown): boolean => {
    const isRejected = memo.reject(key, thrown);
    if (isRejected) deps.log.warn({ item: item.id, ...logFieldsOf(thrown) }, 'cover cannot be used');
    return isRejected;
  };
  return {
    knownHash: (source) => memo.get(source.key),
    load: (source, signal) =>
      share(source.key, signal, async (shared) => {
        if (memo.get(source.key) === null) return null;
        try {
          const bytes = await readOrFetch(deps, source, shared);
          const hash = bytes && hashOf(bytes);
          memo.remember(source, hash);
          return bytes && hash ? { bytes, hash } : null;
        } catch (thrown) {
          reject(source, thrown);
          throw thrown;
        }
      }),
    async reject(source, thrown) {
      // What came only in part may come whole the next time.
      if (reject(source, thrown) && source.catalog.remote) await deps.files.remove(nameOf(source));
    },
  };
}

function createMemo() {
  type Known = { hash: string | null } | { error: UpstreamFailedError };
  const known = new LRUCache<string, Known>({ max: REMEMBERED });
  return {
    get(key: string): string | null | undefined {
      const found = known.get(key);
      if (found && 'error' in found) throw found.error;
      return found?.hash;
    },
    /** A local catalog says by another key when there may be another picture. */
    remember({ key, catalog }: PictureSource, hash: string | null): void {
      const ttl = hash === null ? MISSING_MS : catalog.remote ? KNOWN_MS : 0;
      known.set(key, { hash }, { ttl });
    },
    /** Only what would end in the same way; true if so. */
    reject(key: string, thrown: unknown): boolean {
      if (!(thrown instanceof UpstreamFailedError) || thrown.retryable) return false;
      known.set(key, { error: thrown }, { ttl: KNOWN_MS });
      return true;
    },
  };
}

const hashOf = (data: string | Uint8Array): string =>
  createHash('sha256').update(data).digest('hex').slice(0, 40);

const nameOf = ({ key }: PictureSource): string => `${hashOf(key)}.original`;

/** Of local catalogs, which read a file of their own, nothing is kept. */
async function readOrFetch(
  { log, clock, files }: OriginalDeps,
  source: PictureSource,
  signal: AbortSignal,
): Promise<Uint8Array | null> {
  if (!source.catalog.remote) return fetchPicture(source, signal);
  const kept = await files.read(nameOf(source));
  if (kept && ageMs(kept, clock.now()) < REFRESH_MS) return kept.bytes;
  try {
    const bytes = await fetchPicture(source, signal);
    if (bytes) await files.write(nameOf(source), bytes);
    return bytes;
  } catch (thrown) {
    const isUpstream = thrown instanceof UpstreamFailedError || thrown instanceof UpstreamLimitedError;
    if (!kept || !isUpstream) throw thrown;
    log.warn({ item: source.item.id, ...logFieldsOf(thrown) }, 'cover unavailable, serving the stored one');
    return kept.bytes;
  }
}

/** A time in the future was written while the clock was wrong. */
const ageMs = ({ storedAt }: PictureFile, now: Date): number => Math.abs(now.getTime() - storedAt.getTime());

async function fetchPicture(
  { item, catalog }: PictureSource,
  signal: AbortSignal,
): Promise<Uint8Array | null> {
  const bytes = await catalog.fetchCover(item, signal);
  if (bytes) pictureKindOf(bytes);
  return bytes;
}
