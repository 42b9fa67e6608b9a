import type { IncomingMessage } from 'node:http';
import { GRAPHQL_PATH } from '../graphql/server.js';
import type { HostRule } from './allowed-hosts.js';
import type { RequestCode } from '../graphql/request-codes.js';
import { foreignPageMessage, isFromForeignPage, isQueryOfForeignPage } from './foreign-pages.js';
import type { Arrival } from './proxies.js';
import { pathOf, PROBE_PATHS } from './request-context.js';
import { toFailureBody } from './send.js';

interface AccessRules {
  isAllowedHost: HostRule;
  origins: readonly string[];
}

export interface Refusal {
  status: number;
  body: object;
  /** For the log. */
  message: string;
}

/** What holds for every request, before anything of it is read. Routes of REST know themselves whether they change. */
export function checkAccess(
  incoming: IncomingMessage,
  { url, client }: Arrival,
  rules: AccessRules,
): { url: URL } | Refusal {
  if (!url) return refuse(400, 'Invalid address or Host header.');
  const code = (name: RequestCode) => (isGraphql(url.pathname) ? name : null);
  // A browser always sends Host.
  const isNamed = incoming.headers.host !== undefined && !PROBE_PATHS.has(url.pathname);
  if (isNamed && !rules.isAllowedHost(url)) {
    const message = `"${url.hostname}" is not an allowed host name of this server; add it to ALLOWED_HOSTS.`;
    return refuse(421, message, code('HOST_NOT_ALLOWED'));
  }
  const here = { url, publicUrl: client.publicUrl };
  const isForeign = mayChange(incoming) ? isFromForeignPage : isQueryOfForeignPage;
  if (isGraphql(url.pathname) && isForeign(incoming, here, rules.origins))
    return refuse(403, foreignPageMessage(incoming, here), code('ORIGIN_NOT_ALLOWED'));
  return { url };
}

function refuse(status: number, message: string, code: RequestCode | null = null): Refusal {
  const body = code ? { errors: [{ message, extensions: { code } }] } : toFailureBody(message);
  return { status, body, message };
}

export function isGraphql(path: string): boolean {
  return path === GRAPHQL_PATH || path === `${GRAPHQL_PATH}/`;
}

/** Only ours; a WebSocket anywhere else gets what the path has. */
export function isWebSocketUpgrade(incoming: IncomingMessage, target = incoming.url ?? ''): boolean {
  const isWebSocket = incoming.headers.upgrade?.toLowerCase() === 'websocket';
  return isWebSocket && incoming.method === 'GET' && pathOf({ url: target }) === GRAPHQL_PATH;
}

/** GraphQL runs no mutation by GET. */
function mayChange(incoming: IncomingMessage): boolean {
  return isWebSocketUpgrade(incoming) || !['GET', 'HEAD', 'OPTIONS'].includes(incoming.method ?? '');
}
