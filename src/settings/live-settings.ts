import { levelOf } from '../database/outage.js';
import type { Platform } from '../platform.js';
import { createLatestFeed, type LatestFeed } from '../events/latest-feed.js';
import { coalesce } from '../lib/async.js';
import { findDownloadPathProblem } from './download-path.js';
import {
  downloadSection,
  readSettings,
  readSettingsRows,
  WATCH_SECTION,
  type SettingsRow,
} from './settings-store.js';
import { DEFAULT_WATCH_SETTINGS, defaultSettings, type Settings, type WatchSettings } from './settings.js';

export interface SettingsDeps {
  /** In force now; call it each time. */
  settings: () => Settings;
  /** In force now; call it each time. */
  watchSettings: () => WatchSettings;
  /** Resolves when everything stored before the call is in force in this process. */
  reloadSettings: () => Promise<void>;
  settingsFeed: LatestFeed<SettingsRow>;
}

interface LiveSettings {
  downloads(): Settings;
  watches(): WatchSettings;
  /** Never rejects: it tries again later. */
  reload(): Promise<void>;
  feed: LatestFeed<SettingsRow>;
  stop(): void;
}

/** No event reports that the database is back. */
const RETRY_MS = 1_000;

export async function followSettings(
  deps: Pick<Platform, 'db' | 'bus' | 'log'> & {
    env: Pick<Platform['env'], 'downloadDir' | 'downloadRoots'>;
  },
): Promise<LiveSettings> {
  const { db, bus, log, env } = deps;
  let downloads = defaultSettings(env);
  let watches = DEFAULT_WATCH_SETTINGS;
  const read = async () => {
    const stored = await readSettings(db, downloadSection(env));
    const storedWatches = await readSettings(db, WATCH_SECTION);
    downloads = await withinRoots(stored.values, { env, log });
    watches = storedWatches.values;
  };
  let again: NodeJS.Timeout | undefined;
  let stopped = false;
  const reload = coalesce(async () => {
    clearTimeout(again);
    try {
      await read();
      bus.publish('settings.applied', {});
    } catch (thrown) {
      log[levelOf(thrown, 'warn')]({ err: thrown }, 'settings unreadable, trying again');
      if (!stopped) again = setTimeout(() => void reload(), RETRY_MS);
    }
  });
  const offChanged = bus.on('settings.changed', reload);
  const offGap = bus.on('bus.gap', reload);
  await read();
  const sections = [downloadSection(env), WATCH_SECTION];
  const feed = createLatestFeed(deps, {
    event: 'settings.changed',
    read: () => readSettingsRows(db, sections),
  });
  return {
    downloads: () => downloads,
    watches: () => watches,
    reload,
    feed,
    stop: () => {
      stopped = true;
      feed.stop();
      offChanged();
      offGap();
      clearTimeout(again);
    },
  };
}

/** A stored directory that the environment no longer allows is not used. */
async function withinRoots(
  settings: Settings,
  { env, log }: Pick<Platform, 'log'> & { env: Pick<Platform['env'], 'downloadDir' | 'downloadRoots'> },
): Promise<Settings> {
  const problem = await findDownloadPathProblem(settings.downloadPath, env.downloadRoots);
  if (!problem) return settings;
  const { downloadPath } = settings;
  log.warn(
    { downloadPath, used: env.downloadDir, problem: problem.message },
    'downloadPath cannot be used, using the default',
  );
  return { ...settings, downloadPath: env.downloadDir };
}
