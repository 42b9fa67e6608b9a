import { isAbsolute, sep } from 'node:path';
import { z } from 'zod';
import { albumGroup } from '../catalog/catalog-item.js';
import { MAX_DIRECTORY_BYTES } from '../lib/env-values.js';
import { namedEnum } from '../lib/named-enum.js';
import { BITRATE_RANGES, type AudioFormat } from '../media/media.js';
import type { SettingsProblem } from './errors.js';
import { PLACEHOLDERS_ALLOWED, unknownPlaceholders } from './path-placeholders.js';
import { findDirFormatProblem, findTrackFormatProblem, MAX_FOLDERS } from './path-rules.js';
import { findProblems, rowsOf } from './settings-table.js';

/*
 * The one definition of a setting; all else is derived. The names of the REST API are in rest/setting-names.ts;
 * defaults follow rest-contract §7.
 */

export { albumGroup };
export const audioFormat = namedEnum('AudioFormat', 'An audio format that a download can be converted to.', {
  KEEP: 'A copy of the source’s file, byte for byte; only tags and the cover are edited in it.',
  MP3: 'MP3 with ID3v2.4 tags; more than two channels are mixed down to stereo.',
  AAC: 'AAC in an .m4a file; surround sound is mixed down to stereo.',
  OGG: 'Vorbis in an .ogg file, in stereo at most.',
  OPUS: 'Opus in an .opus file, with at most two channels.',
  FLAC: 'FLAC, lossless and compressed.',
  WAV: 'WAV, lossless and uncompressed.',
  ALAC: 'Apple Lossless in an .m4a file.',
} satisfies Record<AudioFormat, string>);
export const spotifyQuality = namedEnum(
  'SpotifyQuality',
  'Minimum audio quality for a track of the Spotify catalog.',
  {
    NORMAL: 'At least 96 kbit/s, or lossless.',
    HIGH: 'At least 160 kbit/s, or lossless.',
    VERY_HIGH: 'At least 320 kbit/s, or lossless.',
  },
);
export type SpotifyQuality = z.infer<typeof spotifyQuality>;
const deezerQuality = namedEnum('DeezerQuality', 'Minimum audio quality for a track of the Deezer catalog.', {
  MP3_128: 'MP3 at 128 kbit/s or better.',
  MP3_320: 'MP3 at 320 kbit/s or better.',
  FLAC: 'Lossless audio, in any format.',
});
export type DeezerQuality = z.infer<typeof deezerQuality>;

export const MONTH_S = 2_592_000;
const DAY_S = 86_400;
const HOUR_S = 3_600;
/** For descriptions. */
export const BITRATE_TEXT = Object.entries(BITRATE_RANGES)
  .map(([format, { min, max }]) => `${format} ${min}–${max}`)
  .join(', ');

/** Neither the database nor a disk takes half of a surrogate pair. */
export const text = (max: number) =>
  z
    .string()
    .max(max, { error: `must have at most ${max} characters.` })
    .refine((value) => !/[\p{Cc}\p{Cs}]/u.test(value), { error: 'must not contain control characters.' });

export const ACCOUNT_NAME = /^(?=.*[A-Za-z0-9_-])[A-Za-z0-9._-]{1,64}$/;
const account = z
  .string()
  .regex(ACCOUNT_NAME, { error: 'must be an account name of 1 to 64 letters, digits, ".", "_" or "-".' })
  .nullable()
  .default(null);

const SOURCE_NAME = /^[a-z][a-z0-9-]{0,31}$/;

const rule = (findProblem: (value: string) => string | null) =>
  [
    (value: string) => findProblem(value) === null,
    { error: ({ input }: { input?: unknown }) => findProblem(String(input)) ?? 'is invalid.' },
  ] as const;

const placeholders = (value: string) => unknownPlaceholders(value).length === 0;
const placeholdersError = ({ input }: { input?: unknown }) =>
  `contains ${unknownPlaceholders(String(input)).join(', ')}, which is not a placeholder; allowed are ${PLACEHOLDERS_ALLOWED}.`;

