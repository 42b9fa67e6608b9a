import type { ExecutionArgs, FormattedExecutionResult } from 'graphql';
import { handleProtocols, makeServer, type ExecutionResult, type Server } from 'graphql-ws';
import { WebSocketServer } from 'ws';
import type { Logger } from '../lib/logger.js';
import { createReaderCounter, type ReaderCounter } from '../lib/reader-limits.js';
import { endable } from './endable.js';
import { HTTP_NOTES, isOutage, omit, toFormattedError, toPublicError } from './errors.js';
import { limitExceeded } from './limits.js';
import type { AccessContext } from './live-access.js';
import { prepareOperation, type PreparedOperation } from './operation.js';
import type { GraphqlServer } from './server.js';
import {
  closeInOutage,
  openConnection,
  WEBSOCKET_LIMITS,
  type Connection,
  type RunningOperation,
  type Upgrade,
  type WebSocketLimits,
} from './websocket-connection.js';

interface WebSocketOptions {
  graphql: GraphqlServer;
  log: Logger;
  readers: ReaderCounter;
  limits?: WebSocketLimits;
}

interface WebSocketEndpoint {
  /** Takes the connection over; false if there are too many. */
  upgrade(upgrade: Upgrade): boolean;
  stop(): Promise<void>;
}

export function createWebSocketEndpoint(options: WebSocketOptions): WebSocketEndpoint {
  const { log, readers, limits = WEBSOCKET_LIMITS } = options;
  const protocol = createProtocol(options, limits);
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: limits.messageBytes,
    handleProtocols,
    // Each message of a packet in a turn of its own, so that a packet full of subscriptions holds up nobody.
    allowSynchronousEvents: false,
  });
  const connections = new Set<Connection>();
  const greetings = createReaderCounter({
    perAddress: limits.greetingsPerAddress,
    perViewer: Infinity,
    inAll: limits.greetingsInAll,
  });
  const allClosed = { resolve: () => {} };

  const onClose = (connection: Connection) => {
    connections.delete(connection);
    if (connections.size === 0) allClosed.resolve();
  };
  return {
    upgrade(upgrade) {
      const { request, socket, head, client } = upgrade;
      const reader = readers.enter(client.address);
      const greeting = greetings.enter(client.address);
      const leave = () => {
        reader?.leave();
        greeting?.leave();
      };
      if (!reader || !greeting) {
        leave();
        return false;
      }
      socket.once('close', leave);
      sockets.handleUpgrade(request, socket, head, (webSocket) => {
        const options = { protocol, limits, log, reader, greeting, onClose };
        connections.add(openConnection(webSocket, upgrade, options));
      });
      return true;
    },
    async stop() {
      if (connections.size === 0) return;
      const closed = new Promise<void>((resolve) => {
        allClosed.resolve = resolve;
      });
      for (const connection of connections) connection.close(1001, 'Going away');
      const cut = setTimeout(() => {
        for (const connection of connections) connection.terminate();
      }, limits.closeGraceMs);
      await closed;
      clearTimeout(cut);
    },
  };
}

type RunningArgs = PreparedOperation & { running: RunningOperation };

function createProtocol(server: WebSocketOptions, limits: WebSocketLimits): Server<Connection> {
  return makeServer<Record<string, unknown>, Connection>({
    connectionInitWaitTimeout: limits.initTimeoutMs,
    execute: (args: ExecutionArgs) => (args as RunningArgs).execute(args),
    subscribe: (args: ExecutionArgs) => (args as RunningArgs).subscribe(args),
    async onConnect(context) {
      const { extra: connection } = context;
      const tokens = tokensOf(context.connectionParams);
      // The payload would be kept as long as the connection.
      Object.assign(context, { connectionParams: tokens });
      const isAccepted = await admit(server, connection, tokens);
      if (isAccepted) connection.acknowledge();
      return isAccepted;
    },
    async onSubscribe({ extra: connection, connectionParams, subscriptions }, _id, request) {
      if (Object.keys(subscriptions).length > limits.operations)
        return [tooManyOperations(limits.operations)];
      const running = connection.startOperation(connectionParams);
      const prepared = await prepareOperation(server, running.contextRequest, request);
      if ('errors' in prepared) {
        running.finish();
        return prepared.errors;
      }
      const { viewer } = prepared.contextValue as { viewer?: { id: string } };
      if (viewer && !connection.identify(viewer.id)) {
        connection.close(4429, 'Too many connections');
        return [limitExceeded('You have too many open connections; close some first.')];
      }
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

/** Whether the token is valid; without one, each operation says what it requires. The connection ends with its access. */
async function admit(
  { graphql, log }: WebSocketOptions,
  connection: Connection,
  tokens: Readonly<Record<string, unknown>>,
): Promise<boolean> {
  const { contextRequest, finish } = connection.startOperation(tokens);
  try {
    const { access, followAccess }: AccessContext = await graphql.createContext(contextRequest);
    if (followAccess) connection.followAccess(followAccess);
    return !access?.problem;
  } catch (thrown) {
    throw toPublicError(thrown, { log, requestId: contextRequest.requestId });
  } finally {
    finish();
  }
}

const TOKEN_NAMES = ['authorization', 'token'];

function tokensOf(payload: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const tokens = Object.entries(payload).filter(
    ([name, value]) => TOKEN_NAMES.includes(name.toLowerCase()) && typeof value === 'string',
  );
  return Object.fromEntries(tokens);
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
