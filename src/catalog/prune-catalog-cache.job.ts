import { z } from 'zod';
import { defineJob, type JobRun } from '../jobs/job.js';
import type { Platform } from '../platform.js';
import { deleteLinksUntil } from './catalog-link-store.js';
import { deleteResponsesUntil, findOverflowTime } from './catalog-cache-store.js';

const DAY_MS = 24 * 3_600_000;
/** Far longer than any response is fresh: it is served while the catalog is down. */
const KEPT_MS = 7 * DAY_MS;
/** What has not been seen for so long may be gone from its catalog. */
const KEPT_LINKS_MS = 90 * DAY_MS;
/** About a gigabyte. */
const KEPT_RESPONSES = 100_000;
const BATCH = 1_000;

/** Deletes old catalog responses every hour. Idempotent: it reads the table. */
export const pruneCatalogCacheJob = defineJob({
  name: 'pruneCatalogCache',
  payload: z.object({}),
  concurrency: 1,
  everyMs: 3_600_000,
  lockLifetimeMs: 60_000,
  async run(deps: Pick<Platform, 'db' | 'clock' | 'log'>, _payload, run) {
    const deleted = await pruneCatalogCache(deps, run);
    if (deleted > 0) deps.log.info({ deleted }, 'old catalog responses deleted');
  },
});

export async function pruneCatalogCache(
  { db, clock }: Pick<Platform, 'db' | 'clock'>,
  { signal }: JobRun,
): Promise<number> {
  const weekAgo = clock.now().getTime() - KEPT_MS;
  const overflow = await findOverflowTime(db, KEPT_RESPONSES);
  const until = new Date(Math.max(weekAgo, overflow?.getTime() ?? 0));
  let deleted = 0;
  for (let batch = BATCH; batch === BATCH && !signal.aborted; deleted += batch) {
    batch = await deleteResponsesUntil(db, until, BATCH);
  }
  const unseenSince = new Date(clock.now().getTime() - KEPT_LINKS_MS);
  for (let batch = BATCH; batch === BATCH && !signal.aborted;) {
    batch = await deleteLinksUntil(db, unseenSince, BATCH);
  }
  return deleted;
}
