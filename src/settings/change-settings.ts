import type { Platform } from '../platform.js';
import { requireAdmin } from '../auth/access-rules.js';
import { recordAudit, type Actor } from '../auth/audit-store.js';
import type { Viewer } from '../auth/viewer.js';
import { isCatalogSetUp, type CatalogDeps } from '../catalog/catalog-source.js';
import { inTransaction } from '../database/prisma.js';
import { findDownloadPathProblem, isWritable, withoutTrailingSlash } from './download-path.js';
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
import type { TableChange } from './settings-table.js';
import {
  findSettingsProblems,
  findWatchSettingsProblems,
  type Settings,
  type WatchSettings,
} from './settings.js';

type Needs = Pick<Platform, 'db' | 'env'>;
type Changing = Needs & Pick<Platform & SettingsDeps, 'log' | 'reloadSettings'>;

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
  viewer: Viewer,
  change: TableChange<Settings>,
): Promise<SettingsProblem[]> {
  return check({ deps, viewer, section: checkedDownloads(deps) }, withPlainPath(change));
}

export function checkWatchSettings(
  deps: Needs,
  viewer: Viewer,
  change: TableChange<WatchSettings>,
): Promise<SettingsProblem[]> {
  return check({ deps, viewer, section: CHECKED_WATCHES }, change);
}

/** For all processes at once. Throws ForbiddenError or InvalidSettingsError; nothing is stored then. */
export function updateDownloadSettings(
  deps: Changing,
  actor: Actor,
  change: TableChange<Settings>,
): Promise<VersionOf<Settings>> {
  return update({ deps, actor, section: checkedDownloads(deps) }, withPlainPath(change));
}

export function updateWatchSettings(
  deps: Changing,
  actor: Actor,
  change: TableChange<WatchSettings>,
): Promise<VersionOf<WatchSettings>> {
  return update({ deps, actor, section: CHECKED_WATCHES }, change);
}

function withPlainPath(change: TableChange<Settings>): TableChange<Settings> {
  const { downloadPath } = change.values;
  if (downloadPath === undefined) return change;
  return {
    ...change,
    values: { ...change.values, downloadPath: withoutTrailingSlash(downloadPath) },
  };
}

interface Target<Values extends object, Deps> {
  deps: Deps;
  section: CheckedSection<Values>;
}

async function check<Values extends object>(
  { deps, viewer, section }: Target<Values, Needs> & { viewer: Viewer },
  change: TableChange<Values>,
): Promise<SettingsProblem[]> {
  requireAdmin(viewer);
  const { values } = await readSettings(deps.db, section);
  return [...change.conflicts, ...(await section.findProblems(changed(section, values, change)))];
}

async function update<Values extends object>(
  { deps, actor, section }: Target<Values, Changing> & { actor: Actor },
  change: TableChange<Values>,
): Promise<VersionOf<Values>> {
  const { viewer } = actor;
  requireAdmin(viewer);
  const after = await inTransaction(deps.db, async (tx) => {
    await lockSettings(tx);
    const before = await readSettings(tx, section);
    const values = changed(section, before.values, change);
    const problems = [...change.conflicts, ...(await section.findProblems(values))];
    if (problems.length > 0) throw new InvalidSettingsError(problems);
    const names = Object.keys(differences(values, before.values));
    if (names.length === 0) return before;
    await recordAudit(tx, actor, { action: 'SETTINGS_CHANGED', target: names.join(', ') });
    return { values, version: await writeSettings(tx, section, { values, changedById: viewer.id }) };
  });
  await deps.reloadSettings();
  const { values, reset } = change;
  const facts = { section: section.name, version: after.version, by: viewer.username };
  deps.log.info({ ...facts, change: values, reset }, 'settings changed');
  return after;
}

function changed<Values extends object>(
  section: SettingsSection<Values>,
  before: Values,
  { values, reset }: TableChange<Values>,
): Values {
  const defaults = Object.entries(section.table.parse({})).filter(([name]) => reset.includes(name));
  return { ...before, ...Object.fromEntries(defaults), ...values };
}

/** Valid settings that will not work on this server; each begins with its name. */
export async function findSettingsWarnings(
  deps: Pick<Platform & CatalogDeps, 'catalogs' | 'defaultCatalog' | 'media'>,
  { catalog, format, downloadPath }: Settings,
): Promise<string[]> {
  const warnings: string[] = [];
  if (!isCatalogSetUp(deps, catalog)) {
    warnings.push(`catalog: the catalog ${catalog} is not set up; ${deps.defaultCatalog()} is used instead.`);
  }
  if (!deps.media.tools) warnings.push(`format: ${deps.media.problem ?? 'ffmpeg cannot be run.'}`);
  else if (!deps.media.formats.has(format)) {
    warnings.push(`format: this ffmpeg has no encoder for ${format}.`);
  }
  if (!(await isWritable(downloadPath))) warnings.push(`downloadPath: ${downloadPath} is not writable.`);
  return warnings;
}
