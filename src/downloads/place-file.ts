import { dirname, join, parse } from 'node:path';
import { normalizeText } from '../catalog/normalize.js';
import type { Rendition } from '../catalog/audio-source.js';
import type { CoverDeps } from '../covers/covers.js';
import { oneAtATime } from '../database/session-lock.js';
import { CODEC_OF_FORMAT, type AudioFacts, type AudioProbe } from '../media/media.js';
import type { Platform } from '../platform.js';
import type { ClaimedTask } from '../queue/claimed-task.js';
import { LeaseLostError } from '../queue/leases.js';
import { writePlannedFile, type Ending, type FileRecord } from '../tasks/task-state-store.js';
import { findFinishedAt } from '../tasks/task-file-store.js';
import type { Task } from '../tasks/task.js';
import { fetchCover, saveCover } from './cover-file.js';
import type { MadeFile } from './make-file.js';
import { qualityOf } from './path-format.js';
import { findTargetStem, type TrackDownload } from './plan-track.js';
import { moveIntoPlace } from './move-into-place.js';
import {
  exists,
  makeDirectoryInside,
  nearestExisting,
  proveInside,
  removeEmptyDirectories,
  sizeOf,
  withShortNames,
} from './target-file.js';

type PlaceDeps = Pick<Platform, 'db' | 'media'>;

export async function reuseFile(
  deps: Pick<Platform, 'db'> & CoverDeps,
  download: TrackDownload,
): Promise<Ending | null> {
  const placed = await findOwnFile(download.claimed);
  if (placed !== null) {
    await saveCover(download, placed, await fetchCover(deps, download));
    return { state: 'COMPLETED' };
  }
  const { earlier } = download;
  if (!earlier || !(await isUnchanged(earlier))) return null;
  const { dir, name } = parse(earlier.filePath ?? '');
  const stem = await findTargetStem(download, qualityOf(earlier));
  // Earlier versions put no disc before the number of a track.
  const names = [name, `${download.track.discNumber}-${name}`];
  if (!names.some((each) => join(dir, each) === stem)) return null;
  await recordFile(deps, download.claimed, fileOf(earlier));
  return { state: 'SKIPPED' };
}

async function findOwnFile({ task }: ClaimedTask): Promise<string | null> {
  return task.attempt >= 2 && (await isUnchanged(task)) ? task.filePath : null;
}

async function isUnchanged({ filePath, fileSizeBytes }: Task): Promise<boolean> {
  return filePath !== null && filePath !== '' && (await sizeOf(filePath)) === Number(fileSizeBytes);
}

/** Never replaces a file: the same recording is SKIPPED, another gets a number. Records before it moves. */
export async function placeFile(deps: PlaceDeps, download: TrackDownload, made: PlacedFile): Promise<Ending> {
  const record = await draftRecord(made.path, made.output, made.rendition);
  const draft = { ...record, fileSourceNote: made.sourceNote };
  return withShortNames(async (maxPartBytes) => {
    const findStem = () => findTargetStem(download, qualityOf(draft), maxPartBytes);
    try {
      return await placeAtFreeName(deps, download, { made, draft, findStem });
    } catch (thrown) {
      const stem = await findStem().catch(() => null);
      if (stem !== null) await removeEmptyDirectories(download.root, dirname(stem));
      throw thrown;
    }
  });
}

interface PlacedFile extends MadeFile {
  /** What the sources that were tried before said. */
  sourceNote: string | null;
}

interface Placing {
  made: MadeFile;
  draft: Omit<FileRecord, 'filePath'>;
  findStem: () => Promise<string>;
}

async function placeAtFreeName(deps: PlaceDeps, download: TrackDownload, placing: Placing): Promise<Ending> {
  const { made, draft, findStem } = placing;
  const extension = deps.media.extensionFor(made.request.format, made.request.input);
  for (let number = 1; ;) {
    const stem = await openFolder(deps, download.root, findStem);
    const target = `${stem}${number === 1 ? '' : ` (${number})`}.${extension}`;
    if (!(await exists(target))) {
      await recordFile(deps, download.claimed, { ...draft, filePath: target });
      if (!(await moveIntoPlace(made.path, target))) continue;
      await saveCover(download, target, made.cover);
      return { state: 'COMPLETED' };
    }
    const same = await findSameFile(deps, download, { ...placing, path: target });
    if (same) {
      await recordFile(deps, download.claimed, same);
      return { state: 'SKIPPED' };
    }
    number++;
  }
}

