import { dirname, join, parse } from 'node:path';
import type { Track } from '../catalog/catalog-item.js';
import { normaliseText } from '../catalog/normalize.js';
import type { Platform } from '../platform.js';
import type { SettingsDeps } from '../settings/live-settings.js';
import type { AudioProbe, TranscodeRequest } from '../media/media.js';
import { parseDownloadOptions } from '../tasks/download-options.js';
import { findMakerOf, findPlaylistOf, findTwin } from '../tasks/find-tasks.js';
import { noteFile, type Ending, type FileRecord, type ClaimedTask } from '../queue/claimed-task.js';
import { LeaseLostError } from '../queue/leases.js';
import type { Task } from '../tasks/task.js';
import type { Rendition } from '../catalog/audio-source.js';
import { qualityOf, recordOf } from './file-record.js';
import { formatPath } from './path-format.js';
import { exists, makeDirectoryInside, moveIntoPlace, removeEmptyDirectories, sizeOf } from './target-file.js';
import { userDirectories } from './user-directory.js';

type PlaceDeps = Pick<Platform & SettingsDeps, 'db' | 'settings' | 'media'>;

/** A tagged file that is ready, and what is known about it. */
export interface MadeFile {
  /** The directory below which it goes. */
  root: string;
  path: string;
  track: Track;
  rendition: Rendition;
  request: TranscodeRequest;
  output: AudioProbe;
}

/** Whether an earlier try of this very task had put its file in place before it could say so. */
export async function isAlreadyInPlace({ task }: ClaimedTask): Promise<boolean> {
  if (task.attempt < 2 || !task.filePath) return false;
  return (await sizeOf(task.filePath)) === Number(task.fileSizeBytes);
}

/** Finds the same item, made the same way and still where it would go now, and notes it on the task. */
export async function noteEarlierFile(deps: PlaceDeps, claimed: ClaimedTask, root: string): Promise<boolean> {
  const earlier = await findTwin(deps, claimed.task);
  if (!earlier?.filePath || (await sizeOf(earlier.filePath)) !== Number(earlier.fileSizeBytes)) return false;
  const track = claimed.task.item as unknown as Track;
  const stem = await targetStem(deps, claimed.task, { root, track, quality: qualityOf(earlier) });
  const { dir, name } = parse(earlier.filePath);
  if (join(dir, name) !== stem) return false;
  await note(deps, claimed, fileOf(earlier));
  return true;
}

/**
 * Gives a finished file its name. A file that has the name already is left alone: when it is the same recording
 * this task is SKIPPED, else the new file gets a number. The file's record is written before the file is moved.
 */
export async function placeFile(deps: PlaceDeps, claimed: ClaimedTask, made: MadeFile): Promise<Ending> {
  const extension = deps.media.extensionFor(made.request.format, made.request.input);
  const draft = await recordOf(made);
  const stem = await targetStem(deps, claimed.task, { ...made, quality: qualityOf(draft) });
  const targetOf = (number: number) => `${stem}${number === 1 ? '' : ` (${number})`}.${extension}`;
  try {
    return await placeAtFreeName(deps, claimed, { made, draft, targetOf });
  } catch (thrown) {
    await removeEmptyDirectories(made.root, dirname(stem));
    throw thrown;
  }
}

interface Placing {
  made: MadeFile;
  draft: Omit<FileRecord, 'filePath'>;
  /** From 1. */
  targetOf: (number: number) => string;
}

async function placeAtFreeName(
  deps: PlaceDeps,
  claimed: ClaimedTask,
  { made, draft, targetOf }: Placing,
): Promise<Ending> {
  for (let number = 1; ;) {
    const target = targetOf(number);
    if (!(await exists(target))) {
      await makeDirectoryInside(made.root, dirname(target));
      await note(deps, claimed, { ...draft, filePath: target });
      if (await moveIntoPlace(made.path, target)) return { state: 'COMPLETED' };
      continue;
    }
    const same = await findSameFile(deps, target, { made, draft });
    if (same) {
      await note(deps, claimed, same);
      return { state: 'SKIPPED' };
    }
    number++;
  }
}

async function note(deps: PlaceDeps, claimed: ClaimedTask, file: FileRecord): Promise<void> {
  if (await noteFile(deps, claimed, file)) return;
  throw new LeaseLostError('the task was taken away before its file was in place');
}

async function targetStem(
  deps: PlaceDeps,
  task: Task,
  { root, track, quality }: { root: string; track: Track; quality: string },
): Promise<string> {
  const list = await findPlaylistOf(deps, task);
  const options = parseDownloadOptions(task.options);
  const parts = formatPath(options, {
    track,
    quality,
    playlist: list && { title: list.title, total: list.total, position: (task.position ?? 0) + 1 },
  });
  return join(root, ...userDirectories(options.userDirectory), ...parts);
}

/**
 * The record of the file at a path when it is the same recording in the same format, at whatever bitrate; by our
 * own record where it is still about this file, else by what the file says about itself.
 */
async function findSameFile(
  deps: PlaceDeps,
  path: string,
  { made, draft }: Pick<Placing, 'made' | 'draft'>,
): Promise<FileRecord | null> {
  const maker = await findMakerOf(deps, path);
  if (maker && (await sizeOf(path)) === Number(maker.fileSizeBytes)) {
    const isSame = maker.itemId === made.track.id && maker.fileFormat === draft.fileFormat;
    return isSame ? fileOf(maker) : null;
  }
  const output = await deps.media.probe(path, AbortSignal.timeout(30_000)).catch(() => null);
  if (!output || !isSameByTags(output, made)) return null;
  const record = await recordOf({ path, output, rendition: NOT_OURS });
  return record.fileFormat === draft.fileFormat ? { ...record, filePath: path } : null;
}

/** Nobody told us where a file that we did not make is from. */
const NOT_OURS = { source: 'unknown', licence: 'unknown' };

/** In doubt it is another: a number in a file's name is better than a track that is missing. */
function isSameByTags(there: AudioProbe, { track, output }: MadeFile): boolean {
  const isrc = there.tags['isrc'] ?? there.tags['tsrc'];
  if (isrc && track.isrc) return isrc === track.isrc;
  const { title = '', artist = '' } = there.tags;
  return (
    normaliseText(title) === normaliseText(track.title) &&
    normaliseText(artist).includes(normaliseText(track.artists[0]?.name ?? '')) &&
    mayBeNumber(there.tags['track'], track.trackNumber) &&
    mayBeNumber(there.tags['disc'], track.discNumber) &&
    Math.abs(there.durationMs - output.durationMs) < 3_000
  );
}

/** Tags say `3` or `3/12`. */
function mayBeNumber(tag: string | undefined, wanted: number | null): boolean {
  const number = Number.parseInt(tag ?? '', 10);
  return Number.isNaN(number) || wanted === null || number === wanted;
}

function fileOf(task: Task): FileRecord {
  return {
    filePath: task.filePath ?? '',
    fileFormat: task.fileFormat ?? '',
    fileBitrateKbps: task.fileBitrateKbps,
    fileSizeBytes: task.fileSizeBytes ?? 0n,
    fileDurationMs: task.fileDurationMs ?? 0,
    fileSource: task.fileSource ?? '',
    fileLicence: task.fileLicence ?? '',
  };
}
