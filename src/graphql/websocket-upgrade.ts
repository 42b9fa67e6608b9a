import { STATUS_CODES, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

interface AllowedUpgrades {
  path: string;
  origins: readonly string[];
}

export function refusalOf(request: IncomingMessage, { path, origins }: AllowedUpgrades): number | null {
  if (request.url?.split('?')[0] !== path) return 404;
  const isListed = origins.includes(request.headers.origin ?? '');
  return isListed || isOwnOrigin(request) ? null : 403;
}

export function refuseUpgrade(socket: Duplex, status: number): void {
  socket.on('error', () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
    () => socket.destroy(),
  );
}

/** Browsers let every page open a WebSocket with the visitor's cookies. Other programs send no Origin. */
function isOwnOrigin({ headers }: IncomingMessage): boolean {
  const { origin, host } = headers;
  if (origin === undefined) return true;
  if (!URL.canParse(origin)) return false;
  const page = new URL(origin);
  // So that an explicit default port makes no difference.
  const own = `${page.protocol}//${host}`;
  return URL.canParse(own) && new URL(own).host === page.host && page.host !== '';
}
