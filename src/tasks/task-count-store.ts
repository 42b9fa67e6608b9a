import type { Viewer } from '../auth/viewer.js';
import { Prisma } from '../generated/prisma/client.js';
import type { Db } from '../database/prisma.js';
import type { TaskFilter } from './task-filter.js';
import { ownedBy, stateIn, wantedIn } from './task-filter-store.js';
import { TASK_STATES, type TaskKind, type TaskState } from './task.js';

/*
 * Numbers of tasks, read from what triggers keep of them (migration 0003_task_counts): exact in the reader's own
 * snapshot, and as quick for a million tasks as for ten.
 */

/** How many tasks the filter lets through. */
export async function countTasks(db: Db, viewer: Viewer, filter: TaskFilter): Promise<number> {
  const [row] = await db.$queryRaw<{ n: number }[]>`SELECT ${numberOf(viewer, filter)} AS n`;
  return row?.n ?? 0;
}

/** The same as part of a query. The parts of one list are really counted: they are at most a list. */
export function numberOf(viewer: Viewer, filter: TaskFilter): Prisma.Sql {
  if (filter.parentId) {
    const wanted = wantedIn(TASK_STATES, { viewer, filter });
    return Prisma.sql`(SELECT count(*)::int FROM "Task" WHERE ${wanted})`;
  }
  const { states, kinds, includeChildren, includeDismissed } = filter;
  const conditions = [
    ownedBy(viewer),
    ...(states ? [stateIn(states)] : []),
    ...(kinds ? [Prisma.sql`"kind" = ANY(${[...kinds]}::text[]::"TaskKind"[])`] : []),
    ...(includeChildren ? [] : [Prisma.sql`"topLevel"`]),
    ...(includeDismissed ? [] : [Prisma.sql`NOT "dismissed"`]),
  ];
  return Prisma.sql`(
    SELECT coalesce(sum("n"), 0)::int FROM "TaskCount" WHERE ${Prisma.join(conditions, ' AND ')}
  )`;
}

export interface StateCount {
  /** Null: of all owners. */
  ownerId: string | null;
  state: TaskState;
  n: number;
}

/** Top-level tasks that are not dismissed: of each of these owners, and of all together if that is asked. */
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

/** Tasks that are alike in all that they are counted by. */
export interface TaskSort {
  kind: TaskKind;
  state: TaskState;
  /** Part of no other. */
  topLevel: boolean;
  dismissed: boolean;
  /** Whether a first try has begun. */
  begun: boolean;
  /** Of a list: completed, and not all of it. */
  partial: boolean;
  count: number;
}

/** All that the viewer sees, by sort. */
export function sumSorts(db: Db, viewer: Viewer): Promise<TaskSort[]> {
  return db.$queryRaw<TaskSort[]>`
    SELECT "kind"::text, "state"::text, "topLevel", "dismissed", "begun", "partial", sum("n")::int AS "count"
    FROM "TaskCount" WHERE ${ownedBy(viewer)} GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum("n") <> 0`;
}

/** Rows of one owner that wait to be folded; fewer cost a reader nothing that matters. */
const FOLD_FROM = 50;

/**
 * Puts the rows of each owner who has many into one of each sort. What is appended meanwhile stays as it is, and a
 * reader sees either the old rows or the new ones.
 */
export async function foldTaskCounts(db: Db): Promise<void> {
  await db.$executeRaw`
    WITH crowded AS (
      SELECT "ownerId" FROM "TaskCount" WHERE NOT "folded" GROUP BY "ownerId" HAVING count(*) >= ${FOLD_FROM}
    ), gone AS (
      DELETE FROM "TaskCount" USING crowded WHERE "TaskCount"."ownerId" = crowded."ownerId"
      RETURNING "TaskCount".*
    )
    INSERT INTO "TaskCount" ("ownerId", "kind", "state", "topLevel", "dismissed", "begun", "partial", "n", "folded")
    SELECT "ownerId", "kind", "state", "topLevel", "dismissed", "begun", "partial", sum("n"), true FROM gone
    GROUP BY 1, 2, 3, 4, 5, 6, 7 HAVING sum("n") <> 0`;
}
