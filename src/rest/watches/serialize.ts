import type { RestWatchFragment } from '../../generated/documents/graphql.js';

export type WatchKind = 'PLAYLIST' | 'ARTIST';

export const OFF_WARNING =
  'Watching is turned off ("enabled" of /config/watch), so nothing on the watch list is checked.';

/** Goes into a response while watching is off. */
export function warningOf({ watchingEnabled }: { watchingEnabled: boolean }): { warning?: string } {
  return watchingEnabled ? {} : { warning: OFF_WARNING };
}

export function serializeWatch(watch: RestWatchFragment, now: Date): object {
  const common = {
    spotify_id: watch.itemId.replace(/^spotify:/, ''),
    name: watch.title,
    link: 'url' in watch.item ? (watch.item.url ?? '') : '',
    last_checked: watch.lastCheckedAt === null ? null : toSeconds(watch.lastCheckedAt),
    next_check: toSeconds(watch.nextCheckAt),
    last_error: watch.error?.message ?? null,
    added_at: toSeconds(watch.createdAt),
    is_active: !watch.paused && (watch.expiresAt === null || Date.parse(watch.expiresAt) > now.getTime()),
  };
  return { ...common, ...serializeOwn(watch) };
}

function serializeOwn({ item, counts, albumGroups }: RestWatchFragment): object {
  if (item.__typename === 'Playlist') {
    return {
      owner_id: item.ownerId?.replace(/^spotify:/, '') ?? null,
      owner_name: item.ownerName,
      total_tracks: item.entryCount,
      snapshot_id: item.revision,
    };
  }
  if (item.__typename !== 'Artist') return {};
  return {
    total_albums_on_spotify: counts.total,
    genres: item.genres,
    popularity: 0,
    image_url: item.images[0]?.url ?? null,
    album_types: albumGroups.map((group) => group.toLowerCase()),
  };
}

const toSeconds = (iso: string) => Date.parse(iso) / 1000;
