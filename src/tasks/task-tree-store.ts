import type { Viewer } from '../auth/viewer.js';
import type { Db } from '../database/prisma.js';
import { Prisma } from '../generated/prisma/client.js';
import { visibleTo } from './task-filter-store.js';
import { cancelTasks, NO_ERROR } from './task-state-store.js';
import {
  ACTIVE_STATES,
  isFinished,
  isParentKind,
  PARENT_KINDS,
  parentState,
  parentStatesBefore,
  type ActiveCounts,
  type ChildCounts,
  type Task,
  type TaskState,
} from './task.js';

/**
 * Call it before changing a child: of two that finish at once, each would be counted without the other.
 * From the top down, so that a cancelled artist and a finishing album cannot deadlock. NO KEY allows inserts.
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

/** Then its ancestors. Recounting repairs an earlier mistake, which an increment would keep. */
export async function recomputeParent(tx: Db, parentId: string): Promise<void> {
  const { active, paused, ...counts } = await countStates(tx, parentId);
  const parent = await tx.task.findUniqueOrThrow({ where: { id: parentId }, select: DERIVED });
  const state = parent.expandedAt ? parentState(parent.state, { ...counts, active, paused }) : parent.state;
  const { total } = counts;
  const progress = total === 0 ? 0 : Math.floor((1000 * (total - active)) / total) / 10;
  const moved = state !== parent.state;
  const data = { ...counts, progress, ...(moved ? stateChange(parent.state, state, counts) : {}) };
  // Even an update without a difference would publish an event.
  if (!differs(parent, data)) return;
  const from = moved ? { state: { in: parentStatesBefore(state) } } : {};
  await tx.task.update({ where: { id: parentId, ...from }, data, select: { id: true } });
  if (moved && parent.parentId) await recomputeParent(tx, parent.parentId);
}

/** With at most this many unfinished children, and after every so many finished ones, all are recounted. */
const RECOUNT_EVERY = 100;

/**
 * An increment: recounting 10,000 children would take longer than many a download. Recounts every so often,
 * near the end, and whenever a child is paused, because then all the others may be paused too.
 */
export async function countFinishedChild(tx: Db, parentId: string, childState: TaskState): Promise<void> {
  const one = (state: TaskState) => (state === childState ? 1 : 0);
  const updated = await tx.$executeRaw`
    UPDATE "Task" SET "succeeded" = "succeeded" + ${one('COMPLETED')}, "skipped" = "skipped" + ${one('SKIPPED')},
      "failed" = "failed" + ${one('FAILED')}, "cancelled" = "cancelled" + ${one('CANCELLED')},
      "progress" = floor(1000 * (finished.n + 1)::float8 / "total") / 10
    FROM (
      SELECT "id", "succeeded" + "skipped" + "failed" + "cancelled" AS n FROM "Task" WHERE "id" = ${parentId}::uuid
    ) AS finished
    WHERE "Task"."id" = finished."id" AND "state" = 'RUNNING' AND "expandedAt" IS NOT NULL
      AND "total" - finished.n > ${RECOUNT_EVERY} AND (finished.n + 1) % ${RECOUNT_EVERY} > 0
      AND NOT EXISTS (SELECT FROM "Task" child WHERE child."parentId" = ${parentId}::uuid AND child."state" = 'PAUSED')`;
  if (updated === 0) await recomputeParent(tx, parentId);
}

export type TaskChange = (tx: Db, where: Prisma.TaskWhereInput) => Promise<number>;

export async function changeTree(
  tx: Db,
  task: Pick<Task, 'id' | 'kind' | 'parentId'>,
  change: TaskChange,
): Promise<number> {
  await lockParent(tx, task.id);
  let changed = await change(tx, { id: task.id });
  if (isParentKind(task.kind)) changed += await changeDescendants(tx, task.id, change);
  if (changed > 0 && task.parentId) await recomputeParent(tx, task.parentId);
  return changed;
}

/** From the top down: a parent must be CANCELLED before its last child, or its state would follow theirs. */
async function changeDescendants(tx: Db, parentId: string, change: TaskChange): Promise<number> {
  let changed = await change(tx, { parentId });
  for (const id of await listParentIds(tx, { parentId })) {
    await lockParent(tx, id);
    changed += await changeDescendants(tx, id, change);
  }
  if (changed > 0) await recomputeParent(tx, parentId);
  return changed;
}

