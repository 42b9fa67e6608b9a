import type { CatalogItem } from '../catalog/catalog-item.js';
import { ALBUM_GROUPS, type AlbumGroup } from '../catalog/catalog-item.js';
import { findSettingsProblems } from '../settings/settings-rules.js';
import type { Settings } from '../settings/settings.js';
import type { Platform } from '../platform.js';
import type { SettingsDeps } from '../settings/live-settings.js';
import { FormatUnavailableError } from '../media/errors.js';
import { BITRATE_RANGES, type AudioFormat } from '../media/media.js';
import type { DownloadOptions } from '../tasks/download-options.js';
import { InvalidOptionsError } from './errors.js';

type Optional<T> = { [Name in keyof T]?: T[Name] | null | undefined };

/** Options that a caller may choose, by the names that the settings have. */
type Choices = Pick<
  Settings,
  | 'customDirFormat'
  | 'customTrackFormat'
  | 'tracknumPadding'
  | 'padNumberWidth'
  | 'artistSeparator'
  | 'saveCover'
  | 'recursiveQuality'
  | 'realTime'
  | 'realTimeMultiplier'
>;

/** The options as a caller may ask for them; what is absent follows the settings. */
export type OptionsInput = Optional<
  Choices & { format: AudioFormat; bitrateKbps: number; albumGroups: readonly AlbumGroup[] }
>;

/**
 * The options of a new task, but for an artist's albums (`chooseGroups`). Throws InvalidOptionsError, which names
 * the option that makes no sense, and FormatUnavailableError when this ffmpeg cannot make the format.
 */
export function resolveOptions(
  deps: Pick<Platform & SettingsDeps, 'settings' | 'media'>,
  input: OptionsInput | null | undefined,
  { username }: { username: string },
): DownloadOptions {
  const settings = deps.settings();
  const choices = checkChoices(settings, choose(settings, input ?? {}));
  return {
    ...resolveFormat(deps, input ?? {}),
    ...choices,
    spotifyMetadata: settings.spotifyMetadata,
    userDirectory: settings.separateTracksByUser ? username : null,
    albumGroups: null,
  };
}

function choose(settings: Settings, input: OptionsInput): Choices {
  return {
    customDirFormat: input.customDirFormat ?? settings.customDirFormat,
    customTrackFormat: input.customTrackFormat ?? settings.customTrackFormat,
    tracknumPadding: input.tracknumPadding ?? settings.tracknumPadding,
    padNumberWidth: input.padNumberWidth ?? settings.padNumberWidth,
    artistSeparator: input.artistSeparator ?? settings.artistSeparator,
    saveCover: input.saveCover ?? settings.saveCover,
    recursiveQuality: input.recursiveQuality ?? settings.recursiveQuality,
    realTime: input.realTime ?? settings.realTime,
    realTimeMultiplier: input.realTimeMultiplier ?? settings.realTimeMultiplier,
  };
}

/** What makes no sense as a setting makes none here. */
function checkChoices(settings: Settings, choices: Choices): Choices {
  const problems = findSettingsProblems({ ...settings, ...choices });
  const found = problems.find(({ field }) => Object.hasOwn(choices, field));
  if (found) throw new InvalidOptionsError(`${found.field}: ${found.message}`, found.field);
  return choices;
}

function resolveFormat(
  { settings, media }: Pick<Platform & SettingsDeps, 'settings' | 'media'>,
  input: OptionsInput,
): Pick<DownloadOptions, 'format' | 'bitrateKbps'> {
  const usual = settings();
  const format = input.format ?? usual.convertTo;
  const inherited = format === usual.convertTo ? usual.bitrateKbps : null;
  const bitrateKbps = input.bitrateKbps ?? inherited;
  if (bitrateKbps !== null) checkBitrate(format, bitrateKbps);
  // Without ffmpeg nothing can be made, but the task may wait for it; with one, a lacking encoder is final.
  if (media.tools && !media.formats.has(format)) {
    throw new FormatUnavailableError(`The ffmpeg in use cannot make ${format}: it lacks the encoder.`);
  }
  return { format, bitrateKbps };
}

function checkBitrate(format: AudioFormat, bitrateKbps: number): void {
  const range = BITRATE_RANGES[format];
  if (!range) throw new InvalidOptionsError(`${format} takes no bitrate.`, 'bitrateKbps');
  if (bitrateKbps >= range.min && bitrateKbps <= range.max) return;
  throw new InvalidOptionsError(
    `A bitrate of ${bitrateKbps} kbit/s is out of range for ${format}; allowed: ${range.min} to ${range.max}.`,
    'bitrateKbps',
  );
}

/**
 * Which albums of an artist are wanted; null for anything else. Each once and in one order, so that the same choice
 * is the same download. Throws InvalidOptionsError.
 */
export function chooseGroups(
  type: CatalogItem['type'],
  { asked, usual }: { asked: OptionsInput['albumGroups']; usual: readonly AlbumGroup[] },
): AlbumGroup[] | null {
  if (type !== 'ARTIST') {
    if (!asked) return null;
    throw new InvalidOptionsError('albumGroups: only an artist has albums to choose from.', 'albumGroups');
  }
  const wanted = asked ?? usual;
  if (wanted.length === 0) throw new InvalidOptionsError('albumGroups: it names no group.', 'albumGroups');
  return ALBUM_GROUPS.filter((group) => wanted.includes(group));
}
