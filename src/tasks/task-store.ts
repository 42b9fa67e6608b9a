import type { Viewer } from '../auth/viewer.js';
import { Prisma } from '../generated/prisma/client.js';
import type { Db } from '../database/prisma.js';
import type { NewTask } from './new-task.js';
import type { Task } from './task.js';
import type { TaskFilter } from './task-filter.js';

/** What Pothos adds to a query so that a GraphQL selection reaches the database. */
export interface Selection {
  select?: Prisma.TaskSelect;
  include?: Prisma.TaskInclude;
}

export function visibleTo(viewer: Viewer): { ownerId?: string } {
  return viewer.role === 'ADMIN' ? {} : { ownerId: viewer.id };
}

function toWhere(viewer: Viewer, filter: TaskFilter): Prisma.TaskWhereInput {
  return {
    ...visibleTo(viewer),
    ...(filter.includeDismissed ? {} : { dismissedAt: null }),
    ...(filter.states ? { state: { in: [...filter.states] } } : {}),
    ...(filter.kinds ? { kind: { in: [...filter.kinds] } } : {}),
    ...(filter.parentId ? { parentId: filter.parentId } : filter.includeChildren ? {} : { parentId: null }),
  };
}

/** Null when there is no such task or the viewer may not see it: the two look alike from outside. */
export function findTask(db: Db, viewer: Viewer, id: string, query: Selection = {}): Promise<Task | null> {
  return db.task.findFirst({ ...query, where: { id, ...visibleTo(viewer) } });
}

/** By time: the latest first, or as queued. */
export type TaskOrder = 'NEWEST_FIRST' | 'OLDEST_FIRST';

export interface TaskPage {
  filter: TaskFilter;
  order: TaskOrder;
  /** At most this many. */
  limit: number;
  after: { createdAt: Date; id: string } | null;
  /** Rows to skip; default 0. */
  offset?: number;
}

/** One page by key, however deep: rows after the cursor in the order asked for. */
export function listTasks(db: Db, viewer: Viewer, page: TaskPage & { query?: Selection }): Promise<Task[]> {
  const direction = page.order === 'NEWEST_FIRST' ? 'desc' : 'asc';
  const beyond = page.order === 'NEWEST_FIRST' ? 'lt' : 'gt';
  const { after } = page;
  return db.task.findMany({
    ...page.query,
    where: {
      AND: [
        toWhere(viewer, page.filter),
        after
          ? {
              OR: [
                { createdAt: { [beyond]: after.createdAt } },
                { createdAt: after.createdAt, id: { [beyond]: after.id } },
              ],
            }
          : {},
      ],
    },
    orderBy: [{ createdAt: direction }, { id: direction }],
    take: page.limit,
    skip: page.offset ?? 0,
  });
}

/** For workers, which serve everybody. */
export function findTaskById(db: Db, id: string): Promise<Task | null> {
  return db.task.findUnique({ where: { id } });
}

export function findTasksByIds(db: Db, ids: readonly string[]): Promise<Task[]> {
  return db.task.findMany({ where: { id: { in: [...ids] } } });
}

/** Inserts a task unless a live one has the same dedupe key; null then. */
export async function insertTask(db: Db, task: NewTask): Promise<Task | null> {
  const [created] = await db.task.createManyAndReturn({ data: [toRow(task)], skipDuplicates: true });
  return created ?? null;
}

/** A parent's children in order, each with the task that it was left to. */
export function listFirstChildren(
  db: Db,
  parentId: string,
  limit: number,
): Promise<(Task & { duplicateOf: Task | null })[]> {
  return db.task.findMany({
    where: { parentId },
    include: { duplicateOf: true },
    orderBy: { position: 'asc' },
    take: limit,
  });
}

function toRow(task: NewTask): Prisma.TaskCreateManyInput {
  return { ...task, item: task.item ?? Prisma.JsonNull };
}

/** Where a task stands in the order of change. */
export type TaskStamp = Pick<Task, 'id' | 'sequence'>;

interface ChangedSince {
  /** The mark: changed at it or later. */
  since: bigint;
  after: TaskStamp | null;
  limit: number;
}

const IN_ORDER_OF_CHANGE: Prisma.TaskOrderByWithRelationInput[] = [{ sequence: 'asc' }, { id: 'asc' }];

/** What the viewer may see and the filter lets through of what changed, in the order of change. */
export function listChangedTasks(
  db: Db,
  viewer: Viewer,
  { filter, limit, ...changed }: ChangedSince & { filter: TaskFilter },
): Promise<Task[]> {
  return db.task.findMany({
    where: { AND: [toWhere(viewer, filter), changedSince(changed)] },
    orderBy: IN_ORDER_OF_CHANGE,
    take: limit,
  });
}

/** Everybody's, and of each only when it changed. */
export function listTaskStamps(db: Db, { limit, ...changed }: ChangedSince): Promise<TaskStamp[]> {
  return db.task.findMany({
    select: { id: true, sequence: true },
    where: changedSince(changed),
    orderBy: IN_ORDER_OF_CHANGE,
    take: limit,
  });
}

function changedSince({ since, after }: Omit<ChangedSince, 'limit'>): Prisma.TaskWhereInput {
  if (!after) return { sequence: { gte: since } };
  return {
    sequence: { gte: after.sequence },
    OR: [{ sequence: { gt: after.sequence } }, { id: { gt: after.id } }],
  };
}

/** Who made the file at this path, if we did. */
export function findFinishedAt(db: Db, filePath: string): Promise<Task | null> {
  return db.task.findFirst({ where: { filePath, state: 'COMPLETED' }, orderBy: { createdAt: 'desc' } });
}

/** The latest finished task for an item that has these options among its own, whoever asked for it. */
export async function findEarlierDownload(db: Db, itemId: string, options: object): Promise<Task | null> {
  const [found] = await db.$queryRaw<{ id: string }[]>`
    SELECT "id" FROM "Task"
    WHERE "itemId" = ${itemId} AND "state" = 'COMPLETED' AND "options" @> ${JSON.stringify(options)}::jsonb
    ORDER BY "createdAt" DESC LIMIT 1`;
  return found ? findTaskById(db, found.id) : null;
}
