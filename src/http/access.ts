import type { IncomingMessage } from 'node:http';
import { GRAPHQL_PATH } from '../graphql/server.js';
import type { HostRule } from './allowed-hosts.js';
import type { RequestCode } from '../graphql/request-codes.js';
import { foreignPageMessage, isFromForeignPage, isQueryOfForeignPage } from './foreign-pages.js';
import { pathOf, PROBE_PATHS, urlOf } from './request-context.js';
import { toFailureBody } from './send.js';

interface AccessRules {
  isAllowedHost: HostRule;
  origins: readonly string[];
}

export interface Refusal {
  status: number;
  body: object;
}

/** What holds for every request, before anything of it is read. Routes of REST know themselves whether they change. */
export function checkAccess(incoming: IncomingMessage, rules: AccessRules): { url: URL } | Refusal {
  const url = urlOf(incoming);
  if (!url) return { status: 400, body: toFailureBody('Invalid address or Host header.') };
  const toBody = (message: string, code: RequestCode) =>
    isGraphql(url.pathname) ? { errors: [{ message, extensions: { code } }] } : toFailureBody(message);
  // A browser always sends Host.
  const isNamed = incoming.headers.host !== undefined && !PROBE_PATHS.has(url.pathname);
  if (isNamed && !rules.isAllowedHost(url)) {
    const message = `"${url.hostname}" is not an allowed host name of this server; add it to ALLOWED_HOSTS.`;
    return { status: 421, body: toBody(message, 'HOST_NOT_ALLOWED') };
  }
  const isForeign = mayChange(incoming) ? isFromForeignPage : isQueryOfForeignPage;
  if (isGraphql(url.pathname) && isForeign(incoming, url, rules.origins))
    return { status: 403, body: toBody(foreignPageMessage(incoming), 'ORIGIN_NOT_ALLOWED') };
  return { url };
}

export function isGraphql(path: string): boolean {
  return path === GRAPHQL_PATH || path === `${GRAPHQL_PATH}/`;
}

/** Only ours; a WebSocket anywhere else gets what the path has. */
export function isWebSocketUpgrade(incoming: IncomingMessage): boolean {
  const isWebSocket = incoming.headers.upgrade?.toLowerCase() === 'websocket';
  return isWebSocket && incoming.method === 'GET' && pathOf(incoming) === GRAPHQL_PATH;
}

/** GraphQL runs no mutation by GET. */
function mayChange(incoming: IncomingMessage): boolean {
  return isWebSocketUpgrade(incoming) || !['GET', 'HEAD', 'OPTIONS'].includes(incoming.method ?? '');
}
