import type { Reader } from '../database/expensive-reads.js';
import { abortable } from '../lib/async.js';
import { DomainError, isErrorCode, UpstreamFailedError, type ErrorCode } from '../lib/errors.js';
import type { Platform } from '../platform.js';
import type { CatalogItem, CatalogType } from './catalog-item.js';
import type { CatalogDeps, CatalogSource, Page, PageRequest } from './catalog-source.js';
import { listByPreference } from './bridge.js';
import { getCatalog } from './find-item.js';
import { mergeResults } from './merge-results.js';

type SearchDeps = Pick<CatalogDeps, 'catalogs' | 'defaultCatalog'> & Pick<Platform, 'reads' | 'timing'>;

/** In place of the name of a catalog. */
export const ALL_CATALOGS = 'all';

/** Results of each catalog that are merged; also what any of them has in few requests. */
export const MERGED_RESULTS = 50;

export interface CatalogProblem {
  catalog: string;
  code: ErrorCode;
  message: string;
  retryAfterMs: number | null;
}

export interface SearchResults extends Page<CatalogItem> {
  /** Catalogs whose results are missing. */
  problems: CatalogProblem[];
}

interface Query {
  text: string;
  type: CatalogType;
}

export async function searchCatalogs(
  deps: SearchDeps,
  { catalog, ...query }: Query & PageRequest & { catalog: string | null },
  reader: Reader,
): Promise<SearchResults> {
  if (catalog === ALL_CATALOGS) return searchAll(deps, query, reader);
  const one = getCatalog(deps, `${catalog ?? deps.defaultCatalog()}:`);
  return { ...(await searchOne(deps, { catalog: one, query }, reader)), problems: [] };
}

interface CatalogSearch {
  catalog: CatalogSource;
  query: Query & PageRequest;
}

/** A remote catalog must not keep a place among the reads of our own database. */
function searchOne(
  { reads }: Pick<Platform, 'reads'>,
  { catalog, query }: CatalogSearch,
  reader: Reader,
): Promise<Page<CatalogItem>> {
  const search = () => catalog.search(query, reader.signal);
  return catalog.remote ? search() : reads.run(reader, search);
}

/**
 * Every page merges the same results of each catalog, which the cache keeps: so pages fit together, and a further one
 * costs no request. Throws what the first catalog threw when all have failed.
 */
async function searchAll(
  deps: SearchDeps,
  { offset, limit, ...query }: Query & PageRequest,
  reader: Reader,
): Promise<SearchResults> {
  const catalogs = listByPreference(deps);
  const whole = { ...query, offset: 0, limit: MERGED_RESULTS };
  const found = await Promise.all(
    catalogs.map((catalog) => searchInTime(deps, { catalog, query: whole }, reader)),
  );
  const failed = found.flatMap((each) => ('thrown' in each ? [each] : []));
  if (failed[0] && failed.length === found.length) throw failed[0].thrown;
  const lists = found.map((each, index) => ({
    items: 'items' in each ? each.items : [],
    marksExplicit: catalogs[index]?.remote ?? false,
  }));
  const merged = mergeResults(lists);
  return {
    items: merged.slice(offset, offset + limit),
    total: merged.length,
    problems: failed.map(({ problem }) => problem),
  };
}

interface Failed {
  thrown: DomainError;
  problem: CatalogProblem;
}

async function searchInTime(
  deps: SearchDeps,
  search: CatalogSearch,
  reader: Reader,
): Promise<Page<CatalogItem> | Failed> {
  const { provider } = search.catalog;
  const limitMs = deps.timing.catalogSearchMs;
  const timeout = AbortSignal.timeout(limitMs);
  const signal = AbortSignal.any([reader.signal, timeout]);
  try {
    return await abortable(searchOne(deps, search, { ...reader, signal }), signal);
  } catch (thrown) {
    reader.signal.throwIfAborted();
    const late = `The catalog "${provider}" did not answer within ${limitMs / 1000} s.`;
    return toFailed(provider, timeout.aborted ? new UpstreamFailedError(late) : thrown);
  }
}

/** A bug of ours is not the catalog's problem. */
function toFailed(catalog: string, thrown: unknown): Failed {
  if (!(thrown instanceof DomainError)) throw thrown;
  const { code, message, retryAfterMs } = thrown;
  if (!isErrorCode(code)) throw thrown;
  return { thrown, problem: { catalog, code, message, retryAfterMs } };
}
