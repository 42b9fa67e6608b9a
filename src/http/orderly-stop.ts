import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

const SWEEP_MS = 25;

/** Event streams never end, so they close at once. Node would wait for connections that had no request. */
export function createOrderlyStop(server: Server): (graceMs: number) => Promise<void> {
  const sockets = new Set<Socket>();
  const running = new Set<ServerResponse>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('upgrade', (_request, socket) => sockets.delete(socket as Socket));
  server.on('request', (_incoming, outgoing) => {
    running.add(outgoing);
    outgoing.once('close', () => running.delete(outgoing));
  });

  const closeIdle = () => {
    const busy = new Set([...running].map((outgoing) => outgoing.req.socket));
    for (const socket of sockets) if (!busy.has(socket)) socket.destroySoon();
  };
  return (graceMs) =>
    new Promise((resolve) => {
      const sweep = setInterval(closeIdle, SWEEP_MS);
      const killTimer = setTimeout(() => sockets.forEach((socket) => socket.destroy()), graceMs);
      server.close(() => {
        clearInterval(sweep);
        clearTimeout(killTimer);
        resolve();
      });
      for (const outgoing of running) if (isEventStream(outgoing)) outgoing.destroy();
      closeIdle();
    });
}

function isEventStream(outgoing: ServerResponse): boolean {
  return outgoing.headersSent && String(outgoing.getHeader('content-type')).startsWith('text/event-stream');
}
