import { createServer, type IncomingMessage } from 'node:http';
import { headersOf } from '../graphql/context-request.js';
import type { GraphqlServer } from '../graphql/server.js';
import { createWebSocketEndpoint } from '../graphql/websocket.js';
import type { WebSocketLimits } from '../graphql/websocket-connection.js';
import { checkAccess, isGraphql, isWebSocketUpgrade, type Refusal } from './access.js';
import { createHostRule } from './allowed-hosts.js';
import { answerCors } from './cors.js';
import { listen } from './listen.js';
import { createOrderlyStop } from './orderly-stop.js';
import { createReadiness, type Check } from './readiness.js';
import {
  createExchange,
  logResponse,
  pathOf,
  type HttpExchange,
  type HttpHandler,
} from './request-context.js';
import { createRouter } from './router.js';
import { sendJson, toFailureBody } from './send.js';
import { answerUnreadable } from './unreadable-request.js';
import { listenForUpgrades, refuseUpgrade } from './upgrades.js';
import type { Logger } from '../lib/logger.js';
import { createReaderCounter, type ReaderCounter } from '../lib/reader-limits.js';

export interface HttpServerOptions {
  host: string;
  port: number;
  graphql: GraphqlServer;
  checks: Readonly<Record<string, Check>>;
  routes?: HttpHandler;
  /** Shared with the event streams of REST. */
  readers?: ReaderCounter;
  websocketLimits?: WebSocketLimits;
  origins?: readonly string[];
  /** Names in the Host header, besides those that are always allowed. */
  allowedHosts?: readonly string[];
  log: Logger;
}

export interface RunningHttpServer {
  host: string;
  port: number;
  url: string;
  stop(options: { graceMs: number }): Promise<void>;
}

const TIMEOUTS = {
  headersTimeout: 10_000,
  /** For receiving a request; a response may take for ever. */
  requestTimeout: 60_000,
  keepAliveTimeout: 15_000,
  connectionsCheckingInterval: 5_000,
};

/** For a client that has its response and still sends. */
const UNREAD_BODY_MS = 2_000;

export async function createHttpServer(options: HttpServerOptions): Promise<RunningHttpServer> {
  const { graphql, log, origins = [], readers = createReaderCounter() } = options;
  const handleOthers = createRouter({
    routes: options.routes,
    graphql,
    readiness: createReadiness(options.checks),
    log,
  });
  const rules = { isAllowedHost: createHostRule(options), origins };
  const server = createServer(TIMEOUTS, (incoming, outgoing) => {
    const exchange = createExchange(incoming, outgoing);
    outgoing.once('finish', () => cutUnreadBody(incoming));
    outgoing.setHeader('x-request-id', exchange.requestId);
    outgoing.setHeader('x-content-type-options', 'nosniff');
    logResponse(log, exchange);
    if (answerCors(origins, exchange)) return;
    const access = checkAccess(incoming, rules);
    if ('status' in access) return sendJson(outgoing, access.body, access);
    const { url } = access;
    if (!isGraphql(url.pathname)) return void handleOthers(exchange, url);
    void handleGraphql(graphql, exchange, readers);
  });
  server.on('clientError', answerUnreadable);
  const stopRequests = createOrderlyStop(server);
  const limits = options.websocketLimits;
  const websocket = createWebSocketEndpoint({
    graphql,
    log,
    readers,
    ...(limits && { limits }),
  });
  let stopping = false;
  listenForUpgrades(server, {
    accepts: isWebSocketUpgrade,
    handle(request, socket, head) {
      const access = checkAccess(request, rules);
      if (stopping)
        return refuseUpgrade(socket, { status: 503, body: toFailureBody('The server is stopping.') });
      if ('url' in access && websocket.upgrade(request, socket, head)) return;
      const refusal = 'url' in access ? TOO_MANY_CONNECTIONS : access;
      log.info({ path: pathOf(request), status: refusal.status }, 'websocket refused');
      refuseUpgrade(socket, refusal);
    },
  });
  const { address, port } = await listen(server, options.host, options.port);
  return {
    host: address,
    port,
    url: `http://${reachable(address)}:${port}`,
    async stop({ graceMs }) {
      stopping = true;
      await Promise.all([stopRequests(graceMs), websocket.stop()]);
    },
  };
}

const TOO_MANY_CONNECTIONS: Refusal = {
  status: 429,
  body: toFailureBody('Too many connections are open; close some first.'),
};

/** With the WebSockets and the event streams of REST. */
function enterReader(
  readers: ReaderCounter,
  { incoming, outgoing }: HttpExchange,
  viewerId: string,
): boolean {
  const reader = readers.enter(incoming.socket.remoteAddress);
  if (!reader) return false;
  outgoing.once('close', () => reader.leave());
  return reader.identify(viewerId);
}

/** Through web requests Yoga would be half as fast. */
function handleGraphql(
  graphql: GraphqlServer,
  exchange: HttpExchange,
  readers: ReaderCounter,
): Promise<void> {
  const { incoming, outgoing, requestId, signal } = exchange;
  const headers = headersOf(incoming);
  return graphql.handle(incoming, outgoing, {
    transport: 'http',
    requestId,
    signal,
    headers,
    address: incoming.socket.remoteAddress ?? null,
    enterReader: (viewerId) => enterReader(readers, exchange, viewerId),
  });
}

/** Node keeps reading without end, so that a rejected client sees the response. */
function cutUnreadBody(incoming: IncomingMessage): void {
  if (incoming.complete) return;
  const timer = setTimeout(() => incoming.socket.destroy(), UNREAD_BODY_MS);
  incoming.once('close', () => clearTimeout(timer));
}

/** An IPv6 address takes brackets in a URL. */
function reachable(address: string): string {
  if (address === '0.0.0.0' || address === '::') return 'localhost';
  return address.includes(':') ? `[${address}]` : address;
}
