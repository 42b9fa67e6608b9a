import type { Viewer } from '../auth/viewer.js';
import { Prisma } from '../generated/prisma/client.js';
import type { Db } from '../store/prisma.js';
import type { TaskFilter } from './task-filter.js';
import { toWhere } from './task-store.js';
import type { TaskState } from './task.js';

/*
 * Numbers of tasks, read from what triggers keep of them (migration 0003_task_counts): exact in the reader's own
 * snapshot, and as quick for a million tasks as for ten.
 */

/** How many tasks the filter lets through. The parts of one list are really counted: that is at most a list. */
export async function countTasks(db: Db, viewer: Viewer, filter: TaskFilter): Promise<number> {
  if (filter.parentId) return db.task.count({ where: toWhere(viewer, filter) });
  const { states, kinds, includeChildren, includeDismissed } = filter;
  const conditions = [
    Prisma.sql`true`,
    ...(viewer.role === 'ADMIN' ? [] : [Prisma.sql`"ownerId" = ${viewer.id}::uuid`]),
    ...(states ? [Prisma.sql`"state" = ANY(${[...states]}::text[]::"TaskState"[])`] : []),
    ...(kinds ? [Prisma.sql`"kind" = ANY(${[...kinds]}::text[]::"TaskKind"[])`] : []),
    ...(includeChildren ? [] : [Prisma.sql`"topLevel"`]),
    ...(includeDismissed ? [] : [Prisma.sql`NOT "dismissed"`]),
  ];
  const [row] = await db.$queryRaw<{ n: number }[]>`
    SELECT coalesce(sum("n"), 0)::int AS n FROM "TaskCount" WHERE ${Prisma.join(conditions, ' AND ')}`;
  return row?.n ?? 0;
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
