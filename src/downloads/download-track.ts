import type { CatalogDeps } from '../catalog/catalog-source.js';
import type { Platform } from '../platform.js';
import type { TaskRun } from '../queue/claimed-task.js';
import type { Ending } from '../tasks/task-state-store.js';
import type { SettingsDeps } from '../settings/live-settings.js';
import { fetchCover } from './cover-file.js';
import { fetchAudio } from './fetch-audio.js';
import { makeFile, type MadeFile } from './make-file.js';
import { pickSource, type PickedSource } from './pick-source.js';
import { placeFile, reuseFile } from './place-file.js';
import { planTrack, type TrackDownload } from './plan-track.js';
import { removeUnfinished } from './incoming.js';
import { explainDiskError } from './target-file.js';
import { checkLength, checkRendition } from './track-limits.js';

export type DownloadDeps = Pick<
  Platform & CatalogDeps & SettingsDeps,
  'db' | 'env' | 'settings' | 'sources' | 'catalogs' | 'media' | 'timing'
>;

/** Idempotent: after a crash it continues from the file in place. Leaves nothing behind when it fails. */
export async function downloadTrack(deps: DownloadDeps, run: TaskRun): Promise<Ending> {
  const download = await planTrack(deps, run);
  try {
    return (await reuseFile(deps, download)) ?? (await makeTrack(deps, download));
  } catch (thrown) {
    throw explainDiskError(thrown, download.root);
  } finally {
    await removeUnfinished(download.root, run.claimed.task).catch((err: unknown) => {
      run.log.warn({ err }, 'could not remove unfinished files');
    });
  }
}

async function makeTrack(deps: DownloadDeps, download: TrackDownload): Promise<Ending> {
  checkLength(download, download.track.durationMs);
  const picked = await pickSource(deps, download);
  // Before the space: a read-only disk is often a full one too.
  await download.work.open();
  await checkRendition(download, picked.rendition);
  const [audioPath, cover] = await Promise.all([
    fetchAudio(deps, download, picked),
    fetchCover(deps, download),
  ]);
  const made = await makeFile(deps, download, { rendition: picked.rendition, audioPath, cover });
  await saveVerified(picked, made);
  return placeFile(deps, download, made);
}

/** Of the source's own file: another download of it copies the same bytes. */
async function saveVerified({ source, rendition }: PickedSource, { verified }: MadeFile): Promise<void> {
  const isNew = verified !== null && verified.sha256 !== rendition.verified?.sha256;
  if (isNew && rendition.localPath !== null) await source.saveVerified?.(rendition, verified);
}
