import type { Track } from '../catalog/catalog-item.js';
import type { Deps } from '../deps.js';
import { DomainError, messageOf } from '../lib/errors.js';
import type { Logger } from '../lib/logger.js';
import type { AudioSource, Rendition } from './audio-source.js';
import { NoSourceError } from './errors.js';

export interface PickedSource {
  source: AudioSource;
  rendition: Rendition;
}

/**
 * Asks the sources in order; the first that may supply the track does. One that cannot be asked does not keep the
 * others from supplying it. Throws what was wrong with it when they cannot, NoSourceError when none may.
 */
export async function pickSource(
  deps: Pick<Deps, 'sources' | 'settings'>,
  track: Track,
  { signal, log }: { signal: AbortSignal; log: Logger },
): Promise<PickedSource> {
  const asked = deps.settings().fallback ? deps.sources : deps.sources.slice(0, 1);
  let problem: DomainError | null = null;
  for (const source of asked) {
    try {
      const rendition = await source.find(track, signal);
      if (rendition) return { source, rendition };
    } catch (thrown) {
      signal.throwIfAborted();
      if (!(thrown instanceof DomainError)) throw thrown;
      log.warn({ source: source.name, error: messageOf(thrown) }, 'this source could not be asked');
      problem ??= thrown;
    }
  }
  if (problem) throw problem;
  const names = asked.map((source) => source.name).join(', ') || 'none is on';
  throw new NoSourceError(`No source may supply "${track.title}" (asked: ${names}).`);
}
