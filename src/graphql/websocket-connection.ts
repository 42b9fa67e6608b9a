import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { CloseCode, type Server } from 'graphql-ws';
import { WebSocket, type RawData } from 'ws';
import type { Logger } from '../lib/logger.js';
import type { OpenReader } from '../lib/reader-limits.js';
import { isOutage } from './errors.js';
import type { AccessContext } from './live-access.js';
import { toContextRequest, type Client, type ContextRequest } from './context-request.js';

export interface WebSocketLimits {
  /** Beyond it: close code 1009. */
  messageBytes: number;
  /** Beyond it before `connection_init` is acknowledged: close code 1009. */
  greetingBytes: number;
  /** Connections of one address, and of all, before `connection_init` is acknowledged. Beyond it: status 429. */
  greetingsPerAddress: number;
  greetingsInAll: number;
  /** Beyond it: an error message. */
  operations: number;
  /** A client that sends more is read more slowly. */
  messagesPerSecond: number;
  messageBurst: number;
  /** For `connection_init`; then close code 4408. */
  initTimeoutMs: number;
  pingIntervalMs: number;
  /** Beyond it the connection is terminated. */
  unreadBytes: number;
  closeGraceMs: number;
}

export const WEBSOCKET_LIMITS: WebSocketLimits = {
  messageBytes: 256 * 1024,
  greetingBytes: 4 * 1024,
  greetingsPerAddress: 100,
  greetingsInAll: 500,
  operations: 50,
  messagesPerSecond: 50,
  messageBurst: 200,
  initTimeoutMs: 10_000,
  pingIntervalMs: 12_000,
  unreadBytes: 1024 * 1024,
  closeGraceMs: 1_000,
};

export interface Connection {
  startOperation: (connectionParams?: Readonly<Record<string, unknown>>) => RunningOperation;
  /** Closes with 4403 when it says so. */
  followAccess(follow: NonNullable<AccessContext['followAccess']>): void;
  /** The larger limits hold from now on. */
  acknowledge(): void;
  /** False when the viewer has too many connections. */
  identify(viewerId: string): boolean;
  close(code: number, reason: string): void;
  terminate(): void;
}

/** A request to become a WebSocket. */
export interface Upgrade {
  request: IncomingMessage;
  socket: Duplex;
  head: Buffer;
  client: Client;
}

export interface RunningOperation {
  contextRequest: ContextRequest;
  finish: () => void;
}

interface ConnectionOptions {
  protocol: Server<Connection>;
  limits: WebSocketLimits;
  log: Logger;
  reader: OpenReader;
  greeting: OpenReader;
  onClose(connection: Connection): void;
}

export function openConnection(socket: WebSocket, upgrade: Upgrade, options: ConnectionOptions): Connection {
  const log = options.log.child({ connectionId: randomUUID() });
  const running = createRunningOperations(upgrade, String(log.bindings().connectionId));
  const { reader, greeting } = options;
  const liftLimit = limitGreeting(socket, upgrade.request, options.limits);
  let stopFollowing = () => {};

  const connection: Connection = {
    startOperation: running.start,
    followAccess(follow) {
      // The client may have gone while its token was checked.
      if (socket.readyState !== WebSocket.OPEN) return;
      stopFollowing = follow(() => connection.close(CloseCode.Forbidden, 'Signed out'));
    },
    acknowledge() {
      liftLimit();
      greeting.leave();
    },
    identify: reader.identify,
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
  slowDown(socket, options.limits);
  // ws closes the socket itself: 1009 for a message too long, 1002 for a protocol error.
  socket.on('error', (err) => log.debug({ err }, 'websocket error'));
  socket.once('close', (code, reason) => {
    stopFollowing();
    running.finishAll();
    options.onClose(connection);
    closed(code, String(reason)).catch((err: unknown) => log.error({ err }, 'websocket close failed'));
  });
  return connection;
}

function createRunningOperations({ request, client }: Upgrade, connectionId: string) {
  const controllers = new Set<AbortController>();
  let started = 0;
  const finish = (controller: AbortController) => {
    if (controllers.delete(controller)) controller.abort();
  };
  return {
    start: (connectionParams?: Readonly<Record<string, unknown>>): RunningOperation => {
      const controller = new AbortController();
      controllers.add(controller);
      started += 1;
      const parts = {
        transport: 'websocket',
        requestId: `${connectionId}.${started}`,
        signal: controller.signal,
        client,
      } as const;
      const contextRequest = {
        ...toContextRequest(request, parts),
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

/** Of WebSocket frames around a message. */
const FRAME_BYTES = 1024;

/** ws has one limit for all messages, and reads that much before it can be asked. Returns how to lift this one. */
function limitGreeting(socket: WebSocket, request: IncomingMessage, limits: WebSocketLimits): () => void {
  let received = 0;
  const lift = () => {
    request.socket.off('data', count);
    socket.off('message', check);
  };
  const refuse = () => {
    lift();
    request.socket.pause();
    socket.close(1009, 'Too long before connection_init');
    setTimeout(() => socket.terminate(), limits.closeGraceMs);
  };
  const check = (data: RawData) => {
    if ((data as Buffer).byteLength > limits.greetingBytes) refuse();
  };
  const count = ({ byteLength }: Buffer) => {
    received += byteLength;
    if (received > limits.greetingBytes + FRAME_BYTES) refuse();
  };
  request.socket.on('data', count);
  socket.on('message', check);
  return lift;
}

/** One far ahead of its rate answers no ping in time, and is disconnected by that. */
function slowDown(socket: WebSocket, { messagesPerSecond, messageBurst }: WebSocketLimits): void {
  let allowance = messageBurst;
  let countedAtMs = performance.now();
  socket.on('message', () => {
    const nowMs = performance.now();
    const earned = ((nowMs - countedAtMs) / 1_000) * messagesPerSecond;
    allowance = Math.min(messageBurst, allowance + earned) - 1;
    countedAtMs = nowMs;
    if (allowance >= 0 || socket.isPaused || socket.readyState !== WebSocket.OPEN) return;
    socket.pause();
    setTimeout(() => socket.resume(), (-allowance / messagesPerSecond) * 1_000);
  });
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
        if (socket.readyState !== WebSocket.OPEN) return;
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