/** A folder is made by one task at a time: two at once that spell an artist differently would each make one. */
async function openFolder(
  { db }: Pick<Platform, 'db'>,
  root: string,
  findStem: () => Promise<string>,
): Promise<string> {
  const found = await findStem();
  if (await exists(dirname(found))) {
    await proveInside(root, await nearestExisting(dirname(found)));
    return found;
  }
  return oneAtATime(db, 'reprise.folders', async () => {
    const stem = await findStem();
    await makeDirectoryInside(root, dirname(stem));
    return stem;
  });
}

async function recordFile(
  { db }: Pick<Platform, 'db'>,
  { claim }: ClaimedTask,
  file: FileRecord,
): Promise<void> {
  if (await writePlannedFile(db, claim, file)) return;
  throw new LeaseLostError('the lease was lost before the file was in place');
}

/** By the task that made it, as long as the file is unchanged, else by the file's own tags. */
async function findSameFile(
  { db, media }: PlaceDeps,
  download: TrackDownload,
  { path, made, draft }: Placing & { path: string },
): Promise<FileRecord | null> {
  const maker = await findFinishedAt(db, path);
  if (maker && (await isUnchanged(maker))) {
    const isSame = maker.itemId === download.track.id && maker.fileFormat === draft.fileFormat;
    return isSame ? fileOf(maker) : null;
  }
  const output = await media.probe(path, AbortSignal.timeout(30_000)).catch(() => null);
  if (!output || !hasSameTags(output, download, made)) return null;
  const record = await draftRecord(path, output, FOREIGN);
  return record.fileFormat === draft.fileFormat ? { ...record, filePath: path } : null;
}

const FOREIGN = { source: 'unknown', licence: 'unknown' };

/** In doubt it is another recording: a number in a file's name is better than a missing track. */
function hasSameTags(found: AudioProbe, { track }: TrackDownload, { output }: MadeFile): boolean {
  const isrc = found.tags['isrc'] ?? found.tags['tsrc'];
  if (isrc && track.isrc) return isrc === track.isrc;
  const { title = '', artist = '' } = found.tags;
  return (
    normalizeText(title) === normalizeText(track.title) &&
    // Of several artists as several values, ffprobe may show any one.
    track.artists.some(({ name }) => normalizeText(artist).includes(normalizeText(name))) &&
    mayBeNumber(found.tags['track'], track.trackNumber) &&
    mayBeNumber(found.tags['disc'], track.discNumber) &&
    Math.abs(found.durationMs - output.durationMs) < 3_000
  );
}

function mayBeNumber(tag: string | undefined, expected: number | null): boolean {
  const number = Number.parseInt(tag ?? '', 10);
  return Number.isNaN(number) || expected === null || number === expected;
}

const FORMAT_OF_CODEC = new Map(Object.entries(CODEC_OF_FORMAT).map(([format, codec]) => [codec, format]));

async function draftRecord(
  path: string,
  { container, codec, bitrateKbps, durationMs }: AudioFacts,
  { source, licence }: Pick<Rendition, 'source' | 'licence'>,
): Promise<Omit<FileRecord, 'filePath'>> {
  return {
    // PCM in AIFF is no WAV.
    fileFormat: FORMAT_OF_CODEC.get(container === 'wav' ? 'pcm' : codec) ?? codec.toUpperCase(),
    fileBitrateKbps: bitrateKbps,
    fileSizeBytes: BigInt((await sizeOf(path)) ?? 0),
    fileDurationMs: BigInt(Math.round(durationMs)),
    fileSource: source,
    fileLicence: licence,
    fileSourceNote: null,
  };
}

function fileOf(task: Task): FileRecord {
  return {
    filePath: task.filePath ?? '',
    fileFormat: task.fileFormat ?? '',
    fileBitrateKbps: task.fileBitrateKbps,
    fileSizeBytes: task.fileSizeBytes ?? 0n,
    fileDurationMs: task.fileDurationMs ?? 0n,
    fileSource: task.fileSource ?? '',
    fileLicence: task.fileLicence ?? '',
    fileSourceNote: null,
  };
}
