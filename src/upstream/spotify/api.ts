import type { z } from 'zod';
import type { Page, PageRequest } from '../../catalog/catalog-source.js';
import { UpstreamFailedError } from '../../lib/errors.js';
import { parseJson } from '../../lib/parse-json.js';
import type { Service } from '../../outbound/outbound.js';
import { UnexpectedResponse, type ServiceClient } from '../../outbound/service-client.js';
import { SMALL_PAGE, type ListKind, type PageSizes } from './page-sizes.js';
import { errorSchema, pageSchema } from './schemas.js';

export const DISPLAY_NAME = 'Spotify';

/** Spotify counts the requests of an app in windows of 30 s and does not say how many it allows. */
export const API_SERVICE: Omit<Service, 'trusted' | 'account'> = {
  provider: 'spotify',
  displayName: DISPLAY_NAME,
  limits: { timeoutMs: 15_000, headersMs: 10_000, idleMs: 5_000, maxBytes: 8 * 1024 * 1024, redirects: 3 },
  rules: { requests: 90, windowMs: 30_000 },
};

type Query = Readonly<Record<string, string | null>>;

export interface FindRequest {
  signal: AbortSignal;
  /** What is null is left out. */
  query?: Query;
}

export interface ListRequest extends PageRequest, FindRequest {
  kind: ListKind;
  /** Whose value is the page, where a response is not the page itself. */
  within?: string;
}

export interface SpotifyApi {
  /** Null when Spotify has no such thing. Throws Upstream… errors and ForbiddenBySpotify. */
  find<T>(path: string, schema: z.ZodType<T>, request: FindRequest): Promise<T | null>;
  /** A null in place of each row that cannot be read. Null when Spotify has no such list. */
  list<T>(path: string, schema: z.ZodType<T>, request: ListRequest): Promise<Page<T | null> | null>;
}

/** The token says who asks. */
export type GetToken = (signal: AbortSignal, rejected?: string) => Promise<string>;

/** What the signed-in app or user may not see. */
export class ForbiddenBySpotify extends UpstreamFailedError {
  constructor(said: string) {
    super(`${DISPLAY_NAME} refused a request: ${quoted(said)} (status 403).`, { retryable: false });
  }
}

class TokenRejected extends Error {}

class PageTooLarge extends UpstreamFailedError {
  constructor(said: string) {
    super(`${DISPLAY_NAME} refused a request: ${quoted(said)} (status 400).`, { retryable: false });
  }
}

interface ApiOptions {
  service: ServiceClient;
  url: string;
  token: GetToken;
  sizes: PageSizes;
}

export function createSpotifyApi({ service, url, token, sizes }: ApiOptions): SpotifyApi {
  const get = async (path: string, { query = {}, signal }: FindRequest) => {
    const given = Object.entries(query).flatMap(([name, value]) => (value === null ? [] : [[name, value]]));
    const parameters = new URLSearchParams(given).toString();
    return withToken(token, signal, (bearer) =>
      service.get(`${url}${path}${parameters && `?${parameters}`}`, {
        headers: { accept: 'application/json', authorization: `Bearer ${bearer}` },
        signal,
        read: readBody,
      }),
    );
  };
  const find: SpotifyApi['find'] = async (path, schema, request) => {
    const body = await get(path, request);
    return body === null ? null : parse(path, schema, body);
  };
  return {
    find,
    list: (path, schema, request) => {
      const readPage = async (page: PageRequest) => {
        const query = { ...request.query, offset: String(page.offset), limit: String(page.limit) };
        const body = await get(path, { signal: request.signal, query });
        if (body === null) return null;
        return parse(path, pageSchema(schema), request.within ? inner(body, request.within) : body);
      };
      return listPages(readPage, sizes, request);
    },
  };
}

const inner = (body: object, name: string): unknown =>
  Object.entries(body).find(([own]) => own === name)?.[1];

