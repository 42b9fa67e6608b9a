import type { CatalogDeps } from '../catalog/catalog-source.js';
import type { CoverDeps } from '../covers/covers.js';
import type { Platform } from '../platform.js';
import type { TaskRun } from '../queue/claimed-task.js';
import type { Ending } from '../tasks/task-state-store.js';
import type { SettingsDeps } from '../settings/live-settings.js';
import { fetchCover } from './cover-file.js';
import { fetchAudio } from './fetch-audio.js';
import { beginEnrichment } from './enrich-track.js';
import { makeFile, type FetchedTrack } from './make-file.js';
import { pickSource } from './pick-source.js';
import { placeFile, reuseFile } from './place-file.js';
import { planTrack, type TrackDownload } from './plan-track.js';
import { removeUnfinished } from './incoming.js';
import { explainDiskError } from './target-file.js';
import { checkLength, checkRendition } from './track-limits.js';

export type DownloadDeps = Pick<
  Platform & CatalogDeps & CoverDeps & SettingsDeps,
  'db' | 'env' | 'settings' | 'sources' | 'catalogs' | 'covers' | 'enrichment' | 'media' | 'timing'
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
  const enrichment = beginEnrichment(deps, download);
  try {
    const [audioPath, ownCover] = await Promise.all([
      fetchAudio(deps, download, picked),
      fetchCover(deps, download),
    ]);
    const { facts, cover } = await enrichment.complete(ownCover);
    const { rendition } = picked;
    return await placeMade(deps, download, { rendition, audioPath, cover, facts });
  } finally {
    enrichment.stop();
  }
}

async function placeMade(
  deps: DownloadDeps,
  download: TrackDownload,
  fetched: FetchedTrack,
): Promise<Ending> {
  const made = await makeFile(deps, download, fetched);
  return placeFile(deps, download, made);
}
