import type { Track } from '../catalog/catalog-item.js';
import { messageOf } from '../lib/errors.js';
import { parseDownloadOptions } from '../tasks/download-options.js';
import { findCurrentTask } from '../tasks/find-tasks.js';
import { hasCoverFile, saveCoverFile, wantsCoverFile } from './cover-file.js';
import type { TaskRun } from '../queue/task-runner.js';
import type { DownloadDeps } from './download-track.js';

/** A missing cover is a pity, not a failure. */
export async function fetchCover(
  deps: Pick<DownloadDeps, 'catalogs'>,
  run: TaskRun,
  track: Track,
): Promise<Uint8Array | null> {
  const provider = track.id.split(':', 1)[0] ?? '';
  try {
    return (await deps.catalogs.get(provider)?.fetchCover(track, run.signal)) ?? null;
  } catch (thrown) {
    run.signal.throwIfAborted();
    run.log.warn({ error: messageOf(thrown) }, 'no cover');
    return null;
  }
}

/** Puts the cover beside the task's file, where that is wanted; before the task ends, so that no crash leaves it out. */
export async function keepCoverFile(
  deps: Pick<DownloadDeps, 'db'>,
  { claimed, log }: TaskRun,
  { cover, unfinished }: { cover: Uint8Array | null; unfinished: string },
): Promise<void> {
  if (!cover || !wantsCoverFile(parseDownloadOptions(claimed.task.options))) return;
  try {
    const path = (await findCurrentTask(deps, claimed.task.id))?.filePath;
    if (path && !(await hasCoverFile(path))) await saveCoverFile(path, { cover, unfinished });
  } catch (thrown) {
    log.warn({ error: messageOf(thrown) }, 'the cover could not be saved beside the track');
  }
}
