import type { Viewer } from '../auth/viewer.js';
import { Prisma } from '../generated/prisma/client.js';
import type { PageKey } from '../database/pagination.js';
import type { Db } from '../database/prisma.js';
import { visibleTo, type Selection } from './task-store.js';
import type { Task } from './task.js';

export interface ChildPage {
  /** At most this many of each list. */
  limit: number;
  after: PageKey | null;
  query: Selection;
}

/** The same page of several lists, in the order in which their children were queued. Two queries, however many. */
export async function listChildPages(
  { db, viewer }: { db: Db; viewer: Viewer },
  parentIds: readonly string[],
  { query, ...page }: ChildPage,
): Promise<Task[][]> {
  const places = await findPlaces(db, parentIds, { ...page, viewer });
  const ids = places.map(({ id }) => id);
  const tasks = ids.length > 0 ? await db.task.findMany({ ...query, where: { id: { in: ids } } }) : [];
  const byId = new Map(tasks.map((task) => [task.id, task]));
  const byParent = new Map(parentIds.map((parentId): [string, Task[]] => [parentId, []]));
  for (const { id, parentId } of places) byParent.get(parentId)?.push(...[byId.get(id) ?? []].flat());
  return parentIds.map((parentId) => byParent.get(parentId) ?? []);
}

/** How many children each of these lists has. */
export async function countChildren(
  { db, viewer }: { db: Db; viewer: Viewer },
  parentIds: readonly string[],
): Promise<number[]> {
  const groups = await db.task.groupBy({
    by: ['parentId'],
    where: { ...visibleTo(viewer), parentId: { in: [...parentIds] }, dismissedAt: null },
    _count: { _all: true },
  });
  const counts = new Map(groups.map((group) => [group.parentId, group._count._all]));
  return parentIds.map((parentId) => counts.get(parentId) ?? 0);
}

function findPlaces(
  db: Db,
  parentIds: readonly string[],
  { viewer, limit, after }: { viewer: Viewer; limit: number; after: PageKey | null },
): Promise<{ id: string; parentId: string }[]> {
  const seen = viewer.role === 'ADMIN' ? Prisma.empty : Prisma.sql`AND "ownerId" = ${viewer.id}::uuid`;
  const beyond = after
    ? Prisma.sql`AND ("createdAt", "id") > (${after.createdAt}::timestamptz, ${after.id}::uuid)`
    : Prisma.empty;
  return db.$queryRaw`
    SELECT child."id", child."parentId" FROM unnest(${parentIds}::uuid[]) AS parent("id")
    CROSS JOIN LATERAL (
      SELECT "id", "parentId", "createdAt" FROM "Task"
      WHERE "parentId" = parent."id" AND "dismissedAt" IS NULL ${seen} ${beyond}
      ORDER BY "createdAt", "id" LIMIT ${limit}
    ) child ORDER BY child."createdAt", child."id"`;
}
