import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { headersOf } from '../graphql/context-request.js';
import { GRAPHQL_PATH, type GraphqlServer } from '../graphql/server.js';
import { attachWebSocket } from '../graphql/websocket.js';
import type { WebSocketLimits } from '../graphql/websocket-connection.js';
import { logResponse } from './access-log.js';
import { answerCors } from './cors.js';
import { createHttpApp, type HttpApp } from './app.js';
import { answerUnaddressed, answerUnreadable } from './unreadable-request.js';
import { listen } from './listen.js';
import { createOrderlyStop } from './orderly-stop.js';
import { createReadiness, type Check } from './readiness.js';
import { describeRequest, pathOf, type RequestInfo } from './request-context.js';
import type { Logger } from '../lib/logger.js';

export interface HttpServerOptions {
  host: string;
  port: number;
  graphql: GraphqlServer;
  checks: Readonly<Record<string, Check>>;
  routes?: HttpApp;
  websocketLimits?: WebSocketLimits;
  origins?: readonly string[];
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
  /** For receiving a request; a response, such as an event stream, may take for ever. */
  requestTimeout: 60_000,
  keepAliveTimeout: 15_000,
  connectionsCheckingInterval: 5_000,
};

/** How long a client that already has its response may continue to send a body that nobody reads. */
const UNREAD_BODY_MS = 2_000;

/** GraphQL goes straight to Yoga: through Hono and web requests it would be half as fast. */
export async function createHttpServer(options: HttpServerOptions): Promise<RunningHttpServer> {
  const { graphql, log, origins = [] } = options;
  const app = createHttpApp({
    routes: options.routes,
    graphiql: graphql.graphiql,
    readiness: createReadiness(options.checks),
    log,
  });
  const infos = new WeakMap<IncomingMessage, RequestInfo>();
  const handleOthers = getRequestListener(
    (request, env) => app.fetch(request, { ...env, ...infos.get(env.incoming as IncomingMessage) }),
    { errorHandler: answerUnaddressed },
  );

  const server = createServer(TIMEOUTS, (incoming, outgoing) => {
    const info = describeRequest(incoming, outgoing);
    outgoing.once('finish', () => cutUnreadBody(incoming));
    outgoing.setHeader('x-request-id', info.requestId);
    outgoing.setHeader('x-content-type-options', 'nosniff');
    logResponse(log, info.requestId, { incoming, outgoing });
    if (answerCors(origins, { incoming, outgoing })) return;
    if (isGraphql(pathOf(incoming))) return void handleGraphql(graphql, info, { incoming, outgoing });
    infos.set(incoming, info);
    void handleOthers(incoming, outgoing);
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

function handleGraphql(
  graphql: GraphqlServer,
  { requestId, signal }: RequestInfo,
  { incoming, outgoing }: { incoming: IncomingMessage; outgoing: ServerResponse },
): Promise<void> {
  const headers = headersOf(incoming);
  return graphql.handle(incoming, outgoing, { transport: 'http', requestId, signal, headers });
}

/** Node keeps reading what a rejected client still sends, without end, so that the client sees the response. */
function cutUnreadBody(incoming: IncomingMessage): void {
  if (incoming.complete) return;
  const timer = setTimeout(() => incoming.socket.destroy(), UNREAD_BODY_MS);
  incoming.once('close', () => clearTimeout(timer));
}

/** 0.0.0.0 and :: are not addresses to visit; an IPv6 address takes brackets in a URL. */
function reachable(address: string): string {
  if (address === '0.0.0.0' || address === '::') return 'localhost';
  return address.includes(':') ? `[${address}]` : address;
}
