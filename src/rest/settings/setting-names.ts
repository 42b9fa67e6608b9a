import { bothSpellings, FLAG, NUMBER, oneOf, TEXT, WHOLE, type WireSetting } from './named-values.js';

/*
 * The keys of rest-contract §7. `null` stands for KEEP and for the usual bitrate, `"auto"` for a width that is null
 * in GraphQL, and a bitrate is a text such as `320k`.
 */

/** A setting that is called the same everywhere. */
function plain(name: string, kind: Pick<WireSetting, 'read' | 'allowed'>): WireSetting {
  return { name: name, keys: bothSpellings(name), ...kind, write: (value) => ({ [name]: value }) };
}

const FORMATS = ['MP3', 'AAC', 'OGG', 'OPUS', 'FLAC', 'WAV', 'ALAC', 'KEEP'];
const format = oneOf(FORMATS);

const CONVERT_TO: WireSetting = {
  name: 'convertTo',
  keys: [...bothSpellings('convertTo'), ...bothSpellings('fileFormat')],
  read: (value) => (value === null || value === '' ? 'KEEP' : format.read(value)),
  allowed: `${format.allowed}, null`,
  write: (value) => {
    const word = value === 'KEEP' ? null : String(value);
    return { convertTo: word, fileFormat: word && word.toLowerCase() };
  },
};

const BITRATE: WireSetting = {
  name: 'bitrateKbps',
  keys: ['bitrate', ...bothSpellings('bitrateKbps')],
  read: (value) => {
    if (value === null || value === '') return null;
    return WHOLE.read(typeof value === 'string' ? value.replace(/k$/i, '') : value);
  },
  allowed: 'kilobits a second such as 320k, null',
  write: (value) => ({ bitrate: typeof value === 'number' ? `${value}k` : null }),
};

const PAD_NUMBER_WIDTH: WireSetting = {
  name: 'padNumberWidth',
  keys: bothSpellings('padNumberWidth'),
  read: (value) => (String(value).toLowerCase() === 'auto' ? null : WHOLE.read(value)),
  allowed: 'a whole number, "auto"',
  write: (value) => ({ padNumberWidth: value ?? 'auto' }),
};

const SERVICE: WireSetting = {
  ...plain('service', TEXT),
  read: (value) => (typeof value === 'string' ? value.toLowerCase() : undefined),
  allowed: 'the name of a catalogue',
};

const spotifyQuality = oneOf(['NORMAL', 'HIGH', 'VERY_HIGH']);

/** Older clients know a quality below the usual one. */
const SPOTIFY_QUALITY: typeof spotifyQuality = {
  ...spotifyQuality,
  read: (value) => spotifyQuality.read(typeof value === 'string' && /^low$/i.test(value) ? 'NORMAL' : value),
};

export const WIRE_SETTINGS: readonly WireSetting[] = [
  SERVICE,
  plain('fallback', FLAG),
  plain('spotify', TEXT),
  plain('deezer', TEXT),
  plain('spotifyQuality', SPOTIFY_QUALITY),
  plain('deezerQuality', oneOf(['MP3_128', 'MP3_320', 'FLAC'])),
  plain('realTime', FLAG),
  plain('realTimeMultiplier', NUMBER),
  plain('maxConcurrentDownloads', WHOLE),
  plain('maxRetries', WHOLE),
  plain('retryDelaySeconds', NUMBER),
  plain('retryDelayIncrease', NUMBER),
  CONVERT_TO,
  BITRATE,
  plain('customDirFormat', TEXT),
  plain('customTrackFormat', TEXT),
  plain('tracknumPadding', FLAG),
  PAD_NUMBER_WIDTH,
  plain('saveCover', FLAG),
  plain('artistSeparator', TEXT),
  plain('recursiveQuality', FLAG),
  plain('spotifyMetadata', FLAG),
  plain('separateTracksByUser', FLAG),
  plain('downloadPath', TEXT),
];

const group = oneOf(['ALBUM', 'SINGLE', 'COMPILATION', 'APPEARS_ON']);

const GROUPS: WireSetting = {
  name: 'watchedArtistAlbumGroup',
  keys: bothSpellings('watchedArtistAlbumGroup'),
  read: (value) => {
    const words = Array.isArray(value) ? value.map(group.read) : [undefined];
    return words.includes(undefined) ? undefined : words;
  },
  allowed: `a list of ${group.allowed}`,
  write: (value) => ({ watchedArtistAlbumGroup: (value as string[]).map((word) => word.toLowerCase()) }),
};

function camelCase(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** One that clients know by another name than ours, and are shown by both where they know both. */
function renamed(name: string, { wire, both }: { wire: string; both: boolean }): WireSetting {
  return {
    name: name,
    keys: [...new Set([wire, camelCase(wire), ...bothSpellings(name)])],
    ...WHOLE,
    write: (value) => (both ? { [name]: value, [wire]: value } : { [wire]: value }),
  };
}

export const WIRE_WATCH_SETTINGS: readonly WireSetting[] = [
  plain('enabled', FLAG),
  renamed('watchPollIntervalSeconds', { wire: 'check_interval', both: true }),
  plain('maxItemsPerRun', WHOLE),
  renamed('maxConcurrentChecks', { wire: 'max_concurrent_checks', both: false }),
  renamed('retryFailedAfterSeconds', { wire: 'retry_failed_after', both: false }),
  GROUPS,
  plain('delayBetweenPlaylistsSeconds', WHOLE),
  plain('delayBetweenArtistsSeconds', WHOLE),
  plain('useSnapshotIdChecking', FLAG),
];
