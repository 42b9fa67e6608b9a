import type { LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import { OutboundError } from './errors.js';

/** As `dns.lookup` with `all`. */
export type Resolve = (hostname: string) => Promise<LookupAddress[]>;

export interface AddressGuard {
  /** Throws OutboundError for a URL that may not be requested, whatever its host resolves to. */
  check(url: URL): void;
  /** For sockets: a name that resolves to forbidden addresses only is an error, of several the others are used. */
  lookup: LookupFunction;
}

/**
 * Keeps requests out of private networks. Literals are checked by `check`, because sockets never look them up; names
 * by `lookup`, whose result is what the socket connects to, so that a second look cannot differ.
 */
export function createAddressGuard(allowed: readonly string[], resolve: Resolve): AddressGuard {
  const rules = parseRules(allowed);
  return {
    check: (url) => {
      if (!/^https?:$/.test(url.protocol)) {
        throw forbidden(`Addresses that start with ${url.protocol} are not requested; allowed: http, https.`);
      }
      const host = hostOf(url);
      const isLocalName = /^(?:.*\.)?localhost$/.test(host);
      if (isIP(host) ? !rules.allowsAddress(host) : isLocalName && !rules.allowsName(host))
        throw notPublic(host);
    },
    lookup: (hostname, options, callback) => {
      const permits = ({ address }: LookupAddress) =>
        rules.allowsName(hostOf({ hostname })) || rules.allowsAddress(address);
      const use = (found: LookupAddress[]) => {
        const usable = found.filter(permits);
        const [first] = usable;
        if (!first) callback(notPublic(hostname), []);
        else if (options.all) callback(null, usable);
        else callback(null, first.address, first.family);
      };
      resolve(hostname).then(use, (thrown: unknown) => callback(toErrno(thrown), []));
    },
  };
}

/** Without brackets and without the dot of a fully qualified name. */
function hostOf({ hostname }: { hostname: string }): string {
  return hostname
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '');
}

/** All that has been given out; other ranges hold old ways to write IPv4, such as ::127.0.0.1. */
const GLOBAL_IPV6 = ipaddr.parseCIDR('2000::/3');

interface Rules {
  allowsName(host: string): boolean;
  allowsAddress(address: string): boolean;
}

/** ".example.org" allows example.org and every name below it. */
function parseRules(allowed: readonly string[]): Rules {
  const networks = allowed.filter(isNetwork).map((each) => ipaddr.parseCIDR(withPrefix(each)));
  const names = allowed.filter((each) => !isNetwork(each));
  return {
    allowsName: (host) =>
      names.some((name) => name === host || (name.startsWith('.') && `.${host}`.endsWith(name))),
    allowsAddress: (address) => {
      const parsed = ipaddr.process(address);
      const isPublic =
        parsed.range() === 'unicast' && (parsed.kind() === 'ipv4' || parsed.match(GLOBAL_IPV6));
      return (
        isPublic || networks.some(([base, bits]) => base.kind() === parsed.kind() && parsed.match(base, bits))
      );
    },
  };
}

const isNetwork = (text: string): boolean => isIP(text.split('/')[0] ?? '') > 0;

function withPrefix(text: string): string {
  if (text.includes('/')) return text;
  return `${text}/${isIP(text) === 4 ? 32 : 128}`;
}

const forbidden = (message: string): OutboundError => new OutboundError('FORBIDDEN_ADDRESS', message);

function notPublic(host: string): OutboundError {
  return forbidden(
    `"${host}" is not a public address, and private ones are not requested; to allow it, add it to OUTBOUND_ALLOW.`,
  );
}

function toErrno(thrown: unknown): NodeJS.ErrnoException {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
