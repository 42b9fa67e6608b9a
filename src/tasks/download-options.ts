import { createHash } from 'node:crypto';
import { z } from 'zod';
import { albumGroup, BITRATE_TEXT, DEFAULT_SETTINGS, settingsTable } from '../settings/settings.js';
import { rowsOf } from '../settings/settings-table.js';

/** Options that decide which file comes out of a track, and where it goes. */
const identity = z.registry<{ identifiesFile: true }>();
const identifiesFile = { identifiesFile: true } as const;

const { shape } = settingsTable;

/** What a caller can choose. An option named like a setting overrides it; same type, rules and default. */
export const chosenOptions = z.object({
  format: shape.format
    .meta({ description: 'Audio format of the file; overrides the setting `format`.' })
    .register(identity, identifiesFile),
  bitrateKbps: shape.bitrateKbps
    .meta({
      description: `Bitrate of a lossy format (${BITRATE_TEXT}); omitted or null: the setting, if the format is the setting’s; otherwise the format’s default.`,
      unit: 'kbit/s',
    })
    .register(identity, identifiesFile),
  customDirFormat: shape.customDirFormat.register(identity, identifiesFile),
  customTrackFormat: shape.customTrackFormat.register(identity, identifiesFile),
  padNumbers: shape.padNumbers.register(identity, identifiesFile),
  padNumberWidth: shape.padNumberWidth.register(identity, identifiesFile),
  artistSeparator: shape.artistSeparator.register(identity, identifiesFile),
  saveCover: shape.saveCover,
  acceptLowerQuality: shape.acceptLowerQuality,
  realTime: shape.realTime,
  realTimeMultiplier: shape.realTimeMultiplier,
  albumGroups: z
    .array(albumGroup)
    .nullable()
    .default(null)
    .meta({ description: 'Kinds of albums to download, for an artist only.' }),
});

export const downloadOptions = chosenOptions.extend({
  userDirectory: z
    .string()
    .nullable()
    .default(null)
    .meta({ description: 'Folder of the user; null for the folder that all users share.' })
    .register(identity, identifiesFile),
  tagsFromCatalog: shape.tagsFromCatalog,
  downloadPath: shape.downloadPath
    .nullable()
    .default(null)
    .meta({ description: 'Directory of the file; null for the setting `downloadPath`.' })
    .register(identity, identifiesFile),
  skipExplicit: z
    .boolean()
    .default(false)
    .meta({ description: 'Whether explicit tracks of an album are left out, whatever the server allows.' }),
});

/** Stored with the task, so that a later change of a setting does not change it. */
export type DownloadOptions = z.infer<typeof downloadOptions>;

export const CHOSEN_OPTION_ROWS = rowsOf(chosenOptions);
export const DOWNLOAD_OPTION_ROWS = rowsOf(downloadOptions);

/** A task that was queued before an option existed, or with a path that is no longer allowed, has the default. */
export const storedOptions = downloadOptions.extend({
  customDirFormat: shape.customDirFormat.catch(DEFAULT_SETTINGS.customDirFormat),
  customTrackFormat: shape.customTrackFormat.catch(DEFAULT_SETTINGS.customTrackFormat),
});

const FILE_OPTIONS = DOWNLOAD_OPTION_ROWS.filter(({ schema }) => identity.has(schema)).map(
  ({ name }) => name,
);

export function fileOptionsOf(options: DownloadOptions): Record<string, unknown> {
  const values = new Map(Object.entries(options));
  return Object.fromEntries(FILE_OPTIONS.map((name) => [name, values.get(name)]));
}

/** Two active tasks with the same key would make the same files for the same user. */
export function dedupeKeyOf(ownerId: string, itemId: string, options: DownloadOptions): string {
  const { albumGroups } = options;
  return createHash('sha256')
    .update(JSON.stringify([ownerId, itemId, Object.values(fileOptionsOf(options)), albumGroups]))
    .digest('base64url');
}
