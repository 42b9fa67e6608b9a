import { LRUCache } from 'lru-cache';
import { delay } from '../lib/async.js';
import { UpstreamFailedError, UpstreamLimitedError } from '../lib/errors.js';
import type { Clock } from '../lib/clock.js';
import { OutboundError } from './errors.js';
import type { HttpClient, OpenedResponse, OutboundRequest, RequestLimits } from './http-client.js';
import { parseRetryAfter, type RequestGate, type Turn } from './request-gate.js';

interface AnyRequest {
  signal: AbortSignal;
  headers?: Readonly<Record<string, string>>;
  /** Sent by POST, and as often as a GET: for requests that may be repeated. */
  form?: URLSearchParams;
}

export interface ServiceRequest<T> extends AnyRequest {
  /** Throws UnexpectedResponse or LimitedResponse. */
  read: (response: Response) => Promise<T>;
}

export interface OpenRequest<T> extends AnyRequest {
  /** Throws as `read` does; the body is then destroyed. */
  begin: (response: OpenedResponse) => Promise<T>;
}

/** Requests to one provider: within its limits, repeated where that may help, revalidated by ETag. */
export interface ServiceClient {
  /** Throws Upstream… errors (lib/errors.ts), and the signal's reason. */
  get<T>(url: string, request: ServiceRequest<T>): Promise<T>;
  /** For what is too large to be held. What fails after it has begun is not repeated. Throws as `get` does. */
  open<T>(url: string, request: OpenRequest<T>): Promise<T>;
}

/** Something else than the service promises, such as HTML in place of JSON. */
export class UnexpectedResponse extends Error {}

/** The service limits requests, and says so in its own way. */
export class LimitedResponse extends Error {}

export interface ServiceClientOptions {
  http: HttpClient;
  gate: RequestGate;
  clock: Clock;
  /** In messages. */
  displayName: string;
  limits: RequestLimits;
  retryDelayMs?: number;
}

const TRIES = 3;
const RETRY_DELAY_MS = 300;
const TOO_MANY_REQUESTS = 429;
const NOT_MODIFIED = 304;
const UNAVAILABLE = 503;
/** Of responses with an ETag, which are sent again only when they have changed. */
const KEPT_BYTES = 8 * 1024 * 1024;

interface Kept {
  etag: string;
  response: Response;
}

export function createServiceClient(options: ServiceClientOptions): ServiceClient {
  const kept = new LRUCache<string, Kept>({ maxSize: KEPT_BYTES });
  const { http, limits } = options;
  return {
    get: (url, request) =>
      repeat(options, request.signal, async () => {
        const response = await fetchKept(options, kept, { url, request });
        return judge(options, response, () => request.read(response));
      }),
    open: (url, request) =>
      repeat(options, request.signal, async () => {
        const opened = await http.open(url, toOutbound(request), { ...limits, signal: request.signal });
        try {
          return await judge(options, opened, () => request.begin(opened));
        } catch (thrown) {
          opened.body.destroy();
          throw thrown;
        }
      }),
  };
}

async function repeat<T>(
  options: ServiceClientOptions,
  signal: AbortSignal,
  send: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const turn = await options.gate.enter(signal);
    try {
      const result = await send();
      await turn.succeeded();
      return result;
    } catch (thrown) {
      if (signal.aborted) await turn.abandoned();
      signal.throwIfAborted();
      const { error, isRepeatable } = await explain(options, turn, thrown);
      if (!isRepeatable || attempt === TRIES) throw error;
      const baseMs = (options.retryDelayMs ?? RETRY_DELAY_MS) * 2 ** attempt;
      await delay(baseMs * (0.5 + Math.random() / 2), signal);
    }
  }
}

const toOutbound = ({ headers = {}, form }: AnyRequest): OutboundRequest =>
  form ? { method: 'POST', headers, body: form } : { headers };

async function fetchKept(
  { http, limits }: ServiceClientOptions,
  kept: LRUCache<string, Kept>,
  { url, request }: { url: string; request: ServiceRequest<unknown> },
): Promise<Response> {
  const { headers, signal } = request;
  if (request.form) return http.request(url, toOutbound(request), { ...limits, signal });
  const known = kept.get(url);
  const revalidate = known ? { 'if-none-match': known.etag } : {};
  const response = await http.request(url, { headers: { ...headers, ...revalidate } }, { ...limits, signal });
  if (known && response.status === NOT_MODIFIED) return known.response.clone();
  const etag = response.headers.get('etag');
  if (etag !== null && response.status === 200) {
    const size = (await response.clone().arrayBuffer()).byteLength;
    kept.set(url, { etag, response: response.clone() }, { size: Math.max(1, size) });
  }
  return response;
}

/** Says what a status means that means the same everywhere. */
async function judge<T>(
  { clock }: ServiceClientOptions,
  { status, headers }: Pick<Response, 'status' | 'headers'>,
  read: () => Promise<T>,
): Promise<T> {
  const retryAfterMs = parseRetryAfter(headers, clock.now());
  if (status === TOO_MANY_REQUESTS || (status === UNAVAILABLE && retryAfterMs !== null))
    throw new StatedLimit(retryAfterMs);
  // What a reader throws of a failed request counts for more than that it failed.
  if (status >= 500 && status !== UNAVAILABLE) throw new UnexpectedResponse(`answered with status ${status}`);
  const result = await read();
  if (status === UNAVAILABLE) throw new UnexpectedResponse(`answered with status ${status}`);
  return result;
}

class StatedLimit extends LimitedResponse {
  constructor(readonly retryAfterMs: number | null) {
    super();
  }
}

interface Explained {
  error: unknown;
  isRepeatable: boolean;
}

/** A failure counts towards a block unless it is of one response alone. */
async function explain(
  { displayName }: ServiceClientOptions,
  turn: Turn,
  thrown: unknown,
): Promise<Explained> {
  if (thrown instanceof LimitedResponse) {
    const blockMs = await turn.limited(thrown instanceof StatedLimit ? thrown.retryAfterMs : null);
    // The gate knows for how long: the next attempt waits there, or ends there.
    return { error: new UpstreamLimitedError(displayName, blockMs), isRepeatable: true };
  }
  const isOwn = thrown instanceof OutboundError;
  if (!isOwn && !(thrown instanceof UnexpectedResponse)) {
    await turn.succeeded();
    return { error: thrown, isRepeatable: false };
  }
  const isPermanent = isOwn && PERMANENT.has(thrown.problem);
  const message = isOwn ? `${displayName} failed: ${thrown.message}` : `${displayName} ${thrown.message}.`;
  await (isPermanent ? turn.unusable(message) : turn.failed(message));
  const error = new UpstreamFailedError(message, { cause: thrown, retryable: !isPermanent });
  return { error, isRepeatable: !isPermanent };
}

/** The same request would end in the same way. */
const PERMANENT = new Set(['TOO_LARGE', 'FORBIDDEN_ADDRESS', 'TOO_MANY_REDIRECTS']);
