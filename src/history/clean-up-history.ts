import { requireAdmin } from '../auth/access-rules.js';
import { recordAudit, type Actor } from '../auth/audit-store.js';
import { inTransaction } from '../database/prisma.js';
import { InvalidInputError } from '../lib/errors.js';
import type { Platform } from '../platform.js';
import { deleteFinishedBefore } from './history-store.js';

export interface HistoryCleanup {
  deletedCount: number;
  complete: boolean;
}

const MAX_DAYS = 36_500;
const DAY_MS = 86_400_000;
/** Less than clients wait for a response. */
const TIME_LIMIT_MS = 6_000;

/** Files stay. In small transactions, so that other queries do not wait. */
export async function cleanUpHistory(
  deps: Pick<Platform, 'db' | 'log' | 'clock'>,
  actor: Actor,
  { olderThanDays, signal }: { olderThanDays: number; signal: AbortSignal },
): Promise<HistoryCleanup> {
  const { viewer } = actor;
  requireAdmin(viewer);
  if (olderThanDays < 1 || olderThanDays > MAX_DAYS) {
    throw new InvalidInputError(
      `"olderThanDays" is ${olderThanDays}; it must be between 1 and ${MAX_DAYS}.`,
      'olderThanDays',
    );
  }
  const before = new Date(deps.clock.now().getTime() - olderThanDays * DAY_MS);
  const target = `older than ${olderThanDays} days`;
  const until = performance.now() + TIME_LIMIT_MS;
  for (let deleted = 0; ;) {
    const batch = await inTransaction(deps.db, async (tx) => {
      const count = await deleteFinishedBefore(tx, before);
      // With the first batch: the others may never come.
      if (count > 0 && deleted === 0) await recordAudit(tx, actor, { action: 'HISTORY_CLEANED_UP', target });
      return count;
    });
    deleted += batch;
    if (batch === 0 || signal.aborted || performance.now() > until) {
      deps.log.info({ deleted, before, by: viewer.username }, 'history cleaned up');
      return { deletedCount: deleted, complete: batch === 0 };
    }
  }
}
