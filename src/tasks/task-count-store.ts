import { ownedBy } from '../auth/access-rules.js';
import type { Viewer } from '../auth/viewer.js';
import type { Db } from '../database/prisma.js';
import { Prisma } from '../generated/prisma/client.js';
import { kindIn, rowConditions, stateIn, taskCondition } from './task-filter-store.js';
import { hasRowCondition, type TaskFilter } from './task-filter.js';
import { ACTIVE_STATES, FINISHED_STATES, type TaskKind, type TaskState } from './task.js';

/* Triggers maintain "TaskCount" (migration 0003): exact in the reader's snapshot, and quick at any size. */

export async function countTasks(db: Db, viewer: Viewer, filter: TaskFilter): Promise<number> {
  const [row] = await db.$queryRaw<{ n: number }[]>`SELECT ${countSql(viewer, filter)} AS n`;
  return row?.n ?? 0;
}

/** Rows are counted where no sum is kept: they are few, or the caller waits for its turn. */
export function countSql(viewer: Viewer, filter: TaskFilter): Prisma.Sql {
  if (filter.parentId || filter.ids || filter.rootId || hasRowCondition(filter)) {
    const half = (states: readonly TaskState[]) => Prisma.sql`
      (SELECT count(*)::int FROM "Task" WHERE ${taskCondition(states, { viewer, filter })})`;
    return Prisma.sql`(${half(ACTIVE_STATES)} + ${half(FINISHED_STATES)})`;
  }
  const { states, kinds, ownerId, includeChildren, includeDismissed } = filter;
  const conditions = [
    ownedBy(viewer),
    ...rowConditions({ ownerId: ownerId ?? null }),
    ...(states ? [stateIn(states)] : []),
    ...(kinds ? [kindIn(kinds)] : []),
    ...(includeChildren ? [] : [Prisma.sql`"topLevel"`]),
    ...(includeDismissed ? [] : [Prisma.sql`NOT "dismissed"`]),
  ];
  return Prisma.sql`(
    SELECT coalesce(sum("n"), 0)::int FROM "TaskCount" WHERE ${Prisma.join(conditions, ' AND ')}
  )`;
}

interface StateCount {
  /** Null: of all owners. */
  ownerId: string | null;
  state: TaskState;
  n: number;
}

/** Top-level tasks that are not dismissed; `everybody` adds a total of all owners. */
export function countByState(
  db: Db,
  { ownerIds, everybody }: { ownerIds: readonly string[]; everybody: boolean },
): Promise<StateCount[]> {
  return db.$queryRaw<StateCount[]>`
    SELECT "ownerId"::text, "state"::text, sum("n")::int AS n FROM "TaskCount"
    WHERE "ownerId" = ANY(${[...ownerIds]}::uuid[]) AND "topLevel" AND NOT "dismissed" GROUP BY "ownerId", "state"
    UNION ALL
    SELECT NULL, "state"::text, sum("n")::int FROM "TaskCount"
    WHERE ${everybody}::boolean AND "topLevel" AND NOT "dismissed" GROUP BY "state"`;
}

export interface TaskGroup {
  kind: TaskKind;
  state: TaskState;
  topLevel: boolean;
  dismissed: boolean;
  /** Whether the first attempt has begun. */
  begun: boolean;
  /** COMPLETED with failed or canceled children. */
  partial: boolean;
  count: number;
}

/** Children and dismissed tasks included: at most a hundred rows. */
export function listTaskGroups(db: Db, viewer: Viewer): Promise<TaskGroup[]> {
  return db.$queryRaw<TaskGroup[]>`
    SELECT "kind"::text, "state"::text, "topLevel", "dismissed", "begun", "partial", sum("n")::int AS "count"
    FROM "TaskCount" WHERE ${ownedBy(viewer)} GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum("n") <> 0`;
}

/** Rows of one owner that are left to be folded; fewer do not slow a reader down. */
const FOLD_FROM = 50;

/** Rows appended meanwhile stay, and a reader sees either the old rows or the new ones. */
export async function foldTaskCounts(db: Db): Promise<void> {
  await db.$executeRaw`
    WITH crowded AS (
      SELECT "ownerId" FROM "TaskCount" WHERE NOT "folded" GROUP BY "ownerId" HAVING count(*) >= ${FOLD_FROM}
    ), removed AS (
      DELETE FROM "TaskCount" USING crowded WHERE "TaskCount"."ownerId" = crowded."ownerId"
      RETURNING "TaskCount".*
    )
    INSERT INTO "TaskCount" ("ownerId", "kind", "state", "topLevel", "dismissed", "begun", "partial", "n", "folded")
    SELECT "ownerId", "kind", "state", "topLevel", "dismissed", "begun", "partial", sum("n"), true FROM removed
    GROUP BY 1, 2, 3, 4, 5, 6, 7 HAVING sum("n") <> 0`;
}
