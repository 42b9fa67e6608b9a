import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isIPv6 } from 'node:net';
import type { Logger } from '../lib/logger.js';

export interface HttpExchange {
  incoming: IncomingMessage;
  outgoing: ServerResponse;
  /** The client's `x-request-id` if it is valid; also in the response and the log. */
  requestId: string;
  signal: AbortSignal;
}

/** What it throws is a bug, and gets a 500. */
export type HttpHandler = (exchange: HttpExchange, url: URL) => void | Promise<void>;

const VALID_ID = /^[A-Za-z0-9._-]{1,64}$/;

export function createExchange(incoming: IncomingMessage, outgoing: ServerResponse): HttpExchange {
  const controller = new AbortController();
  outgoing.once('close', () => {
    if (!outgoing.writableFinished) controller.abort();
  });
  return { incoming, outgoing, requestId: requestIdOf(incoming), signal: controller.signal };
}

export function pathOf(incoming: IncomingMessage): string {
  const url = incoming.url ?? '/';
  const end = url.indexOf('?');
  return end === -1 ? url : url.slice(0, end);
}

/** Null if path and Host are no URL, or the URL of another path or host. HTTP/1.0 allows no Host at all. */
export function urlOf(incoming: IncomingMessage): URL | null {
  const target = incoming.url ?? '';
  if (pathOf(incoming).includes('\\')) return null;
  if (/^https?:\/\//.test(target)) return parseUrl(target);
  if (!target.startsWith('/')) return null;
  const { host } = incoming.headers;
  if (host === undefined) return parseUrl(`http://${addressOf(incoming)}${target}`);
  const url = parseUrl(`http://${host}${target}`);
  const name = host.replace(/:\d*$/, '').toLowerCase();
  // IPv6 addresses have several spellings.
  const isSame = url?.hostname === name || isIPv6(name.replace(/^\[(.*)\]$/, '$1'));
  return isSame ? url : null;
}

function addressOf({ socket }: IncomingMessage): string {
  const { localAddress = 'localhost', localPort = 80 } = socket;
  return `${isIPv6(localAddress) ? `[${localAddress}]` : localAddress}:${localPort}`;
}

function parseUrl(text: string): URL | null {
  // Node 20 has no URL.parse.
  return URL.canParse(text) ? new URL(text) : null;
}

function requestIdOf(incoming: IncomingMessage): string {
  const requested = incoming.headers['x-request-id'];
  return typeof requested === 'string' && VALID_ID.test(requested) ? requested : randomUUID();
}

/** Called every few seconds, by any name, by what watches the server. */
export const PROBE_PATHS: ReadonlySet<string> = new Set(['/healthz', '/readyz']);

/** Without query strings: they may hold secrets. */
export function logResponse(log: Logger, { incoming, outgoing, requestId }: HttpExchange): void {
  const path = pathOf(incoming);
  const level = PROBE_PATHS.has(path) ? 'debug' : 'info';
  if (!log.isLevelEnabled(level)) return;
  const startedAt = performance.now();
  outgoing.once('close', () => {
    const durationMs = Math.round(performance.now() - startedAt);
    const fields = { requestId, method: incoming.method, path, status: outgoing.statusCode, durationMs };
    log[level](outgoing.writableFinished ? fields : { ...fields, aborted: true }, 'request');
  });
}
