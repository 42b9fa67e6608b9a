import { toContextRequest, type ContextRequest } from '../graphql/context-request.js';
import { toDatabaseError } from '../database/outage.js';
import { DomainError, UpstreamFailedError } from '../lib/errors.js';
import type { HttpExchange, HttpHandler } from './request-context.js';
import { sendEmpty, sendJson, toFailureBody } from './send.js';

export const COVERS_PATH = '/covers';

interface Picture {
  etag: string;
  /** Null for what the client has already. */
  bytes: Uint8Array | null;
}

interface CoverRequest {
  name: string;
  size: string;
  format: 'jpeg' | 'webp';
  knows: (etag: string) => boolean;
}

export interface CoverRoute {
  covers: {
    /** Whether the address itself says that its reader may have it. */
    addresses: { isSigned(name: string, query: URLSearchParams): Promise<boolean> };
    /** Null for what does not exist. Throws DomainError. */
    render(request: CoverRequest, signal: AbortSignal): Promise<Picture | null>;
  };
  mayRead(request: ContextRequest): Promise<boolean>;
  /** Whether everyone may read: then caches between us and the reader may keep covers. */
  isPublic: boolean;
}

/** A day without a request; then the ETag decides, and what is there is shown meanwhile. */
const FOUND = 'max-age=86400, stale-while-revalidate=604800';
const MISSING = 'private, max-age=300';

/** `GET /covers/<id>/<size>`: nothing of an address is a URL, so that nobody chooses what is fetched. */
export function createCoverHandler(route: CoverRoute): HttpHandler {
  return async (exchange, url) => {
    const { incoming, outgoing, signal } = exchange;
    const [, , name = '', size = '', ...rest] = url.pathname.split('/').map(decoded);
    const format = acceptsWebp(exchange) ? 'webp' : 'jpeg';
    const known = incoming.headers['if-none-match'] ?? '';
    const knows = (etag: string) => known.includes(etag);
    try {
      if (!(await isAllowed(route, exchange, { name, query: url.searchParams })))
        return sendUnauthorized(exchange);
      const request = { name, size, format, knows } as const;
      const picture = rest.length > 0 ? null : await route.covers.render(request, signal);
      if (picture) sendPicture(exchange, picture, { format, scope: route.isPublic ? 'public' : 'private' });
      else sendMissing(exchange, 'This item does not exist, or has no cover of this size.');
    } catch (thrown) {
      if (signal.aborted) return void outgoing.destroy();
      const error = thrown instanceof DomainError ? thrown : toDatabaseError(thrown);
      if (!error) throw thrown;
      sendFailure(exchange, error);
    }
  };
}

async function isAllowed(
  route: CoverRoute,
  { incoming, client, requestId, signal }: HttpExchange,
  { name, query }: { name: string; query: URLSearchParams },
): Promise<boolean> {
  if (await route.covers.addresses.isSigned(name, query)) return true;
  return route.mayRead(toContextRequest(incoming, { transport: 'http', requestId, signal, client }));
}

/** Empty, which no name is, if it is malformed. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return '';
  }
}

/** Every client takes JPEG, also those that do not say so. */
function acceptsWebp({ incoming }: HttpExchange): boolean {
  const accepted = (incoming.headers.accept ?? '').split(',').map((each) => each.trim().toLowerCase());
  return accepted.some((each) => /^image\/webp(?:;|$)/.test(each) && !/;\s*q=0(?:\.0*)?$/.test(each));
}

function sendPicture(
  { outgoing }: HttpExchange,
  { etag, bytes }: Picture,
  { format, scope }: { format: string; scope: string },
): void {
  const headers = { etag, 'cache-control': `${scope}, ${FOUND}`, vary: 'accept, origin' };
  if (bytes === null) return sendEmpty(outgoing, { status: 304, headers });
  outgoing
    .writeHead(200, { ...headers, 'content-type': `image/${format}`, 'content-length': bytes.byteLength })
    .end(bytes);
}

function sendMissing({ outgoing }: HttpExchange, message: string): void {
  sendJson(outgoing, toFailureBody(message), { status: 404, headers: { 'cache-control': MISSING } });
}

function sendUnauthorized(exchange: HttpExchange): void {
  exchange.refusal = 'no valid signature or token';
  const message =
    'The signature of this address is missing, invalid or has expired; request the item again, or send a token.';
  const headers = { 'cache-control': 'no-store', 'www-authenticate': 'Bearer' };
  sendJson(exchange.outgoing, toFailureBody(message), { status: 401, headers });
}

/** A bad id, or a picture that is unusable and stays so, is missing. */
function sendFailure(exchange: HttpExchange, error: DomainError): void {
  if (!error.retryable) return sendMissing(exchange, error.message);
  const { retryAfterMs } = error;
  sendJson(exchange.outgoing, toFailureBody(error.message), {
    status: error instanceof UpstreamFailedError ? 502 : 503,
    headers: {
      'cache-control': 'no-store',
      ...(retryAfterMs !== null && { 'retry-after': String(Math.ceil(retryAfterMs / 1000)) }),
    },
  });
}
