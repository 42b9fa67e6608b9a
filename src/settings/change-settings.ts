import type { Platform } from '../platform.js';
import { requireAdmin } from '../lib/errors.js';
import type { CatalogDeps } from '../catalog/catalog-source.js';
import { inTransaction } from '../database/prisma.js';
import { findDownloadPathProblem, isWritable } from './download-path.js';
import { InvalidSettingsError, type SettingsProblem } from './errors.js';
import type { SettingsDeps } from './live-settings.js';
import {
  differences,
  downloadSection,
  lockSettings,
  readSettings,
  WATCH_SECTION,
  writeSettings,
  type SettingsSection,
  type VersionOf,
} from './settings-store.js';
import {
  findSettingsProblems,
  findWatchSettingsProblems,
  type Settings,
  type WatchSettings,
} from './settings.js';

type Needs = Pick<Platform, 'db' | 'env'>;
type Changing = Needs & Pick<Platform & SettingsDeps, 'log' | 'reloadSettings'>;

interface Changer {
  id: string;
  username: string;
  role: string;
}

interface CheckedSection<Values extends object> extends SettingsSection<Values> {
  findProblems(values: Values): Promise<SettingsProblem[]>;
}

function checkedDownloads({ env }: Pick<Needs, 'env'>): CheckedSection<Settings> {
  return {
    ...downloadSection(env),
    async findProblems(values) {
      const problems = findSettingsProblems(values);
      if (problems.some(({ field }) => field === 'downloadPath')) return problems;
      const misplaced = await findDownloadPathProblem(values.downloadPath, env.downloadRoots);
      return misplaced ? [...problems, misplaced] : problems;
    },
  };
}

const CHECKED_WATCHES: CheckedSection<WatchSettings> = {
  ...WATCH_SECTION,
  findProblems: (values) => Promise.resolve(findWatchSettingsProblems(values)),
};

/** Throws ForbiddenError unless the viewer is an admin. */
export function checkDownloadSettings(
  deps: Needs,
  viewer: Changer,
  patch: Partial<Settings>,
): Promise<SettingsProblem[]> {
  return check({ deps, viewer, section: checkedDownloads(deps) }, withoutTrailingSlash(patch));
}

export function checkWatchSettings(
  deps: Needs,
  viewer: Changer,
  patch: Partial<WatchSettings>,
): Promise<SettingsProblem[]> {
  return check({ deps, viewer, section: CHECKED_WATCHES }, patch);
}

/** For all processes at once. Throws ForbiddenError or InvalidSettingsError; nothing is stored then. */
export function updateDownloadSettings(
  deps: Changing,
  viewer: Changer,
  patch: Partial<Settings>,
): Promise<VersionOf<Settings>> {
  return update({ deps, viewer, section: checkedDownloads(deps) }, withoutTrailingSlash(patch));
}

export function updateWatchSettings(
  deps: Changing,
  viewer: Changer,
  patch: Partial<WatchSettings>,
): Promise<VersionOf<WatchSettings>> {
  return update({ deps, viewer, section: CHECKED_WATCHES }, patch);
}

function withoutTrailingSlash(patch: Partial<Settings>): Partial<Settings> {
  if (patch.downloadPath === undefined) return patch;
  return { ...patch, downloadPath: patch.downloadPath.replace(/(?<=[^/])\/+$/, '') };
}

interface Change<Values extends object, Deps> {
  deps: Deps;
  viewer: Changer;
  section: CheckedSection<Values>;
}

async function check<Values extends object>(
  { deps, viewer, section }: Change<Values, Needs>,
  patch: Partial<Values>,
): Promise<SettingsProblem[]> {
  requireAdmin(viewer);
  const { values } = await readSettings(deps.db, section);
  return section.findProblems({ ...values, ...patch });
}

async function update<Values extends object>(
  { deps, viewer, section }: Change<Values, Changing>,
  patch: Partial<Values>,
): Promise<VersionOf<Values>> {
  requireAdmin(viewer);
  const changed = await inTransaction(deps.db, async (tx) => {
    await lockSettings(tx);
    const before = await readSettings(tx, section);
    const values = { ...before.values, ...patch };
    const problems = await section.findProblems(values);
    if (problems.length > 0) throw new InvalidSettingsError(problems);
    if (Object.keys(differences(values, before.values)).length === 0) return before;
    return { values, version: await writeSettings(tx, section, { values, changedById: viewer.id }) };
  });
  await deps.reloadSettings();
  const { version } = changed;
  deps.log.info({ section: section.name, version, by: viewer.username, change: patch }, 'settings changed');
  return changed;
}

/** Valid settings that will not work on this server; each begins with its name. */
export async function findSettingsWarnings(
  deps: Pick<Platform & CatalogDeps, 'catalogs' | 'media' | 'env'>,
  { catalog, format, downloadPath }: Settings,
): Promise<string[]> {
  const warnings: string[] = [];
  if (!deps.catalogs.has(catalog)) {
    warnings.push(`catalog: the catalog ${catalog} is not set up; ${deps.env.catalog} is used instead.`);
  }
  if (!deps.media.tools) warnings.push(`format: ${deps.media.problem ?? 'ffmpeg cannot be run.'}`);
  else if (!deps.media.formats.has(format)) {
    warnings.push(`format: this ffmpeg has no encoder for ${format}.`);
  }
  if (!(await isWritable(downloadPath))) warnings.push(`downloadPath: ${downloadPath} is not writable.`);
  return warnings;
}
