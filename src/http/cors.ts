import type { HttpExchange } from './request-context.js';
import { sendJson } from './send.js';

const METHODS = 'GET, HEAD, POST, PUT, DELETE';
const REQUEST_HEADERS = [
  ...['authorization', 'content-type', 'last-event-id', 'x-request-id'],
  ...['graphql-require-preflight', 'apollo-require-preflight', 'x-graphql-yoga-csrf'],
].join(', ');
const ANSWER_HEADERS = 'retry-after, www-authenticate, x-request-id';
/** How long a browser may remember a yes, in seconds. */
const MAX_AGE_S = '600';

/**
 * Pages of the origins that the owner lists may read answers, with the cookies of whoever looks at them; to all
 * others nothing is said, and their browser refuses. Answers a browser's question whether it may ask at all
 * (a preflight) with 200, and true: there is nothing more to do.
 */
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
  outgoing.setHeader('access-control-expose-headers', ANSWER_HEADERS);
  if (incoming.method !== 'OPTIONS' || !incoming.headers['access-control-request-method']) return false;
  outgoing.setHeader('access-control-allow-methods', METHODS);
  outgoing.setHeader('access-control-allow-headers', REQUEST_HEADERS);
  outgoing.setHeader('access-control-max-age', MAX_AGE_S);
  sendJson(outgoing, {});
  return true;
}
