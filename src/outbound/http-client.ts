import { lookup as dnsLookup } from 'node:dns/promises';
import type { Readable } from 'node:stream';
import { EnvHttpProxyAgent, request as send, type Dispatcher } from 'undici';
import type { NetworkEnv } from '../env-outbound.js';
import { createAddressGuard, type AddressGuard, type Resolve } from './address-guard.js';
import { OutboundError, toOutboundError } from './errors.js';
import { ACCEPTED_ENCODINGS, readResponse } from './read-response.js';

export interface OutboundRequest {
  method?: string;
  headers?: Readonly<Record<string, string>>;
  body?: string | Uint8Array | URLSearchParams | null;
}

export interface RequestLimits {
  /** For the whole answer, its body and redirects included. */
  timeoutMs: number;
  /** Until it is connected, TLS included. */
  connectMs?: number;
  /** From the request until its response begins. */
  headersMs?: number;
  /** Between two parts of the body. */
  idleMs?: number;
  /** Of the body, decompressed. */
  maxBytes: number;
  /** Followed at most; by default none: what the caller has checked or signed is the address that is asked. */
  redirects?: number;
  /** Ends it earlier. */
  signal?: AbortSignal | undefined;
}

export interface HttpClient {
  /** The body has been read when it resolves. Throws OutboundError. */
  request(url: string | URL, request: OutboundRequest, limits: RequestLimits): Promise<Response>;
  /** The body is still to be read, or destroyed: `timeoutMs` ends with the headers, and nothing limits its size. */
  open(url: string | URL, request: OutboundRequest, limits: StreamLimits): Promise<OpenedResponse>;
  close(): Promise<void>;
}

export type StreamLimits = Omit<RequestLimits, 'maxBytes'>;

export interface OpenedResponse {
  status: number;
  headers: Headers;
  /** As it was sent; destroyed with the signal of the request. */
  body: Readable;
}

export interface HttpClientOptions {
  env: NetworkEnv;
  userAgent: string;
  /** Addresses that the owner has configured: their hosts may be private ones. */
  trusted?: readonly string[];
  connectMs?: number;
  resolve?: Resolve;
}

const CONNECT_MS = 5_000;
const CONNECTIONS_PER_HOST = 16;
const MAX_HEADER_BYTES = 16 * 1024;
/** Statuses whose responses have no body. */
const WITHOUT_BODY = [204, 205, 304];

const resolveAll: Resolve = (hostname) => dnsLookup(hostname, { all: true });

/** The only way out to other servers. Each client has connections of its own: what one may reach, others may not. */
export function createHttpClient(options: HttpClientOptions): HttpClient {
  const { env, trusted = [], resolve = resolveAll, userAgent } = options;
  const guard = createAddressGuard(env.outboundAllow, resolve);
  const timeout = options.connectMs ?? CONNECT_MS;
  const guarded = createAgent(env, { timeout, lookup: guard.lookup });
  const open = createAgent(env, { timeout });
  const origins = new Set(trusted.map((each) => new URL(each).origin));
  const route = (url: URL): Dispatcher => {
    if (origins.has(url.origin)) return open;
    guard.check(url);
    return guarded;
  };
  return {
    request: (url, request, limits) =>
      withDeadline(new URL(url), limits, async (signal) => {
        const first = { url: new URL(url), request };
        const { hop, opened } = await follow({ route, userAgent }, first, { ...limits, signal });
        return toResponse(hop.url, opened, limits);
      }),
    open: (url, { headers, ...request }, limits) =>
      withDeadline(new URL(url), limits, async (deadline) => {
        const first = { url: new URL(url), request: { ...request, headers: { ...headers, ...UNPACKED } } };
        const { signal } = limits;
        const { opened } = await follow({ route, userAgent }, first, { ...limits, signal: deadline });
        const { body } = opened;
        const destroy = () => void body.destroy(signal?.reason as Error);
        // Its caller may have left before it has begun to read: an error without a listener ends the process.
        body.on('error', () => undefined);
        signal?.addEventListener('abort', destroy, { once: true });
        body.once('close', () => signal?.removeEventListener('abort', destroy));
        return opened;
      }),
    close: async () => {
      await Promise.all([guarded.destroy(), open.destroy()]);
    },
  };
}

/** A range is one of the bytes that are sent. */
const UNPACKED = { 'accept-encoding': 'identity' };

function createAgent(
  { httpProxy, httpsProxy, noProxy }: NetworkEnv,
  connect: { timeout: number; lookup?: AddressGuard['lookup'] },
): Dispatcher {
  return new EnvHttpProxyAgent({
    // Empty ones, because for absent ones undici reads the environment itself.
    httpProxy: httpProxy ?? '',
    httpsProxy: httpsProxy ?? '',
    noProxy: noProxy ?? '',
    connect,
    proxyTls: { timeout: connect.timeout },
    connections: CONNECTIONS_PER_HOST,
    maxHeaderSize: MAX_HEADER_BYTES,
  });
}

