import { createServer, type IncomingMessage } from 'node:http';
import { toContextRequest } from '../graphql/context-request.js';
import type { GraphqlServer } from '../graphql/server.js';
import { createWebSocketEndpoint } from '../graphql/websocket.js';
import type { WebSocketLimits } from '../graphql/websocket-connection.js';
import { checkAccess, isGraphql, isWebSocketUpgrade } from './access.js';
import { createHostRule } from './allowed-hosts.js';
import { answerCors } from './cors.js';
import { listen } from './listen.js';
import { createOrderlyStop } from './orderly-stop.js';
import { createArrivalReader } from './proxies.js';
import { createReadiness, type Check } from './readiness.js';
import {
  createExchange,
  logResponse,
  pathOf,
  requestIdOf,
  type HttpExchange,
  type HttpHandler,
} from './request-context.js';
import { createRouter, type KeySet } from './router.js';
import { commonHeaders } from './security-headers.js';
import { sendJson, toFailureBody } from './send.js';
import type { SinglePage } from './single-page.js';
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
  keySet?: KeySet | undefined;
  /** At `/`, below what has a path of its own. */
  page?: SinglePage | null;
  /** Shared with the event streams of REST. */
  readers?: ReaderCounter;
  websocketLimits?: WebSocketLimits;
  origins?: readonly string[];
  /** Names in the Host header, besides those that are always allowed. */
  allowedHosts?: readonly string[];
  /** Where browsers reach the server, without a slash at the end. */
  publicUrl?: string | null;
  /** Proxies whose X-Forwarded headers are believed. */
  trustedProxies?: readonly string[];
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
    keySet: options.keySet,
    page: options.page,
    log,
  });
  const { receive, targetOf } = createReception(options);
  const server = createServer(TIMEOUTS, (incoming, outgoing) => {
    const { client, access } = receive(incoming);
    const exchange = openExchange(log, { incoming, outgoing, client });
    if (answerCors(origins, exchange)) return;
    if ('status' in access) {
      exchange.refusal = access.message;
      return sendJson(outgoing, access.body, access);
    }
    const { url } = access;
    if (!isGraphql(url.pathname)) return void handleOthers(exchange, url);
    void handleGraphql(graphql, exchange, readers);
  });
  server.on('clientError', answerUnreadable(log));
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
    accepts: (request) => isWebSocketUpgrade(request, targetOf(request)),
    handle(request, socket, head) {
      const { client, access } = receive(request);
      const refused = stopping ? STOPPING : 'status' in access ? access : null;
      if (!refused && websocket.upgrade({ request, socket, head, client })) return;
      const { status, body, message } = refused ?? TOO_MANY_CONNECTIONS;
      const requestId = requestIdOf(request);
      log.info({ requestId, path: pathOf(request), status, refusal: message }, 'websocket refused');
      refuseUpgrade(socket, { status, body, headers: commonHeaders(requestId, client) });
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

/** Where each request comes from, and whether it may go further. */
function createReception(options: HttpServerOptions) {
  const rules = { isAllowedHost: createHostRule(options), origins: options.origins ?? [] };
  const arrive = createArrivalReader(options);
  return {
    targetOf: (incoming: IncomingMessage) => arrive(incoming).target,
    /** From here on, the request is as if there were no proxy. */
    receive(incoming: IncomingMessage) {
      const arrival = arrive(incoming);
      incoming.url = arrival.target;
      return { client: arrival.client, access: checkAccess(incoming, arrival, rules) };
    },
  };
}

function openExchange(
  log: Logger,
  parts: Pick<HttpExchange, 'incoming' | 'outgoing' | 'client'>,
): HttpExchange {
  const exchange = createExchange(parts);
  const { incoming, outgoing, client, requestId } = exchange;
  outgoing.once('finish', () => cutUnreadBody(incoming));
  outgoing.setHeaders(new Map(Object.entries(commonHeaders(requestId, client))));
  logResponse(log, exchange);
  return exchange;
}

const refusalOf = (status: number, message: string) => ({ status, message, body: toFailureBody(message) });
const STOPPING = refusalOf(503, 'The server is stopping.');
const TOO_MANY_CONNECTIONS = refusalOf(429, 'Too many connections are open; close some first.');

/** With the WebSockets and the event streams of REST. */
function enterReader(readers: ReaderCounter, { client, outgoing }: HttpExchange, viewerId: string): boolean {
  const reader = readers.enter(client.address);
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
  const { incoming, outgoing, client, requestId, signal } = exchange;
  const request = toContextRequest(incoming, { transport: 'http', requestId, signal, client, outgoing });
  return graphql.handle(incoming, outgoing, {
    ...request,
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
