import { createServer, type IncomingMessage } from 'node:http';
import { headersOf } from './graphql/context-request.js';
import { GRAPHQL_PATH, type GraphqlServer } from './graphql/server.js';
import { attachWebSocket } from './graphql/websocket.js';
import type { WebSocketLimits } from './graphql/websocket-limits.js';
import { logWhenAnswered } from './http/access-log.js';
import { answerCors } from './http/cors.js';
import { listen } from './http/listen.js';
import { createOrderlyStop } from './http/orderly-stop.js';
import { createReadiness, type Check } from './http/readiness.js';
import { createExchange, pathOf, type HttpExchange, type HttpHandler } from './http/request-context.js';
import { createRouter } from './http/router.js';
import { answerUnreadable } from './http/unreadable-request.js';
import type { Logger } from './lib/logger.js';

export interface HttpServerOptions {
  host: string;
  /** 0: any free one. */
  port: number;
  graphql: GraphqlServer;
  /** What `/readyz` asks, by the name it shows. */
  checks: Readonly<Record<string, Check>>;
  /** The REST layer: everything under /api. */
  routes?: HttpHandler;
  websocketLimits?: WebSocketLimits;
  /** Pages of these may use us from a browser, besides our own. */
  origins?: readonly string[];
  log: Logger;
}

export interface RunningHttpServer {
  host: string;
  port: number;
  /** Where a person on this machine reaches it, without a slash at the end. */
  url: string;
  /** Resolves when the last connection is closed, at the latest after the grace. */
  stop(options: { graceMs: number }): Promise<void>;
}

const TIMEOUTS = {
  headersTimeout: 10_000,
  /** For receiving a request; an answer, such as an event stream, may take for ever. */
  requestTimeout: 60_000,
  keepAliveTimeout: 15_000,
  connectionsCheckingInterval: 5_000,
};

/** How long a client that was answered early may go on sending a body that nobody reads. */
const UNREAD_BODY_MS = 2_000;

export async function createHttpServer(options: HttpServerOptions): Promise<RunningHttpServer> {
  const { graphql, log, origins = [] } = options;
  const handleOthers = createRouter({
    routes: options.routes,
    graphiql: graphql.graphiql,
    readiness: createReadiness(options.checks),
    log,
  });
  const server = createServer(TIMEOUTS, (incoming, outgoing) => {
    const exchange = createExchange(incoming, outgoing);
    outgoing.once('finish', () => cutUnreadBody(incoming));
    outgoing.setHeader('x-request-id', exchange.requestId);
    outgoing.setHeader('x-content-type-options', 'nosniff');
    logWhenAnswered(log, exchange);
    if (answerCors(origins, exchange)) return;
    void (isGraphql(pathOf(incoming)) ? handleGraphql(graphql, exchange) : handleOthers(exchange));
  });
  server.on('clientError', answerUnreadable);
  const stopRequests = createOrderlyStop(server);
  const websocket = attachWebSocket({
    httpServer: server,
    graphql,
    log,
    origins,
    ...(options.websocketLimits && { limits: options.websocketLimits }),
  });
  const { address, port } = await listen(server, options.host, options.port);
  return {
    host: address,
    port,
    url: `http://${reachable(address)}:${port}`,
    async stop({ graceMs }) {
      await Promise.all([stopRequests(graceMs), websocket.stop()]);
    },
  };
}

function isGraphql(path: string): boolean {
  return path === GRAPHQL_PATH || path === `${GRAPHQL_PATH}/`;
}

/** Straight to Yoga's own Node handler: a detour by way of web requests costs half of the speed. */
function handleGraphql(graphql: GraphqlServer, exchange: HttpExchange): Promise<void> {
  const { incoming, outgoing, requestId, signal } = exchange;
  const headers = headersOf(incoming);
  return graphql.handle(incoming, outgoing, { transport: 'http', requestId, signal, headers });
}

/** Node reads on what a refused client still sends, so that it sees the answer; without end, if need be. */
function cutUnreadBody(incoming: IncomingMessage): void {
  if (incoming.complete) return;
  const timer = setTimeout(() => incoming.socket.destroy(), UNREAD_BODY_MS);
  incoming.once('close', () => clearTimeout(timer));
}

/** An address to listen on everywhere is none to visit; one of IPv6 takes brackets in a URL. */
function reachable(address: string): string {
  if (address === '0.0.0.0' || address === '::') return 'localhost';
  return address.includes(':') ? `[${address}]` : address;
}
