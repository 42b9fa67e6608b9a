import type { AlbumGroup } from '../catalog/catalog-item.js';

/** How watched playlists and artists are looked at. Names and defaults follow rest-contract §7.1. */
export interface WatchSettings {
  enabled: boolean;
  /** Seconds between two looks at the same thing, ≥ 60. */
  watchPollIntervalSeconds: number;
  /** Entries that one request to a catalogue asks for, 1–50. */
  maxItemsPerRun: number;
  /** Looks at once over all workers, ≥ 1. */
  maxConcurrentChecks: number;
  /** Seconds after which what failed is tried again; 0: never. */
  retryFailedAfterSeconds: number;
  /** Which of an artist's albums are wanted where nobody says otherwise: in watches and in artist downloads. */
  watchedArtistAlbumGroup: AlbumGroup[];
  /** Seconds between two playlists of one round, ≥ 0. */
  delayBetweenPlaylistsSeconds: number;
  /** Seconds between two artists of one round, ≥ 0. */
  delayBetweenArtistsSeconds: number;
  /** Whether a playlist whose mark is the same as last time is not read again. */
  useSnapshotIdChecking: boolean;
}

export const DEFAULT_WATCH_SETTINGS: WatchSettings = {
  enabled: false,
  watchPollIntervalSeconds: 3600,
  maxItemsPerRun: 50,
  maxConcurrentChecks: 2,
  retryFailedAfterSeconds: 1800,
  watchedArtistAlbumGroup: ['ALBUM', 'SINGLE'],
  delayBetweenPlaylistsSeconds: 2,
  delayBetweenArtistsSeconds: 5,
  useSnapshotIdChecking: true,
};
