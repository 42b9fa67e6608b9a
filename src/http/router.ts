import { GRAPHQL_PATH, type GraphqlServer } from '../graphql/server.js';
import type { Logger } from '../lib/logger.js';
import type { Readiness } from './readiness.js';
import type { HttpExchange, HttpHandler } from './request-context.js';
import { schemaFiles } from './schema-files.js';
import { sendEmpty, sendJson, toFailureBody } from './send.js';
import type { SinglePage } from './single-page.js';

interface RouterOptions {
  routes?: HttpHandler | undefined;
  graphql: Pick<GraphqlServer, 'graphiql' | 'schema'>;
  readiness: () => Promise<Readiness>;
  keySet?: KeySet | undefined;
  page?: SinglePage | null | undefined;
  log: Logger;
}

/** Public keys as a JWK set (RFC 7517), with which other programs check our tokens. */
export type KeySet = () => Promise<{ keys: readonly object[] }>;

export const REST_PATH = '/api';

/** Every path but /graphql. */
export function createRouter(options: RouterOptions): (exchange: HttpExchange, url: URL) => Promise<void> {
  const { routes, page, log } = options;
  const pages = fixedPages(options);
  const handle: HttpHandler = async (exchange, url) => {
    const { incoming, outgoing } = exchange;
    const { pathname } = url;
    if (routes && (pathname === REST_PATH || pathname.startsWith(`${REST_PATH}/`)))
      return routes(exchange, url);
    const reads = incoming.method === 'GET' || incoming.method === 'HEAD';
    const fixed = reads ? pages.get(pathname) : undefined;
    if (fixed) return fixed(exchange, url);
    if (reads && page && (await page(exchange, url))) return;
    sendJson(outgoing, toFailureBody(`Unknown route: "${incoming.method} ${pathname}".`), { status: 404 });
  };
  return async (exchange, url) => {
    const { outgoing, requestId } = exchange;
    try {
      await handle(exchange, url);
    } catch (thrown) {
      log.error({ err: thrown, requestId }, 'request failed');
      if (outgoing.headersSent) return void outgoing.destroy();
      const body = toFailureBody('Internal error', { details: { request_id: requestId } });
      sendJson(outgoing, body, { status: 500 });
    }
  };
}

/** Less than a retired key stays. */
const KEY_SET_HEADERS = { 'cache-control': 'public, max-age=60' };

function fixedPages({ graphql, readiness, keySet, page }: RouterOptions): Map<string, HttpHandler> {
  const front: HttpHandler = ({ outgoing, client }) => {
    const below = new URL(client.publicUrl).pathname.replace(/\/$/, '');
    const [location, rest] = [`${below}${GRAPHQL_PATH}`, `${below}${REST_PATH}`];
    if (graphql.graphiql) sendEmpty(outgoing, { status: 302, headers: { location } });
    else sendJson(outgoing, { name: 'Reprise', graphql: location, rest });
  };
  const health: HttpHandler = ({ outgoing }) => sendJson(outgoing, { status: 'ok' });
  const ready: HttpHandler = async ({ outgoing }) => {
    const answer = await readiness();
    sendJson(outgoing, answer, { status: answer.status === 'ready' ? 200 : 503 });
  };
  const keys: HttpHandler | undefined =
    keySet && (async ({ outgoing }) => sendJson(outgoing, await keySet(), { headers: KEY_SET_HEADERS }));
  const files = graphql.graphiql ? schemaFiles(graphql.schema) : {};
  return new Map(
    Object.entries({
      ...(!page && { '/': front }),
      '/healthz': health,
      '/readyz': ready,
      ...files,
      ...(keys && { '/.well-known/jwks.json': keys }),
    }),
  );
}
