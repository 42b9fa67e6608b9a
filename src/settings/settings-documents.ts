import { z } from 'zod';
import { AUDIO_FORMATS } from '../media/media.js';
import { ALBUM_GROUPS } from '../catalog/catalog-item.js';
import { DEEZER_QUALITIES, SPOTIFY_QUALITIES, type Settings } from './settings.js';
import type { WatchSettings } from './watch-settings.js';

/*
 * The form of what the database keeps. A key that this version does not know, or whose value it would not write, is
 * left to its default: the database may be older or newer than the program.
 */

const settingsForm: { [Name in keyof Settings]: z.ZodType<Settings[Name]> } = {
  service: z.string(),
  fallback: z.boolean(),
  spotify: z.string(),
  deezer: z.string(),
  spotifyQuality: z.enum(SPOTIFY_QUALITIES),
  deezerQuality: z.enum(DEEZER_QUALITIES),
  recursiveQuality: z.boolean(),
  realTime: z.boolean(),
  realTimeMultiplier: z.number(),
  maxConcurrentDownloads: z.number().int(),
  maxRetries: z.number().int(),
  retryDelaySeconds: z.number(),
  retryDelayIncrease: z.number(),
  convertTo: z.enum(AUDIO_FORMATS),
  bitrateKbps: z.number().int().nullable(),
  customDirFormat: z.string(),
  customTrackFormat: z.string(),
  tracknumPadding: z.boolean(),
  padNumberWidth: z.union([z.number().int(), z.literal('auto')]),
  saveCover: z.boolean(),
  artistSeparator: z.string(),
  spotifyMetadata: z.boolean(),
  separateTracksByUser: z.boolean(),
  downloadPath: z.string(),
};

const watchForm: { [Name in keyof WatchSettings]: z.ZodType<WatchSettings[Name]> } = {
  enabled: z.boolean(),
  watchPollIntervalSeconds: z.number().int(),
  maxItemsPerRun: z.number().int(),
  maxConcurrentChecks: z.number().int(),
  retryFailedAfterSeconds: z.number().int(),
  watchedArtistAlbumGroup: z.array(z.enum(ALBUM_GROUPS)),
  delayBetweenPlaylistsSeconds: z.number().int(),
  delayBetweenArtistsSeconds: z.number().int(),
  useSnapshotIdChecking: z.boolean(),
};

export function parseSettings(document: Record<string, unknown>): Partial<Settings> {
  return parseKnown(settingsForm, document);
}

export function parseWatchSettings(document: Record<string, unknown>): Partial<WatchSettings> {
  return parseKnown(watchForm, document);
}

/** What of `values` differs from `defaults`: all that needs to be kept. */
export function differences<Values extends object>(
  values: Values,
  defaults: Values,
): Record<string, unknown> {
  const usual = new Map(Object.entries(defaults).map(([key, value]) => [key, JSON.stringify(value)]));
  return Object.fromEntries(
    Object.entries(values).filter(([key, value]) => JSON.stringify(value) !== usual.get(key)),
  );
}

function parseKnown(form: Record<string, z.ZodType>, document: Record<string, unknown>) {
  const entries = Object.entries(form).flatMap(([key, type]) => {
    const parsed = type.safeParse(document[key]);
    return parsed.success ? [[key, parsed.data] as const] : [];
  });
  return Object.fromEntries(entries);
}
