import type { AudioFormat } from '../media/media.js';

export const SPOTIFY_QUALITIES = ['NORMAL', 'HIGH', 'VERY_HIGH'] as const;
export type SpotifyQuality = (typeof SPOTIFY_QUALITIES)[number];

export const DEEZER_QUALITIES = ['MP3_128', 'MP3_320', 'FLAC'] as const;
export type DeezerQuality = (typeof DEEZER_QUALITIES)[number];

/** How Reprise downloads, for everyone who does not say otherwise. Names and defaults follow rest-contract §7. */
export interface Settings {
  /** The catalogue that searches and bare ids ask, as soon as it is set up; until then CATALOG's. */
  service: string;
  /** Whether every source is asked for a track; else the owner's own library and the one source next in line. */
  fallback: boolean;
  /** The name of the Spotify account in use; empty for none. */
  spotify: string;
  /** The name of the Deezer account in use; empty for none. */
  deezer: string;
  /** The least that audio for a track of Spotify's catalogue must have; never a promise of Spotify's own audio. */
  spotifyQuality: SpotifyQuality;
  /** The least that audio for a track of Deezer's catalogue must have; never a promise of Deezer's own audio. */
  deezerQuality: DeezerQuality;
  /** Whether the best that the sources have is taken when none has the quality asked for. */
  recursiveQuality: boolean;
  /** Whether a track is fetched no faster than it plays, times `realTimeMultiplier`. */
  realTime: boolean;
  /** 0–10; 0 counts as 1. */
  realTimeMultiplier: number;
  /** Tracks downloaded at once over all workers, ≥ 1. */
  maxConcurrentDownloads: number;
  /** Further tries after the first, ≥ 0. */
  maxRetries: number;
  /** Seconds before the first retry, ≥ 0. */
  retryDelaySeconds: number;
  /** Seconds added for each further retry, ≥ 0. */
  retryDelayIncrease: number;
  /** `KEEP` is the wire's null. */
  convertTo: AudioFormat;
  /** kbit/s, in the format's range; null for its usual quality. */
  bitrateKbps: number | null;
  /** Directory below the download directory, with placeholders (downloads/path-format.ts). */
  customDirFormat: string;
  /** File name without extension, with placeholders. */
  customTrackFormat: string;
  /** Whether %tracknum%, %discnum% and %playlistnum% are padded with zeros. */
  tracknumPadding: boolean;
  /** Digits of a padded number, 1–10; `auto` for as many as the longest number of the list has, at least 2. */
  padNumberWidth: number | 'auto';
  /** Whether the cover also becomes a file beside the tracks; in the tags it always is. */
  saveCover: boolean;
  /** Between several artists in tags that hold one text, and in paths. */
  artistSeparator: string;
  /** Whether tags follow the catalogue; else those that the source's file came with stay. */
  spotifyMetadata: boolean;
  /** Whether each user's files are in a directory of their own, named for them. */
  separateTracksByUser: boolean;
  /** Absolute; inside one of DOWNLOAD_ROOTS. */
  downloadPath: string;
}

/** How files are called. */
export type PathFormats = Pick<Settings, 'customDirFormat' | 'customTrackFormat'>;

export const DEFAULT_SETTINGS: Omit<Settings, 'downloadPath'> = {
  service: 'spotify',
  fallback: false,
  spotify: '',
  deezer: '',
  spotifyQuality: 'NORMAL',
  deezerQuality: 'MP3_128',
  recursiveQuality: false,
  realTime: false,
  realTimeMultiplier: 0,
  maxConcurrentDownloads: 3,
  maxRetries: 3,
  retryDelaySeconds: 5,
  retryDelayIncrease: 5,
  convertTo: 'KEEP',
  bitrateKbps: null,
  customDirFormat: '%ar_album%/%album%',
  customTrackFormat: '%tracknum%. %music%',
  tracknumPadding: true,
  padNumberWidth: 3,
  saveCover: true,
  artistSeparator: '; ',
  spotifyMetadata: true,
  separateTracksByUser: false,
};

/** What is in force where nobody has changed anything. */
export function defaultSettings({ downloadDir }: { downloadDir: string }): Settings {
  return { ...DEFAULT_SETTINGS, downloadPath: downloadDir };
}
