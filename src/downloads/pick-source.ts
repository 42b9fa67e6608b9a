import type { AudioSource, Rendition } from '../catalog/audio-source.js';
import { providerOf, type Track } from '../catalog/catalog-item.js';
import type { CatalogDeps } from '../catalog/catalog-source.js';
import { logFieldsOf } from '../jobs/errors.js';
import { DomainError } from '../lib/errors.js';
import { isGoodEnough, qualityFloor, rankQuality } from './audio-quality.js';
import { NoSourceError, QualityUnavailableError, SourcesFailedError } from './errors.js';
import type { TrackDownload } from './plan-track.js';

export interface PickedSource {
  source: AudioSource;
  rendition: Rendition;
}

/** Why a source did not supply the track; without an error it only lacks it. */
export interface SourceAnswer {
  source: AudioSource;
  error: DomainError | null;
}

const LIBRARY = 'library';
export const TRYING_NEXT = 'audio source failed, trying the next one';

/**
 * Each source that may supply the track, in order, until the caller has it: first those with the quality that the
 * settings require, then, if a lower one is accepted, the others, the best first. Other answers are added to `answers`.
 */
export async function* offerSources(
  { sources }: Pick<CatalogDeps, 'sources'>,
  download: TrackDownload,
  answers: SourceAnswer[],
): AsyncGenerator<PickedSource, void, void> {
  const { track, settings, options } = download;
  const floor = qualityFloor(settings, track);
  const lesser: PickedSource[] = [];
  for (const source of sourcesFor(sources, download)) {
    const found = await findIn(source, download);
    if (found === null || found instanceof DomainError) answers.push({ source, error: found });
    else if (isGoodEnough(floor, found)) yield { source, rendition: found };
    else lesser.push({ source, rendition: found });
  }
  lesser.sort((a, b) => rankQuality(b.rendition) - rankQuality(a.rendition));
  if (options.acceptLowerQuality) yield* lesser;
  else if (floor) {
    for (const { source, rendition: found } of lesser) {
      const error = new QualityUnavailableError(track.title, { required: floor.name, found });
      answers.push({ source, error });
    }
  }
}

async function findIn(
  source: AudioSource,
  { track, signal, log }: TrackDownload,
): Promise<Rendition | DomainError | null> {
  try {
    return await source.find(track, signal);
  } catch (thrown) {
    signal.throwIfAborted();
    if (!(thrown instanceof DomainError)) throw thrown;
    log.warn({ source: source.name, ...logFieldsOf(thrown) }, TRYING_NEXT);
    return thrown;
  }
}

function sourcesFor(sources: readonly AudioSource[], { track, settings }: TrackDownload): AudioSource[] {
  const names = settings.sourceOrder?.split(',').map((name) => name.trim());
  const ordered = names
    ? names.flatMap((name) => sources.filter((each) => each.name === name))
    : [...sources];
  return settings.askAllSources ? ordered : usualSources(ordered, track);
}

/** The owner's own files, and one other: the source of the track's own catalog, else the first in order. */
function usualSources(sources: readonly AudioSource[], track: Track): AudioSource[] {
  const others = sources.filter(({ name }) => name !== LIBRARY);
  const provider = providerOf(track);
  const next = provider === LIBRARY ? null : (others.find(({ name }) => name === provider) ?? others[0]);
  return sources.filter((each) => each.name === LIBRARY || each === next);
}

/** What the sources before the one that supplied the track said; null when none of them failed. */
export function sourceNoteOf(answers: readonly SourceAnswer[]): string | null {
  const failed = answers.flatMap(({ source, error }) => (error ? [withName(source, error.message)] : []));
  return failed.length === 0 ? null : failed.join(' ');
}

const withName = ({ name }: AudioSource, message: string): string =>
  message.startsWith(name) ? message : `${name}: ${message}`;

/** What each source said. The error that may pass decides whether the task is tried again. */
export async function explainAnswers(
  download: TrackDownload,
  answers: readonly SourceAnswer[],
): Promise<DomainError> {
  const { title } = download.track;
  const failed = answers.filter(({ error }) => error);
  const main = failed.find(({ error }) => error?.retryable) ?? failed[0];
  const others = answers.filter((each) => each !== main);
  const words = await Promise.all(others.map((each) => wordsOf(download, each)));
  const report = words.join('; ');
  if (main?.error) return report === '' ? main.error : new SourcesFailedError(main.error, report);
  return new NoSourceError(
    report === ''
      ? `No source may supply "${title}": none of those in the settings is set up.`
      : `No source has "${title}". What they said: ${report}.`,
  );
}

async function wordsOf(download: TrackDownload, { source, error }: SourceAnswer): Promise<string> {
  if (error) return withName(source, error.message.replace(/\.$/, ''));
  const closest = await findClosest(source, download);
  return `${source.name} has ${closest ?? 'no such track'}`;
}

/** Null for a source that has nothing like it, or fails now. */
async function findClosest(source: AudioSource, { track, signal }: TrackDownload): Promise<string | null> {
  if (!source.listCandidates) return null;
  try {
    const [closest] = await source.listCandidates(track, signal);
    if (!closest) return null;
    const { title, artists, reason } = closest;
    return `only similar ones, such as "${title}" by ${artists.join(', ') || 'nobody named'} (${reason})`;
  } catch (thrown) {
    signal.throwIfAborted();
    if (!(thrown instanceof DomainError)) throw thrown;
    return null;
  }
}
