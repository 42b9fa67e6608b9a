import { ownedBy } from '../auth/access-rules.js';
import type { Viewer } from '../auth/viewer.js';
import type { Db } from '../database/prisma.js';
import { Prisma } from '../generated/prisma/client.js';
import { countSql } from '../tasks/task-count-store.js';
import { stateIn, taskCondition } from '../tasks/task-filter-store.js';
import type { TaskFilter } from '../tasks/task-filter.js';
import type { TaskStamp } from '../tasks/task-store.js';
import { ACTIVE_STATES, FINISHED_STATES, type Task } from '../tasks/task.js';

/** By a partial index: they are few among all tasks. */
export function listActiveTasks(
  db: Db,
  viewer: Viewer,
  { filter, after, limit }: { filter: TaskFilter; after: TaskStamp | null; limit: number },
): Promise<Task[]> {
  const beyond = after
    ? Prisma.sql`AND ("sequence", "id") > (${after.sequence}, ${after.id}::uuid)`
    : Prisma.empty;
  return db.$queryRaw<Task[]>`
    SELECT * FROM "Task" WHERE ${taskCondition(ACTIVE_STATES, { viewer, filter })} ${beyond}
    ORDER BY "sequence", "id" LIMIT ${limit}`;
}

/** Of tasks that a reader follows to their end: its snapshot would leave them out. */
export function listFinishedAmong(
  db: Db,
  viewer: Viewer,
  { filter, ids }: { filter: TaskFilter; ids: readonly string[] },
): Promise<Task[]> {
  return db.$queryRaw<Task[]>`
    SELECT * FROM "Task" WHERE "id" = ANY(${[...ids]}::uuid[])
      AND ${taskCondition(FINISHED_STATES, { viewer, filter })} ORDER BY "sequence", "id"`;
}

/** A task that no longer exists is not active. */
export async function findActiveIds(db: Db, ids: readonly string[]): Promise<Set<string>> {
  const rows = await db.$queryRaw<{ id: string }[]>`
    SELECT "id"::text FROM "Task" WHERE "id" = ANY(${[...ids]}::uuid[]) AND ${stateIn(ACTIVE_STATES)}`;
  return new Set(rows.map(({ id }) => id));
}

/** A parent that failed while it was expanded is finished before the children that it has. */
export async function findRootsInProgress(db: Db, rootIds: readonly string[]): Promise<Set<string>> {
  const active = stateIn(ACTIVE_STATES);
  const rows = await db.$queryRaw<{ id: string }[]>`
    SELECT root."id"::text FROM unnest(${[...rootIds]}::uuid[]) AS root("id")
    WHERE EXISTS (
      SELECT FROM "Task" child WHERE child."parentId" = root."id" AND (${active} OR EXISTS (
        SELECT FROM "Task" track WHERE track."parentId" = child."id" AND ${active}
      ))
    )`;
  return new Set(rows.map(({ id }) => id));
}

/** The parents of these tasks; null for those without. */
export async function findParentIds(db: Db, ids: readonly string[]): Promise<Map<string, string | null>> {
  const rows = await db.$queryRaw<{ id: string; parentId: string | null }[]>`
    SELECT "id"::text, "parentId"::text FROM "Task" WHERE "id" = ANY(${[...ids]}::uuid[])`;
  return new Map(rows.map(({ id, parentId }) => [id, parentId]));
}

/*
 * A row's `updatedAt` is when it was written, and it is visible only from its commit. So a poll returns a
 * time no later than the start of the oldest open transaction that has written, and reads that time first:
 * what is not in flight by then is visible, or is written later. Repeats are possible, gaps are not.
 */

interface Poll {
  since: Date | null;
  activeOnly: boolean;
  activeLimit: number;
  limit: number;
  offset: number;
}

export interface PollResult {
  /** Earlier than this poll when not all changes fit into the response. */
  at: Date;
  tasks: Task[];
  hasMore: boolean;
  finishedCount: number;
}

/** `id` is null in the only row of a poll that found nothing. */
type Row = Task & { id: string | null; active: boolean; changedAt: Date; finishedCount: number };

/** Also dismissed tasks; without a time, those on the lists. Two queries. */
export async function pollTasks(db: Db, viewer: Viewer, poll: Poll): Promise<PollResult> {
  const { since } = poll;
  const resumeAt = await readResumeTime(db);
  const rows = await (since ? listChanged(db, viewer, { ...poll, since }) : listCurrent(db, viewer, poll));
  const active = cut(rows, true, poll.activeLimit);
  const finished = cut(rows, false, poll.limit);
  const left = since ? [...active.left, ...finished.left].map(({ changedAt }) => changedAt) : [];
  return {
    at: new Date(Math.min(...[resumeAt, ...left].map((time) => time.getTime()))),
    tasks: [...active.taken, ...finished.taken],
    hasMore: finished.left.length > 0,
    finishedCount: rows[0]?.finishedCount ?? 0,
  };
}

