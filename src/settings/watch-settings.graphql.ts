import { builder } from '../graphql/builder.js';
import { AlbumGroupEnum } from '../catalog/item-types.graphql.js';
import type { VersionOf } from './change-settings.js';
import type { WatchSettings } from './watch-settings.js';

/** The same words where settings are read and where they are changed. */
export const WATCH_SETTING_DESCRIPTIONS: Record<keyof WatchSettings, string> = {
  enabled: 'Whether watched things are looked at.',
  watchPollIntervalSeconds: 'Seconds between two looks at the same thing, 60 to 2,592,000.',
  maxItemsPerRun: 'Entries that one request to a catalogue asks for, 1 to 50.',
  maxConcurrentChecks: 'Looks at once over all workers, 1 to 20.',
  retryFailedAfterSeconds: 'Seconds after which what failed is tried again, up to 2,592,000; 0 for never.',
  watchedArtistAlbumGroup: 'Which of an artist’s albums are wanted where nobody says otherwise.',
  delayBetweenPlaylistsSeconds: 'Seconds between two playlists of one round, 0 to 3,600.',
  delayBetweenArtistsSeconds: 'Seconds between two artists of one round, 0 to 3,600.',
  useSnapshotIdChecking: 'Whether a playlist whose mark is the same as last time is not read again.',
};

const about = (name: keyof WatchSettings) => ({ description: WATCH_SETTING_DESCRIPTIONS[name] });

export const WatchSettingsType = builder.objectRef<VersionOf<WatchSettings>>('WatchSettings').implement({
  description: 'How watched playlists and artists are looked at.',
  fields: (t) => {
    const int = (name: NumberName) => t.int({ ...about(name), resolve: ({ values }) => values[name] });
    const flag = (name: 'enabled' | 'useSnapshotIdChecking') =>
      t.boolean({ ...about(name), resolve: ({ values }) => values[name] });
    return {
      version: t.exposeInt('version', { description: 'Changes with every change; 0 before the first.' }),
      enabled: flag('enabled'),
      watchPollIntervalSeconds: int('watchPollIntervalSeconds'),
      maxItemsPerRun: int('maxItemsPerRun'),
      maxConcurrentChecks: int('maxConcurrentChecks'),
      retryFailedAfterSeconds: int('retryFailedAfterSeconds'),
      watchedArtistAlbumGroup: t.field({
        type: [AlbumGroupEnum],
        ...about('watchedArtistAlbumGroup'),
        resolve: ({ values }) => values.watchedArtistAlbumGroup,
      }),
      delayBetweenPlaylistsSeconds: int('delayBetweenPlaylistsSeconds'),
      delayBetweenArtistsSeconds: int('delayBetweenArtistsSeconds'),
      useSnapshotIdChecking: flag('useSnapshotIdChecking'),
    };
  },
});

type NumberName = {
  [Name in keyof WatchSettings]: WatchSettings[Name] extends number ? Name : never;
}[keyof WatchSettings];
