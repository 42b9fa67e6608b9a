import { maySee } from '../auth/access-rules.js';
import type { Viewer } from '../auth/viewer.js';
import { createLatestFeed, type LatestFeed, type LatestUpdate } from '../events/latest-feed.js';
import type { Platform } from '../platform.js';
import { readWatchRows, type WatchRow } from './watch-store.js';

export interface WatchDeps {
  watchFeed: LatestFeed<WatchRow>;
}

export function createWatchFeed(deps: Pick<Platform, 'db' | 'bus' | 'log'>): LatestFeed<WatchRow> {
  return createLatestFeed(deps, { event: 'watch.changed', read: (since) => readWatchRows(deps.db, since) });
}

/** The updates of watches that the viewer may see. */
export async function followWatches(
  { watchFeed }: WatchDeps,
  viewer: Viewer,
  since: string | null | undefined,
): Promise<AsyncIterableIterator<LatestUpdate<WatchRow>>> {
  const updates = await watchFeed.subscribe(since);
  const next = async (): Promise<IteratorResult<LatestUpdate<WatchRow>>> => {
    for (;;) {
      const update = await updates.next();
      if (update.done || maySee(viewer, update.value.row.watch)) return update;
    }
  };
  const visible: AsyncIterableIterator<LatestUpdate<WatchRow>> = {
    next,
    // At once, also while `next` waits.
    return: async () => (await updates.return?.()) ?? { done: true, value: undefined },
    [Symbol.asyncIterator]: () => visible,
  };
  return visible;
}
