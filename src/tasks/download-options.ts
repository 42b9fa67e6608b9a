import { createHash } from 'node:crypto';
import { z } from 'zod';
import { ALBUM_GROUPS } from '../catalog/catalog-item.js';
import { DEFAULT_SETTINGS } from '../settings/settings.js';
import { AUDIO_FORMATS } from '../media/media.js';

/** What is absent was queued before there was a choice. */
const options = z.object({
  format: z.enum(AUDIO_FORMATS),
  bitrateKbps: z.number().int().nullable(),
  customDirFormat: z.string().default(DEFAULT_SETTINGS.customDirFormat),
  customTrackFormat: z.string().default(DEFAULT_SETTINGS.customTrackFormat),
  tracknumPadding: z.boolean().default(DEFAULT_SETTINGS.tracknumPadding),
  padNumberWidth: z.union([z.number().int(), z.literal('auto')]).default(DEFAULT_SETTINGS.padNumberWidth),
  artistSeparator: z.string().default(DEFAULT_SETTINGS.artistSeparator),
  /** The user whose directory it goes into; null for the one that all share. */
  userDirectory: z.string().nullable().default(null),
  /** Of an artist: the albums that are wanted; null for anything else. */
  albumGroups: z.array(z.enum(ALBUM_GROUPS)).nullable().default(null),
  saveCover: z.boolean().default(DEFAULT_SETTINGS.saveCover),
  spotifyMetadata: z.boolean().default(DEFAULT_SETTINGS.spotifyMetadata),
  recursiveQuality: z.boolean().default(DEFAULT_SETTINGS.recursiveQuality),
  realTime: z.boolean().default(DEFAULT_SETTINGS.realTime),
  realTimeMultiplier: z.number().default(DEFAULT_SETTINGS.realTimeMultiplier),
});

/** What a task makes, and how; stored with it, so that a later change of a setting does not change it. */
export type DownloadOptions = z.infer<typeof options>;

export function parseDownloadOptions(stored: unknown): DownloadOptions {
  return options.parse(stored);
}

/** The options that decide which file comes out of a track, and where it goes. */
const FILE = [
  'format',
  'bitrateKbps',
  'customDirFormat',
  'customTrackFormat',
  'tracknumPadding',
  'padNumberWidth',
  'artistSeparator',
  'userDirectory',
] as const satisfies (keyof DownloadOptions)[];

/** What of the options makes two tasks' files of one track the same file. */
export function fileOptionsOf(options: DownloadOptions): object {
  return Object.fromEntries(FILE.map((name) => [name, options[name]]));
}

/** Two live tasks with the same key would make the same files for the same person, if not at the same pace. */
export function dedupeKeyOf(ownerId: string, itemId: string, options: DownloadOptions): string {
  const { albumGroups } = options;
  return createHash('sha256')
    .update(JSON.stringify([ownerId, itemId, Object.values(fileOptionsOf(options)), albumGroups]))
    .digest('base64url');
}
