import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { CloseCode, type Server } from 'graphql-ws';
import { WebSocket, type RawData } from 'ws';
import type { Logger } from '../lib/logger.js';
import { headersOf, type ContextRequest } from './context-request.js';
import type { WebSocketLimits } from './websocket-limits.js';

/** One client's WebSocket and the operations that run on it. */
export interface Connection {
  /** Starts an operation; it counts as running until its signal aborts or `finish` is called. */
  startOperation: (connectionParams?: Readonly<Record<string, unknown>>) => RunningOperation;
  /** Closes the connection with 4403 at that moment, instead of the one named before. */
  expireAt(moment: Date): void;
  /** Ends all operations at once, then says goodbye. */
  close(code: number, reason: string): void;
  /** Without goodbye. */
  terminate(): void;
}

export interface RunningOperation {
  contextRequest: ContextRequest;
  /** Ends it: its signal aborts. */
  finish: () => void;
}

export interface ConnectionOptions {
  protocol: Server<Connection>;
  limits: WebSocketLimits;
  log: Logger;
  onClose(connection: Connection): void;
}

/** A longer timer would fire at once; nothing that expires later needs one. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export function openConnection(
  socket: WebSocket,
  request: IncomingMessage,
  options: ConnectionOptions,
): Connection {
  const log = options.log.child({ connectionId: randomUUID() });
  const running = createRunningOperations(request, String(log.bindings().connectionId));
  let expiry: NodeJS.Timeout | undefined;

  const connection: Connection = {
    startOperation: running.start,
    expireAt(moment) {
      clearTimeout(expiry);
      const delayMs = Math.max(0, moment.getTime() - Date.now());
      if (delayMs > MAX_TIMER_MS) return;
      expiry = setTimeout(() => connection.close(CloseCode.Forbidden, 'Signed out'), delayMs);
    },
    close(code, reason) {
      running.finishAll();
      socket.close(code, reason);
    },
    terminate: () => socket.terminate(),
  };
  const closed = options.protocol.opened(
    toProtocolSocket(socket, connection, { ...options, log }),
    connection,
  );
  keepAlive(socket, options.limits.pingIntervalMs);
  // ws closes by itself after an error, with the right code: 1009 for a message too long, 1002 for nonsense.
  socket.on('error', (error) => log.debug({ err: error }, 'WebSocket error'));
  socket.once('close', (code, reason) => {
    clearTimeout(expiry);
    running.finishAll();
    options.onClose(connection);
    closed(code, String(reason)).catch((error: unknown) => log.error({ err: error }, 'WebSocket close'));
  });
  return connection;
}

function createRunningOperations(request: IncomingMessage, connectionId: string) {
  const controllers = new Set<AbortController>();
  let started = 0;
  const headers = headersOf(request);
  const finish = (controller: AbortController) => {
    if (controllers.delete(controller)) controller.abort();
  };
  return {
    start: (connectionParams?: Readonly<Record<string, unknown>>): RunningOperation => {
      const controller = new AbortController();
      controllers.add(controller);
      started += 1;
      const contextRequest: ContextRequest = {
        transport: 'websocket',
        requestId: `${connectionId}.${started}`,
        signal: controller.signal,
        headers,
        ...(connectionParams && { connectionParams }),
      };
      return { contextRequest, finish: () => finish(controller) };
    },
    finishAll: () => controllers.forEach(finish),
  };
}

/** So many bytes may be on their way before an operation waits until they are sent; less goes out together. */
const UNSENT_BYTES = 16 * 1024;

/** The socket as graphql-ws wants it. It sends an operation's next result when the promise is resolved. */
function toProtocolSocket(socket: WebSocket, connection: Connection, { limits, log }: ConnectionOptions) {
  return {
    protocol: socket.protocol,
    send(data: string): Promise<void> | void {
      if (socket.readyState !== WebSocket.OPEN) return;
      if (socket.bufferedAmount > limits.unreadBytes) {
        log.warn({ unreadBytes: socket.bufferedAmount }, 'WebSocket cut: its client does not read');
        return connection.terminate();
      }
      if (socket.bufferedAmount < UNSENT_BYTES) return socket.send(data);
      // Resolves on failure too: then the socket closes, which ends every operation.
      return new Promise((resolve) => socket.send(data, () => resolve()));
    },
    close: (code?: number, reason?: string) => socket.close(code, reason),
    onMessage(handle: (data: string) => Promise<void>) {
      socket.on('message', (data: RawData) => {
        handle((data as Buffer).toString('utf8')).catch((error: unknown) => {
          log.error({ err: error }, 'WebSocket message');
          connection.close(CloseCode.InternalServerError, 'Internal error');
        });
      });
    },
  };
}

/** Anything that comes from the client is a sign of life. Browsers answer pings by themselves. */
function keepAlive(socket: WebSocket, intervalMs: number): void {
  let alive = true;
  const hear = () => {
    alive = true;
  };
  socket.on('pong', hear);
  socket.on('message', hear);
  const timer = setInterval(() => {
    if (!alive) return socket.terminate();
    alive = false;
    if (socket.readyState === WebSocket.OPEN) socket.ping();
  }, intervalMs);
  socket.once('close', () => clearInterval(timer));
}
