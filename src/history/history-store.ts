import { ownedBy } from '../auth/access-rules.js';
import type { Viewer } from '../auth/viewer.js';
import { keysetSql, type KeysetOrder, type KeysetPage } from '../database/pagination.js';
import type { Db } from '../database/prisma.js';
import { Prisma } from '../generated/prisma/client.js';
import { listTaskGroups } from '../tasks/task-count-store.js';
import { kindIn, rowConditions } from '../tasks/task-filter-store.js';
import { hasRowCondition } from '../tasks/task-filter.js';
import type { Task } from '../tasks/task.js';
import { sumMatching, type HistoryFilter, type HistoryStatus } from './history.js';

/* PostgreSQL uses a partial index only if constants prove that it holds every row in question. */
const FINISHED = Prisma.sql`"state" IN ('COMPLETED', 'SKIPPED', 'FAILED', 'CANCELLED')`;
const IN_PROGRESS = Prisma.sql`"state" IN ('QUEUED', 'RUNNING', 'RETRYING', 'PAUSED') AND "startedAt" IS NOT NULL`;

export interface HistoryPage extends KeysetPage {
  filter: HistoryFilter;
  order: KeysetOrder;
}

/**
 * One query, however deep the page: finished tasks and tasks in progress each by their own index. One row more than
 * the page has, in the order in which it is read.
 */
export function listHistory(
  db: Db,
  viewer: Viewer,
  { filter, order, size, offset, ...bounds }: HistoryPage,
): Promise<Task[]> {
  const { within, orderBy, direction } = keysetSql(order, bounds);
  const half = (rows: Prisma.Sql) => Prisma.sql`
    (SELECT "id", "createdAt" FROM "Task" WHERE ${conditions(viewer, filter, rows)} ${within}
     ${orderBy} LIMIT ${offset + size + 1})`;
  return db.$queryRaw<Task[]>`
    SELECT task.* FROM (
      SELECT "id" FROM (${half(FINISHED)} UNION ALL ${half(IN_PROGRESS)}) AS halves
      ${orderBy} LIMIT ${size + 1} OFFSET ${offset}
    ) AS page JOIN "Task" task USING ("id")
    ORDER BY task."createdAt" ${direction}, task."id" ${direction}`;
}

/** Task counts know kinds and states; other conditions are counted row by row. */
export async function countHistory(db: Db, viewer: Viewer, filter: HistoryFilter): Promise<number> {
  if (!countsRows(filter)) return sumMatching(await listTaskGroups(db, viewer), filter);
  const [row] = await db.$queryRaw<{ n: bigint }[]>`
    SELECT (SELECT count(*) FROM "Task" WHERE ${conditions(viewer, filter, FINISHED)})
      + (SELECT count(*) FROM "Task" WHERE ${conditions(viewer, filter, IN_PROGRESS)}) AS n`;
  return Number(row?.n ?? 0);
}

export function countsRows(filter: HistoryFilter): boolean {
  return hasRowCondition(filter) || Boolean(filter.ownerId);
}

const STATUS_SQL: Record<HistoryStatus, Prisma.Sql> = {
  IN_PROGRESS,
  COMPLETED: Prisma.sql`"state" = 'COMPLETED' AND "failed" + "cancelled" = 0`,
  PARTIAL: Prisma.sql`"state" = 'COMPLETED' AND "failed" + "cancelled" > 0`,
  SKIPPED: Prisma.sql`"state" = 'SKIPPED'`,
  FAILED: Prisma.sql`"state" = 'FAILED'`,
  CANCELLED: Prisma.sql`"state" = 'CANCELLED'`,
};

function conditions(viewer: Viewer, filter: HistoryFilter, half: Prisma.Sql): Prisma.Sql {
  const { statuses, kinds, includeChildren } = filter;
  const all = [
    half,
    ownedBy(viewer),
    ...(includeChildren ? [] : [Prisma.sql`"parentId" IS NULL`]),
    ...(kinds ? [kindIn(kinds)] : []),
    ...(statuses ? [anyOf(statuses.map((status) => STATUS_SQL[status]))] : []),
    ...rowConditions(filter),
  ];
  return Prisma.join(all, ' AND ');
}