/** The row beyond the limit says that there are more, and where they begin. */
function cut(rows: readonly Row[], active: boolean, limit: number): { taken: Row[]; left: Row[] } {
  const half = rows.filter((row) => row.id !== null && row.active === active);
  return { taken: half.slice(0, limit), left: half.slice(limit) };
}

/** In whole milliseconds, as rows are. Another role's start is hidden, so it counts as the oldest. */
async function readResumeTime(db: Db): Promise<Date> {
  const [row] = await db.$queryRaw<{ at: Date }[]>`
    SELECT date_trunc('milliseconds', least(now(), min(coalesce("xact_start", now() - ${LONGEST_WRITE})))) AS at
    FROM pg_stat_activity
    WHERE "backend_xid" IS NOT NULL AND "datname" = current_database() AND "backend_type" = 'client backend'`;
  if (!row) throw new Error('an aggregate returned no row');
  return row.at;
}

/** Longer than a transaction of ours may take (database/prisma.ts). */
const LONGEST_WRITE = Prisma.sql`interval '60 seconds'`;

/** Tasks that do not fit changed last. A parent's row misses its children's progress, hence their times. */
function listChanged(
  db: Db,
  viewer: Viewer,
  { since, activeOnly, activeLimit, limit, offset }: Poll & { since: Date },
): Promise<Row[]> {
  const own = Prisma.sql`${ownedBy(viewer)} AND "parentId" IS NULL`;
  const active = Prisma.sql`${own} AND ${stateIn(ACTIVE_STATES)}`;
  const finished = Prisma.sql`${own} AND ${stateIn(activeOnly ? [] : FINISHED_STATES)} AND "updatedAt" >= ${since}`;
  return db.$queryRaw<Row[]>`
    WITH children AS (
      SELECT coalesce(parent."parentId", parent."id") AS "id", max(child."updatedAt") AS "updatedAt"
      FROM "Task" parent JOIN "Task" child ON child."parentId" = parent."id"
      WHERE parent.${stateIn(ACTIVE_STATES)} AND child."parentId" IS NOT NULL AND child."updatedAt" >= ${since}
      GROUP BY 1
    ), active AS (
      SELECT task."id", greatest(task."updatedAt", children."updatedAt") AS "changedAt"
      FROM (SELECT "id", "updatedAt" FROM "Task" WHERE ${active} AND "updatedAt" >= ${since}) AS task
      LEFT JOIN children USING ("id")
      UNION
      SELECT "id", greatest(task."updatedAt", children."updatedAt")
      FROM children JOIN (SELECT "id", "updatedAt" FROM "Task" WHERE ${active}) AS task USING ("id")
      ORDER BY 2, 1 LIMIT ${activeLimit + 1}
    ), finished AS (
      SELECT "id", "updatedAt" AS "changedAt" FROM "Task" WHERE ${finished}
      ORDER BY "updatedAt", "id" LIMIT ${limit + 1} OFFSET ${offset}
    )
    SELECT task.*, page.active, page."changedAt", total.n AS "finishedCount"
    FROM (SELECT count(*)::int AS n FROM "Task" WHERE ${finished}) AS total
    LEFT JOIN (
      SELECT "id", true AS active, "changedAt" FROM active
      UNION ALL SELECT "id", false, "changedAt" FROM finished
    ) AS page ON true LEFT JOIN "Task" task USING ("id")
    ORDER BY page.active DESC, page."changedAt", page."id"`;
}

function listCurrent(
  db: Db,
  viewer: Viewer,
  { activeOnly, activeLimit, limit, offset }: Poll,
): Promise<Row[]> {
  const own = Prisma.sql`${ownedBy(viewer)} AND "parentId" IS NULL AND "dismissedAt" IS NULL`;
  const states = activeOnly ? [] : FINISHED_STATES;
  return db.$queryRaw<Row[]>`
    WITH active AS (
      SELECT "id", "createdAt" FROM "Task" WHERE ${own} AND ${stateIn(ACTIVE_STATES)}
      ORDER BY "createdAt" DESC, "id" DESC LIMIT ${activeLimit + 1}
    ), finished AS (
      SELECT "id", "createdAt" FROM "Task" WHERE ${own} AND ${stateIn(states)}
      ORDER BY "createdAt" DESC, "id" DESC LIMIT ${limit + 1} OFFSET ${offset}
    )
    SELECT task.*, page.active, page."changedAt", total.n AS "finishedCount"
    FROM (SELECT ${countSql(viewer, { states })} AS n) AS total
    LEFT JOIN (
      SELECT "id", true AS active, "createdAt" AS "changedAt" FROM active
      UNION ALL SELECT "id", false, "createdAt" FROM finished
    ) AS page ON true LEFT JOIN "Task" task USING ("id")
    ORDER BY page.active DESC, page."changedAt" DESC, page."id" DESC`;
}
