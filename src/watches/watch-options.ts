import { z } from 'zod';
import { albumGroup, type AlbumGroup } from '../catalog/catalog-item.js';
import { normalizeText } from '../catalog/normalize.js';
import { InvalidOptionsError } from '../downloads/errors.js';
import { resolveOptions, type OptionsInput } from '../downloads/resolve-options.js';
import { InvalidInputError } from '../lib/errors.js';
import type { Platform } from '../platform.js';
import { findDownloadPathProblem } from '../settings/download-path.js';
import type { SettingsDeps } from '../settings/live-settings.js';
import { INCOMING_DIRECTORY, TRASH_DIRECTORY } from '../settings/path-rules.js';
import { findProblems, rowsOf } from '../settings/settings-table.js';
import { findBitrateProblems, MONTH_S, text, watchSettingsTable } from '../settings/settings.js';
import { CHOSEN_OPTION_ROWS, DOWNLOAD_OPTION_ROWS, type DownloadOptions } from '../tasks/download-options.js';
import type { MemberExclusion, Watch, WatchKind } from './watch.js';

const MAX_TEXTS = 20;
const MAX_TEXT_LENGTH = 100;

const texts = z
  .array(
    text(MAX_TEXT_LENGTH).refine((value) => /[\p{L}\p{N}]/u.test(value), {
      error: 'must have a letter or a digit.',
    }),
  )
  .max(MAX_TEXTS, {
    error: ({ input }) =>
      `has ${Array.isArray(input) ? input.length : 0} texts; at most ${MAX_TEXTS} are allowed.`,
  })
  .default([]);

const length = z
  .int()
  .refine((seconds) => seconds >= 1 && seconds <= MONTH_S, {
    error: ({ input }) => `is ${String(input)}; it must be between 1 and ${MONTH_S}.`,
  })
  .nullable()
  .default(null);

/** Which members of the list are left out. */
export const watchFilter = z.object({
  titleIncludes: texts,
  titleExcludes: texts,
  minDurationSeconds: length,
  maxDurationSeconds: length,
  skipExplicit: z.boolean().default(false),
});
export type WatchFilter = z.infer<typeof watchFilter>;

export const ABOUT_TEXTS = `At most ${MAX_TEXTS} of up to ${MAX_TEXT_LENGTH} characters. Whole words count, without regard to case, accents and punctuation.`;
export const LENGTH_RANGE = `From 1 to ${MONTH_S.toLocaleString('en-US')} seconds.`;

export const NO_FILTER: WatchFilter = watchFilter.parse({});

export interface WatchOptions {
  /** Whether to download what was in the list when it was first read. */
  downloadExisting: boolean;
  /** Whether to download what came to it later. */
  downloadNew: boolean;
  /** Of artists; empty for the setting. */
  albumGroups: AlbumGroup[];
  /** When checks end by themselves. */
  expiresAt: Date | null;
  /** Whether to move files of what left the list to the trash. */
  removeFiles: boolean;
  /** Null for the setting. */
  checkIntervalSeconds: number | null;
  /** Of the downloads; an omitted one follows the settings. */
  download: OptionsInput;
  /** Null for the setting. */
  downloadPath: string | null;
  filter: WatchFilter;
}

export const DEFAULT_OPTIONS: WatchOptions = {
  downloadExisting: false,
  downloadNew: true,
  albumGroups: [],
  expiresAt: null,
  removeFiles: false,
  checkIntervalSeconds: null,
  download: {},
  downloadPath: null,
  filter: NO_FILTER,
};

const storedGroups = z.array(albumGroup);

export function albumGroupsOf({ albumGroups }: Pick<Watch, 'albumGroups'>): AlbumGroup[] {
  return storedGroups.parse(albumGroups);
}

export function filterOf({ filter }: Pick<Watch, 'filter'>): WatchFilter {
  return watchFilter.parse(filter);
}

const storedDownload = z.record(z.string(), z.unknown());

/** Without what was allowed when it was stored, and is no longer. */
export function downloadOf({ download }: Pick<Watch, 'download'>): OptionsInput {
  const stored = storedDownload.parse(download);
  const valid = CHOSEN_OPTION_ROWS.filter(
    ({ name, schema }) => stored[name] !== undefined && schema.safeParse(stored[name]).success,
  );
  const options = Object.fromEntries(valid.map(({ name }) => [name, stored[name]])) as OptionsInput;
  const { format = null, bitrateKbps = null } = options;
  const isPair = format !== null && findBitrateProblems({ format, bitrateKbps }).length === 0;
  return isPair ? options : { ...options, bitrateKbps: null };
}

/** Of the downloads of a check, and of the check itself. */
export function resolveWatchOptions(
  deps: Pick<Platform & SettingsDeps, 'settings' | 'media'>,
  watch: Pick<Watch, 'download' | 'downloadPath' | 'filter'>,
  { username }: { username: string },
): DownloadOptions {
  const { downloadPath } = watch;
  const { skipExplicit } = filterOf(watch);
  return resolveOptions(deps, downloadOf(watch), { username, downloadPath, skipExplicit });
}

/* The rules of the members. */

interface Filtered {
  title: string;
  explicit: boolean;
  durationMs: number | null;
}

/** Scripts without spaces between words. */
const UNSPACED = /[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Thai}\p{sc=Laoo}\p{sc=Khmr}\p{sc=Mymr}]/u;

function createMatcher(requested: readonly string[]): (title: string) => boolean {
  if (requested.length === 0) return () => false;
  const wanted = requested.map(normalizeText).map((each) => (UNSPACED.test(each) ? each : ` ${each} `));
  return (title) => {
    const words = ` ${normalizeText(title)} `;
    return wanted.some((each) => words.includes(each));
  };
}

