import type { Readable } from 'node:stream';
import type { z } from 'zod';
import type { CatalogCache } from '../../catalog/catalog-cache.js';
import type { PageRequest } from '../../catalog/catalog-source.js';
import { UpstreamFailedError } from '../../lib/errors.js';
import { parseJson } from '../../lib/parse-json.js';
import type { Outbound, Service } from '../../outbound/outbound.js';
import { UnexpectedResponse } from '../../outbound/service-client.js';
import { beginAudio } from '../audio-response.js';
import { foundSchema, itemSchema, searchSchema, type ArchiveItem, type Found } from './schemas.js';

export const NAME = 'internet-archive';
export const DISPLAY_NAME = 'Internet Archive';

/** What its operators call polite. Whoever waits does so for one album: each item is requested once for it. */
const RULES: Service['rules'] = { requests: 2, windowMs: 1_000, patienceMs: 20_000 };
/** Covers are no part of that, and may take longer. */
export const PICTURE_RULES: Service['rules'] = { requests: 1, windowMs: 1_000, patienceMs: 20_000 };

const API: Service['limits'] = {
  ...{ timeoutMs: 40_000, headersMs: 30_000, idleMs: 10_000 },
  ...{ maxBytes: 32 * 1024 * 1024, redirects: 3 },
};
/** `/download/` redirects to the data node that has the file. */
const FILES: Service['limits'] = { ...API, idleMs: 60_000 };

export interface ArchiveApi {
  /** Null for an unknown item. Kept for a day. */
  findItem(identifier: string, signal: AbortSignal): Promise<ArchiveItem | null>;
  /** Within the collections of the owner. Kept for an hour. */
  search(clauses: readonly string[], page: PageRequest, signal: AbortSignal): Promise<Found>;
  open(
    file: { identifier: string; name: string },
    options: { offsetBytes: number; signal: AbortSignal },
  ): Promise<Readable>;
  /** Address of the picture of an item. */
  pictureOf(identifier: string): string;
}

export interface ArchiveApiDeps {
  outbound: Outbound;
  cache: CatalogCache;
  url: string;
  collections: readonly string[];
}

export function createArchiveApi({ outbound, cache, url, collections }: ArchiveApiDeps): ArchiveApi {
  const service = { provider: NAME, displayName: DISPLAY_NAME, trusted: [url], rules: RULES };
  const api = outbound.openService({ ...service, limits: API });
  const files = outbound.openService({ ...service, limits: FILES });
  const read = async <T>(path: string, schema: z.ZodType<T>, signal: AbortSignal): Promise<T | null> => {
    const headers = { accept: 'application/json' };
    const body = await api.get(`${url}${path}`, { headers, signal, read: readBody });
    if (isEmpty(body)) return null;
    const { data, error } = schema.safeParse(body);
    if (data !== undefined) return data;
    const message = `${DISPLAY_NAME} sent "${path.split('?')[0]}" in a form that cannot be read.`;
    throw new UpstreamFailedError(message, { cause: error });
  };
  const scope = `collection:(${collections.map(quoted).join(' OR ')}) AND mediatype:(audio OR etree)`;
  return {
    findItem: (identifier, signal) =>
      cache.get(
        { key: `${NAME} item 1 ${identifier}`, schema: itemSchema.nullable(), maxAgeMs: 24 * HOUR_MS },
        signal,
        (shared) => read(`/metadata/${encodeURIComponent(identifier)}`, itemSchema, shared),
      ),
    search: (clauses, page, signal) => {
      const query = [scope, ...clauses].join(' AND ');
      const key = `${NAME} search 1 ${JSON.stringify([query, page.offset, page.limit])}`;
      return cache.get({ key, schema: foundSchema, maxAgeMs: HOUR_MS }, signal, (shared) =>
        searchPages(page, async (number) => {
          const path = `/advancedsearch.php?${searchParameters(query, { rows: page.limit, number })}`;
          return (await read(path, searchSchema, shared)) ?? { rows: [], total: 0 };
        }),
      );
    },
    open: ({ identifier, name }, { offsetBytes, signal }) =>
      files.open(`${url}/download/${[identifier, ...name.split('/')].map(encodeURIComponent).join('/')}`, {
        signal,
        headers: offsetBytes > 0 ? { range: `bytes=${offsetBytes}-` } : {},
        begin: (response) =>
          Promise.resolve(beginAudio(response, { displayName: DISPLAY_NAME, offsetBytes })),
      }),
    pictureOf: (identifier) => `${url}/services/img/${identifier}`,
  };
}

const HOUR_MS = 3_600_000;
const FIELDS = ['identifier', 'title', 'creator', 'date', 'licenseurl'];

function searchParameters(query: string, { rows, number }: { rows: number; number: number }): string {
  const parameters = new URLSearchParams({ q: query, output: 'json', rows: String(rows) });
  parameters.set('page', String(number));
  for (const field of FIELDS) parameters.append('fl[]', field);
  return parameters.toString();
}

/** The API has pages of one size: an offset between two of them needs both. */
async function searchPages(
  { offset, limit }: PageRequest,
  load: (number: number) => Promise<Found>,
): Promise<Found> {
  const number = Math.floor(offset / limit) + 1;
  const skipped = offset % limit;
  const first = await load(number);
  const needsNext = skipped > 0 && first.total > number * limit;
  const next = needsNext ? (await load(number + 1)).rows : [];
  return { rows: [...first.rows, ...next].slice(skipped, skipped + limit), total: first.total };
}

/** In quotes, nothing in a text is an operator of the search. */
export const quoted = (text: string): string => `"${text.replace(/[\\"]/g, ' ').trim()}"`;

const isEmpty = (body: object): boolean => Object.keys(body).length === 0;

async function readBody(response: Response): Promise<object> {
  const body = parseJson(await response.text());
  if (typeof body !== 'object' || body === null || !response.ok)
    throw new UnexpectedResponse(`sent something else than JSON (status ${response.status})`);
  return body;
}
