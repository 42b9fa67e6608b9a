import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Client } from '../graphql/context-request.js';
import type { Logger } from '../lib/logger.js';

export interface HttpExchange {
  incoming: IncomingMessage;
  outgoing: ServerResponse;
  /** The client's `x-request-id` if it is valid; also in the response and the log. */
  client: Client;
  requestId: string;
  signal: AbortSignal;
  /** Why it was refused before anything of it was read; for the log. */
  refusal?: string;
}

/** What it throws is a bug, and gets a 500. */
export type HttpHandler = (exchange: HttpExchange, url: URL) => void | Promise<void>;

const VALID_ID = /^[A-Za-z0-9._-]{1,64}$/;

export function createExchange({
  incoming,
  outgoing,
  client,
}: Pick<HttpExchange, 'incoming' | 'outgoing' | 'client'>): HttpExchange {
  const controller = new AbortController();
  outgoing.once('close', () => {
    if (!outgoing.writableFinished) controller.abort();
  });
  return { incoming, outgoing, client, requestId: requestIdOf(incoming), signal: controller.signal };
}

export function pathOf({ url = '/' }: Pick<IncomingMessage, 'url'>): string {
  const end = url.indexOf('?');
  return end === -1 ? url : url.slice(0, end);
}

export function requestIdOf(incoming: IncomingMessage): string {
  const requested = incoming.headers['x-request-id'];
  return typeof requested === 'string' && VALID_ID.test(requested) ? requested : randomUUID();
}

/** Called every few seconds, by any name, by what watches the server. */
export const PROBE_PATHS: ReadonlySet<string> = new Set(['/healthz', '/readyz']);

/** Without query strings: they may hold secrets. */
export function logResponse(log: Logger, exchange: HttpExchange): void {
  const { incoming, outgoing, requestId } = exchange;
  const path = pathOf(incoming);
  const level = PROBE_PATHS.has(path) ? 'debug' : 'info';
  if (!log.isLevelEnabled(level)) return;
  const startedAt = performance.now();
  outgoing.once('close', () => {
    const durationMs = Math.round(performance.now() - startedAt);
    const fields = { requestId, method: incoming.method, path, status: outgoing.statusCode, durationMs };
    const { refusal } = exchange;
    const outcome = { ...(refusal && { refusal }), ...(!outgoing.writableFinished && { aborted: true }) };
    log[level]({ ...fields, ...outcome }, 'request');
  });
}
