import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { CloseCode, type Server } from 'graphql-ws';
import { WebSocket, type RawData } from 'ws';
import type { Logger } from '../lib/logger.js';
import { isOutage } from './errors.js';
import { headersOf, type ContextRequest } from './context-request.js';

export interface WebSocketLimits {
  /** Beyond it: close code 1009. */
  messageBytes: number;
  /** Beyond it: an error message. */
  operations: number;
  /** Beyond it: close code 4429. */
  connectionsPerAddress: number;
  /** For `connection_init`; then close code 4408. */
  initTimeoutMs: number;
  pingIntervalMs: number;
  /** Beyond it the connection is terminated. */
  unreadBytes: number;
  closeGraceMs: number;
}

export const WEBSOCKET_LIMITS: WebSocketLimits = {
  messageBytes: 256 * 1024,
  operations: 50,
  connectionsPerAddress: 2_000,
  initTimeoutMs: 10_000,
  pingIntervalMs: 12_000,
  unreadBytes: 1024 * 1024,
  closeGraceMs: 1_000,
};

export interface Connection {
  startOperation: (connectionParams?: Readonly<Record<string, unknown>>) => RunningOperation;
  expireAt(moment: Date): void;
  close(code: number, reason: string): void;
  terminate(): void;
}

export interface RunningOperation {
  contextRequest: ContextRequest;
  finish: () => void;
}

interface ConnectionOptions {
  protocol: Server<Connection>;
  limits: WebSocketLimits;
  log: Logger;
  onClose(connection: Connection): void;
}

/** A longer timer would fire at once. */
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
  // ws closes the socket itself: 1009 for a message too long, 1002 for a protocol error.
  socket.on('error', (err) => log.debug({ err }, 'websocket error'));
  socket.once('close', (code, reason) => {
    clearTimeout(expiry);
    running.finishAll();
    options.onClose(connection);
    closed(code, String(reason)).catch((err: unknown) => log.error({ err }, 'websocket close failed'));
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

/** RFC 6455's registry: the client should try again later. graphql-ws takes our own 4500, or an error, for final. */
const TRY_AGAIN_LATER = 1013;

/** Subscriptions then begin again on the client's next connection, where an error would end them for good. */
export function closeInOutage(connection: Connection): void {
  connection.close(TRY_AGAIN_LATER, 'The database does not answer');
}

const UNSENT_BYTES = 16 * 1024;

/** graphql-ws sends an operation's next result when the promise of `send` resolves. */
function toProtocolSocket(socket: WebSocket, connection: Connection, { limits, log }: ConnectionOptions) {
  return {
    protocol: socket.protocol,
    send(data: string): Promise<void> | void {
      if (socket.readyState !== WebSocket.OPEN) return;
      if (socket.bufferedAmount > limits.unreadBytes) {
        log.warn({ unreadBytes: socket.bufferedAmount }, 'websocket terminated, its client does not read');
        return connection.terminate();
      }
      if (socket.bufferedAmount < UNSENT_BYTES) return socket.send(data);
      // Resolves on failure too: the socket then closes, which ends every operation.
      return new Promise((resolve) => socket.send(data, () => resolve()));
    },
    close: (code?: number, reason?: string) => socket.close(code, reason),
    onMessage(handle: (data: string) => Promise<void>) {
      socket.on('message', (data: RawData) => {
        handle((data as Buffer).toString('utf8')).catch((err: unknown) => {
          if (isOutage(err)) return closeInOutage(connection);
          log.error({ err }, 'websocket message failed');
          connection.close(CloseCode.InternalServerError, 'Internal error');
        });
      });
    },
  };
}

function keepAlive(socket: WebSocket, intervalMs: number): void {
  let alive = true;
  const markAlive = () => {
    alive = true;
  };
  socket.on('pong', markAlive);
  socket.on('message', markAlive);
  const timer = setInterval(() => {
    if (!alive) return socket.terminate();
    alive = false;
    if (socket.readyState === WebSocket.OPEN) socket.ping();
  }, intervalMs);
  socket.once('close', () => clearInterval(timer));
}
