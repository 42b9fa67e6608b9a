import type { IncomingMessage, Server as HttpServer } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ExecutionArgs, FormattedExecutionResult } from 'graphql';
import { handleProtocols, makeServer, type ExecutionResult, type Server } from 'graphql-ws';
import { WebSocketServer } from 'ws';
import type { Logger } from '../lib/logger.js';
import { HTTP_NOTES, omit, toFormattedError, toPublicError } from './errors.js';
import { limitExceeded } from './limits.js';
import { prepareOperation, type PreparedOperation } from './operation.js';
import { GRAPHQL_PATH, type GraphqlServer } from './server.js';
import { openConnection, type Connection, type RunningOperation } from './websocket-connection.js';
import { WEBSOCKET_LIMITS, type WebSocketLimits } from './websocket-limits.js';
import { endable } from './websocket-stream.js';
import { refusalOf, refuseUpgrade } from './websocket-upgrade.js';

export interface WebSocketOptions {
  httpServer: HttpServer;
  graphql: GraphqlServer;
  log: Logger;
  limits?: WebSocketLimits;
  /** Pages of these may connect, besides our own. */
  origins?: readonly string[];
}

export interface WebSocketEndpoint {
  /** How many clients are connected. */
  connections(): number;
  /** Refuses new clients, ends every operation, closes with 1001; what is left after the grace is cut. */
  stop(): Promise<void>;
}

/** GraphQL over WebSocket (graphql-transport-ws), on the address and path of HTTP. */
export function attachWebSocket(options: WebSocketOptions): WebSocketEndpoint {
  const { httpServer, log, limits = WEBSOCKET_LIMITS, origins = [] } = options;
  const protocol = createProtocol(options, limits);
  const sockets = new WebSocketServer({ noServer: true, maxPayload: limits.messageBytes, handleProtocols });
  const connections = new Map<Connection, string>();
  const allClosed = { resolve: () => {} };
  let stopping = false;

  const onClose = (connection: Connection) => {
    connections.delete(connection);
    if (connections.size === 0) allClosed.resolve();
  };
  httpServer.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const refusal = stopping ? 503 : refusalOf(request, { path: GRAPHQL_PATH, origins });
    if (refusal !== null) return refuseUpgrade(socket, refusal);
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      const address = request.socket.remoteAddress ?? '';
      if (countOf(connections, address) >= limits.connectionsPerAddress) {
        webSocket.on('error', () => webSocket.terminate());
        return webSocket.close(4429, 'Too many connections');
      }
      const connection = openConnection(webSocket, request, { protocol, limits, log, onClose });
      connections.set(connection, address);
    });
  });
  return {
    connections: () => connections.size,
    async stop() {
      stopping = true;
      if (connections.size === 0) return;
      const closed = new Promise<void>((resolve) => {
        allClosed.resolve = resolve;
      });
      for (const connection of connections.keys()) connection.close(1001, 'Going away');
      const cut = setTimeout(() => {
        for (const connection of connections.keys()) connection.terminate();
      }, limits.closeGraceMs);
      await closed;
      clearTimeout(cut);
    },
  };
}

function countOf(connections: Map<Connection, string>, address: string): number {
  let count = 0;
  for (const other of connections.values()) if (other === address) count += 1;
  return count;
}

type RunningArgs = PreparedOperation & { running: RunningOperation };

/** graphql-ws speaks the protocol; what an operation is and does comes from the pipeline that HTTP uses. */
function createProtocol(server: WebSocketOptions, limits: WebSocketLimits): Server<Connection> {
  return makeServer<Record<string, unknown>, Connection>({
    connectionInitWaitTimeout: limits.initTimeoutMs,
    execute: (args: ExecutionArgs) => (args as RunningArgs).execute(args),
    subscribe: (args: ExecutionArgs) => (args as RunningArgs).subscribe(args),
    async onSubscribe({ extra: connection, connectionParams, subscriptions }, _id, request) {
      if (Object.keys(subscriptions).length > limits.operations)
        return [tooManyOperations(limits.operations)];
      const running = connection.startOperation(connectionParams);
      const prepared = await prepareOperation(server, running.contextRequest, request);
      if ('errors' in prepared) {
        running.finish();
        return prepared.errors;
      }
      if (prepared.contextValue.expiresAt instanceof Date)
        connection.expireAt(prepared.contextValue.expiresAt);
      return { ...prepared, running } satisfies RunningArgs;
    },
    onOperation(...[, , , args, result]) {
      const { running } = args as RunningArgs;
      if (Symbol.asyncIterator in result) return endable(result, running.finish) as typeof result;
      running.finish();
    },
    onNext: (...[, , , , result]) => toFormattedResult(result),
    onError: (...[, , , errors]) => errors.map((error) => toFormattedError(toPublicError(error, server))),
  });
}

function tooManyOperations(limit: number) {
  return limitExceeded(
    `This connection runs ${limit} operations already, which is the most that is allowed; end one first.`,
  );
}

function toFormattedResult({ errors, data, extensions }: ExecutionResult): FormattedExecutionResult {
  return {
    ...(errors && { errors: errors.map(toFormattedError) }),
    ...(data !== undefined && { data }),
    ...(extensions && { extensions: omit(extensions, HTTP_NOTES) }),
  };
}
