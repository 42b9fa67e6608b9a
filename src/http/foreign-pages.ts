import type { IncomingMessage } from 'node:http';

/**
 * Whether a web page of another origin may have sent this. Programs send none of the headers that are read here.
 * Browsers send `Sec-Fetch-Site` to https and localhost only, and `Origin` with everything but GET.
 */
export function isFromForeignPage(
  { headers }: Pick<IncomingMessage, 'headers'>,
  url: URL,
  origins: readonly string[],
): boolean {
  const { referer } = headers;
  const stated = isStatedForeign(headers, url, origins);
  if (stated !== null) return stated;
  if (referer !== undefined) return !isOwnOrigin(referer, url) && !origins.includes(originOf(referer));
  return isBrowser(headers);
}

/**
 * Whether a browser says that a page of another origin sends this query. One on plain HTTP may not say so: its page
 * cannot read the response without CORS, and what it may cost is limited.
 */
export function isQueryOfForeignPage(
  { headers }: Pick<IncomingMessage, 'headers'>,
  url: URL,
  origins: readonly string[],
): boolean {
  // A link from elsewhere may open GraphiQL.
  return headers['sec-fetch-dest'] !== 'document' && isStatedForeign(headers, url, origins) === true;
}

/** Null if the headers that no page can change say nothing. */
function isStatedForeign(
  { origin, 'sec-fetch-site': site }: IncomingMessage['headers'],
  url: URL,
  origins: readonly string[],
): boolean | null {
  if (origin !== undefined && origins.includes(origin)) return false;
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return true;
  if (origin !== undefined) return !isOwnOrigin(origin, url);
  return site === undefined ? null : false;
}

export function foreignPageMessage({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const origin = headers.origin ?? originOf(headers.referer ?? '');
  const page = URL.canParse(origin) ? `A page of "${origin}"` : 'A page of an unknown origin';
  return `${page} may not do this; allowed are this server's own pages and the origins in CORS_ORIGINS.`;
}

/** Of an Origin or Referer header. Proxies end TLS, so the scheme does not count. */
function isOwnOrigin(address: string, url: URL): boolean {
  if (!URL.canParse(address)) return false;
  const page = new URL(address);
  // So that an explicit default port makes no difference.
  const own = `${page.protocol}//${url.host}`;
  return page.host !== '' && URL.canParse(own) && new URL(own).host === page.host;
}

function originOf(address: string): string {
  return URL.canParse(address) ? new URL(address).origin : 'null';
}

/** A page with `Referrer-Policy: no-referrer` hides itself in a GET, but cannot remove these two. */
function isBrowser(headers: IncomingMessage['headers']): boolean {
  return headers['accept-language'] !== undefined && /^Mozilla\//.test(headers['user-agent'] ?? '');
}
