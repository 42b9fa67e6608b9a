import { isAbsolute, sep } from 'node:path';
import { AUDIO_FORMATS, BITRATE_RANGES } from '../media/media.js';
import type { SettingsProblem } from './errors.js';
import { PLACEHOLDERS_ALLOWED, unknownPlaceholders } from './path-placeholders.js';
import type { PathFormats, Settings } from './settings.js';

/** The job runner's own limit (tasks/run-task.job.ts). */
export const MAX_CONCURRENT_DOWNLOADS = 500;
const MAX_FORMAT_LENGTH = 500;
const MAX_SEPARATOR_LENGTH = 20;
/** File systems take 4,096 bytes, and files have names of their own below it. */
const MAX_DOWNLOAD_PATH_LENGTH = 1_000;

/** Everything that is wrong with settings as a whole, without a look at the disk. */
export function findSettingsProblems(settings: Settings): SettingsProblem[] {
  const range = (field: NumericSetting, limits: { min: number; max: number; whole?: boolean }) =>
    problemOfNumber({ field, value: settings[field], ...limits });
  return [
    range('maxConcurrentDownloads', { min: 1, max: MAX_CONCURRENT_DOWNLOADS }),
    range('maxRetries', { min: 0, max: 100 }),
    range('retryDelaySeconds', { min: 0, max: 86_400, whole: false }),
    range('retryDelayIncrease', { min: 0, max: 86_400, whole: false }),
    range('realTimeMultiplier', { min: 0, max: 10, whole: false }),
    settings.padNumberWidth === 'auto'
      ? null
      : problemOfNumber({ field: 'padNumberWidth', value: settings.padNumberWidth, min: 1, max: 10 }),
    problemOfService(settings.service),
    problemOfAccount('spotify', settings.spotify),
    problemOfAccount('deezer', settings.deezer),
    problemOfBitrate(settings),
    ...findPathProblems(settings),
    problemOfSeparator(settings.artistSeparator),
    problemOfText('downloadPath', settings.downloadPath, MAX_DOWNLOAD_PATH_LENGTH) ??
      problemOfRoot(settings.downloadPath),
  ].filter((each) => each !== null);
}

/** What is wrong with path formats; they would lead out of the download directory, or name nothing. */
export function findPathProblems({ customDirFormat, customTrackFormat }: PathFormats): SettingsProblem[] {
  return [
    problemOfText('customDirFormat', customDirFormat, MAX_FORMAT_LENGTH) ??
      problemOfDirectory(customDirFormat) ??
      problemOfPlaceholders('customDirFormat', customDirFormat),
    problemOfText('customTrackFormat', customTrackFormat, MAX_FORMAT_LENGTH) ??
      (customTrackFormat.trim() === '' ? problem('customTrackFormat', 'it must not be empty.') : null) ??
      problemOfPlaceholders('customTrackFormat', customTrackFormat),
  ].filter((each) => each !== null);
}

export function problem(field: string, message: string): SettingsProblem {
  return { field, message };
}

type NumericSetting = {
  [Name in keyof Settings]: Settings[Name] extends number ? Name : never;
}[keyof Settings];

export interface NumberLimits {
  field: string;
  value: number;
  min: number;
  max: number;
  /** Whether only whole numbers are allowed; default true. */
  whole?: boolean;
}

export function problemOfNumber({
  field,
  value,
  min,
  max,
  whole = true,
}: NumberLimits): SettingsProblem | null {
  const fits = Number.isFinite(value) && value >= min && value <= max && (!whole || Number.isInteger(value));
  const kind = whole ? 'whole numbers' : 'numbers';
  return fits ? null : problem(field, `${value} is out of range; allowed are ${kind} from ${min} to ${max}.`);
}

function problemOfService(service: string): SettingsProblem | null {
  if (/^[a-z][a-z0-9-]{0,31}$/.test(service)) return null;
  return problem(
    'service',
    'allowed is the name of a catalogue, for example spotify, deezer, library or demo.',
  );
}

function problemOfAccount(field: string, name: string): SettingsProblem | null {
  if (name === '' || /^(?=.*[A-Za-z0-9_-])[A-Za-z0-9._-]{1,64}$/.test(name)) return null;
  return problem(field, 'allowed is the name of an account, 1 to 64 of A–Z a–z 0–9 . _ -, or nothing.');
}

/** Throws nothing: `format` may come from anywhere. */
export function problemOfBitrate({
  convertTo,
  bitrateKbps,
}: Pick<Settings, 'convertTo' | 'bitrateKbps'>): SettingsProblem | null {
  if (!AUDIO_FORMATS.includes(convertTo)) {
    return problem('convertTo', `allowed are ${AUDIO_FORMATS.join(', ')}.`);
  }
  if (bitrateKbps === null) return null;
  const limits = BITRATE_RANGES[convertTo];
  if (!limits) return problem('bitrateKbps', `${convertTo} takes no bitrate.`);
  const { min, max } = limits;
  return problemOfNumber({ field: 'bitrateKbps', value: bitrateKbps, min, max });
}

function problemOfDirectory(format: string): SettingsProblem | null {
  const parts = format.split('/');
  if (format.startsWith('/') || /^[A-Za-z]:|\\/.test(format)) {
    return problem(
      'customDirFormat',
      'it is below the download directory: no drive, no "\\" and no "/" at its beginning.',
    );
  }
  if (!parts.some((part) => ['.', '..'].includes(part.trim()))) return null;
  return problem(
    'customDirFormat',
    'no part of it may be "." or "..": it stays below the download directory.',
  );
}

/** Where it leads is for download-path.ts to say; it can only say so of a path that goes down all the way. */
function problemOfRoot(path: string): SettingsProblem | null {
  const parts = path.split(/[/\\]/);
  if (isAbsolute(path) && !parts.includes('.') && !parts.includes('..')) {
    return path.endsWith(sep) && path.length > 1 ? problem('downloadPath', `it ends in "${sep}".`) : null;
  }
  return problem('downloadPath', 'allowed is an absolute path, without "." and ".." in it.');
}

function problemOfPlaceholders(field: string, format: string): SettingsProblem | null {
  const unknown = unknownPlaceholders(format);
  if (unknown.length === 0) return null;
  return problem(field, `${unknown.join(', ')} is not known; allowed are ${PLACEHOLDERS_ALLOWED}.`);
}

function problemOfSeparator(separator: string): SettingsProblem | null {
  if (separator === '') return problem('artistSeparator', 'it must not be empty.');
  return problemOfText('artistSeparator', separator, MAX_SEPARATOR_LENGTH);
}

function problemOfText(field: string, text: string, max: number): SettingsProblem | null {
  if (text.length > max) return problem(field, `at most ${max} characters are allowed.`);
  // Halves of surrogate pairs are no better: neither the database nor a disk takes them.
  return /[\p{Cc}\p{Cs}]/u.test(text) ? problem(field, 'control characters are not allowed.') : null;
}
