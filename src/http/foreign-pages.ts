import type { IncomingMessage } from 'node:http';

/** Where the request was sent. */
interface Here {
  url: URL;
  /** Where this server's pages are, as far as is known. */
  publicUrl: string;
}

/**
 * Whether a web page of another origin may have sent this. Programs send none of the headers that are read here.
 * Browsers send `Sec-Fetch-Site` to https and localhost only, and `Origin` with everything but GET.
 */
export function isFromForeignPage(
  { headers }: Pick<IncomingMessage, 'headers'>,
  here: Here,
  origins: readonly string[],
): boolean {
  const { referer } = headers;
  const stated = isStatedForeign(headers, here, origins);
  if (stated !== null) return stated;
  if (referer !== undefined) return !isOwnOrigin(referer, here) && !origins.includes(originOf(referer));
  return isBrowser(headers);
}

/**
 * Whether a browser says that a page of another origin sends this query. One on plain HTTP may not say so: its page
 * cannot read the response without CORS, and what it may cost is limited.
 */
export function isQueryOfForeignPage(
  { headers }: Pick<IncomingMessage, 'headers'>,
  here: Here,
  origins: readonly string[],
): boolean {
  // A link from elsewhere may open GraphiQL.
  return headers['sec-fetch-dest'] !== 'document' && isStatedForeign(headers, here, origins) === true;
}

/** Null if the headers that no page can change say nothing. */
function isStatedForeign(
  { origin, 'sec-fetch-site': site }: IncomingMessage['headers'],
  here: Here,
  origins: readonly string[],
): boolean | null {
  if (origin !== undefined && origins.includes(origin)) return false;
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return true;
  if (origin !== undefined) return !isOwnOrigin(origin, here);
  return site === undefined ? null : false;
}

export function foreignPageMessage({ headers }: Pick<IncomingMessage, 'headers'>, { url }: Here): string {
  const origin = headers.origin ?? originOf(headers.referer ?? '');
  const page = URL.canParse(origin) ? `A page of "${origin}"` : 'A page of an unknown origin';
  const own = isSameName(origin, url)
    ? 'if that is its own page, set PUBLIC_URL to its address, or let the proxy pass on Host with its port'
    : "allowed are this server's own pages";
  return `${page} may not do this at "${url.host}"; ${own}. CORS_ORIGINS lets other pages in.`;
}

/** As behind a proxy that passes on the name without the port. */
function isSameName(origin: string, { hostname }: URL): boolean {
  return URL.canParse(origin) && new URL(origin).hostname === hostname;
}

/** Of an Origin or Referer header. Where only Host says who we are, a proxy may end TLS: the scheme does not count. */
function isOwnOrigin(address: string, { url, publicUrl }: Here): boolean {
  if (!URL.canParse(address)) return false;
  const page = new URL(address);
  if (page.origin === new URL(publicUrl).origin) return true;
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
