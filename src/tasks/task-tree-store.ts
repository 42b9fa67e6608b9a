import type { Db } from '../database/prisma.js';
import { Prisma } from '../generated/prisma/client.js';
import {
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
 * From the top down, so that a canceled artist and a finishing album cannot deadlock. NO KEY allows inserts.
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

export function recomputeParent(tx: Db, parentId: string): Promise<void> {
  return recomputeParents(tx, [parentId]);
}

/** Then their ancestors. Recounting repairs an earlier mistake, which an increment would keep. */
async function recomputeParents(tx: Db, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  const counts = await countStates(tx, ids);
  const parents = await tx.task.findMany({ where: { id: { in: [...ids] } }, select: DERIVED });
  const changes = parents.flatMap((parent) => deriveParent(parent, counts.get(parent.id)) ?? []);
  if (changes.length === 0) return;
  await writeParents(tx, changes);
  const above = changes.flatMap(
    ({ before, next }) => (next.state !== before.state ? before.parentId : null) ?? [],
  );
  await recomputeParents(tx, [...new Set(above)]);
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
  id: true,
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

type Parent = Prisma.TaskGetPayload<{ select: typeof DERIVED }>;

interface ParentChange {
  before: Parent;
  next: ChildCounts & Pick<Parent, 'state' | 'progress'>;
}

const NO_CHILDREN = { total: 0, succeeded: 0, skipped: 0, failed: 0, cancelled: 0, active: 0, paused: 0 };

/** Null without a difference: even such an update would publish an event. */
function deriveParent(
  before: Parent,
  { active, paused, ...counts }: ChildCounts & ActiveCounts = NO_CHILDREN,
): ParentChange | null {
  const state = before.expandedAt ? parentState(before.state, { ...counts, active, paused }) : before.state;
  const { total } = counts;
  const share = total === 0 ? 0 : Math.floor((1000 * (total - active)) / total) / 10;
  const moved = state !== before.state;
  if (moved && !parentStatesBefore(state).includes(before.state)) {
    throw new Error(`a parent cannot become ${state} when it is ${before.state}`);
  }
  const ends = moved && isFinished(state);
  const next = { ...counts, state, progress: ends ? 100 : share };
  const differs = Object.entries(next).some(([name, value]) => before[name as keyof typeof next] !== value);
  return differs ? { before, next } : null;
}

/** A parent that is active again has no error, and is no longer dismissed. */
async function writeParents(tx: Db, changes: readonly ParentChange[]): Promise<void> {
  const rows = changes.map(({ before, next }) => ({
    id: before.id,
    before: before.state,
    ...next,
    reopens: isFinished(before.state) && !isFinished(next.state),
    ends: next.state !== before.state && isFinished(next.state),
  }));
  const written = await tx.$executeRaw`
    UPDATE "Task" parent SET "total" = next."total", "succeeded" = next."succeeded", "skipped" = next."skipped",
      "failed" = next."failed", "cancelled" = next."cancelled", "progress" = next."progress", "state" = next."state",
      "dismissedAt" = CASE WHEN NOT "reopens" THEN parent."dismissedAt" END,
      "leaseOwner" = CASE WHEN NOT "ends" THEN parent."leaseOwner" END,
      "leaseUntil" = CASE WHEN NOT "ends" THEN parent."leaseUntil" END,
      "errorCode" = CASE WHEN failure THEN 'CHILDREN_FAILED' WHEN NOT "reopens" THEN parent."errorCode" END,
      "errorMessage" = CASE WHEN failure THEN format('All %s failed.', next."failed")
        WHEN NOT "reopens" THEN parent."errorMessage" END,
      "errorRetryable" = CASE WHEN failure THEN true WHEN NOT "reopens" THEN parent."errorRetryable" END
    FROM (
      SELECT *, "ends" AND "state" = 'FAILED' AS failure FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS row (
        "id" uuid, "before" "TaskState", "state" "TaskState", "total" integer, "succeeded" integer, "skipped" integer,
        "failed" integer, "cancelled" integer, "progress" float8, "reopens" boolean, "ends" boolean)
    ) AS next
    WHERE parent."id" = next."id" AND parent."state" = next."before"`;
  if (written < rows.length) throw new Error('a parent changed although it was locked');
}

const stateCount = (state: TaskState) =>
  Prisma.sql`count(*) FILTER (WHERE "state" = ${Prisma.raw(`'${state}'`)})::int`;

const CHILD_COUNTS = Prisma.sql`count(*)::int AS total,
  ${stateCount('COMPLETED')} AS succeeded, ${stateCount('SKIPPED')} AS skipped,
  ${stateCount('FAILED')} AS failed, ${stateCount('CANCELLED')} AS cancelled`;

async function countStates(
  tx: Db,
  parentIds: readonly string[],
): Promise<Map<string, ChildCounts & ActiveCounts>> {
  const rows = await tx.$queryRaw<(ChildCounts & ActiveCounts & { parentId: string })[]>`
    SELECT "parentId", ${CHILD_COUNTS}, ${stateCount('PAUSED')} AS paused,
      count(*) FILTER (WHERE "state" IN ('QUEUED', 'RUNNING', 'RETRYING', 'PAUSED'))::int AS active
    FROM "Task" WHERE "parentId" = ANY(${parentIds}::uuid[]) GROUP BY "parentId"`;
  return new Map(rows.map(({ parentId, ...counts }) => [parentId, counts]));
}

export type TreeTask = Pick<Task, 'id' | 'kind' | 'parentId'>;

/**
 * As changeTree, for all of them in a fixed number of statements. Returns the ids of those that changed, or that had
 * a child change.
 */
export async function changeTrees(tx: Db, tasks: readonly TreeTask[], change: TaskChange): Promise<string[]> {
  const ids = tasks.map(({ id }) => id);
  const parentIds = tasks.flatMap(({ id, kind }) => (isParentKind(kind) ? id : []));
  await lockWithAncestors(tx, ids);
  // Read under the locks: a parent that is being expanded gets no further child.
  const innerIds = parentIds.length > 0 ? await listParentIds(tx, { parentId: { in: parentIds } }) : [];
  if (innerIds.length > 0) await lockWithAncestors(tx, innerIds);
  // The outer ones first: a parent whose children are all canceled would follow them.
  await change(tx, { id: { in: ids } });
  if (parentIds.length > 0) await change(tx, { parentId: { in: [...parentIds, ...innerIds] } });
  await recomputeParents(tx, innerIds);
  await recomputeParents(tx, [
    ...new Set([...parentIds, ...tasks.flatMap(({ parentId }) => parentId ?? [])]),
  ]);
  return listChangedRoots(tx, ids);
}

async function listParentIds(db: Db, where: Prisma.TaskWhereInput): Promise<string[]> {
  const rows = await db.task.findMany({
    where: { AND: [where, { kind: { in: [...PARENT_KINDS] } }] },
    orderBy: { id: 'asc' },
    select: { id: true },
  });
  return rows.map(({ id }) => id);
}

/** As in lockParent: before the children change, outer ones before inner ones; those of one level by id. */
export async function lockWithAncestors(tx: Db, ids: readonly string[]): Promise<void> {
  await tx.$queryRaw`
    WITH RECURSIVE line AS (
      SELECT "id", "parentId" FROM "Task" WHERE "id" = ANY(${ids}::uuid[])
      UNION
      SELECT above."id", above."parentId" FROM "Task" above JOIN line ON above."id" = line."parentId"
    )
    SELECT 1 FROM "Task" task JOIN line USING ("id") LEFT JOIN line above ON above."id" = line."parentId"
    ORDER BY (line."parentId" IS NOT NULL)::int + (above."parentId" IS NOT NULL)::int, task."id"
    FOR NO KEY UPDATE OF task`;
}

/** The sequence of a row is the id of the transaction that changed it. */
async function listChangedRoots(tx: Db, ids: readonly string[]): Promise<string[]> {
  const rows = await tx.$queryRaw<{ id: string }[]>`
    WITH RECURSIVE line AS (
      SELECT "id", "parentId" FROM "Task" WHERE "sequence" = pg_current_xact_id()::text::bigint
      UNION
      SELECT above."id", above."parentId" FROM "Task" above JOIN line ON above."id" = line."parentId"
    )
    SELECT "id" FROM line WHERE "id" = ANY(${ids}::uuid[])`;
  return rows.map(({ id }) => id);
}