function parse<T>(path: string, schema: z.ZodType<T>, body: unknown): T {
  const { data, error } = schema.safeParse(body);
  if (!error) return data;
  throw new UpstreamFailedError(`Spotify sent "${path}" in a form that cannot be read.`, { cause: error });
}

/** A token may end before its time; the next one is requested once. */
async function withToken<T>(
  token: GetToken,
  signal: AbortSignal,
  send: (bearer: string) => Promise<T>,
): Promise<T> {
  const first = await token(signal);
  try {
    return await send(first);
  } catch (thrown) {
    if (!(thrown instanceof TokenRejected)) throw thrown;
  }
  try {
    return await send(await token(signal, first));
  } catch (thrown) {
    if (!(thrown instanceof TokenRejected)) throw thrown;
    throw new UpstreamFailedError('Spotify rejects a token that it has just issued; try again later.', {
      cause: thrown,
    });
  }
}

type RawPage<T> = { items: (T | null)[]; total: number | null; next: string | null };

/** Apps in development mode get small pages: how large they may be is learned once, and kept. */
async function listPages<T>(
  read: (page: PageRequest) => Promise<RawPage<T> | null>,
  sizes: PageSizes,
  { kind, offset, limit }: ListRequest,
): Promise<Page<T | null> | null> {
  const items: (T | null)[] = [];
  let total = 0;
  for (let at = offset; at < offset + limit;) {
    const wanted = offset + limit - at;
    const size = Math.min(wanted, await sizes.of(kind, { isFirst: at === offset }));
    const page = await read({ offset: at, limit: size }).catch(async (thrown: unknown) => {
      if (!(thrown instanceof PageTooLarge) || size <= SMALL_PAGE) throw thrown;
      await sizes.learn(kind, SMALL_PAGE);
      return 'too large' as const;
    });
    if (page === 'too large') continue;
    if (!page) return items.length > 0 ? { items, total } : null;
    if (size > SMALL_PAGE) await sizes.learn(kind, size);
    total = page.total ?? at + page.items.length + (page.next === null ? 0 : 1);
    items.push(...page.items.slice(0, size));
    at = offsetOf(page.next) ?? at + size;
    if (page.items.length === 0 || page.next === null) break;
  }
  return { items, total };
}

/** Where fewer rows than requested come, the next page begins where it says. */
function offsetOf(next: string | null): number | null {
  const [, digits] = /[?&]offset=(\d{1,9})(?:&|$)/.exec(next ?? '') ?? [];
  return digits === undefined ? null : Number(digits);
}

/** Null for what Spotify does not have. */
async function readBody(response: Response): Promise<object | null> {
  const text = await response.text();
  const { status } = response;
  const body = parseJson(text);
  if (response.ok && typeof body === 'object' && body !== null) return body;
  if (response.ok) throw new UnexpectedResponse(`sent something else than JSON (status ${status})`);
  const said = errorSchema.safeParse(body).data?.error ?? (text.includes('<') ? '' : text.trim());
  if (status === 401) throw new TokenRejected();
  if (status === 404 || (status === 400 && /invalid (?:base62 )?id/i.test(said))) return null;
  if (status === 400 && /invalid limit/i.test(said)) throw new PageTooLarge(said);
  if (status === 403) throw refusalOf(said);
  throw new UpstreamFailedError(`Spotify refused a request: ${quoted(said)} (status ${status}).`, {
    retryable: false,
  });
}

function refusalOf(said: string): Error {
  if (!/premium/i.test(said)) return new ForbiddenBySpotify(said);
  return new UpstreamFailedError(
    `Spotify answers this app only while its owner has Premium: ${quoted(said)}. Subscribe with the account that owns the app, or enter an app of an account that has Premium with the mutation setSpotifyApp.`,
    { retryable: false },
  );
}

const quoted = (said: string): string => JSON.stringify(said.slice(0, 200));
