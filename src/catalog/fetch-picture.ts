import { isWebAddress } from '../lib/formats.js';
import type { Outbound, Service } from '../outbound/outbound.js';
import { UnexpectedResponse } from '../outbound/service-client.js';
import { picturesOf } from './catalog-item.js';
import type { CatalogSource } from './catalog-source.js';

/** Larger than any cover that a service sends, and small enough to be decoded. */
export const MAX_PICTURE_BYTES = 10 * 1024 * 1024;

/** Pictures come from other hosts than the API, and are no part of its quota. */
const PICTURES: Pick<Service, 'limits' | 'rules'> = {
  limits: {
    timeoutMs: 15_000,
    headersMs: 5_000,
    idleMs: 5_000,
    maxBytes: MAX_PICTURE_BYTES,
    redirects: 3,
  },
  rules: { requests: 20, windowMs: 1_000 },
};

const MISSING = [403, 404, 410];

/**
 * For catalogs whose items name web addresses of their pictures. What comes may be anything: whether it is a picture is
 * found out where it is read (covers/).
 */
export function createPictureFetcher(
  outbound: Outbound,
  {
    provider,
    ...service
  }: Pick<Service, 'provider' | 'displayName' | 'trusted'> & Partial<Pick<Service, 'rules'>>,
): CatalogSource['fetchCover'] {
  const pictures = outbound.openService({ ...PICTURES, ...service, provider: `${provider}-pictures` });
  return async (item, signal) => {
    const largest = picturesOf(item).find(({ url }) => isWebAddress(url));
    if (!largest) return null;
    return pictures.get(largest.url, {
      headers: { accept: 'image/jpeg, image/png, image/webp;q=0.5' },
      signal,
      async read(response) {
        if (MISSING.includes(response.status)) return null;
        if (!response.ok) throw new UnexpectedResponse(`answered with status ${response.status}`);
        return new Uint8Array(await response.arrayBuffer());
      },
    });
  };
}
