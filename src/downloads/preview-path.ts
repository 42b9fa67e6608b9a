import { InvalidItemError } from '../catalog/errors.js';
import type { Track } from '../catalog/catalog-item.js';
import { findQueueableItem } from '../catalog/find-item.js';
import { getCatalog } from '../catalog/get-catalog.js';
import type { Viewer } from '../auth/viewer.js';
import type { Platform } from '../platform.js';
import type { CatalogDeps } from '../catalog/get-catalog.js';
import type { SettingsDeps } from '../settings/live-settings.js';
import { BITRATE_RANGES, type AudioProbe } from '../media/media.js';
import type { DownloadOptions } from '../tasks/download-options.js';
import { qualityOf } from './file-record.js';
import { listEntries } from './list-entries.js';
import { formatPath, type PathContext } from './path-format.js';
import { resolveOptions, type OptionsInput } from './resolve-options.js';
import { SAMPLE_PLAYLIST, SAMPLE_TRACK } from './sample-track.js';
import { userDirectories } from './user-directory.js';

export interface PreviewInput {
  /** Null: a sample. */
  item: string | null;
  options: OptionsInput;
}

/** Where a file would go, below the download directory. */
export interface PathPreview {
  directories: string[];
  /** With its extension. */
  fileName: string;
}

type Needs = Pick<
  Platform & CatalogDeps & SettingsDeps,
  'catalogs' | 'defaultCatalog' | 'settings' | 'media'
>;
type Subject = Pick<PathContext, 'track' | 'playlist'>;

/**
 * Where a track would go, without a look at the disk. Throws what `queueDownload` would, and InvalidItemError for
 * what has no track.
 */
export async function previewPath(
  deps: Needs,
  viewer: Viewer,
  { item, options: asked, signal }: PreviewInput & { signal: AbortSignal },
): Promise<PathPreview> {
  const options = resolveOptions(deps, asked, viewer);
  const subject: Subject =
    item === null
      ? { track: SAMPLE_TRACK, playlist: SAMPLE_PLAYLIST }
      : await findSubject(deps, item, signal);
  const parts = formatPath(options, { ...subject, quality: likelyQuality(options) });
  const extension = deps.media.extensionFor(options.format, LIKELY_SOURCE);
  return {
    directories: [...userDirectories(options.userDirectory), ...parts.slice(0, -1)],
    fileName: `${parts.at(-1) ?? ''}.${extension}`,
  };
}

/** Entries of a list that are looked through for one that is there. */
const LOOKED_THROUGH = 50;

async function findSubject(deps: Needs, wanted: string, signal: AbortSignal): Promise<Subject> {
  const item = await findQueueableItem(deps, { item: wanted, type: null }, signal);
  if (item.type === 'TRACK') return { track: item, playlist: null };
  if (item.type === 'ARTIST') throw new InvalidItemError('A path is of a track, or of the first of a list.');
  const { items } = await listEntries(getCatalog(deps, item.id), item, {
    request: { offset: 0, limit: LOOKED_THROUGH },
    groups: [],
    signal,
  });
  const at = items.findIndex((entry) => entry?.type === 'TRACK');
  if (at < 0) throw new InvalidItemError(`"${item.title}" has no track to go by.`);
  const { title } = item;
  const playlist = item.type === 'PLAYLIST' ? { title, total: item.total, position: at + 1 } : null;
  return { track: items[at] as Track, playlist };
}

/** What KEEP keeps is not known before there is a source. */
const LIKELY_SOURCE: AudioProbe = {
  ...{ container: 'flac', codec: 'flac', bitrateKbps: null, durationMs: 0, sampleRateHz: 44_100 },
  ...{ channels: 2, hasCover: false, tags: {} },
};

function likelyQuality({ format, bitrateKbps }: DownloadOptions): string {
  const fileFormat = format === 'KEEP' ? 'FLAC' : format;
  return qualityOf({ fileFormat, fileBitrateKbps: bitrateKbps ?? BITRATE_RANGES[format]?.max ?? null });
}
