import { z } from 'zod';
import { defineJob, type JobRun } from '../jobs/job.js';
import type { Platform } from '../platform.js';
import { expiredAccess } from './expired-access-store.js';
import { oldestUseful } from './signing-keys.js';

const DAY_MS = 86_400_000;
const BATCH = 1_000;

type Pruning = Pick<Platform, 'db' | 'clock' | 'env'>;

/** Deletes what has expired, every hour: until then, whoever reads it compares times. Idempotent: it reads the tables. */
export const pruneAccessJob = defineJob({
  name: 'pruneAccess',
  payload: z.object({}),
  concurrency: 1,
  everyMs: 3_600_000,
  lockLifetimeMs: 60_000,
  async run(deps: Pruning & Pick<Platform, 'log'>, _payload, run) {
    const deleted = await pruneAccess(deps, run);
    if (Object.values(deleted).some((count) => count > 0)) {
      deps.log.info({ deleted }, 'expired sessions, sign-in records and audit entries deleted');
    }
  },
});

/** API keys stay after their time: their owner sees which one a script needs again. */
export async function pruneAccess(
  { db, clock, env }: Pruning,
  { signal }: JobRun,
): Promise<Record<string, number>> {
  const now = clock.now();
  const auditBefore = new Date(now.getTime() - env.auditDays * DAY_MS);
  const keysRetiredBefore = oldestUseful({ clock, env });
  const deleted: Record<string, number> = {};
  for (const [what, remove] of Object.entries(expiredAccess({ now, keysRetiredBefore, auditBefore }))) {
    let count = 0;
    for (let batch = BATCH; batch === BATCH && !signal.aborted; count += batch) {
      batch = await remove(db, BATCH);
    }
    deleted[what] = count;
  }
  return deleted;
}
