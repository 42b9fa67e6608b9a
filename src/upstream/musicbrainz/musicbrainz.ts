import type { z } from 'zod';
import type { CatalogCache } from '../../catalog/catalog-cache.js';
import type { Enrichment } from '../../catalog/enrichment.js';
import { UpstreamFailedError } from '../../lib/errors.js';
import { parseJson } from '../../lib/parse-json.js';
import type { Outbound, Service } from '../../outbound/outbound.js';
import { LimitedResponse, UnexpectedResponse } from '../../outbound/service-client.js';
import { createCoverArt } from './cover-art.js';
import { pickRecording, pickRelease, toFacts } from './facts.js';
import { barcodeSchema, isrcSchema, recordingLookupSchema, releaseSchema } from './schemas.js';

const NAME = 'MusicBrainz';

/** One request a second from one address, or it blocks the address; a tenth more for those that arrive sooner. */
const SERVICE: Omit<Service, 'trusted'> = {
  provider: 'musicbrainz',
  displayName: NAME,
  limits: { timeoutMs: 8_000, headersMs: 6_000, idleMs: 4_000, maxBytes: 8 * 1024 * 1024, redirects: 1 },
  rules: { requests: 1, windowMs: 1_100, patienceMs: 10_000 },
};

/** Facts change rarely, and a second is dear. */
const MAX_AGE_MS = 3 * 24 * 3_600_000;
const ISRC = /^[A-Z]{2}[A-Z0-9]{3}\d{7}$/;

interface MusicBrainzDeps {
  outbound: Outbound;
  cache: CatalogCache;
  /** Of MusicBrainz, and of the Cover Art Archive. */
  urls: { api: string; covers: string };
}

export function createMusicBrainz({ outbound, cache, urls }: MusicBrainzDeps): Enrichment {
  const service = outbound.openService({ ...SERVICE, trusted: [urls.api] });
  const find = <T>(path: string, schema: z.ZodType<T>, signal: AbortSignal): Promise<T | null> =>
    cache.get(
      { key: `musicbrainz 1 ${path}`, schema: schema.nullable(), maxAgeMs: MAX_AGE_MS },
      signal,
      async (shared) => {
        const body = await service.get(`${urls.api}/ws/2${path}`, {
          headers: { accept: 'application/json' },
          signal: shared,
          read: readBody,
        });
        return body === null ? null : parseBody(path, schema, body);
      },
    );
  const { coverAddresses, fetchCover } = createCoverArt(outbound, urls.covers);
  return {
    async findRecording(track, signal) {
      const isrc = track.isrc?.replace(/[\s-]/g, '').toUpperCase() ?? '';
      if (!ISRC.test(isrc)) return null;
      const inc = 'artist-credits+releases+release-groups+genres';
      const found = await find(`/isrc/${isrc}?fmt=json&inc=${inc}`, isrcSchema, signal);
      const recording = found && pickRecording(track, found.recordings);
      if (!recording) return null;
      const row = track.album && pickRelease(track.album, recording.releases);
      const release = row && (await find(releasePath(row.id), releaseSchema, signal));
      return toFacts(recording, release);
    },
    async listIsrcs(recordingId, signal) {
      const path = `/recording/${recordingId}?fmt=json&inc=isrcs`;
      return (await find(path, recordingLookupSchema, signal))?.isrcs ?? null;
    },
    async findUpc(releaseId, signal) {
      const found = await find(`/release/${releaseId}?fmt=json`, barcodeSchema, signal);
      return found && (found.barcode ?? '');
    },
    coverAddresses,
    fetchCover,
  };
}

/** All that its other tracks need too. */
const releasePath = (id: string): string =>
  `/release/${id}?fmt=json&inc=artist-credits+labels+recordings+release-groups+genres`;

function parseBody<T>(path: string, schema: z.ZodType<T>, body: unknown): T {
  const { data, error } = schema.safeParse(body);
  if (error) {
    throw new UpstreamFailedError(`${NAME} sent "${path.split('?')[0]}" in a form that cannot be read.`, {
      cause: error,
    });
  }
  return data;
}

const NOT_FOUND = [400, 404];
const UNAVAILABLE = 503;

/** Null for what it does not have, and for an id in a form that it does not take. */
async function readBody(response: Response): Promise<unknown> {
  // Whoever sends more than one request a second gets it, with or without a time.
  if (response.status === UNAVAILABLE) throw new LimitedResponse();
  const body = parseJson(await response.text());
  if (typeof body !== 'object' || body === null) {
    throw new UnexpectedResponse(`sent something else than JSON (status ${response.status})`);
  }
  if (NOT_FOUND.includes(response.status)) return null;
  if (!response.ok) throw new UnexpectedResponse(`answered with status ${response.status}`);
  return body;
}
