import type { IncomingMessage } from 'node:http';
import { isIP, isIPv6 } from 'node:net';
import proxyaddr from 'proxy-addr';
import type { Client } from '../graphql/context-request.js';
import { pathOf } from './request-context.js';

interface PublicAddress {
  /** PUBLIC_URL: wins over what proxies say. */
  publicUrl?: string | null | undefined;
  /** TRUST_PROXY. */
  trustedProxies?: readonly string[] | undefined;
}

/** A request as it is without the proxies before this server. */
export interface Arrival {
  client: Client;
  /** Path and query, without the path below which a proxy publishes this server. */
  target: string;
  /** Of the target, at the host that the client named; null if that is no URL. */
  url: URL | null;
}

/** The only reader of X-Forwarded headers. */
export function createArrivalReader(options: PublicAddress): (incoming: IncomingMessage) => Arrival {
  const trusts = proxyaddr.compile([...(options.trustedProxies ?? [])]);
  const configured = options.publicUrl ? new URL(options.publicUrl) : null;
  return (incoming) => {
    const hops = proxyaddr.all(incoming, trusts);
    const viaTrustedProxy = trusts(incoming.socket.remoteAddress ?? '', 0);
    const forwarded = readForwarded(incoming, viaTrustedProxy ? Math.max(1, hops.length - 1) : 0);
    const prefix = configured ? withoutSlash(configured.pathname) : forwarded.prefix;
    const target = withoutPrefix(incoming.url ?? '', prefix);
    const url = urlOf(incoming, target, forwarded.host);
    const here =
      configured ?? publicOriginOf(forwarded.scheme, url ?? new URL(`http://${addressOf(incoming)}`));
    const client = {
      address: hops.findLast((hop) => isIP(hop) > 0) ?? null,
      publicUrl: `${here.origin}${prefix}`,
      isSecure: here.protocol === 'https:',
      viaTrustedProxy,
    };
    return { client, target, url };
  };
}

interface Forwarded {
  host: string | null;
  scheme: 'http' | 'https';
  prefix: string;
}

/** Each proxy appends its value or replaces what there was: anything further left may be of the client's making. */
function readForwarded({ headers }: IncomingMessage, trustedHops: number): Forwarded {
  const read = (name: string): string | null => {
    const values = trustedHops === 0 ? [] : String(headers[name] ?? '').split(',');
    return values[Math.max(0, values.length - trustedHops)]?.trim() || null;
  };
  const prefix = withoutSlash(read('x-forwarded-prefix') ?? '');
  return {
    host: read('x-forwarded-host'),
    scheme: read('x-forwarded-proto')?.toLowerCase() === 'https' ? 'https' : 'http',
    prefix: /^(?:\/[\w.~%-]+)+$/.test(prefix) ? prefix : '',
  };
}

function publicOriginOf(scheme: string, { host }: URL): URL {
  return new URL(`${scheme}://${host}`);
}

const withoutSlash = (path: string): string => path.replace(/\/$/, '');

/** Some proxies remove the prefix, some do not. */
function withoutPrefix(target: string, prefix: string): string {
  if (prefix === '' || !target.startsWith(prefix)) return target;
  const rest = target.slice(prefix.length);
  if (rest.startsWith('/')) return rest;
  return rest === '' || rest.startsWith('?') ? `/${rest}` : target;
}

/** Null if path and Host are no URL, or the URL of another path or host. HTTP/1.0 allows no Host at all. */
function urlOf(incoming: IncomingMessage, target: string, forwardedHost: string | null): URL | null {
  if (pathOf({ url: target }).includes('\\')) return null;
  if (/^https?:\/\//.test(target)) return parseUrl(target);
  if (!target.startsWith('/')) return null;
  const host = forwardedHost ?? incoming.headers.host;
  if (host === undefined) return parseUrl(`http://${addressOf(incoming)}${target}`);
  const url = parseUrl(`http://${host}${target}`);
  const name = host.replace(/:\d*$/, '').toLowerCase();
  // IPv6 addresses have several spellings.
  const isSame = url?.hostname === name || isIPv6(name.replace(/^\[(.*)\]$/, '$1'));
  return isSame ? url : null;
}

function addressOf({ socket }: IncomingMessage): string {
  const { localAddress = 'localhost', localPort = 80 } = socket;
  return `${isIPv6(localAddress) ? `[${localAddress}]` : localAddress}:${localPort}`;
}

function parseUrl(text: string): URL | null {
  // Node 20 has no URL.parse.
  return URL.canParse(text) ? new URL(text) : null;
}
