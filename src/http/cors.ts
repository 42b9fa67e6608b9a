import type { HttpExchange } from './request-context.js';
import { sendJson } from './send.js';

const METHODS = 'GET, HEAD, POST, PUT, DELETE';
const REQUEST_HEADERS = [
  ...['authorization', 'content-type', 'last-event-id', 'x-request-id'],
  ...['graphql-cost', 'graphql-require-preflight', 'apollo-require-preflight', 'x-graphql-yoga-csrf'],
].join(', ');
const RESPONSE_HEADERS = 'retry-after, www-authenticate, x-request-id';
const MAX_AGE_S = '600';

/** With the visitor's cookies. True when it has answered a preflight. */
export function answerCors(
  origins: readonly string[],
  { incoming, outgoing }: Pick<HttpExchange, 'incoming' | 'outgoing'>,
): boolean {
  if (origins.length === 0) return false;
  outgoing.setHeader('vary', 'origin');
  const { origin } = incoming.headers;
  if (origin === undefined || !origins.includes(origin)) return false;
  outgoing.setHeader('access-control-allow-origin', origin);
  outgoing.setHeader('access-control-allow-credentials', 'true');
  outgoing.setHeader('access-control-expose-headers', RESPONSE_HEADERS);
  if (incoming.method !== 'OPTIONS' || !incoming.headers['access-control-request-method']) return false;
  outgoing.setHeader('access-control-allow-methods', METHODS);
  outgoing.setHeader('access-control-allow-headers', REQUEST_HEADERS);
  outgoing.setHeader('access-control-max-age', MAX_AGE_S);
  sendJson(outgoing, {});
  return true;
}
