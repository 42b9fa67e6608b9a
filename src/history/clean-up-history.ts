import type { Viewer } from '../auth/viewer.js';
import type { Platform } from '../platform.js';
import { InvalidInputError, requireAdmin } from '../lib/errors.js';
import { inTransaction } from '../database/prisma.js';
import { deleteEndedBefore } from './history-cleanup-store.js';

export interface HistoryCleanup {
  /** Top-level downloads that were removed, each with all its parts. */
  deleted: number;
  /** Whether nothing so old is left; false when time ran out, and the same call goes on. */
  complete: boolean;
}

const MAX_DAYS = 36_500;
const DAY_MS = 86_400_000;
/** Whoever asked is answered before they give up. */
const TIME_MS = 6_000;

/**
 * Forgets downloads that ended so many days ago or earlier; the files stay. In small transactions, so that nothing
 * waits for it. Throws ForbiddenError for all but admins, InvalidInputError for a number out of range.
 */
export async function cleanUpHistory(
  deps: Pick<Platform, 'db' | 'log' | 'clock'>,
  viewer: Viewer,
  { olderThanDays, signal }: { olderThanDays: number; signal: AbortSignal },
): Promise<HistoryCleanup> {
  requireAdmin(viewer);
  if (olderThanDays < 1 || olderThanDays > MAX_DAYS) {
    throw new InvalidInputError(
      `olderThanDays: allowed are whole numbers from 1 to ${MAX_DAYS}.`,
      'olderThanDays',
    );
  }
  const before = new Date(deps.clock.now().getTime() - olderThanDays * DAY_MS);
  const until = performance.now() + TIME_MS;
  for (let deleted = 0; ;) {
    const batch = await inTransaction(deps.db, (tx) => deleteEndedBefore(tx, before));
    deleted += batch;
    if (batch === 0 || signal.aborted || performance.now() > until) {
      deps.log.info({ deleted, before, by: viewer.username }, 'history cleaned up');
      return { deleted, complete: batch === 0 };
    }
  }
}
