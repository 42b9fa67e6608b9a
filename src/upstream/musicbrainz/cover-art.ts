import type { Enrichment } from '../../catalog/enrichment.js';
import type { Outbound, Service } from '../../outbound/outbound.js';
import { UnexpectedResponse } from '../../outbound/service-client.js';
import { isJpegOrPng } from '../answers.js';

/** It redirects to archive.org, and from there to one of its data nodes: each is checked as every address is. */
const SERVICE: Omit<Service, 'trusted'> = {
  provider: 'cover-art-archive',
  displayName: 'The Cover Art Archive',
  limits: { timeoutMs: 20_000, headersMs: 10_000, idleMs: 5_000, maxBytes: 10 * 1024 * 1024, redirects: 4 },
  rules: { requests: 2, windowMs: 1_000 },
};

/** The originals may have 50 MB. */
const SIZES = [1_200, 500, 250] as const;
const DOWNLOADED_PX = 500;

export function createCoverArt(
  outbound: Outbound,
  url: string,
): Pick<Enrichment, 'coverAddresses' | 'fetchCover'> {
  const service = outbound.openService({ ...SERVICE, trusted: [url] });
  const addressOf = (releaseId: string, px: number) => `${url}/release/${releaseId}/front-${px}`;
  return {
    coverAddresses: (releaseId) => SIZES.map((px) => ({ url: addressOf(releaseId, px), widthPx: px })),
    fetchCover: (releaseId, signal) =>
      service.get(addressOf(releaseId, DOWNLOADED_PX), {
        headers: { accept: 'image/jpeg, image/png' },
        signal,
        read: readPicture,
      }),
  };
}

const NONE = [400, 404];

async function readPicture(response: Response): Promise<Uint8Array | null> {
  if (NONE.includes(response.status)) return null;
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (!response.ok || !isJpegOrPng(bytes)) throw new UnexpectedResponse('sent a cover that is not a picture');
  return bytes;
}