const DERIVED = {
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

function stateChange(before: TaskState, state: TaskState, counts: ChildCounts): Prisma.TaskUpdateInput {
  if (!isFinished(state)) return isFinished(before) ? { state, dismissedAt: null, ...NO_ERROR } : { state };
  const error =
    state === 'FAILED'
      ? { errorCode: 'CHILDREN_FAILED', errorMessage: `All ${counts.failed} failed.`, errorRetryable: true }
      : {};
  return { state, progress: 100, leaseOwner: null, leaseUntil: null, ...error };
}

function differs(row: object, data: object): boolean {
  const before = row as Record<string, unknown>;
  return Object.entries(data).some(([name, value]) => before[name] !== value);
}

const stateCount = (state: TaskState) =>
  Prisma.sql`count(*) FILTER (WHERE "state" = ${Prisma.raw(`'${state}'`)})::int`;

const CHILD_COUNTS = Prisma.sql`count(*)::int AS total,
  ${stateCount('COMPLETED')} AS succeeded, ${stateCount('SKIPPED')} AS skipped,
  ${stateCount('FAILED')} AS failed, ${stateCount('CANCELLED')} AS cancelled`;

async function countStates(tx: Db, parentId: string): Promise<ChildCounts & ActiveCounts> {
  const [row] = await tx.$queryRaw<(ChildCounts & ActiveCounts)[]>`
    SELECT ${CHILD_COUNTS}, ${stateCount('PAUSED')} AS paused,
      count(*) FILTER (WHERE "state" IN ('QUEUED', 'RUNNING', 'RETRYING', 'PAUSED'))::int AS active
    FROM "Task" WHERE "parentId" = ${parentId}::uuid`;
  if (!row) throw new Error('an aggregate returned no row');
  return row;
}

export function cancelSingleTasks(tx: Db, viewer: Viewer): Promise<number> {
  return cancelTasks(tx, { ...visibleTo(viewer), parentId: null, kind: { notIn: [...PARENT_KINDS] } });
}

/** In the order in which they can be locked. */
export function listActiveParents(db: Db, viewer: Viewer): Promise<string[]> {
  return listParentIds(db, { ...visibleTo(viewer), parentId: null, state: { in: [...ACTIVE_STATES] } });
}

/** Returns how many of the top-level parents were active. */
export async function cancelTrees(tx: Db, topIds: string[]): Promise<number> {
  await lockInOrder(tx, topIds);
  // Read under the locks: a parent that is being expanded gets no further child.
  const innerIds = await listParentIds(tx, { parentId: { in: topIds } });
  await lockInOrder(tx, innerIds);
  const parentIds = [...topIds, ...innerIds];
  const cancelled = await cancelTasks(tx, { id: { in: topIds } });
  await cancelTasks(tx, { parentId: { in: parentIds } });
  await recountFinished(tx, parentIds);
  return cancelled;
}

async function listParentIds(db: Db, where: Prisma.TaskWhereInput): Promise<string[]> {
  const rows = await db.task.findMany({
    where: { AND: [where, { kind: { in: [...PARENT_KINDS] } }] },
    orderBy: { id: 'asc' },
    select: { id: true },
  });
  return rows.map(({ id }) => id);
}

/** As in lockParent: before the children change, outer parents before inner ones. */
async function lockInOrder(tx: Db, ids: string[]): Promise<void> {
  await tx.$queryRaw`
    SELECT 1 FROM "Task" WHERE "id" = ANY(${ids}::uuid[]) ORDER BY "id" FOR NO KEY UPDATE`;
}

async function recountFinished(tx: Db, parentIds: string[]): Promise<void> {
  await tx.$executeRaw`
    UPDATE "Task" parent SET "total" = children.total, "succeeded" = children.succeeded,
      "skipped" = children.skipped, "failed" = children.failed, "cancelled" = children.cancelled, "progress" = 100
    FROM (
      SELECT "parentId", ${CHILD_COUNTS} FROM "Task" WHERE "parentId" = ANY(${parentIds}::uuid[]) GROUP BY "parentId"
    ) children
    WHERE parent."id" = children."parentId"
      AND (parent."total", parent."cancelled", parent."progress")
        IS DISTINCT FROM (children.total, children.cancelled, 100)`;
}
