import { rm } from 'node:fs/promises';
import type { CatalogDeps } from '../catalog/catalog-source.js';
import type { CoverDeps } from '../covers/covers.js';
import { logFieldsOf } from '../jobs/errors.js';
import { DomainError } from '../lib/errors.js';
import type { Platform } from '../platform.js';
import type { TaskRun } from '../queue/claimed-task.js';
import type { Ending } from '../tasks/task-state-store.js';
import type { SettingsDeps } from '../settings/live-settings.js';
import { fetchCover } from './cover-file.js';
import { fetchAudio } from './fetch-audio.js';
import { beginEnrichment } from './enrich-track.js';
import { makeFile, type MadeFile } from './make-file.js';
import {
  explainAnswers,
  offerSources,
  sourceNoteOf,
  TRYING_NEXT,
  type PickedSource,
  type SourceAnswer,
} from './pick-source.js';
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
  const answers: SourceAnswer[] = [];
  let failed: object | null = null;
  for await (const picked of offerSources(deps, download, answers)) {
    const { source } = picked;
    // What fails last is logged with the task.
    if (failed) download.log.warn(failed, TRYING_NEXT);
    download.log.info({ source: source.name }, 'source picked');
    try {
      return await makeFrom(deps, download, { picked, sourceNote: sourceNoteOf(answers) });
    } catch (thrown) {
      download.signal.throwIfAborted();
      if (!isFaultOfSource(thrown)) throw thrown;
      failed = { source: source.name, ...logFieldsOf(thrown) };
      answers.push({ source, error: thrown });
    }
    const { received, made } = await download.work.open();
    await Promise.all([received, made].map((path) => rm(path, { force: true })));
  }
  throw await explainAnswers(download, answers);
}

/** Another source may do better. */
const FAULTS_OF_SOURCES: readonly DomainError['code'][] = [
  'UPSTREAM_FAILED',
  'UPSTREAM_LIMITED',
  'SOURCE_STALLED',
  'SOURCE_CUT_OFF',
  'SOURCE_INVALID_AUDIO',
  'SOURCE_DAMAGED',
  'QUALITY_UNAVAILABLE',
];

const isFaultOfSource = (thrown: unknown): thrown is DomainError =>
  thrown instanceof DomainError && FAULTS_OF_SOURCES.includes(thrown.code);

async function makeFrom(
  deps: DownloadDeps,
  download: TrackDownload,
  { picked, sourceNote }: { picked: PickedSource; sourceNote: string | null },
): Promise<Ending> {
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
    const made = await makeFile(deps, download, { rendition, audioPath, cover, facts });
    await saveVerified(picked, made);
    return await placeFile(deps, download, { ...made, sourceNote });
  } finally {
    enrichment.stop();
  }
}

/** Of the source's own file: another download of it copies the same bytes. */
async function saveVerified({ source, rendition }: PickedSource, { verified }: MadeFile): Promise<void> {
  const known = rendition.verified;
  const isNew = verified !== null && (verified.sha256 !== known?.sha256 || !known.probe);
  if (isNew && rendition.localPath !== null) await source.saveVerified?.(rendition, verified);
}
