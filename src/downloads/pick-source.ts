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

const LIBRARY = 'library';

/**
 * Asks the sources in order; the first that may supply the track does. One that cannot be asked does not keep the
 * others from supplying it. Throws what was wrong with it when they cannot, NoSourceError when none may.
 */
export async function pickSource(
  deps: Pick<Deps, 'sources' | 'settings'>,
  track: Track,
  { signal, log }: { signal: AbortSignal; log: Logger },
): Promise<PickedSource> {
  const asked = deps.settings().fallback ? deps.sources : usualSources(deps.sources, track);
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

/** The owner's own files, and the one source that is next in line: that of the track's own catalogue, if it has one. */
function usualSources(sources: readonly AudioSource[], track: Track): AudioSource[] {
  const own = sources.filter(({ name }) => name === LIBRARY);
  const others = sources.filter(({ name }) => name !== LIBRARY);
  const [provider] = track.id.split(':', 1);
  if (provider === LIBRARY) return own;
  const next = others.find(({ name }) => name === provider) ?? others[0];
  return next ? [...own, next] : own;
}
