import type { Db } from '../store/prisma.js';
import { moveTasks } from './task-state-store.js';
import { parentOutcome, type ChildCounts } from './task.js';

/**
 * Locks a parent until the transaction ends. Take it before changing one of its children: two children that end
 * at once would otherwise each count without the other. NO KEY, so that children can still be inserted.
 */
export async function lockParent(tx: Db, parentId: string): Promise<void> {
  await tx.$queryRaw`SELECT 1 FROM "Task" WHERE "id" = ${parentId}::uuid FOR NO KEY UPDATE`;
}

/**
 * Counts a locked parent's children anew and ends the parent when none of them is live, then does the same for
 * the parent's own parent. Counting from the rows heals itself; adding one would not.
 */
export async function settleParent(tx: Db, parentId: string): Promise<void> {
  const counts = await countChildren(tx, parentId);
  const ended = counts.total - counts.live;
  const progress = counts.total === 0 ? 0 : Math.floor((1000 * ended) / counts.total) / 10;
  const { live, ...totals } = counts;
  const parent = await tx.task.update({ where: { id: parentId }, data: { ...totals, progress } });
  if (live > 0 || !parent.expandedAt || parent.state !== 'RUNNING') return;
  await endParent(tx, parentId, totals);
  if (!parent.parentId) return;
  await lockParent(tx, parent.parentId);
  await settleParent(tx, parent.parentId);
}

/** Cancels everything live below a locked parent, however deep, and counts it anew. */
export async function cancelChildren(tx: Db, parentId: string): Promise<void> {
  const parents = await tx.task.findMany({
    where: { parentId, kind: { not: 'TRACK' } },
    select: { id: true },
  });
  for (const parent of parents) {
    await lockParent(tx, parent.id);
    await cancelChildren(tx, parent.id);
  }
  await moveTasks(tx, { parentId }, { state: 'CANCELLED', retryAt: null });
  for (const parent of parents) await settleParent(tx, parent.id);
  await settleParent(tx, parentId);
}

/** Queues again whatever below a locked parent failed or was cancelled; answers how many tracks. */
export async function retryChildren(tx: Db, parentId: string): Promise<number> {
  const again = { failures: 0, progress: 0, errorCode: null, errorMessage: null, errorRetryable: null };
  let queued = await moveTasks(
    tx,
    { parentId, expandedAt: null, state: { in: ['FAILED', 'CANCELLED'] } },
    { state: 'QUEUED', ...again },
  );
  const parents = await tx.task.findMany({
    where: { parentId, expandedAt: { not: null } },
    select: { id: true },
  });
  for (const parent of parents) {
    await lockParent(tx, parent.id);
    const below = await retryChildren(tx, parent.id);
    if (below > 0) await reopenParent(tx, parent.id);
    if (below > 0) await settleParent(tx, parent.id);
    queued += below;
  }
  return queued;
}

/** A parent that had ended runs again, because one of its children does; so does its own parent. */
export async function reopenParent(tx: Db, parentId: string): Promise<void> {
  const reopened = await moveTasks(
    tx,
    { id: parentId, expandedAt: { not: null } },
    { state: 'RUNNING', errorCode: null, errorMessage: null, errorRetryable: null },
  );
  if (reopened === 0) return;
  const parent = await tx.task.findUnique({ where: { id: parentId }, select: { parentId: true } });
  if (!parent?.parentId) return;
  await lockParent(tx, parent.parentId);
  await reopenParent(tx, parent.parentId);
  await settleParent(tx, parent.parentId);
}

async function endParent(tx: Db, parentId: string, counts: ChildCounts): Promise<void> {
  const state = parentOutcome(counts);
  const error =
    state === 'FAILED'
      ? { errorCode: 'CHILDREN_FAILED', errorMessage: `All ${counts.failed} failed.`, errorRetryable: true }
      : {};
  await tx.task.update({
    where: { id: parentId },
    data: { state, progress: 100, leaseOwner: null, leaseUntil: null, ...error },
  });
}

async function countChildren(tx: Db, parentId: string): Promise<ChildCounts & { live: number }> {
  const [row] = await tx.$queryRaw<(ChildCounts & { live: number })[]>`
    SELECT count(*)::int AS total,
      count(*) FILTER (WHERE "state" = 'COMPLETED')::int AS succeeded,
      count(*) FILTER (WHERE "state" = 'SKIPPED')::int AS skipped,
      count(*) FILTER (WHERE "state" = 'FAILED')::int AS failed,
      count(*) FILTER (WHERE "state" = 'CANCELLED')::int AS cancelled,
      count(*) FILTER (WHERE "state" IN ('QUEUED', 'RUNNING', 'RETRYING', 'PAUSED'))::int AS live
    FROM "Task" WHERE "parentId" = ${parentId}::uuid`;
  return row ?? { total: 0, succeeded: 0, skipped: 0, failed: 0, cancelled: 0, live: 0 };
}
