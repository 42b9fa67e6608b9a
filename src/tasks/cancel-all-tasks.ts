import type { Viewer } from '../auth/viewer.js';
import type { Platform } from '../platform.js';
import { inTransaction } from '../database/prisma.js';
import { cancelLists, cancelSingles, listLiveLists } from './cancel-all-store.js';

/** Lists that one transaction locks: the workers on their parts wait for it. */
const LISTS_AT_ONCE = 20;

/**
 * Ends all live tasks of the viewer with all their parts, an admin's everybody's: as cancelTask does, but by set, so
 * that a thousand tasks and a list of ten thousand are a matter of seconds. What is queued meanwhile stays.
 */
export async function cancelAllTasks(
  deps: Pick<Platform, 'db' | 'log'>,
  viewer: Viewer,
): Promise<{ count: number }> {
  let count = await inTransaction(deps.db, (tx) => cancelSingles(tx, viewer));
  const lists = await listLiveLists(deps.db, viewer);
  for (let from = 0; from < lists.length; from += LISTS_AT_ONCE) {
    const some = lists.slice(from, from + LISTS_AT_ONCE);
    count += await inTransaction(deps.db, (tx) => cancelLists(tx, some));
  }
  deps.log.info({ count, by: viewer.username }, 'all tasks cancelled');
  return { count };
}
