import type { WireHistoryRowFragment } from '../../generated/documents/graphql.js';
import { localIdOf, wireIdOf } from '../wire-id.js';
import { wordOf } from '../tasks/serialize-line.js';

type Item = NonNullable<WireHistoryRowFragment['item']>;
type TrackItem = Extract<Item, { __typename: 'Track' }>;

/** A download as the clients of /history know it: the keys of a row and of a part are not the same. */
export function toWireRow(task: WireHistoryRowFragment, base: string): object {
  const type = wordOf(task.kind);
  const id = wireIdOf(task.id);
  return {
    ...toShared(task),
    download_type: type,
    url: task.item?.url ?? `${base}/${type}/download/${task.item ? wireIdOf(task.item.id) : id}`,
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
    images: (albumOf(task.item) ?? pictured(task.item))?.images.map(toWireImage) ?? [],
    album_type: albumOf(task.item)?.group.toLowerCase() ?? null,
    duration_total_ms: durationOf(task),
    owner: task.owner.username,
  };
}

/** A part of a list. */
export function toWirePart(task: WireHistoryRowFragment, position: number): object {
  const track = trackOf(task.item);
  return {
    ...toShared(task),
    album_title: task.album ?? '',
    duration_ms: durationOf(task),
    track_number: track?.trackNumber ?? null,
    disc_number: track?.discNumber ?? null,
    isrc: track?.isrc ?? null,
    position,
  };
}

/** What a row and a part have in common. */
function toShared(task: WireHistoryRowFragment): Record<string, unknown> {
  const { file, item, error } = task;
  const catalog = item ? localIdOf(item.id).split(':', 1)[0] : null;
  return {
    task_id: wireIdOf(task.id),
    title: task.title,
    artists: task.artists,
    // What waits among the parts of a list that has begun is on its way too.
    status: wordOf(task.historyStatus ?? 'IN_PROGRESS'),
    timestamp: Date.parse(task.finishedAt ?? task.startedAt ?? task.createdAt) / 1000,
    service: file?.source ?? catalog ?? '',
    quality_format: file?.format ?? null,
    quality_bitrate: file?.bitrateKbps ? `${file.bitrateKbps}k` : null,
    file_path: file?.path ?? null,
    external_ids: externalIdsOf(item ?? null),
    genres: genresOf(item ?? null),
    explicit: trackOf(item)?.explicit ?? false,
    metadata: file ? { source: file.source, licence: file.licence, size_bytes: Number(file.sizeBytes) } : {},
    ...(error && { error: error.message }),
  };
}

function countOf(task: WireHistoryRowFragment, state: WireHistoryRowFragment['state'], parts: number) {
  return task.kind === 'TRACK' ? Number(task.state === state) : parts;
}

/** Of a track what its file or its catalogue says; of a list what has been made of it. */
function durationOf({ kind, file, item, madeDurationMs }: WireHistoryRowFragment): number {
  return kind === 'TRACK' ? (file?.durationMs ?? trackOf(item)?.durationMs ?? 0) : madeDurationMs;
}

function externalIdsOf(item: Item | null): Record<string, string> {
  if (!item) return {};
  const [provider = '', id = ''] = localIdOf(item.id).split(':');
  const isrc = trackOf(item)?.isrc;
  const own = provider === 'spotify' || provider === 'deezer' ? { [provider]: id } : {};
  return { ...own, ...(isrc && { isrc }) };
}

function genresOf(item: Item | null): string[] {
  if (!item || item.__typename === 'Playlist') return [];
  if (item.__typename !== 'Track') return item.genres;
  return item.genres.length > 0 ? item.genres : (item.album?.genres ?? []);
}

function trackOf(item: Item | null | undefined): TrackItem | null {
  return item?.__typename === 'Track' ? item : null;
}

/** An album, or the one that a track is on. */
function albumOf(item: Item | null | undefined) {
  if (item?.__typename === 'Album') return item;
  return trackOf(item)?.album ?? null;
}

function pictured(item: Item | null | undefined) {
  return item?.__typename === 'Playlist' || item?.__typename === 'Artist' ? item : null;
}

function toWireImage({ url, widthPx, heightPx }: WireImage): object {
  return { url, width: widthPx, height: heightPx };
}

interface WireImage {
  url: string;
  widthPx: number | null;
  heightPx: number | null;
}
