import type { Server, ServerResponse } from 'node:http';

/** How often connections that fell idle are closed while the server stops. */
const SWEEP_MS = 25;

/**
 * Accepts nothing new, closes idle connections, and waits for running requests. Event streams, which would
 * never end, are cut at once: their clients connect again elsewhere. After the grace, so is everything.
 */
export function stopServer(server: Server, running: Iterable<ServerResponse>, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
    const cut = setTimeout(() => server.closeAllConnections(), graceMs);
    server.close(() => {
      clearInterval(sweep);
      clearTimeout(cut);
      resolve();
    });
    for (const outgoing of running) if (isEventStream(outgoing)) outgoing.destroy();
  });
}

function isEventStream(outgoing: ServerResponse): boolean {
  return outgoing.headersSent && String(outgoing.getHeader('content-type')).startsWith('text/event-stream');
}
