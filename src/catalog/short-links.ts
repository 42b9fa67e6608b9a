import { z } from 'zod';
import { getOrAdd } from '../lib/get-or-add.js';
import type { Outbound } from '../outbound/outbound.js';
import type { ServiceClient } from '../outbound/service-client.js';
import type { CatalogCache } from './catalog-cache.js';
import { CatalogItemNotFoundError, InvalidItemError } from './errors.js';
import { ITEM_SITES, parseItemReference, quote, shortenerOf } from './item-reference.js';

export interface ShortLinks {
  /** The address of the item that it leads to. Throws InvalidItemError for any other, and Upstream… errors. */
  follow(link: URL, signal: AbortSignal): Promise<string>;
}

/** Links are made once and stay; a day saves the requests of those who open one again. */
const MAX_AGE_MS = 24 * 3_600_000;
/** One is usual. */
const MAX_HOPS = 4;
const REDIRECTS = [301, 302, 303, 307, 308];

const SERVICE = {
  limits: {
    timeoutMs: 10_000,
    headersMs: 8_000,
    idleMs: 5_000,
    maxBytes: 1024 * 1024,
    // Each is judged here before anything is sent to it.
    redirects: 0,
  },
  rules: { requests: 10, windowMs: 5_000 },
  trusted: [],
};

/** Requests go to the known shorteners alone: what one of them leads to is read, not requested. */
export function createShortLinks({
  outbound,
  cache,
}: {
  outbound: Outbound;
  cache: CatalogCache;
}): ShortLinks {
  const services = new Map<string, ServiceClient>();
  const serviceOf = (owner: string) =>
    getOrAdd(services, owner, () =>
      outbound.openService({ ...SERVICE, provider: `${owner.toLowerCase()}-links`, displayName: owner }),
    );
  return {
    follow: (link, signal) =>
      cache.get({ key: `link 1 ${link.href}`, schema: z.string(), maxAgeMs: MAX_AGE_MS }, signal, (shared) =>
        follow(serviceOf, link, shared),
      ),
  };
}

async function follow(
  serviceOf: (owner: string) => ServiceClient,
  link: URL,
  signal: AbortSignal,
): Promise<string> {
  let url = link;
  for (let hop = 0; hop < MAX_HOPS; hop++) {
    const owner = shortenerOf(url);
    if (owner === null) throw leadsElsewhere(link, url);
    const headers = { accept: 'text/html' };
    const found = await serviceOf(owner).get(url.href, { signal, headers, read: readTarget });
    const next = nextOf(link, { url, ...found });
    if (isItem(next)) return next.href;
    if (url.protocol === 'https:' && next.protocol === 'http:') throw leadsElsewhere(link, next);
    url = next;
  }
  throw new InvalidItemError(`${quote(link.href)} redirects more than ${MAX_HOPS} times. ${REMEDY}`);
}

const REMEDY = 'Open it in a browser and use the address that it leads to.';

interface Target {
  status: number;
  location: string | null;
}

function readTarget({ status, headers }: Response): Promise<Target> {
  return Promise.resolve({ status, location: REDIRECTS.includes(status) ? headers.get('location') : null });
}

function nextOf(link: URL, { url, status, location }: Target & { url: URL }): URL {
  if (status === 404 || status === 410) {
    throw new CatalogItemNotFoundError(
      `${quote(link.href)} leads nowhere: ${url.hostname} does not know it.`,
    );
  }
  if (location === null || !URL.canParse(location, url)) {
    throw new InvalidItemError(
      `${quote(link.href)} does not say where it leads (status ${status}). ${REMEDY}`,
    );
  }
  return new URL(location, url);
}

function isItem(url: URL): boolean {
  if (!/^https?:$/.test(url.protocol) || shortenerOf(url)) return false;
  try {
    parseItemReference(url.href, '');
    return true;
  } catch (thrown) {
    if (thrown instanceof InvalidItemError) return false;
    throw thrown;
  }
}

function leadsElsewhere(link: URL, { protocol, host, pathname }: URL): InvalidItemError {
  const target = host === '' ? protocol : `${protocol}//${host}${pathname}`;
  return new InvalidItemError(
    `${quote(link.href)} leads to ${quote(target)}, which is not a page of an item of ${ITEM_SITES}; nothing was requested from there.`,
  );
}