/** Why an item is left out; null for one that is not. A length that is unknown is never a reason. */
export function createExclusion(
  { titleIncludes, titleExcludes, minDurationSeconds, maxDurationSeconds, skipExplicit }: WatchFilter,
  { explicitFilter }: { explicitFilter: boolean },
): (item: Filtered) => MemberExclusion | null {
  const isIncluded = titleIncludes.length === 0 ? () => true : createMatcher(titleIncludes);
  const isExcluded = createMatcher(titleExcludes);
  const [min, max] = [minDurationSeconds ?? 0, maxDurationSeconds ?? Infinity];
  return ({ title, explicit, durationMs }) => {
    if (explicit && (explicitFilter || skipExplicit)) return 'EXPLICIT';
    if (!isIncluded(title) || isExcluded(title)) return 'TITLE';
    const seconds = durationMs === null ? null : Math.round(durationMs / 1000);
    return seconds !== null && (seconds < min || seconds > max) ? 'DURATION' : null;
  };
}

/* The rules of what a person may choose. */

type CheckDeps = Pick<Platform & SettingsDeps, 'env' | 'clock' | 'settings' | 'media'>;

/**
 * Throws InvalidInputError for a bad option, InvalidOptionsError for one of the downloads, and FormatUnavailableError.
 * The kind is null before the item is known.
 */
export async function checkOptions(
  deps: CheckDeps,
  options: Partial<WatchOptions>,
  kind: WatchKind | null,
): Promise<void> {
  const { albumGroups = [], expiresAt = null, checkIntervalSeconds = null } = options;
  if (new Set(albumGroups).size !== albumGroups.length)
    throw invalid('albumGroups', 'has a group twice; list each once.');
  if (expiresAt && expiresAt <= deps.clock.now()) {
    throw invalid(
      'expiresAt',
      `is ${expiresAt.toISOString()}, which has passed; choose a later time, or null for none.`,
    );
  }
  const [problem] = findProblems(INTERVAL, { checkIntervalSeconds });
  if (problem) throw new InvalidInputError(problem.message, problem.field);
  if (kind === 'PLAYLIST' && albumGroups.length > 0)
    throw invalid('albumGroups', 'is for artists only; omit it for a playlist.');
  if (options.filter) checkFilter(options.filter, kind);
  if (options.download) checkDownload(deps, options.download);
  if (typeof options.downloadPath === 'string') await checkDownloadPath(deps, options.downloadPath);
}

function invalid(field: string, rule: string): InvalidInputError {
  return new InvalidInputError(`"${field}" ${rule}`, field);
}

const INTERVAL = rowsOf(
  z.object({ checkIntervalSeconds: watchSettingsTable.shape.watchPollIntervalSeconds.unwrap().nullable() }),
);

function checkFilter(filter: WatchFilter, kind: WatchKind | null): void {
  const [issue] = watchFilter.safeParse(filter).error?.issues ?? [];
  if (issue) throw invalid(['filter', ...issue.path].join('.'), issue.message);
  const { minDurationSeconds: min, maxDurationSeconds: max } = filter;
  if (min !== null && max !== null && min > max) {
    throw invalid(
      'filter.minDurationSeconds',
      `is ${min}; it must be at most "filter.maxDurationSeconds", which is ${max}.`,
    );
  }
  if (kind === 'ARTIST' && (min ?? max) !== null) {
    const field = min === null ? 'filter.maxDurationSeconds' : 'filter.minDurationSeconds';
    throw invalid(field, 'is for playlists only: catalogs do not say how long an album is.');
  }
  const excluded = new Set(filter.titleExcludes.map(normalizeText));
  const both = filter.titleIncludes.find((each) => excluded.has(normalizeText(each)));
  if (both !== undefined) {
    throw invalid(
      'filter.titleIncludes',
      `has "${both}", which "filter.titleExcludes" has too; nothing matches both.`,
    );
  }
}

function checkDownload(deps: CheckDeps, { albumGroups, ...download }: OptionsInput): void {
  if (albumGroups) {
    throw new InvalidOptionsError(
      '"albumGroups" of a watch stands beside "download", not in it.',
      'albumGroups',
    );
  }
  if ((download.bitrateKbps ?? null) !== null && !download.format) {
    const rule = 'needs "format" beside it, because the format of the settings may change.';
    throw new InvalidOptionsError(`"bitrateKbps" ${rule}`, 'bitrateKbps');
  }
  resolveOptions(deps, download, { username: '' });
}

const DOWNLOAD_PATH = DOWNLOAD_OPTION_ROWS.filter(({ name }) => name === 'downloadPath');

const OWN_FOLDERS = [
  [INCOMING_DIRECTORY, 'unfinished files'],
  [TRASH_DIRECTORY, 'files of what left a list'],
] as const;

async function checkDownloadPath({ env }: Pick<CheckDeps, 'env'>, downloadPath: string): Promise<void> {
  const [malformed] = findProblems(DOWNLOAD_PATH, { downloadPath });
  const problem = malformed ?? (await findDownloadPathProblem(downloadPath, env.downloadRoots));
  if (problem) throw new InvalidOptionsError(problem.message, problem.field);
  const folders = downloadPath.split(/[/\\]/).map((part) => part.toLowerCase());
  for (const [own, kept] of OWN_FOLDERS) {
    if (!folders.includes(own)) continue;
    const rule = `has the folder "${own}", in which Reprise keeps ${kept}; choose another one.`;
    throw new InvalidOptionsError(`"downloadPath" ${rule}`, 'downloadPath');
  }
}