export const settingsTable = z.object({
  catalog: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,31}$/, {
      error: 'must be the name of a catalog, for example spotify, deezer, library or demo.',
    })
    .default('spotify')
    .meta({
      description:
        'Catalog used for searches and for ids without a catalog name, for example `deezer`. CATALOG applies while it is not set up.',
    }),
  askAllSources: z.boolean().default(false).meta({
    description:
      'Try every source in order until one has the track. If false, only your own library and the first other source are tried.',
  }),
  sourceOrder: text(500)
    .refine((names) => names.split(',').every((name) => SOURCE_NAME.test(name.trim())), {
      error: 'must be names of sources separated by commas, for example "library, subsonic".',
    })
    .nullable()
    .default(null)
    .meta({
      description:
        'Names of the sources that audio may come from, the first to be tried first, separated by commas: for example `subsonic, library`. Sources that are not named are not used.',
      nullMeans: 'all of them in their usual order',
    }),
  spotifyAccount: account.meta({ description: 'Name of the active Spotify account.', nullMeans: 'none' }),
  deezerAccount: account.meta({ description: 'Name of the active Deezer account.', nullMeans: 'none' }),
  spotifyQuality: spotifyQuality.default('NORMAL').meta({
    description:
      'Minimum audio quality for tracks of the Spotify catalog. Spotify’s own audio is never used.',
  }),
  deezerQuality: deezerQuality.default('MP3_128').meta({
    description: 'Minimum audio quality for tracks of the Deezer catalog. Deezer’s own audio is never used.',
  }),
  realTime: z.boolean().default(false).meta({
    description: 'Download a track no faster than it plays, multiplied by `realTimeMultiplier`.',
  }),
  realTimeMultiplier: z.number().min(0).max(10).default(0).meta({
    description: 'Speed of a real-time download relative to playback; 0 counts as 1.',
  }),
  maxConcurrentDownloads: z.int().min(1).max(500).default(3).meta({
    description:
      'Tracks downloaded at the same time, over all workers. A lower value takes effect as running downloads finish.',
  }),
  maxRetries: z.int().min(0).max(100).default(3).meta({
    description:
      'Maximum number of retries after the first attempt. Waiting for a provider that limits requests uses none.',
  }),
  retryDelaySeconds: z.number().min(0).max(DAY_S).default(5).meta({
    description: 'Delay before the first retry.',
    unit: 'seconds',
  }),
  retryDelayIncrease: z.number().min(0).max(DAY_S).default(5).meta({
    description: 'Delay added for each further retry.',
    unit: 'seconds',
  }),
  maxTrackSeconds: z.int().min(1).max(MONTH_S).default(DAY_S).meta({
    description: 'Longest track that is downloaded. It also limits how large a file can become.',
    unit: 'seconds',
  }),
  format: audioFormat.default('KEEP').meta({ description: 'Audio format of downloaded files.' }),
  bitrateKbps: z
    .int()
    .nullable()
    .default(null)
    .meta({
      description: `Bitrate of a lossy format (${BITRATE_TEXT}).`,
      nullMeans: 'the format’s default',
      unit: 'kbit/s',
    }),
  customDirFormat: text(500)
    .refine((value) => !/^\/|^[A-Za-z]:|\\/.test(value), {
      error: 'must be below the download directory: no drive, no "\\" and no "/" at its start.',
    })
    .refine((value) => !value.split('/').some((part) => ['.', '..'].includes(part.trim())), {
      error: 'must be below the download directory: no folder may be "." or "..".',
    })
    .refine(placeholders, { error: placeholdersError })
    .refine(...rule(findDirFormatProblem))
    .default('%ar_album%/%album%')
    .meta({
      description: `Folder below \`downloadPath\`, its levels separated by "/": at most ${MAX_FOLDERS}, none hidden, and the first neither \`.incoming\` nor \`playlists\`. Placeholders: ${PLACEHOLDERS_ALLOWED}.`,
    }),
  customTrackFormat: text(500)
    .refine((value) => value.trim() !== '', { error: 'must not be empty.' })
    .refine(placeholders, { error: placeholdersError })
    .refine(...rule(findTrackFormatProblem))
    .default('%tracknum%. %music%')
    .meta({
      description:
        'File name without its extension; takes the placeholders of `customDirFormat`. In the default, the number of the disc precedes that of the track where discs share a folder.',
    }),
  padNumbers: z.boolean().default(true).meta({
    description: 'Pad %tracknum%, %discnum% and %playlistnum% with zeros.',
  }),
  padNumberWidth: z
    .union([z.int().min(1).max(10), z.literal('auto')])
    .default(3)
    .meta({
      description:
        'Digits of a padded number; `auto` for as many as the longest number of the list has, at least 2.',
    }),
  saveCover: z.boolean().default(true).meta({
    description: 'Save the cover as a file next to the tracks too, in folders of a single album (%album%).',
  }),
  artistSeparator: text(20).min(1, { error: 'must not be empty.' }).default('; ').meta({
    description: 'Text between artists, in paths and in tags with a single value; 1 to 20 characters.',
  }),
  acceptLowerQuality: z.boolean().default(false).meta({
    description: 'Download the best audio available when no source has the minimum quality.',
  }),
  tagsFromCatalog: z.boolean().default(true).meta({
    description:
      'Replace the tags of the source’s file that the catalog knows better. If false, only missing tags are added. All other tags stay either way.',
  }),
  musicBrainz: z.boolean().default(false).meta({
    description:
      'Look up each track by its ISRC at MusicBrainz, and add what the catalog lacks to its tags: date, label, genres, MusicBrainz ids, and a cover of the Cover Art Archive. Off by default: it tells a third party what you download, at most one track a second.',
  }),
  separateTracksByUser: z.boolean().default(false).meta({
    description: 'Save the files of each user in a folder of their own, named after them.',
  }),
  downloadPath: text(MAX_DIRECTORY_BYTES)
    .refine((path) => isAbsolute(path) && !path.split(/[/\\]/).some((part) => ['.', '..'].includes(part)), {
      error: 'must be an absolute path without "." and "..".',
    })
    .refine((path) => Buffer.byteLength(path) <= MAX_DIRECTORY_BYTES, {
      error: `must have at most ${MAX_DIRECTORY_BYTES} bytes.`,
    })
    .refine((path) => path.length === 1 || !path.endsWith(sep), { error: `must not end in "${sep}".` })
    .meta({
      description:
        'Directory (folder) where downloaded files are saved: an absolute path inside one of DOWNLOAD_ROOTS.',
    }),
});

