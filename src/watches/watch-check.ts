import type { CatalogDeps, CatalogSource } from '../catalog/catalog-source.js';
import type { Platform } from '../platform.js';
import type { ClaimedTask, TaskRun } from '../queue/claimed-task.js';
import type { SettingsDeps } from '../settings/live-settings.js';
import { WatchExpiredError, WatchingDisabledError, WatchNotFoundError } from './errors.js';
import { findWatch, type WatchKey } from './watch-store.js';
import { isExpired, type Watch } from './watch.js';

export type CheckDeps = Pick<
  Platform & SettingsDeps & CatalogDeps,
  'db' | 'env' | 'clock' | 'media' | 'settings' | 'watchSettings' | 'liveCatalogs'
>;

export interface Check extends TaskRun {
  deps: CheckDeps;
  watch: Watch;
  catalog: CatalogSource;
}

export function keyOf({ task, item }: ClaimedTask): WatchKey {
  if (item.type !== 'PLAYLIST' && item.type !== 'ARTIST') {
    throw new Error(`Task ${task.id} checks an item of type ${item.type}.`);
  }
  return { ownerId: task.ownerId, kind: item.type, itemId: task.itemId };
}

/** Throws what ends the check without a failure. */
export async function expectWatched({ deps, claimed, signal }: Check): Promise<void> {
  signal.throwIfAborted();
  if (!deps.watchSettings().enabled) throw new WatchingDisabledError();
  const watch = await findWatch(deps.db, keyOf(claimed));
  if (!watch) throw new WatchNotFoundError(claimed.task.itemId);
  if (isExpired(watch, deps.clock.now())) throw new WatchExpiredError(watch);
}
