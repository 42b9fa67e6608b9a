import type { Viewer } from '../auth/viewer.js';
import type { Track } from '../catalog/catalog-item.js';
import type { CatalogDeps } from '../catalog/catalog-source.js';
import { InvalidItemError } from '../catalog/errors.js';
import { findQueueableItem, getCatalog, listChildren } from '../catalog/find-item.js';
import { BITRATE_RANGES, type AudioProbe } from '../media/media.js';
import type { Platform } from '../platform.js';
import type { SettingsDeps } from '../settings/live-settings.js';
import type { DownloadOptions } from '../tasks/download-options.js';
import { formatPath, qualityOf, userDirectories, type PathContext } from './path-format.js';
import { resolveOptions, type OptionsInput } from './resolve-options.js';

interface PreviewInput {
  /** An id or link; null for a sample track. */
  item: string | null;
  options: OptionsInput;
}

export interface PathPreview {
  directories: string[];
  fileName: string;
}

type PreviewDeps = Pick<
  Platform & CatalogDeps & SettingsDeps,
  'catalogs' | 'defaultCatalog' | 'shortLinks' | 'enrichment' | 'settings' | 'media'
>;
type Subject = Pick<PathContext, 'track' | 'playlist'>;

/** On an empty disk. Throws as `queueDownload` does, and InvalidItemError for an item without a track. */
export async function previewPath(
  deps: PreviewDeps,
  viewer: Viewer,
  { item, options: input, signal }: PreviewInput & { signal: AbortSignal },
): Promise<PathPreview> {
  const options = resolveOptions(deps, input, viewer);
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

const SEARCHED_ENTRIES = 50;

async function findSubject(deps: PreviewDeps, reference: string, signal: AbortSignal): Promise<Subject> {
  const item = await findQueueableItem(deps, { item: reference, type: null }, signal);
  if (item.type === 'TRACK') return { track: item, playlist: null };
  if (item.type === 'ARTIST')
    throw new InvalidItemError('An artist has no path: use a track, an album or a playlist.');
  const { items } = await listChildren(getCatalog(deps, item.id), item, {
    request: { offset: 0, limit: SEARCHED_ENTRIES },
    groups: [],
    signal,
  });
  const index = items.findIndex((entry) => entry !== null);
  const track = items[index];
  if (track?.type !== 'TRACK') throw new InvalidItemError(`"${item.title}" has no track to show a path for.`);
  const { title } = item;
  const playlist = item.type === 'PLAYLIST' ? { title, total: item.total, position: index + 1 } : null;
  return { track, playlist };
}

/** Stands for the source, which is known only when the track is downloaded. */
const LIKELY_SOURCE: AudioProbe = {
  ...{ container: 'flac', codec: 'flac', bitrateKbps: null, durationMs: 0, sampleRateHz: 44_100 },
  ...{ channels: 2, hasCover: false, tags: {} },
};

function likelyQuality({ format, bitrateKbps }: DownloadOptions): string {
  const fileFormat = format === 'KEEP' ? 'FLAC' : format;
  return qualityOf({ fileFormat, fileBitrateKbps: bitrateKbps ?? BITRATE_RANGES[format]?.max ?? null });
}

const CHOIR = { id: 'demo:saltglass-choir', name: 'Saltglass Choir' };
const OTTER = { id: 'demo:otter-and-semaphore', name: 'Otter & Semaphore' };

const SAMPLE_TRACK: Track = {
  type: 'TRACK',
  id: 'demo:night-ferry-1-05',
  title: 'All the Lifeboats Are Orange',
  artists: [CHOIR, OTTER],
  album: {
    ...{ type: 'ALBUM', id: 'demo:night-ferry', title: 'Night Ferry', artists: [CHOIR], group: 'ALBUM' },
    ...{ releaseDate: '2024-10-18', trackTotal: 9, discTotal: 2, upc: null, label: null, copyright: null },
    ...{ genres: ['Ambient'], images: [], url: null },
  },
  durationMs: 214_000,
  explicit: true,
  trackNumber: 5,
  discNumber: 1,
  isrc: 'XXDEM2401105',
  genres: ['Choral'],
  url: null,
};

const SAMPLE_PLAYLIST = { title: 'First Watch', position: 7, total: 120 };
