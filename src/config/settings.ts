import type { AudioFormat } from '../media/media.js';

/** How Reprise downloads, for everyone who does not say otherwise. Names and defaults follow rest-contract §7. */
export interface Settings {
  /** Tracks downloaded at once over all workers, ≥ 1. */
  maxConcurrentDownloads: number;
  /** Further tries after the first, ≥ 0. */
  maxRetries: number;
  /** Seconds before the first retry, ≥ 0. */
  retryDelaySeconds: number;
  /** Seconds added for each further retry, ≥ 0. */
  retryDelayIncrease: number;
  convertTo: AudioFormat;
  /** kbit/s, in the format's range; null for its usual quality. */
  bitrateKbps: number | null;
  /** Directory below DOWNLOAD_DIR, with placeholders (downloads/path-format.ts). */
  customDirFormat: string;
  /** File name without extension, with placeholders. */
  customTrackFormat: string;
  /** Whether %tracknum% and %discnum% are padded with zeros. */
  tracknumPadding: boolean;
  /** Digits of a padded number, 1–10. */
  padNumberWidth: number;
  artistSeparator: string;
  /** Which sources to ask: only the first that is on, or the others in order when it lacks a track. */
  fallback: boolean;
}

export const DEFAULT_SETTINGS: Settings = {
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
  artistSeparator: '; ',
  fallback: true,
};