function anyOf(some: Prisma.Sql[]): Prisma.Sql {
  return some.length === 0 ? Prisma.sql`false` : Prisma.sql`(${Prisma.join(some, ' OR ')})`;
}

export interface TrackSums {
  trackCount: number;
  sizeBytes: bigint;
}

export async function sumTracks(db: Db, viewer: Viewer): Promise<TrackSums> {
  const [sums] = await db.$queryRaw<TrackSums[]>`
    SELECT count(*)::int AS "trackCount", coalesce(sum("fileSizeBytes"), 0)::bigint AS "sizeBytes"
    FROM "Task" WHERE "kind" = 'TRACK' AND "state" = 'COMPLETED' AND ${ownedBy(viewer)}`;
  return sums ?? { trackCount: 0, sizeBytes: 0n };
}

export async function countQueuedSince(db: Db, viewer: Viewer, since: Date): Promise<number> {
  const [row] = await db.$queryRaw<{ n: number }[]>`
    SELECT count(*)::int AS n FROM "Task"
    WHERE "parentId" IS NULL AND "createdAt" >= ${since} AND ${ownedBy(viewer)}
      AND (${FINISHED} OR "startedAt" IS NOT NULL)`;
  return row?.n ?? 0;
}

/** Milliseconds of audio, including the tracks of an artist's albums. */
export async function sumDurations(db: Db, parentIds: readonly string[]): Promise<number[]> {
  const rows = await db.$queryRaw<{ id: string; sum: bigint }[]>`
    SELECT parent."id", coalesce(sum(coalesce(track."fileDurationMs", child."fileDurationMs")), 0)::bigint AS "sum"
    FROM unnest(${parentIds}::uuid[]) AS parent("id")
    JOIN "Task" child ON child."parentId" = parent."id"
    LEFT JOIN "Task" track ON track."parentId" = child."id" AND track."state" = 'COMPLETED'
    WHERE child."state" = 'COMPLETED' OR child."kind" <> 'TRACK'
    GROUP BY parent."id"`;
  const sums = new Map(rows.map(({ id, sum }) => [id, Number(sum)]));
  return parentIds.map((id) => sums.get(id) ?? 0);
}

/** Descendants included; a longer playlist is deleted by itself. */
const BATCH_ROWS = 5_000;
const BATCH_TASKS = 500;

/** Oldest first, with descendants; 0 when none are left. Skips what another transaction is changing. */
export async function deleteFinishedBefore(tx: Db, before: Date): Promise<number> {
  const rows = await tx.$queryRaw<LockedRoot[]>`
    SELECT "id", "total" FROM "Task" WHERE "parentId" IS NULL AND ${FINISHED} AND "finishedAt" < ${before}
    ORDER BY "finishedAt" LIMIT ${BATCH_TASKS} FOR UPDATE SKIP LOCKED`;
  return deleteBatch(tx, rows);
}

/** All of one owner, with descendants; 0 when none are left. */
export async function deleteTasksOf(tx: Db, ownerId: string): Promise<number> {
  const rows = await tx.$queryRaw<LockedRoot[]>`
    SELECT "id", "total" FROM "Task" WHERE "parentId" IS NULL AND "ownerId" = ${ownerId}::uuid
    ORDER BY "createdAt" LIMIT ${BATCH_TASKS} FOR UPDATE`;
  return deleteBatch(tx, rows);
}

interface LockedRoot {
  id: string;
  total: number;
}

async function deleteBatch(tx: Db, roots: readonly LockedRoot[]): Promise<number> {
  let left = BATCH_ROWS;
  const fitting = roots.filter(({ total }, index) => {
    const fits = index === 0 || total + 1 <= left;
    left = fits ? left - total - 1 : 0;
    return fits;
  });
  if (fitting.length === 0) return 0;
  const { count } = await tx.task.deleteMany({ where: { id: { in: fitting.map(({ id }) => id) } } });
  return count;
}