/** One for all hops; why it ended is told apart from what undici threw then. */
async function withDeadline<T>(
  { host }: URL,
  { timeoutMs, signal }: StreamLimits,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const stop = (error: OutboundError) => () => controller.abort(error);
  const cancel = stop(new OutboundError('CANCELLED', `The request to ${host} was canceled.`));
  const late = stop(new OutboundError('TIMEOUT', `${host} did not answer within ${timeoutMs} ms.`));
  const timer = setTimeout(late, timeoutMs);
  signal?.addEventListener('abort', cancel, { once: true });
  if (signal?.aborted) cancel();
  try {
    controller.signal.throwIfAborted();
    return await work(controller.signal);
  } catch (thrown) {
    throw toOutboundError(controller.signal.aborted ? controller.signal.reason : thrown, host);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', cancel);
  }
}

interface Hop {
  url: URL;
  request: OutboundRequest;
}

type Limits = StreamLimits & { signal: AbortSignal };
type Router = { route: (url: URL) => Dispatcher; userAgent: string };

async function follow(
  router: Router,
  first: Hop,
  limits: Limits,
): Promise<{ hop: Hop; opened: OpenedResponse }> {
  const { redirects = 0 } = limits;
  let hop = first;
  for (let followed = 0; ; followed++) {
    const opened = await exchange(router, hop, limits);
    const next = redirects > 0 ? nextHop(hop, opened) : null;
    if (!next) return { hop, opened };
    opened.body.on('error', () => undefined).destroy();
    if (followed === redirects) {
      throw new OutboundError(
        'TOO_MANY_REDIRECTS',
        `${first.url.host} redirects more than ${redirects} times.`,
      );
    }
    hop = next;
  }
}

async function exchange(
  { route, userAgent }: Router,
  { url, request }: Hop,
  limits: Limits,
): Promise<OpenedResponse> {
  const { method = 'GET', headers = {}, body } = request;
  const isForm = body instanceof URLSearchParams;
  const response = await send(url, {
    dispatcher: route(url),
    method: method,
    headers: {
      'user-agent': userAgent,
      'accept-encoding': ACCEPTED_ENCODINGS,
      ...(isForm && { 'content-type': 'application/x-www-form-urlencoded;charset=UTF-8' }),
      ...headers,
    },
    body: isForm ? body.toString() : (body ?? null),
    headersTimeout: limits.headersMs ?? limits.timeoutMs,
    bodyTimeout: limits.idleMs ?? limits.timeoutMs,
    signal: limits.signal,
  }).catch((thrown: unknown) => {
    throw toOutboundError(thrown, url.host);
  });
  return { status: response.statusCode, headers: toHeaders(response.headers), body: response.body };
}

function toHeaders(sent: Dispatcher.ResponseData['headers']): Headers {
  return new Headers(
    Object.entries(sent).flatMap(([name, value]) =>
      (Array.isArray(value) ? value : [value ?? '']).map((each): [string, string] => [name, each]),
    ),
  );
}

async function toResponse(
  { host }: URL,
  { status, headers, body: stream }: OpenedResponse,
  { maxBytes }: RequestLimits,
): Promise<Response> {
  const [contentEncoding, contentLength] = ['content-encoding', 'content-length'].map(
    (name) => headers.get(name) ?? '',
  ) as [string, string];
  const bytes = await readResponse({ stream, host, contentEncoding, contentLength }, maxBytes).catch(
    (thrown: unknown) => {
      throw toOutboundError(thrown, host);
    },
  );
  if (status < 200 || status > 599) {
    throw new OutboundError('INVALID_RESPONSE', `${host} answered with the unknown status ${status}.`);
  }
  // Of the body as it was sent.
  headers.delete('content-encoding');
  headers.delete('content-length');
  return new Response(WITHOUT_BODY.includes(status) ? null : new Uint8Array(bytes), { status, headers });
}

const REDIRECTS = [301, 302, 303, 307, 308];

/** As fetch does it: a POST becomes a GET but for 307 and 308, and another origin gets none of the credentials. */
function nextHop({ url, request }: Hop, { status, headers }: OpenedResponse): Hop | null {
  const location = headers.get('location');
  if (!REDIRECTS.includes(status) || location === null) return null;
  if (!URL.canParse(location, url)) {
    throw new OutboundError('INVALID_RESPONSE', `${url.host} redirects to an invalid address.`);
  }
  const next = new URL(location, url);
  if (url.protocol === 'https:' && next.protocol === 'http:') {
    throw new OutboundError('FORBIDDEN_ADDRESS', `${url.host} redirects to an address without TLS.`);
  }
  const { method = 'GET', headers: sent = {}, body } = request;
  const isSameOrigin = next.origin === url.origin;
  const isRepeated = status === 307 || status === 308 || ['GET', 'HEAD'].includes(method);
  if (isRepeated && body && !isSameOrigin) {
    throw new OutboundError(
      'FORBIDDEN_ADDRESS',
      `${url.host} redirects what was sent to it to another server.`,
    );
  }
  return {
    url: next,
    request: {
      headers: isSameOrigin ? sent : withoutCredentials(sent),
      ...(isRepeated && { method, body: body ?? null }),
    },
  };
}

function withoutCredentials(headers: Readonly<Record<string, string>>): Record<string, string> {
  const kept = ['accept', 'accept-encoding', 'accept-language', 'range', 'user-agent'];
  return Object.fromEntries(Object.entries(headers).filter(([name]) => kept.includes(name.toLowerCase())));
}
