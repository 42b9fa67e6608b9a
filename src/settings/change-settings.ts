import type { Platform } from '../platform.js';
import type { SettingsDeps } from './live-settings.js';
import { requireAdmin } from '../lib/errors.js';
import { inTransaction, type Db } from '../database/prisma.js';
import { findDownloadPathProblem } from './download-path.js';
import { InvalidSettingsError, type SettingsProblem } from './errors.js';
import { differences, parseSettings, parseWatchSettings } from './settings-documents.js';
import { findSettingsProblems } from './settings-rules.js';
import { lockSettings, readSettings, writeSettings, type SettingsSection } from './settings-store.js';
import { defaultSettings, type Settings } from './settings.js';
import { findWatchSettingsProblems } from './watch-settings-rules.js';
import { DEFAULT_WATCH_SETTINGS, type WatchSettings } from './watch-settings.js';

type Needs = Pick<Platform, 'db' | 'env'>;

/** Settings as the database has them now, and which change of them that is; 0 for none. */
export interface VersionOf<Values> {
  values: Values;
  version: number;
}

/** How to deal with one section of the settings. */
interface Section<Values extends object> {
  name: SettingsSection;
  defaults: Values;
  parse(document: Record<string, unknown>): Partial<Values>;
  findProblems(values: Values): Promise<SettingsProblem[]>;
}

function downloadsSection({ env }: Pick<Needs, 'env'>): Section<Settings> {
  return {
    name: 'DOWNLOADS',
    defaults: defaultSettings(env),
    parse: parseSettings,
    async findProblems(settings) {
      const problems = findSettingsProblems(settings);
      if (problems.some(({ field }) => field === 'downloadPath')) return problems;
      const misplaced = await findDownloadPathProblem(settings.downloadPath, env.downloadRoots);
      return misplaced ? [...problems, misplaced] : problems;
    },
  };
}

const WATCHES: Section<WatchSettings> = {
  name: 'WATCHES',
  defaults: DEFAULT_WATCH_SETTINGS,
  parse: parseWatchSettings,
  findProblems: (settings) => Promise.resolve(findWatchSettingsProblems(settings)),
};

/** The settings of downloads as they are stored now. */
export function readDownloadSettings(deps: Needs): Promise<VersionOf<Settings>> {
  return read(deps.db, downloadsSection(deps));
}

/** The settings of watches as they are stored now. */
export function readWatchSettings(deps: Pick<Needs, 'db'>): Promise<VersionOf<WatchSettings>> {
  return read(deps.db, WATCHES);
}

/** What would be wrong if the settings were changed so; changes nothing. Throws ForbiddenError for all but admins. */
export function checkDownloadSettings(
  deps: Needs,
  viewer: Changer,
  patch: Partial<Settings>,
): Promise<SettingsProblem[]> {
  requireAdmin(viewer);
  return check(deps.db, downloadsSection(deps), tidy(patch));
}

/** The same for the settings of watches. */
export function checkWatchSettings(
  deps: Pick<Needs, 'db'>,
  viewer: Changer,
  patch: Partial<WatchSettings>,
): Promise<SettingsProblem[]> {
  requireAdmin(viewer);
  return check(deps.db, WATCHES, patch);
}

type Changing = Needs & Pick<Platform & SettingsDeps, 'log' | 'reloadSettings'>;
interface Changer {
  id: string;
  username: string;
  role: string;
}

/**
 * Changes some of the settings of downloads, for all processes at once. Throws ForbiddenError for all but admins,
 * InvalidSettingsError when the whole would make no sense; nothing is stored then.
 */
export function updateDownloadSettings(
  deps: Changing,
  viewer: Changer,
  patch: Partial<Settings>,
): Promise<VersionOf<Settings>> {
  return update({ deps, viewer, section: downloadsSection(deps) }, tidy(patch));
}

/** The same for the settings of watches. */
export function updateWatchSettings(
  deps: Changing,
  viewer: Changer,
  patch: Partial<WatchSettings>,
): Promise<VersionOf<WatchSettings>> {
  return update({ deps, viewer, section: WATCHES }, patch);
}

/** A directory may be written with slashes at its end. */
function tidy(patch: Partial<Settings>): Partial<Settings> {
  if (patch.downloadPath === undefined) return patch;
  return { ...patch, downloadPath: patch.downloadPath.replace(/(?<=[^/])\/+$/, '') };
}

async function read<Values extends object>(db: Db, section: Section<Values>): Promise<VersionOf<Values>> {
  const { version, document } = await readSettings(db, section.name);
  return { values: { ...section.defaults, ...section.parse(document) }, version };
}

async function check<Values extends object>(
  db: Db,
  section: Section<Values>,
  patch: Partial<Values>,
): Promise<SettingsProblem[]> {
  const { values } = await read(db, section);
  return section.findProblems({ ...values, ...patch });
}

interface Change<Values extends object> {
  deps: Changing;
  viewer: Changer;
  section: Section<Values>;
}

async function update<Values extends object>(
  { deps, viewer, section }: Change<Values>,
  patch: Partial<Values>,
): Promise<VersionOf<Values>> {
  requireAdmin(viewer);
  const changed = await inTransaction(deps.db, async (tx) => {
    await lockSettings(tx);
    const before = await read(tx, section);
    const values = { ...before.values, ...patch };
    const problems = await section.findProblems(values);
    if (problems.length > 0) throw new InvalidSettingsError(problems);
    if (Object.keys(differences(values, before.values)).length === 0) return before;
    const document = differences(values, section.defaults);
    return { values, version: await writeSettings(tx, section.name, { document, changedById: viewer.id }) };
  });
  await deps.reloadSettings();
  const { version } = changed;
  deps.log.info({ section: section.name, version, by: viewer.username, change: patch }, 'settings changed');
  return changed;
}
