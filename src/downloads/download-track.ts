import type { Track } from '../catalog/catalog-item.js';
import type { RawTags } from '../library/tag-reader.js';
import type { Platform } from '../platform.js';
import type { CatalogDeps } from '../catalog/get-catalog.js';
import type { SettingsDeps } from '../settings/live-settings.js';
import type { LibraryDeps } from '../library/tag-reader.js';
import { messageOf } from '../lib/errors.js';
import type { AudioProbe, TrackTags, TranscodeRequest } from '../media/media.js';
import { parseDownloadOptions } from '../tasks/download-options.js';
import type { Ending } from '../queue/claimed-task.js';
import type { TaskRun } from '../queue/task-runner.js';
import { checkDuration, checkQuality } from './check-audio.js';
import { fetchAudio } from './fetch-audio.js';
import { isAlreadyInPlace, noteEarlierFile, placeFile } from './place-file.js';
import { pickSource, type PickedSource } from './pick-source.js';
import { explainDiskError, incomingDirectory, makeDirectory } from './target-file.js';
import { namesOfTry, removeUnfinished } from './unfinished-files.js';
import { fetchCover, keepCoverFile } from './track-cover.js';
import { tagsFor } from './track-tags.js';

export type DownloadDeps = Pick<
  Platform & CatalogDeps & SettingsDeps & LibraryDeps,
  'db' | 'env' | 'settings' | 'sources' | 'catalogs' | 'media' | 'timing' | 'clock' | 'tagReader'
>;

/** Fetching is the first part of a track's progress, converting the rest. */
const FETCH_SHARE = 0.5;

/**
 * Picks a source, fetches its audio, and turns it into a tagged file in place. Nothing is left behind when it
 * fails or is aborted. Tried again after a crash it goes on from what is already in place.
 */
export async function downloadTrack(deps: DownloadDeps, run: TaskRun): Promise<Ending> {
  const track = run.claimed.task.item as unknown as Track;
  // The setting may change while the track is being made.
  const root = deps.settings().downloadPath;
  const incoming = incomingDirectory(root);
  try {
    if (await isAlreadyInPlace(run.claimed)) {
      const { unfinishedCover: unfinished } = namesOfTry(incoming, run.claimed.task);
      await makeDirectory(incoming);
      await keepCoverFile(deps, run, { cover: await fetchCover(deps, run, track), unfinished });
      return { state: 'COMPLETED' };
    }
    if (await noteEarlierFile(deps, run.claimed, root)) return { state: 'SKIPPED' };
    await makeDirectory(incoming);
    return await makeFile(deps, run, { root, track, ...namesOfTry(incoming, run.claimed.task) });
  } catch (thrown) {
    throw explainDiskError(thrown);
  } finally {
    await removeUnfinished(incoming, run.claimed.task).catch((thrown: unknown) => {
      run.log.warn({ error: messageOf(thrown) }, 'could not remove an unfinished file');
    });
  }
}

interface Work {
  /** The directory below which the file goes. */
  root: string;
  track: Track;
  /** What the source sent. */
  received: string;
  /** What becomes of it, before it is moved into place. */
  made: string;
  /** What becomes the cover beside it. */
  unfinishedCover: string;
}

async function makeFile(deps: DownloadDeps, run: TaskRun, work: Work): Promise<Ending> {
  const { recursiveQuality } = parseDownloadOptions(run.claimed.task.options);
  const picked = await pickSource(deps, work.track, { ...run, recursiveQuality });
  const { source, rendition } = picked;
  run.log.info({ source: source.name }, 'source picked');
  const [inputPath, cover] = await Promise.all([
    receive(deps, run, { ...work, ...picked }),
    fetchCover(deps, run, work.track),
  ]);
  const input = await deps.media.probe(inputPath, run.signal);
  checkDuration(work.track, rendition, input);
  if (!recursiveQuality) checkQuality(deps.settings(), work.track, input);
  const tags = tagsFor(work.track, rendition, await readOwnTags(deps, run, inputPath));
  const request = toTranscodeRequest(run, { work, inputPath, input, cover, tags });
  const { writtenMs } = await deps.media.transcode(request, {
    signal: run.signal,
    onProgress: (percent) => run.onProgress(100 * FETCH_SHARE + percent * (1 - FETCH_SHARE)),
  });
  if (writtenMs !== null) checkDuration(work.track, rendition, { durationMs: writtenMs });
  const output = await deps.media.probe(work.made, run.signal);
  run.signal.throwIfAborted();
  const { root, made: path, track } = work;
  const ending = await placeFile(deps, run.claimed, { root, path, request, output, rendition, track });
  if (ending.state === 'COMPLETED')
    await keepCoverFile(deps, run, { cover, unfinished: work.unfinishedCover });
  return ending;
}

/** The path of the source's audio: a local file is read where it is, anything else is streamed to ours first. */
async function receive(deps: DownloadDeps, run: TaskRun, from: Work & PickedSource): Promise<string> {
  if (from.rendition.localPath) return from.rendition.localPath;
  await fetchAudio({
    source: from.source,
    rendition: from.rendition,
    path: from.received,
    idleMs: deps.timing.sourceIdleMs,
    paceMs: paceOf(run, from),
    signal: run.signal,
    onProgress: (percent) => run.onProgress(percent * FETCH_SHARE),
  });
  return from.received;
}

/** How long the fetch must take at least: as long as the track plays, times what the owner allows. */
function paceOf(run: TaskRun, { track, rendition }: Work & PickedSource): number {
  const { realTime, realTimeMultiplier } = parseDownloadOptions(run.claimed.task.options);
  return realTime ? (rendition.durationMs ?? track.durationMs) / (realTimeMultiplier || 1) : 0;
}

/** What the source's file says of itself, where that is what the owner wants; null where the catalogue decides. */
async function readOwnTags(deps: DownloadDeps, run: TaskRun, path: string): Promise<RawTags | null> {
  if (parseDownloadOptions(run.claimed.task.options).spotifyMetadata) return null;
  return deps.tagReader.read(path, run.signal);
}

function toTranscodeRequest(
  run: TaskRun,
  made: {
    work: Work;
    inputPath: string;
    input: AudioProbe;
    cover: Uint8Array | null;
    tags: TrackTags;
  },
): TranscodeRequest {
  const options = parseDownloadOptions(run.claimed.task.options);
  return {
    inputPath: made.inputPath,
    outputPath: made.work.made,
    input: made.input,
    format: options.format,
    bitrateKbps: options.bitrateKbps,
    artistSeparator: options.artistSeparator,
    tags: made.tags,
    cover: made.cover,
  };
}
