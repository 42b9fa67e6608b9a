import type { AudioSource, Rendition } from '../catalog/audio-source.js';
import { providerOf, type Track } from '../catalog/catalog-item.js';
import type { CatalogDeps } from '../catalog/catalog-source.js';
import { logFieldsOf } from '../jobs/errors.js';
import { DomainError } from '../lib/errors.js';
import { isGoodEnough, qualityFloor, rankQuality } from './audio-quality.js';
import { NoSourceError, QualityUnavailableError } from './errors.js';
import type { TrackDownload } from './plan-track.js';

export interface PickedSource {
  source: AudioSource;
  rendition: Rendition;
}

const LIBRARY = 'library';

export async function pickSource(
  deps: Pick<CatalogDeps, 'sources'>,
  download: TrackDownload,
): Promise<PickedSource> {
  const picked = await findSource(deps, download);
  download.log.info({ source: picked.source.name }, 'source picked');
  return picked;
}

/** A source that fails does not keep the others from supplying. */
async function findSource(
  deps: Pick<CatalogDeps, 'sources'>,
  { track, settings, options, signal, log }: TrackDownload,
): Promise<PickedSource> {
  const candidates = settings.askAllSources ? deps.sources : usualSources(deps.sources, track);
  const floor = qualityFloor(settings, track);
  const lesser: PickedSource[] = [];
  let problem: DomainError | null = null;
  for (const source of candidates) {
    try {
      const rendition = await source.find(track, signal);
      if (rendition && isGoodEnough(floor, rendition)) return { source, rendition };
      if (rendition) lesser.push({ source, rendition });
    } catch (thrown) {
      signal.throwIfAborted();
      if (!(thrown instanceof DomainError)) throw thrown;
      log.warn({ source: source.name, ...logFieldsOf(thrown) }, 'audio source failed, trying the next one');
      problem ??= thrown;
    }
  }
  const [best] = lesser.sort((a, b) => rankQuality(b.rendition) - rankQuality(a.rendition));
  if (best && options.acceptLowerQuality) return best;
  if (best && floor)
    throw new QualityUnavailableError(track.title, { required: floor.name, found: best.rendition });
  if (problem) throw problem;
  const names = candidates.map((source) => source.name).join(', ') || 'none is enabled';
  throw new NoSourceError(`No source may supply "${track.title}" (sources: ${names}).`);
}

/** The owner's own files, and one other: the source of the track's own catalog, else the first in order. */
function usualSources(sources: readonly AudioSource[], track: Track): AudioSource[] {
  const own = sources.filter(({ name }) => name === LIBRARY);
  const others = sources.filter(({ name }) => name !== LIBRARY);
  const provider = providerOf(track);
  if (provider === LIBRARY) return own;
  const next = others.find(({ name }) => name === provider) ?? others[0];
  return next ? [...own, next] : own;
}
