import type {
  RestChildFragment,
  RestDownloadFragment,
  RestHistoryStatsQuery,
} from '../../generated/documents/graphql.js';
import { serializeImage } from '../catalog/serialize.js';
import { localIdOf, plainIdOf } from '../plain-id.js';
import { withRestNames } from '../setting-names.js';
import { statusOf } from '../tasks/serialize.js';

type ChildItem = NonNullable<RestChildFragment['item']>;
type Item = NonNullable<RestDownloadFragment['item']>;

export function serializeDownload(task: RestDownloadFragment, base: string): object {
  const type = task.kind.toLowerCase();
  const id = plainIdOf(task.id);
  return {
    ...serializeCommon(task),
    download_type: type,
    url: task.item?.url ?? `${base}/${type}/download/${task.item ? plainIdOf(task.item.id) : id}`,
    name: task.title,
    artist: task.artists.join(', '),
    created_at: task.createdAt,
    completed_at: task.finishedAt,
    total_tracks: task.kind === 'TRACK' ? 1 : task.total,
    successful_tracks: countOf(task, 'COMPLETED', task.succeeded),
    failed_tracks: countOf(task, 'FAILED', task.failed),
    skipped_tracks: countOf(task, 'SKIPPED', task.skipped),
    children_table: task.kind === 'TRACK' ? null : id,
    release_date: albumOf(task.item)?.releaseDate ?? '',
    images: imagesOf(task.item),
    album_type: albumOf(task.item)?.group.toLowerCase() ?? null,
    duration_total_ms: durationOf(task),
    owner: task.owner.username,
  };
}

export function serializeChild(task: RestChildFragment, position: number): object {
  const track = trackOf(task.item);
  return {
    ...serializeCommon(task),
    album_title: task.album ?? '',
    duration_ms: durationOf(task),
    track_number: track?.trackNumber ?? null,
    disc_number: track?.discNumber ?? null,
    isrc: track?.isrc ?? null,
    position,
  };
}

/** The keys that a download and a child of one share. */
function serializeCommon(task: RestChildFragment): Record<string, unknown> {
  const { file, item, error } = task;
  const catalog = item ? localIdOf(item.id).split(':', 1)[0] : null;
  return {
    task_id: plainIdOf(task.id),
    title: task.title,
    artists: task.artists,
    // A queued child has no status in the history, but its parent is in progress.
    status: (task.historyStatus ?? 'IN_PROGRESS').toLowerCase(),
    timestamp: Date.parse(task.finishedAt ?? task.startedAt ?? task.createdAt) / 1000,
    service: file?.source ?? catalog ?? '',
    quality_format: file ? (file.format ?? file.codec.toUpperCase()) : null,
    quality_bitrate: file?.bitrateKbps ? `${file.bitrateKbps}k` : null,
    file_path: file?.path ?? null,
    external_ids: externalIdsOf(item),
    genres: genresOf(item),
    explicit: trackOf(item)?.explicit ?? false,
    metadata: {
      ...(file && { source: file.source, licence: file.licence, size_bytes: Number(file.sizeBytes) }),
      status_info: { status: statusOf(task), error: error ? withRestNames(error.message) : null },
    },
    ...(error && { error: withRestNames(error.message) }),
  };
}

function countOf(task: RestDownloadFragment, state: RestDownloadFragment['state'], children: number) {
  return task.kind === 'TRACK' ? Number(task.state === state) : children;
}

/** For a parent, only of what was downloaded. */
function durationOf({ kind, file, item, madeDurationMs }: RestChildFragment): number {
  return kind === 'TRACK' ? (file?.durationMs ?? trackOf(item)?.durationMs ?? 0) : madeDurationMs;
}

function externalIdsOf(item: ChildItem | null): Record<string, string> {
  if (!item) return {};
  const [provider = '', id = ''] = localIdOf(item.id).split(':');
  const isrc = trackOf(item)?.isrc;
  const own = provider === 'spotify' || provider === 'deezer' ? { [provider]: id } : {};
  return { ...own, ...(isrc && { isrc }) };
}

function genresOf(item: ChildItem | null): string[] {
  if (!item || item.__typename === 'Playlist') return [];
  if (item.__typename !== 'Track') return item.genres;
  return item.genres.length > 0 ? item.genres : (item.album?.genres ?? []);
}

function trackOf(item: ChildItem | null) {
  return item?.__typename === 'Track' ? item : null;
}

function albumOf(item: Item | null) {
  if (item?.__typename === 'Album') return item;
  return item?.__typename === 'Track' ? item.album : null;
}

function imagesOf(item: Item | null): object[] {
  const source = item?.__typename === 'Track' ? item.album : item;
  return source?.images.map(serializeImage) ?? [];
}

export function serializeStats({ historyStats }: RestHistoryStatsQuery): object {
  const { byKindAndStatus, made, queuedLastWeek } = historyStats;
  const counts: Record<string, Record<string, number>> = {};
  for (const { kind, status, count } of byKindAndStatus) {
    (counts[kind.toLowerCase()] ??= {})[status.toLowerCase()] = count;
  }
  return {
    by_type_and_status: counts,
    total_successful_tracks: made.trackCount,
    recent_downloads_7d: queuedLastWeek,
    total_bytes: Number(made.sizeBytes),
  };
}
