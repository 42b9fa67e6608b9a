import type { z } from 'zod';
import type { CatalogItem } from '../catalog/catalog-item.js';
import { ALBUM_GROUPS, type AlbumGroup } from '../catalog/catalog-item.js';
import { findProblems } from '../settings/settings-table.js';
import { findBitrateProblems } from '../settings/settings.js';
import type { Platform } from '../platform.js';
import type { SettingsDeps } from '../settings/live-settings.js';
import { FormatUnavailableError } from '../media/errors.js';
import {
  CHOSEN_OPTION_ROWS,
  downloadOptions,
  type chosenOptions,
  type DownloadOptions,
} from '../tasks/download-options.js';
import { InvalidOptionsError } from './errors.js';

type Chosen = z.infer<typeof chosenOptions>;

export type OptionsInput = { [Name in keyof Chosen]?: Chosen[Name] | null | undefined };

/** What no caller of a download can choose, but a watch can. */
type WatchedOptions = Pick<DownloadOptions, 'downloadPath' | 'skipExplicit'>;

/** Throws InvalidOptionsError, or FormatUnavailableError when this ffmpeg has no encoder. */
export function resolveOptions(
  { settings: current, media }: Pick<Platform & SettingsDeps, 'settings' | 'media'>,
  input: OptionsInput | null | undefined,
  { username, downloadPath = null, skipExplicit = false }: { username: string } & Partial<WatchedOptions>,
): DownloadOptions {
  const settings = current();
  const provided = Object.entries(input ?? {}).filter(([, value]) => value !== null && value !== undefined);
  const format = input?.format ?? settings.format;
  // The bitrate of the settings is for their format.
  const usualBitrate = format === settings.format ? settings.bitrateKbps : null;
  const values = {
    ...settings,
    ...Object.fromEntries(provided),
    format,
    bitrateKbps: input?.bitrateKbps ?? usualBitrate,
    userDirectory: settings.separateTracksByUser ? username : null,
    albumGroups: null,
    downloadPath,
    skipExplicit,
  };
  const [problem] = [...findProblems(CHOSEN_OPTION_ROWS, values), ...findBitrateProblems(values)];
  if (problem) throw new InvalidOptionsError(problem.message, problem.field);
  // Without an ffmpeg the task may wait for one; an ffmpeg that lacks the encoder stays as it is.
  if (media.tools && !media.formats.has(format)) {
    throw new FormatUnavailableError(`This ffmpeg has no encoder for ${format}.`);
  }
  return downloadOptions.parse(values);
}

/** Null unless it is an artist. Each once and in one order: the same choice is the same download. */
export function chooseGroups(
  type: CatalogItem['type'],
  {
    requested,
    fallback,
  }: { requested: readonly AlbumGroup[] | null | undefined; fallback: readonly AlbumGroup[] },
): AlbumGroup[] | null {
  const refuse = (rule: string) => new InvalidOptionsError(`"albumGroups" ${rule}`, 'albumGroups');
  if (type !== 'ARTIST') {
    if (!requested) return null;
    throw refuse('is for artists only; omit it for other items.');
  }
  const groups = requested ?? fallback;
  if (groups.length === 0) throw refuse('must have at least one group.');
  return ALBUM_GROUPS.filter((group) => groups.includes(group));
}
