import { z } from 'zod';

const flag = z.boolean();
const text = z.string();

export const watchSettingsShape = z
  .object({
    enabled: flag,
    watchPollIntervalSeconds: z.int(),
    check_interval: z.int().meta({ description: 'The same as watchPollIntervalSeconds.' }),
    maxItemsPerRun: z.int(),
    max_concurrent_checks: z.int(),
    retry_failed_after: z.int(),
    watchedArtistAlbumGroup: z.array(z.enum(['album', 'single', 'compilation', 'appears_on'])),
    delayBetweenPlaylistsSeconds: z.int(),
    delayBetweenArtistsSeconds: z.int(),
    useSnapshotIdChecking: flag,
  })
  .meta({ id: 'WatchSettings' });

const settings = z.object({
  service: text,
  fallback: flag,
  spotify: text,
  deezer: text,
  spotifyQuality: z.enum(['NORMAL', 'HIGH', 'VERY_HIGH']),
  deezerQuality: z.enum(['MP3_128', 'MP3_320', 'FLAC']),
  realTime: flag,
  realTimeMultiplier: z.number(),
  maxConcurrentDownloads: z.int(),
  maxRetries: z.int(),
  retryDelaySeconds: z.number(),
  retryDelayIncrease: z.number(),
  convertTo: text.nullable().meta({ description: 'Null: as the source has it.' }),
  fileFormat: text.nullable().meta({ description: 'The same as convertTo, in lower case.' }),
  bitrate: text.nullable().meta({ description: 'For example `320k`; null: the usual quality.' }),
  customDirFormat: text,
  customTrackFormat: text,
  tracknumPadding: flag,
  padNumberWidth: z.union([z.int(), z.literal('auto')]),
  saveCover: flag,
  artistSeparator: text,
  recursiveQuality: flag,
  spotifyMetadata: flag,
  separateTracksByUser: flag,
  downloadPath: text,
  explicitFilter: flag,
  watch: watchSettingsShape,
  version: z.int(),
});

export const settingsShape = settings.meta({ id: 'Settings' });

/** After a change: with the keys of the body that mean nothing here, where there were any. */
export const changedSettingsShape = settings.extend({ ignored_keys: z.array(text).optional() });

export const validationShape = z
  .object({
    valid: flag,
    message: text,
    details: z.array(text).nullable().meta({ description: 'What is wrong; null when nothing is.' }),
  })
  .meta({ id: 'Validation' });
