import { Prisma } from '../generated/prisma/client.js';
import type { Db } from '../store/prisma.js';
import { moveTasks } from './task-state-store.js';
import { parentOutcome, type ChildCounts } from './task.js';

const NO_ERROR = { errorCode: null, errorMessage: null, errorRetryable: null };

/**
 * Locks a parent and all above it until the transaction ends. Take it before changing one of its children: two
 * children that end at once would otherwise each count without the other. From the top down, whoever comes from
 * where: an artist that is cancelled and its album that ends would otherwise wait for each other. NO KEY, so that
 * children can still be inserted.
 */
export async function lockParent(tx: Db, parentId: string): Promise<void> {
  await tx.$queryRaw`
    WITH RECURSIVE line AS (
      SELECT "id", "parentId", 0 AS height FROM "Task" WHERE "id" = ${parentId}::uuid
      UNION ALL
      SELECT above."id", above."parentId", height + 1 FROM "Task" above JOIN line ON above."id" = line."parentId"
    )
    SELECT 1 FROM "Task" task JOIN line USING ("id") ORDER BY height DESC FOR NO KEY UPDATE OF task`;
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
  if (parent.parentId) await settleParent(tx, parent.parentId);
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

/**
 * Queues again which of these failed or were cancelled; answers how many. A list whose parts are written is not
 * queued but reopened; an entry without an item, which its catalogue no longer has, would only fail again.
 */
export function retryTasks(tx: Db, where: Prisma.TaskWhereInput): Promise<number> {
  return moveTasks(
    tx,
    {
      AND: [
        where,
        { state: { in: ['FAILED', 'CANCELLED'] }, expandedAt: null, item: { not: Prisma.JsonNull } },
      ],
    },
    { state: 'QUEUED', progress: 0, failures: 0, retryAt: null, ...NO_ERROR },
  );
}

/** Queues again whatever below a locked parent failed or was cancelled, however deep; answers how many. */
export async function retryChildren(tx: Db, parentId: string): Promise<number> {
  let queued = await retryTasks(tx, { parentId });
  const parents = await tx.task.findMany({
    where: { parentId, kind: { not: 'TRACK' } },
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

/** A locked parent that had ended runs again, because one of its children does; so does its own parent. */
export async function reopenParent(tx: Db, parentId: string): Promise<void> {
  const reopened = await moveTasks(
    tx,
    { id: parentId, expandedAt: { not: null } },
    { state: 'RUNNING', ...NO_ERROR },
  );
  if (reopened === 0) return;
  const parent = await tx.task.findUnique({ where: { id: parentId }, select: { parentId: true } });
  if (!parent?.parentId) return;
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
