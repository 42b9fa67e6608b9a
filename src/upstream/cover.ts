import type { CatalogSource } from '../catalog/catalog-source.js';
import type { Outbound, Service } from '../outbound/outbound.js';
import { UnexpectedResponse } from '../outbound/service-client.js';

/** Pictures come from other hosts than the API, and are no part of its quota. */
const PICTURES: Pick<Service, 'limits' | 'rules'> = {
  limits: { timeoutMs: 20_000, headersMs: 10_000, idleMs: 5_000, maxBytes: 10 * 1024 * 1024, redirects: 3 },
  rules: { requests: 20, windowMs: 1_000 },
};

interface Pictures {
  provider: string;
  displayName: string;
  /** Of the API. */
  url: string;
}

/** Of the album, the largest that there is. */
export function createCoverFetcher(
  outbound: Outbound,
  { provider, displayName, url }: Pictures,
): CatalogSource['fetchCover'] {
  const service = outbound.openService({
    ...PICTURES,
    provider: `${provider}-pictures`,
    displayName,
    trusted: [url],
  });
  return async (track, signal) => {
    const [largest] = track.album?.images ?? [];
    if (!largest) return null;
    return service.get(largest.url, {
      headers: { accept: 'image/jpeg, image/png' },
      signal,
      read: readPicture,
    });
  };
}

const JPEG = [0xff, 0xd8, 0xff];
const PNG = [0x89, 0x50, 0x4e, 0x47];

/** By its first bytes: what a server calls a picture may be a page. */
async function readPicture(response: Response): Promise<Uint8Array | null> {
  if (response.status === 404 || response.status === 403) return null;
  const bytes = new Uint8Array(await response.arrayBuffer());
  const isPicture = [JPEG, PNG].some((start) => start.every((byte, index) => bytes[index] === byte));
  if (!response.ok || !isPicture) throw new UnexpectedResponse('sent a cover that is not a picture');
  return bytes;
}
