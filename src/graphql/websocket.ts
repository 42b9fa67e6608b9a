import type { IncomingMessage, Server as HttpServer } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ExecutionArgs, FormattedExecutionResult } from 'graphql';
import { handleProtocols, makeServer, type ExecutionResult, type Server } from 'graphql-ws';
import { WebSocketServer } from 'ws';
import type { Logger } from '../lib/logger.js';
import { HTTP_NOTES, isOutage, omit, toFormattedError, toPublicError } from './errors.js';
import { limitExceeded } from './limits.js';
import { prepareOperation, type PreparedOperation } from './operation.js';
import { GRAPHQL_PATH, type GraphqlServer } from './server.js';
import {
  closeInOutage,
  openConnection,
  WEBSOCKET_LIMITS,
  type Connection,
  type RunningOperation,
  type WebSocketLimits,
} from './websocket-connection.js';
import { refusalOf, refuseUpgrade } from './websocket-upgrade.js';

interface WebSocketOptions {
  httpServer: HttpServer;
  graphql: GraphqlServer;
  log: Logger;
  limits?: WebSocketLimits;
  origins?: readonly string[];
}

interface WebSocketEndpoint {
  stop(): Promise<void>;
}

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
    onNext(...[{ extra: connection }, , , , result]) {
      if (result.errors?.some(isOutage)) closeInOutage(connection);
      return toFormattedResult(result);
    },
    onError(...[{ extra: connection }, , , errors]) {
      const shown = errors.map((error) => toPublicError(error, server));
      if (shown.some(isOutage)) closeInOutage(connection);
      return shown.map(toFormattedError);
    },
  });
}

function tooManyOperations(limit: number) {
  return limitExceeded(
    `This connection already runs ${limit} operations; at most ${limit} are allowed. Complete one first.`,
  );
}

function toFormattedResult({ errors, data, extensions }: ExecutionResult): FormattedExecutionResult {
  return {
    ...(errors && { errors: errors.map(toFormattedError) }),
    ...(data !== undefined && { data }),
    ...(extensions && { extensions: omit(extensions, HTTP_NOTES) }),
  };
}

/** Ends at once when its reader returns; a generator that waits for its next value would not. */
function endable<T>(source: AsyncIterable<T>, onEnd: () => void): AsyncIterableIterator<T> {
  const iterator = source[Symbol.asyncIterator]();
  let ended = false;
  let release: (() => void) | null = null;

  const end = (): IteratorReturnResult<undefined> => {
    if (!ended) onEnd();
    ended = true;
    release?.();
    return { done: true, value: undefined };
  };
  const next = () =>
    new Promise<IteratorResult<T>>((resolve, reject) => {
      release = () => resolve({ done: true, value: undefined });
      iterator.next().then(
        (step) => resolve(step.done ? end() : step),
        (error: Error) => {
          reject(error);
          end();
        },
      );
    });
  return {
    next: () => (ended ? Promise.resolve(end()) : next()),
    return: () => {
      const step = end();
      // Not awaited: a waiting generator returns only after its next value.
      iterator.return?.().catch(() => undefined);
      return Promise.resolve(step);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
