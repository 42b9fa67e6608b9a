import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { toRawResponse } from './security-headers.js';

type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

interface Upgrades {
  /** Whether an upgrade is ours; any other is ignored, as RFC 9110 (7.8) says. */
  accepts(request: IncomingMessage): boolean;
  handle: UpgradeHandler;
}

/** Node hands over every request with an `Upgrade` header once somebody listens for upgrades. */
export function listenForUpgrades(server: Server, { accepts, handle }: Upgrades): void {
  const running = new WeakMap<Duplex, ServerResponse>();
  server.on('request', ({ socket }, outgoing) => {
    running.set(socket, outgoing);
    outgoing.once('close', () => {
      if (running.get(socket) === outgoing) running.delete(socket);
    });
  });
  server.on('upgrade', (request, duplex, head) => {
    if (accepts(request)) return handle(request, duplex, head);
    const socket = duplex as Socket;
    const readAgain = () => {
      if (!socket.destroyed) parseAgain(server, { request, socket, head });
    };
    // Node has removed its own listener, and may write an earlier response to a connection that is gone.
    socket.off('error', ignoreError).on('error', ignoreError);
    // Responses to earlier requests on this connection go first.
    const earlier = running.get(socket);
    if (earlier) earlier.once('close', readAgain);
    else readAgain();
  });
}

function ignoreError(): void {}

interface Upgrade {
  request: IncomingMessage;
  socket: Socket;
  head: Buffer;
}

/** Without the header, and with all that follows: the body, and further requests. */
function parseAgain(server: Server, { request, socket, head }: Upgrade): void {
  const { method, url, httpVersion, rawHeaders } = request;
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    if (name.toLowerCase() !== 'upgrade') lines.push(`${name}: ${rawHeaders[at + 1]}`);
  }
  // The time limit of an idle connection would go on.
  socket.setTimeout(0);
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]));
  server.emit('connection', socket);
}

interface UpgradeRefusal {
  status: number;
  headers: Record<string, string>;
  body: object;
}

export function refuseUpgrade(socket: Duplex, { status, headers, body }: UpgradeRefusal): void {
  socket.on('error', () => socket.destroy());
  socket.end(toRawResponse(status, headers, body), () => socket.destroy());
}
