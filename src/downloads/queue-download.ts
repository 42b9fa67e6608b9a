import { v7 as timeOrderedUuid } from 'uuid';
import type { Viewer } from '../auth/viewer.js';
import type { CatalogType, QueueableItem } from '../catalog/catalog-item.js';
import { findQueueableItem } from '../catalog/find-item.js';
import type { Platform } from '../platform.js';
import type { CatalogDeps } from '../catalog/catalog-source.js';
import type { SettingsDeps } from '../settings/live-settings.js';
import { dedupeKeyOf } from '../tasks/download-options.js';
import { describeItem } from '../tasks/new-task.js';
import { queueTask } from '../tasks/queue-task.js';
import { checkPriority } from '../tasks/control-tasks.js';
import type { Task } from '../tasks/task.js';
import { ExplicitContentError } from './errors.js';
import { chooseGroups, resolveOptions, type OptionsInput } from './resolve-options.js';

export interface QueueDownloadInput {
  item: string;
  type?: CatalogType | null | undefined;
  priority?: number | null | undefined;
  options?: OptionsInput | null | undefined;
}

/** Queues nothing when it throws. The database notifies the dispatcher. */
export async function queueDownload(
  deps: Pick<
    Platform & CatalogDeps & SettingsDeps,
    | 'db'
    | 'catalogs'
    | 'defaultCatalog'
    | 'shortLinks'
    | 'enrichment'
    | 'env'
    | 'settings'
    | 'watchSettings'
    | 'media'
    | 'log'
  >,
  viewer: Viewer,
  { signal, ...input }: QueueDownloadInput & { signal: AbortSignal },
): Promise<Task> {
  const options = resolveOptions(deps, input.options, viewer);
  const priority = input.priority ?? 0;
  checkPriority(priority);
  const item = await findQueueableItem(deps, { item: input.item, type: input.type ?? null }, signal);
  refuseExplicit(deps, item);
  const requested = input.options?.albumGroups;
  const fallback = deps.watchSettings().watchedAlbumGroups;
  options.albumGroups = chooseGroups(item.type, { requested, fallback });
  const task = await queueTask(deps, {
    id: timeOrderedUuid(),
    ownerId: viewer.id,
    options,
    priority,
    dedupeKey: dedupeKeyOf(viewer.id, item.id, options),
    ...describeItem(item),
  });
  deps.log.info({ taskId: task.id, item: item.id, by: viewer.username, ...options }, 'task queued');
  return task;
}

/** As part of a list, such a track is SKIPPED instead (expand-parent.ts). */
function refuseExplicit({ env }: Pick<Platform, 'env'>, item: QueueableItem): void {
  if (env.explicitFilter && item.type === 'TRACK' && item.explicit)
    throw new ExplicitContentError(item.title);
}
