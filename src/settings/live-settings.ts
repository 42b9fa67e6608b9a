import type { Platform } from '../platform.js';
import { coalesce } from '../lib/async.js';
import { messageOf } from '../lib/errors.js';
import { findDownloadPathProblem } from './download-path.js';
import { parseSettings, parseWatchSettings } from './settings-documents.js';
import { readSettings } from './settings-store.js';
import { defaultSettings, type Settings } from './settings.js';
import { DEFAULT_WATCH_SETTINGS, type WatchSettings } from './watch-settings.js';

/** What this domain adds to Deps. */
export interface SettingsDeps {
  /** The settings in force now; call it each time. */
  settings: () => Settings;
  /** The settings of watches in force now; call it each time. */
  watchSettings: () => WatchSettings;
  /** Resolves when all settings that were stored before are in force in this process. */
  reloadSettings: () => Promise<void>;
}

/** The settings in force, known at any moment without asking the database. */
export interface LiveSettings {
  downloads(): Settings;
  watches(): WatchSettings;
  /** Resolves when what was stored before the call is in force here. Never rejects: see below. */
  reload(): Promise<void>;
  stop(): void;
}

/** Nobody tells when what made a look fail is over. */
const RETRY_MS = 1_000;

/** Reads the settings, and again whenever the database says that they were changed, whoever did it. */
export async function followSettings(
  deps: Pick<Platform, 'db' | 'bus' | 'log'> & {
    env: Pick<Platform['env'], 'downloadDir' | 'downloadRoots'>;
  },
): Promise<LiveSettings> {
  const { db, bus, log, env } = deps;
  let downloads = defaultSettings(env);
  let watches = DEFAULT_WATCH_SETTINGS;
  const read = async () => {
    const [stored, storedWatches] = [await readSettings(db, 'DOWNLOADS'), await readSettings(db, 'WATCHES')];
    downloads = await withinRoots(
      { ...defaultSettings(env), ...parseSettings(stored.document) },
      { env, log },
    );
    watches = { ...DEFAULT_WATCH_SETTINGS, ...parseWatchSettings(storedWatches.document) };
  };
  let again: NodeJS.Timeout | undefined;
  let stopped = false;
  const reload = coalesce(async () => {
    clearTimeout(again);
    try {
      await read();
      bus.publish('settings.applied', {});
    } catch (thrown) {
      log.warn({ error: messageOf(thrown) }, 'could not read changed settings');
      if (!stopped) again = setTimeout(() => void reload(), RETRY_MS);
    }
  });
  const offNews = bus.on('settings.changed', reload);
  const offGap = bus.on('bus.gap', reload);
  await read();
  return {
    downloads: () => downloads,
    watches: () => watches,
    reload,
    stop: () => {
      stopped = true;
      offNews();
      offGap();
      clearTimeout(again);
    },
  };
}

/** The environment has the last word: a directory that it no longer allows is not used. */
async function withinRoots(
  settings: Settings,
  { env, log }: Pick<Platform, 'log'> & { env: Pick<Platform['env'], 'downloadDir' | 'downloadRoots'> },
): Promise<Settings> {
  const problem = await findDownloadPathProblem(settings.downloadPath, env.downloadRoots);
  if (!problem) return settings;
  log.warn(
    { downloadPath: settings.downloadPath, used: env.downloadDir },
    `downloadPath: ${problem.message}`,
  );
  return { ...settings, downloadPath: env.downloadDir };
}
