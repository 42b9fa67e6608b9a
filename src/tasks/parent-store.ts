import type { Prisma } from '../generated/prisma/client.js';
import type { Db } from '../database/prisma.js';
import { NO_ERROR } from './task-state-store.js';
import {
  isTerminal,
  listStatesBefore,
  parentState,
  PARENT_KINDS,
  type ChildCounts,
  type LiveCounts,
  type Task,
  type TaskState,
} from './task.js';

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
 * Counts a locked parent's children anew and gives it the state that follows, once they are all written; then does
 * the same for the parent's own parent. Counting from the rows heals itself; adding one would not.
 */
export async function settleParent(tx: Db, parentId: string): Promise<void> {
  const counts = await countChildren(tx, parentId);
  const parent = await tx.task.findUniqueOrThrow({ where: { id: parentId }, select: SETTLED });
  const state = parent.expandedAt ? parentState(parent.state, counts) : parent.state;
  const { total, succeeded, skipped, failed, cancelled } = counts;
  const totals = { total, succeeded, skipped, failed, cancelled };
  const progress = total === 0 ? 0 : Math.floor((1000 * (total - counts.live)) / total) / 10;
  const moved = state !== parent.state;
  const data = { ...totals, progress, ...(moved ? changeOfState(parent.state, state, totals) : {}) };
  // An update that changes nothing would still be news.
  if (!differs(parent, data)) return;
  const from = moved ? { state: { in: listStatesBefore(state) } } : {};
  await tx.task.update({ where: { id: parentId, ...from }, data, select: { id: true } });
  if (moved && parent.parentId) await settleParent(tx, parent.parentId);
}

/** So many parts that are live, and every so many ends, all parts of a list are counted anew. */
const COUNT_ANEW_AT = 100;

/**
 * Counts one more ended child of a locked parent. In a long list that still has a long way to go that is one added,
 * because counting 10,000 parts at each of their ends would take longer than many a download. Every so often, and
 * near the end, they are counted; so is a list that is partly paused, which may have become wholly so.
 */
export async function settleEnd(tx: Db, parentId: string, ended: TaskState): Promise<void> {
  const one = (state: TaskState) => (state === ended ? 1 : 0);
  const added = await tx.$executeRaw`
    UPDATE "Task" SET "succeeded" = "succeeded" + ${one('COMPLETED')}, "skipped" = "skipped" + ${one('SKIPPED')},
      "failed" = "failed" + ${one('FAILED')}, "cancelled" = "cancelled" + ${one('CANCELLED')},
      "progress" = floor(1000 * (ended.n + 1)::float8 / "total") / 10
    FROM (
      SELECT "id", "succeeded" + "skipped" + "failed" + "cancelled" AS n FROM "Task" WHERE "id" = ${parentId}::uuid
    ) AS ended
    WHERE "Task"."id" = ended."id" AND "state" = 'RUNNING' AND "expandedAt" IS NOT NULL
      AND "total" - ended.n > ${COUNT_ANEW_AT} AND (ended.n + 1) % ${COUNT_ANEW_AT} > 0
      AND NOT EXISTS (SELECT FROM "Task" part WHERE part."parentId" = ${parentId}::uuid AND part."state" = 'PAUSED')`;
  if (added === 0) await settleParent(tx, parentId);
}

/** Changes tasks and answers how many. */
export type ChangeOfTasks = (where: Prisma.TaskWhereInput) => Promise<number>;

/** Changes a task and all that is below it, under the locks of all lists concerned; answers how many changed. */
export async function changeTree(
  tx: Db,
  task: Pick<Task, 'id' | 'kind' | 'parentId'>,
  change: ChangeOfTasks,
): Promise<number> {
  await lockParent(tx, task.id);
  const itself = await change({ id: task.id });
  const parts = PARENT_KINDS.includes(task.kind) ? await changeBelow(tx, task.id, change) : 0;
  if (itself + parts > 0 && task.parentId) await settleParent(tx, task.parentId);
  return itself + parts;
}

/**
 * From the top down: a list that is cancelled is so before its last part is, and does not take its state from how
 * its parts did.
 */
async function changeBelow(tx: Db, parentId: string, change: ChangeOfTasks): Promise<number> {
  let changed = await change({ parentId });
  const lists = await tx.task.findMany({
    where: { parentId, kind: { in: [...PARENT_KINDS] } },
    select: { id: true },
  });
  for (const { id } of lists) {
    await lockParent(tx, id);
    changed += await changeBelow(tx, id, change);
  }
  if (changed > 0) await settleParent(tx, parentId);
  return changed;
}

const SETTLED = {
  state: true,
  expandedAt: true,
  parentId: true,
  total: true,
  succeeded: true,
  skipped: true,
  failed: true,
  cancelled: true,
  progress: true,
} satisfies Prisma.TaskSelect;

function changeOfState(before: TaskState, state: TaskState, counts: ChildCounts): Prisma.TaskUpdateInput {
  if (!isTerminal(state)) return isTerminal(before) ? { state, dismissedAt: null, ...NO_ERROR } : { state };
  const error =
    state === 'FAILED'
      ? { errorCode: 'CHILDREN_FAILED', errorMessage: `All ${counts.failed} failed.`, errorRetryable: true }
      : {};
  return { state, progress: 100, leaseOwner: null, leaseUntil: null, ...error };
}

function differs(row: object, data: object): boolean {
  const now = row as Record<string, unknown>;
  return Object.entries(data).some(([name, value]) => now[name] !== value);
}

async function countChildren(tx: Db, parentId: string): Promise<ChildCounts & LiveCounts> {
  const [row] = await tx.$queryRaw<(ChildCounts & LiveCounts)[]>`
    SELECT count(*)::int AS total,
      count(*) FILTER (WHERE "state" = 'COMPLETED')::int AS succeeded,
      count(*) FILTER (WHERE "state" = 'SKIPPED')::int AS skipped,
      count(*) FILTER (WHERE "state" = 'FAILED')::int AS failed,
      count(*) FILTER (WHERE "state" = 'CANCELLED')::int AS cancelled,
      count(*) FILTER (WHERE "state" IN ('QUEUED', 'RUNNING', 'RETRYING', 'PAUSED'))::int AS live,
      count(*) FILTER (WHERE "state" = 'PAUSED')::int AS paused
    FROM "Task" WHERE "parentId" = ${parentId}::uuid`;
  return row ?? { total: 0, succeeded: 0, skipped: 0, failed: 0, cancelled: 0, live: 0, paused: 0 };
}
