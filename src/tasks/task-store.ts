import { z } from 'zod';
import { visibleTo } from '../auth/access-rules.js';
import type { Viewer } from '../auth/viewer.js';
import { queueableItemSchema } from '../catalog/catalog-item.js';
import {
  directionOf,
  keysetSql,
  keysetWhere,
  type KeysetOrder,
  type KeysetPage,
} from '../database/pagination.js';
import type { Db } from '../database/prisma.js';
import { Prisma, type User } from '../generated/prisma/client.js';
import { storedOptions, type DownloadOptions } from './download-options.js';
import type { NewTask } from './new-task.js';
import { countSql } from './task-count-store.js';
import { taskCondition } from './task-filter-store.js';
import { hasRowCondition, type TaskFilter } from './task-filter.js';
import { ACTIVE_STATES, FINISHED_STATES, TASK_STATES, type Task, type TaskState } from './task.js';

/** From Pothos, so that a GraphQL selection reaches the database. */
export interface Selection {
  select?: Prisma.TaskSelect;
  include?: Prisma.TaskInclude;
}

/* JSON columns. They are parsed here alone, and only where they are used: few readers of a task need them. */

/** A task that was queued before an option existed has its default. */
const taskRequest = z.object({ item: queueableItemSchema, options: storedOptions });
const storedItem = queueableItemSchema.nullable();

export type TaskRequest = z.infer<typeof taskRequest>;

/** The caller decides what becomes of a task that cannot be read. */
export function readRequest({ item, options }: Task): z.ZodSafeParseResult<TaskRequest> {
  return taskRequest.safeParse({ item, options });
}

/** Null for options that cannot be read. */
export function optionsOf({ options }: Pick<Task, 'options'>): DownloadOptions | null {
  return storedOptions.safeParse(options).data ?? null;
}

/** Throws for an item that cannot be read. */
export function itemOf({ item }: Pick<Task, 'item'>): TaskRequest['item'] | null {
  return storedItem.parse(item);
}

/** Null also when the viewer may not see the task: callers cannot tell which. */
export function findTask(db: Db, viewer: Viewer, id: string, query: Selection = {}): Promise<Task | null> {
  return db.task.findFirst({ ...query, where: { id, ...visibleTo(viewer) } });
}

/** Without regard to the owner, for workers. */
export function findTaskById(db: Db, id: string): Promise<Task | null> {
  return db.task.findUnique({ where: { id } });
}

export type TaskWithOptions = Omit<Task, 'options'> & { options: DownloadOptions };

/** Throws for options that cannot be read. */
export async function findTaskWithOptions(db: Db, id: string): Promise<TaskWithOptions | null> {
  const found = await findTaskById(db, id);
  return found && { ...found, options: storedOptions.parse(found.options) };
}

export function findTasksByIds(db: Db, ids: readonly string[]): Promise<Task[]> {
  return db.task.findMany({ where: { id: { in: [...ids] } } });
}

export function listOwners(db: Db, ids: readonly string[]): Promise<User[]> {
  return db.user.findMany({ where: { id: { in: [...ids] } } });
}

/** Null when an active task has the same dedupe key. */
export async function insertTask(db: Db, task: NewTask): Promise<Task | null> {
  const [created] = await db.task.createManyAndReturn({ data: [toRow(task)], skipDuplicates: true });
  return created ?? null;
}

function toRow(task: NewTask): Prisma.TaskCreateManyInput {
  return { ...task, item: task.item ?? Prisma.JsonNull };
}

export function listActiveDuplicates(db: Db, dedupeKeys: readonly string[]): Promise<Task[]> {
  return db.task.findMany({
    where: { dedupeKey: { in: [...dedupeKeys] }, state: { in: [...ACTIVE_STATES] } },
  });
}

interface RetriedKey {
  rootId: string;
  id: string;
  dedupeKey: string;
  /** Another active task with the same key. */
  conflictId: string | null;
}

