import DataLoader from 'dataloader';
import type { z } from 'zod';
import type { Platform } from '../platform.js';
import { levelOf } from '../database/outage.js';
import { logFieldsOf } from '../jobs/errors.js';
import { createSharedCalls } from '../lib/async.js';
import { UpstreamFailedError, UpstreamLimitedError } from '../lib/errors.js';
import { readResponses, saveResponse, type CatalogCacheEntry } from './catalog-cache-store.js';

interface CachedRequest<T> {
  /** The same key is the same request, in every process. */
  key: string;
  /** A stored response of another form is fetched again. */
  schema: z.ZodType<T>;
  maxAgeMs: number;
  /** Marks what stands in for a response that the catalog does not give now. */
  markStale?: (value: T, fetchedAt: Date) => void;
}

/** A process sends one request once at a time, whoever waits for it. Failures are not kept. */
export interface CatalogCache {
  /** `load` resolves with plain data; null for what the catalog does not have. */
  get<T>(
    request: CachedRequest<T>,
    signal: AbortSignal,
    load: (signal: AbortSignal) => Promise<T>,
  ): Promise<T>;
}

type CacheDeps = Pick<Platform, 'db' | 'clock' | 'log'>;

/** An item may appear soon, and to request it again costs no more than the first time. */
const MISSING_MAX_AGE_MS = 60_000;
const MAX_BATCH = 500;

export function createCatalogCache(deps: CacheDeps): CatalogCache {
  const { db } = deps;
  // One query for the keys of one tick; keeps nothing in memory.
  const responses = new DataLoader<string, CatalogCacheEntry | null>((keys) => readResponses(db, keys), {
    cache: false,
    maxBatchSize: MAX_BATCH,
  });
  const share = createSharedCalls();
  return {
    get: (request, signal, load) =>
      share(request.key, signal, async (shared) => {
        const stored = parseStored(request, await responses.load(request.key));
        if (stored && isFresh(deps, stored, request)) return stored.value;
        return refresh(deps, request, { stored, load: () => load(shared) });
      }),
  };
}

interface Stored<T> {
  value: T;
  fetchedAt: Date;
}

function parseStored<T>({ schema }: CachedRequest<T>, stored: CatalogCacheEntry | null): Stored<T> | null {
  if (!stored) return null;
  const { success, data } = schema.safeParse(JSON.parse(stored.value));
  return success ? { value: data, fetchedAt: stored.fetchedAt } : null;
}

/** A response from the future was written while the clock was wrong. */
function isFresh<T>(
  { clock }: CacheDeps,
  { value, fetchedAt }: Stored<T>,
  { maxAgeMs }: CachedRequest<T>,
): boolean {
  const ageMs = Math.abs(clock.now().getTime() - fetchedAt.getTime());
  return ageMs < (value === null ? Math.min(maxAgeMs, MISSING_MAX_AGE_MS) : maxAgeMs);
}

async function refresh<T>(
  deps: CacheDeps,
  { key, markStale }: CachedRequest<T>,
  { stored, load }: { stored: Stored<T> | null; load: () => Promise<T> },
): Promise<T> {
  const fetchedAt = deps.clock.now();
  try {
    const value = await load();
    await save(deps, { key, value: JSON.stringify(value), fetchedAt });
    return value;
  } catch (thrown) {
    if (!stored || stored.value === null || !isUpstreamError(thrown)) throw thrown;
    deps.log.warn(
      { key, fetchedAt: stored.fetchedAt, ...logFieldsOf(thrown) },
      'catalog unavailable, serving cached response',
    );
    markStale?.(stored.value, stored.fetchedAt);
    return stored.value;
  }
}

/** Other errors are bugs of ours or callers who left: those are not covered up by an old response. */
function isUpstreamError(thrown: unknown): boolean {
  return thrown instanceof UpstreamFailedError || thrown instanceof UpstreamLimitedError;
}

async function save({ db, log }: CacheDeps, response: CatalogCacheEntry): Promise<void> {
  await saveResponse(db, response).catch((thrown: unknown) => {
    log[levelOf(thrown, 'warn')]({ key: response.key, err: thrown }, 'could not cache a catalog response');
  });
}
