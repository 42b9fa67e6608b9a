import type { Viewer } from '../auth/viewer.js';
import { Prisma } from '../generated/prisma/client.js';
import type { Db } from '../database/prisma.js';
import { cancelTasks } from './change-tasks-store.js';
import { visibleTo } from './task-store.js';
import { LIVE_STATES, PARENT_KINDS } from './task.js';

const LIVE = { state: { in: [...LIVE_STATES] } };
const LISTS = { kind: { in: [...PARENT_KINDS] } };

/** Ends the viewer's live tasks that are neither a list nor part of one; answers how many. */
export function cancelSingles(tx: Db, viewer: Viewer): Promise<number> {
  return cancelTasks(tx, { ...visibleTo(viewer), parentId: null, kind: { notIn: [...PARENT_KINDS] } });
}

/** The viewer's live lists that are part of no other; always in the same order, in which they can be locked. */
export async function listLiveLists(db: Db, viewer: Viewer): Promise<string[]> {
  const lists = await db.task.findMany({
    where: { ...visibleTo(viewer), parentId: null, ...LIVE, ...LISTS },
    orderBy: { id: 'asc' },
    select: { id: true },
  });
  return lists.map(({ id }) => id);
}

/** Ends these lists, those that are part of them, and all their parts; answers how many of these lists were live. */
export async function cancelLists(tx: Db, topIds: string[]): Promise<number> {
  await lockInOrder(tx, topIds);
  // Under the locks: a list that is being written gets no further part.
  const within = await tx.task.findMany({
    where: { parentId: { in: topIds }, ...LISTS },
    orderBy: { id: 'asc' },
    select: { id: true },
  });
  const innerIds = within.map(({ id }) => id);
  await lockInOrder(tx, innerIds);
  const listIds = [...topIds, ...innerIds];
  const cancelled = await cancelTasks(tx, { id: { in: topIds } });
  await cancelTasks(tx, { parentId: { in: listIds } });
  await recount(tx, listIds);
  return cancelled;
}

/** As parent-store.ts locks a list: before its parts are changed, the outer before the inner. */
async function lockInOrder(tx: Db, ids: string[]): Promise<void> {
  await tx.$queryRaw`
    SELECT 1 FROM "Task" WHERE "id" = ANY(${ids}::uuid[]) ORDER BY "id" FOR NO KEY UPDATE`;
}

/** Counts the parts of lists of which none is live any more. */
async function recount(tx: Db, listIds: string[]): Promise<void> {
  const count = (state: Prisma.Sql) => Prisma.sql`count(*) FILTER (WHERE "state" = ${state})::int`;
  await tx.$executeRaw`
    UPDATE "Task" list SET "total" = parts.total, "succeeded" = parts.succeeded, "skipped" = parts.skipped,
      "failed" = parts.failed, "cancelled" = parts.cancelled, "progress" = 100
    FROM (
      SELECT "parentId", count(*)::int AS total, ${count(Prisma.sql`'COMPLETED'`)} AS succeeded,
        ${count(Prisma.sql`'SKIPPED'`)} AS skipped, ${count(Prisma.sql`'FAILED'`)} AS failed,
        ${count(Prisma.sql`'CANCELLED'`)} AS cancelled
      FROM "Task" WHERE "parentId" = ANY(${listIds}::uuid[]) GROUP BY "parentId"
    ) parts
    WHERE list."id" = parts."parentId"
      AND (list."total", list."cancelled", list."progress") IS DISTINCT FROM (parts.total, parts.cancelled, 100)`;
}