/** Of each task: its key, those of its ancestors, and those of children that would be retried with it. */
export function listRetriedKeys(db: Db, taskIds: readonly string[]): Promise<RetriedKey[]> {
  return db.$queryRaw<RetriedKey[]>`
    WITH RECURSIVE above AS (
      SELECT "id" AS "rootId", "id", "parentId", "dedupeKey" FROM "Task" WHERE "id" = ANY(${taskIds}::uuid[])
      UNION ALL
      SELECT above."rootId", task."id", task."parentId", task."dedupeKey"
      FROM "Task" task JOIN above ON task."id" = above."parentId"
    ), retried AS (
      SELECT "rootId", "id", "dedupeKey" FROM above WHERE "dedupeKey" IS NOT NULL
      UNION ALL
      SELECT "parentId", "id", "dedupeKey" FROM "Task"
      WHERE "parentId" = ANY(${taskIds}::uuid[]) AND "dedupeKey" IS NOT NULL
        AND ("state" IN ('FAILED', 'CANCELLED') OR ("state" = 'COMPLETED' AND "failed" + "cancelled" > 0))
    )
    SELECT retried.*, existing."id" AS "conflictId" FROM retried
    LEFT JOIN "Task" existing ON existing."dedupeKey" = retried."dedupeKey" AND existing."id" <> retried."id"
      AND existing."state" IN ('QUEUED', 'RUNNING', 'RETRYING', 'PAUSED')`;
}

/** A duplicate of the task, an ancestor, or a child that would be retried with it. */
export async function findActiveConflict(db: Db, taskId: string): Promise<Task | null> {
  const keys = await listRetriedKeys(db, [taskId]);
  const conflictId = keys.find((key) => key.conflictId !== null)?.conflictId;
  return conflictId ? findTaskById(db, conflictId) : null;
}

export function isActiveDuplicate(thrown: unknown): boolean {
  return thrown instanceof Prisma.PrismaClientKnownRequestError && thrown.code === 'P2002';
}

/** By the time of queueing. */
export type TaskOrder = KeysetOrder;

export interface TaskPage extends KeysetPage {
  filter: TaskFilter;
  order: TaskOrder;
}

/** One row more than the page has. In the order in which the page is read: backwards, if it is. */
export async function listTasks(
  db: Db,
  viewer: Viewer,
  { query, ...page }: TaskPage & { query?: Selection },
): Promise<Task[]> {
  const keys = isPlain(page.filter) ? null : await listTaskKeys(db, viewer, page);
  if (keys?.length === 0) return [];
  const direction = directionOf(page.order, page);
  return db.task.findMany({
    ...query,
    where: keys
      ? { id: { in: keys.map(({ id }) => id) } }
      : { AND: [toWhere(viewer, page.filter), ...keysetWhere(page.order, page)] },
    orderBy: [{ createdAt: direction }, { id: direction }],
    take: page.size + 1,
    skip: keys ? 0 : page.offset,
  });
}