export type Settings = z.infer<typeof settingsTable>;

export const watchSettingsTable = z.object({
  enabled: z.boolean().default(false).meta({ description: 'Check watched playlists and artists.' }),
  watchPollIntervalSeconds: z.int().min(60).max(MONTH_S).default(HOUR_S).meta({
    description: 'Time between two checks of the same playlist or artist.',
    unit: 'seconds',
  }),
  pageSize: z.int().min(1).max(50).default(50).meta({
    description: 'Number of entries requested from a catalog at a time.',
  }),
  maxConcurrentChecks: z.int().min(1).max(20).default(2).meta({
    description: 'Checks at the same time, over all workers.',
  }),
  retryFailedAfterSeconds: z.int().min(1).max(MONTH_S).nullable().default(1800).meta({
    description: 'Time after which a failed download is queued again.',
    nullMeans: 'never',
    unit: 'seconds',
  }),
  watchedAlbumGroups: z
    .array(albumGroup)
    .min(1)
    .refine((groups) => new Set(groups).size === groups.length)
    .default(['ALBUM', 'SINGLE'])
    .meta({
      description:
        'Kinds of an artist’s albums that are downloaded, unless a watch or a download says which.',
    }),
  delayBetweenPlaylistsSeconds: z.int().min(0).max(HOUR_S).default(2).meta({
    description: 'Pause between two playlists in a round of checks.',
    unit: 'seconds',
  }),
  delayBetweenArtistsSeconds: z.int().min(0).max(HOUR_S).default(5).meta({
    description: 'Pause between two artists in a round of checks.',
    unit: 'seconds',
  }),
  skipUnchangedPlaylists: z.boolean().default(true).meta({
    description: 'Skip a playlist whose snapshot id is unchanged since the last check.',
  }),
});

export type WatchSettings = z.infer<typeof watchSettingsTable>;

export const SETTINGS_ROWS = rowsOf(settingsTable);
export const WATCH_SETTINGS_ROWS = rowsOf(watchSettingsTable);

export const DEFAULT_SETTINGS = settingsTable.omit({ downloadPath: true }).parse({});
export const DEFAULT_WATCH_SETTINGS = watchSettingsTable.parse({});

export function settingsTableOf({ downloadDir }: { downloadDir: string }) {
  return settingsTable.extend({ downloadPath: settingsTable.shape.downloadPath.default(downloadDir) });
}

export function defaultSettings(env: { downloadDir: string }): Settings {
  return settingsTableOf(env).parse({});
}

/** The disk is not checked. */
export function findSettingsProblems(values: Settings): SettingsProblem[] {
  return [
    ...findProblems(SETTINGS_ROWS, values),
    ...findBitrateProblems({ format: values.format, bitrateKbps: values.bitrateKbps }),
  ];
}

export function findWatchSettingsProblems(values: WatchSettings): SettingsProblem[] {
  return findProblems(WATCH_SETTINGS_ROWS, values);
}

export function findBitrateProblems({
  format,
  bitrateKbps,
}: {
  format: AudioFormat;
  bitrateKbps: number | null;
}): SettingsProblem[] {
  if (bitrateKbps === null) return [];
  const range = BITRATE_RANGES[format];
  if (range && bitrateKbps >= range.min && bitrateKbps <= range.max) return [];
  const rule = range
    ? `it must be between ${range.min} and ${range.max} for ${format}.`
    : `${format} takes no bitrate.`;
  return [{ field: 'bitrateKbps', message: `"bitrateKbps" is ${bitrateKbps}; ${rule}` }];
}
