import { isIP } from 'node:net';
import { hostname } from 'node:os';

interface HostNames {
  /** HOST. */
  host: string;
  /** ALLOWED_HOSTS. */
  allowedHosts?: readonly string[] | undefined;
  /** PUBLIC_URL. */
  publicUrl?: string | null | undefined;
}

export type HostRule = (url: URL) => boolean;

/**
 * Against DNS rebinding: a page whose name its owner points at this server has our origin, to a browser. That takes
 * a name in public DNS, so IP addresses and names that DNS does not delegate are safe.
 */
export function createHostRule({ host, allowedHosts = [], publicUrl }: HostNames): HostRule {
  if (allowedHosts.includes('*')) return () => true;
  const publicNames = publicUrl ? [new URL(publicUrl).hostname.replace(/\.$/, '')] : [];
  const names = new Set([host.toLowerCase(), ...ownNames(), ...publicNames, ...allowedHosts]);
  const suffixes = ['.localhost', ...allowedHosts.filter((name) => name.startsWith('.'))];
  return (url) => {
    const name = url.hostname.replace(/\.$/, '');
    if (isIP(name.replace(/^\[(.*)\]$/, '$1')) > 0 || names.has(name)) return true;
    return suffixes.some((suffix) => name.endsWith(suffix) || name === suffix.slice(1));
  };
}

/** The first label only: a network's DHCP may choose the rest of the machine's name. */
function ownNames(): string[] {
  const [label = ''] = hostname().toLowerCase().split('.');
  return label === '' ? [] : [label, `${label}.local`];
}