/** What Prisma can read with the selected relations in one call, by the indexes of the order. */
function isPlain(filter: TaskFilter): boolean {
  return !hasRowCondition(filter) && !filter.ids && !filter.rootId && !filter.ownerId;
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

/** Active and finished tasks each by their own indexes: those of words hold finished ones alone. */
function listTaskKeys(
  db: Db,
  viewer: Viewer,
  { filter, order, ...page }: TaskPage,
): Promise<{ id: string }[]> {
  const { within, orderBy } = keysetSql(order, page);
  const half = (states: readonly TaskState[]) => Prisma.sql`
    (SELECT "id", "createdAt" FROM "Task" WHERE ${taskCondition(states, { viewer, filter })} ${within}
     ${orderBy} LIMIT ${page.offset + page.size + 1})`;
  return db.$queryRaw<{ id: string }[]>`
    SELECT "id" FROM (${half(ACTIVE_STATES)} UNION ALL ${half(FINISHED_STATES)}) AS halves
    ${orderBy} LIMIT ${page.size + 1} OFFSET ${page.offset}`;
}

interface ActiveFirstPage {
  filter: TaskFilter;
  offset: number;
  limit: number;
  /** The page at offset 0 grows to hold all active tasks, up to this many. */
  activeUpTo: number;
}

interface ActiveFirstTasks {
  tasks: Task[];
  size: number;
  total: number;
}

/** An empty page is one row without a task. The aliases must differ from a task's columns. */
type ActiveFirstRow = Task & { id: string | null; pageSize: number; onAllPages: number };

/** Newest first. One query for whole rows: another for the selection takes Prisma as long as all the rest. */
export async function listActiveFirst(
  db: Db,
  viewer: Viewer,
  page: ActiveFirstPage,
): Promise<ActiveFirstTasks> {
  const rows = await readActiveFirst(db, viewer, page);
  return {
    tasks: rows.filter(({ id }) => id !== null),
    size: rows[0]?.pageSize ?? page.limit,
    total: rows[0]?.onAllPages ?? 0,
  };
}

/** Each half by its own index: sorted as one list, the whole history would be read for every page. */
function readActiveFirst(
  db: Db,
  viewer: Viewer,
  { filter, ...page }: ActiveFirstPage,
): Promise<ActiveFirstRow[]> {
  const active = taskCondition(ACTIVE_STATES, { viewer, filter });
  const finished = taskCondition(FINISHED_STATES, { viewer, filter });
  const { size, skipped } = activeFirstBounds(page);
  const newest = Prisma.sql`ORDER BY "createdAt" DESC, "id" DESC LIMIT ${size} + 1`;
  return db.$queryRaw<ActiveFirstRow[]>`
    WITH active AS (SELECT count(*)::int AS n FROM "Task" WHERE ${active}),
      first AS (SELECT "id", "createdAt" FROM "Task" WHERE ${active} ${newest} OFFSET ${skipped}),
      rest AS (
        SELECT "id", "createdAt" FROM "Task" WHERE ${finished} ${newest}
        OFFSET greatest(0, ${skipped} - (SELECT n FROM active))
      )
    SELECT task.*, numbers.*
    FROM (SELECT ${countSql(viewer, filter)} AS "onAllPages", ${size} AS "pageSize") AS numbers
    LEFT JOIN (
      SELECT * FROM (SELECT 1 AS half, * FROM first UNION ALL SELECT 2, * FROM rest) AS halves
      ORDER BY half, "createdAt" DESC, "id" DESC LIMIT ${size} + 1
    ) AS page ON true LEFT JOIN "Task" task USING ("id")
    ORDER BY page.half, page."createdAt" DESC, page."id" DESC`;
}

/** Later pages skip what a first page has beyond the limit. Constants where possible: they plan better. */
function activeFirstBounds({
  offset,
  limit,
  activeUpTo,
}: Omit<ActiveFirstPage, 'filter'>): Record<'size' | 'skipped', Prisma.Sql> {
  const fixed = { size: Prisma.sql`${limit}::int`, skipped: Prisma.sql`${offset}::int` };
  if (activeUpTo <= limit) return fixed;
  const longest = Prisma.sql`(SELECT greatest(${limit}::int, least(n, ${activeUpTo}::int)) FROM active)`;
  if (offset === 0) return { ...fixed, size: longest };
  return { ...fixed, skipped: Prisma.sql`(${offset}::int + ${longest} - ${limit}::int)` };
}

export type TaskStamp = Pick<Task, 'id' | 'sequence'>;

interface ChangedSince {
  since: bigint;
  after: TaskStamp | null;
  limit: number;
}

export function listChangedTasks(
  db: Db,
  viewer: Viewer,
  { filter, limit, ...changed }: ChangedSince & { filter: TaskFilter },
): Promise<Task[]> {
  return db.$queryRaw<Task[]>`
    SELECT * FROM "Task" WHERE ${changedSince(changed)} AND ${taskCondition(TASK_STATES, { viewer, filter })}
    ORDER BY "sequence", "id" LIMIT ${limit}`;
}

export function listTaskStamps(db: Db, { limit, ...changed }: ChangedSince): Promise<TaskStamp[]> {
  return db.$queryRaw<TaskStamp[]>`
    SELECT "id", "sequence" FROM "Task" WHERE ${changedSince(changed)} ORDER BY "sequence", "id" LIMIT ${limit}`;
}

function changedSince({ since, after }: Omit<ChangedSince, 'limit'>): Prisma.Sql {
  return after
    ? Prisma.sql`("sequence", "id") > (${after.sequence}, ${after.id}::uuid)`
    : Prisma.sql`"sequence" >= ${since}`;
}
