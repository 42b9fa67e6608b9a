import type { CatalogDeps } from '../catalog/catalog-source.js';
import type { RecordingFacts } from '../catalog/enrichment.js';
import { logFieldsOf } from '../jobs/errors.js';
import { abortable } from '../lib/async.js';
import type { Platform } from '../platform.js';
import type { TrackDownload } from './plan-track.js';

interface Enriched {
  facts: RecordingFacts | null;
  cover: Uint8Array | null;
}

interface RunningEnrichment {
  /** At most `timing.enrichmentMs` later. @param cover of the catalog; null when it has none */
  complete(cover: Uint8Array | null): Promise<Enriched>;
  /** Gives up what is still requested. */
  stop(): void;
}

/** Runs beside the transfer of the audio. Neither its failure nor its slowness fails a download. */
export function beginEnrichment(
  deps: Pick<CatalogDeps, 'enrichment'> & Pick<Platform, 'timing'>,
  { track, signal, log }: Pick<TrackDownload, 'track' | 'signal' | 'log'>,
): RunningEnrichment {
  const enrichment = deps.enrichment();
  if (!enrichment)
    return { complete: (cover) => Promise.resolve({ facts: null, cover }), stop: () => undefined };
  const controller = new AbortController();
  const own = AbortSignal.any([signal, controller.signal]);
  const orNull = async <T>(work: Promise<T | null>, what: string, limit = own): Promise<T | null> => {
    try {
      return await work;
    } catch (thrown) {
      if (!limit.aborted) log.warn(logFieldsOf(thrown), `could not fetch ${what}`);
      return null;
    }
  };
  const finding = orNull(enrichment.findRecording(track, own), 'tags from MusicBrainz');
  return {
    async complete(cover) {
      const late = AbortSignal.any([own, AbortSignal.timeout(deps.timing.enrichmentMs)]);
      const facts = await abortable(finding, late).catch(() => null);
      signal.throwIfAborted();
      if (cover || !facts?.release) return { facts, cover };
      const fetching = enrichment.fetchCover(facts.release.id, late);
      return { facts, cover: await orNull(fetching, 'a cover from the Cover Art Archive', late) };
    },
    stop: () => controller.abort(),
  };
}
