import type { Track } from '../catalog/catalog-item.js';
import type { CatalogDeps } from '../catalog/get-catalog.js';
import type { SettingsDeps } from '../settings/live-settings.js';
import { DomainError, messageOf } from '../lib/errors.js';
import type { Logger } from '../lib/logger.js';
import type { AudioSource, Rendition } from '../catalog/audio-source.js';
import { isGoodEnough, qualityFloor, rankQuality } from './audio-quality.js';
import { NoSourceError, QualityUnavailableError } from './errors.js';

export interface PickedSource {
  source: AudioSource;
  rendition: Rendition;
}

const LIBRARY = 'library';

/**
 * Asks the sources in order; the first that may supply the track, and as well as the owner wants it, does. One that
 * cannot be asked does not keep the others from supplying it. When none has that quality, the best that there is does
 * if `recursiveQuality` allows it. Throws what was wrong with a source, QualityUnavailableError, or NoSourceError when
 * none may supply it.
 */
export async function pickSource(
  deps: Pick<CatalogDeps & SettingsDeps, 'sources' | 'settings'>,
  track: Track,
  { signal, log, recursiveQuality }: { signal: AbortSignal; log: Logger; recursiveQuality: boolean },
): Promise<PickedSource> {
  const settings = deps.settings();
  const asked = settings.fallback ? deps.sources : usualSources(deps.sources, track);
  const floor = qualityFloor(settings, track);
  const lesser: PickedSource[] = [];
  let problem: DomainError | null = null;
  for (const source of asked) {
    try {
      const rendition = await source.find(track, signal);
      if (rendition && isGoodEnough(floor, rendition)) return { source, rendition };
      if (rendition) lesser.push({ source, rendition });
    } catch (thrown) {
      signal.throwIfAborted();
      if (!(thrown instanceof DomainError)) throw thrown;
      log.warn({ source: source.name, error: messageOf(thrown) }, 'this source could not be asked');
      problem ??= thrown;
    }
  }
  const [best] = lesser.sort((a, b) => rankQuality(b.rendition) - rankQuality(a.rendition));
  if (best && recursiveQuality) return best;
  if (best && floor) throw new QualityUnavailableError(track.title, { floor, found: best.rendition });
  if (problem) throw problem;
  const names = asked.map((source) => source.name).join(', ') || 'none is on';
  throw new NoSourceError(`No source may supply "${track.title}" (asked: ${names}).`);
}

/** The owner's own files, and the one source that is next in line: that of the track's own catalogue, if it has one. */
function usualSources(sources: readonly AudioSource[], track: Track): AudioSource[] {
  const own = sources.filter(({ name }) => name === LIBRARY);
  const others = sources.filter(({ name }) => name !== LIBRARY);
  const [provider] = track.id.split(':', 1);
  if (provider === LIBRARY) return own;
  const next = others.find(({ name }) => name === provider) ?? others[0];
  return next ? [...own, next] : own;
}
