import { z } from 'zod';
import { defineJob, type JobRun } from '../jobs/job.js';
import type { Platform } from '../platform.js';
import { deleteResponsesUntil, findOverflowTime } from './catalog-cache-store.js';

const DAY_MS = 24 * 3_600_000;
/** Far longer than any response is fresh, so that a catalog that is down for days is still answered for. */
const KEPT_MS = 7 * DAY_MS;
/** About a gigabyte, however many different words are searched for. */
const KEPT_RESPONSES = 100_000;
const BATCH = 1_000;

/** Deletes old responses of catalogs every hour. Idempotent: what is gone is not deleted again. */
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

/** In small statements; returns how many. */
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
  return deleted;
}
