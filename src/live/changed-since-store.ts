import type { Viewer } from '../auth/viewer.js';
import { Prisma } from '../generated/prisma/client.js';
import type { Db } from '../database/prisma.js';
import { countSql } from '../tasks/task-count-store.js';
import { ownedBy, stateIn } from '../tasks/task-filter-store.js';
import { ACTIVE_STATES, FINISHED_STATES, type Task } from '../tasks/task.js';

/*
 * Changes for those who poll with a time.
 *
 * A row's `updatedAt` is when it was written, and it becomes visible when that is committed. Who goes on from the
 * time of their last look misses what was written before it and committed after. So the time that a look gives is no
 * later than the beginning of the oldest transaction that had written and not ended, and it is read first: what is
 * not in flight by then is visible to the look, or is written later. Repeats are possible, gaps are not.
 */

export interface Poll {
  /** Null: no changes but what there is. */
  since: Date | null;
  activeOnly: boolean;
  /** At most so many of the live ones. */
  liveLimit: number;
  /** The page of the ended ones. */
  limit: number;
  offset: number;
}

export interface PollAnswer {
  /** From which to go on. Earlier than the look where not all changes had a place in the answer. */
  at: Date;
  tasks: Task[];
  /** Whether there are more ended ones behind this page. */
  hasMore: boolean;
  /** Ended ones on all pages. */
  endedCount: number;
}

/** A row without a task says that there is none. */
type Found = Task & { id: string | null; live: boolean; changedAt: Date; endedCount: number };

/**
 * Top-level tasks that changed since a time, dismissed ones too; or, without one, those that are on the lists. Two
 * queries.
 */
export async function pollTasks(db: Db, viewer: Viewer, poll: Poll): Promise<PollAnswer> {
  const { since } = poll;
  const mark = await readTimeMark(db);
  const found = await (since ? findChanged(db, viewer, { ...poll, since }) : findPresent(db, viewer, poll));
  const live = cut(found, true, poll.liveLimit);
  const ended = cut(found, false, poll.limit);
  const left = since ? [...live.left, ...ended.left].map(({ changedAt }) => changedAt) : [];
  return {
    at: new Date(Math.min(...[mark, ...left].map((time) => time.getTime()))),
    tasks: [...live.taken, ...ended.taken],
    hasMore: ended.left.length > 0,
    endedCount: found[0]?.endedCount ?? 0,
  };
}

/** One more than the limit was asked for: it says that there are more, and where they begin. */
function cut(found: readonly Found[], live: boolean, limit: number): { taken: Found[]; left: Found[] } {
  const half = found.filter((row) => row.id !== null && row.live === live);
  return { taken: half.slice(0, limit), left: half.slice(limit) };
}

/**
 * To the millisecond, as the rows' times are, and no later. Of a transaction whose beginning we may not know, because
 * another role's program runs it, we take it that it may have begun as long ago as any of ours.
 */
async function readTimeMark(db: Db): Promise<Date> {
  const [row] = await db.$queryRaw<{ at: Date }[]>`
    SELECT date_trunc('milliseconds', least(now(), min(coalesce("xact_start", now() - ${LONGEST_WRITE})))) AS at
    FROM pg_stat_activity
    WHERE "backend_xid" IS NOT NULL AND "datname" = current_database() AND "backend_type" = 'client backend'`;
  if (!row) throw new Error('an aggregate gave no row');
  return row.at;
}

/** Longer than a transaction of ours may take (store/prisma.ts). */
const LONGEST_WRITE = Prisma.sql`interval '60 seconds'`;

/**
 * In the order of change, so that what has no place in the answer is what changed last. A list's own row does not
 * change while a part of it moves.
 */
function findChanged(
  db: Db,
  viewer: Viewer,
  { since, activeOnly, liveLimit, limit, offset }: Poll & { since: Date },
): Promise<Found[]> {
  const own = Prisma.sql`${ownedBy(viewer)} AND "parentId" IS NULL`;
  const live = Prisma.sql`${own} AND ${stateIn(ACTIVE_STATES)}`;
  const ended = Prisma.sql`${own} AND ${stateIn(activeOnly ? [] : FINISHED_STATES)} AND "updatedAt" >= ${since}`;
  return db.$queryRaw<Found[]>`
    WITH parts AS (
      SELECT coalesce(list."parentId", list."id") AS "id", max(part."updatedAt") AS "updatedAt"
      FROM "Task" list JOIN "Task" part ON part."parentId" = list."id"
      WHERE list.${stateIn(ACTIVE_STATES)} AND part."parentId" IS NOT NULL AND part."updatedAt" >= ${since}
      GROUP BY 1
    ), live AS (
      SELECT task."id", greatest(task."updatedAt", parts."updatedAt") AS "changedAt"
      FROM (SELECT "id", "updatedAt" FROM "Task" WHERE ${live} AND "updatedAt" >= ${since}) AS task
      LEFT JOIN parts USING ("id")
      UNION
      SELECT "id", greatest(task."updatedAt", parts."updatedAt")
      FROM parts JOIN (SELECT "id", "updatedAt" FROM "Task" WHERE ${live}) AS task USING ("id")
      ORDER BY 2, 1 LIMIT ${liveLimit + 1}
    ), ended AS (
      SELECT "id", "updatedAt" AS "changedAt" FROM "Task" WHERE ${ended}
      ORDER BY "updatedAt", "id" LIMIT ${limit + 1} OFFSET ${offset}
    )
    SELECT task.*, page.live, page."changedAt", total.n AS "endedCount"
    FROM (SELECT count(*)::int AS n FROM "Task" WHERE ${ended}) AS total
    LEFT JOIN (
      SELECT "id", true AS live, "changedAt" FROM live UNION ALL SELECT "id", false, "changedAt" FROM ended
    ) AS page ON true LEFT JOIN "Task" task USING ("id")
    ORDER BY page.live DESC, page."changedAt", page."id"`;
}

/** The newest first, each half by its own index; the ended ones are as many as there may be pages of. */
function findPresent(
  db: Db,
  viewer: Viewer,
  { activeOnly, liveLimit, limit, offset }: Poll,
): Promise<Found[]> {
  const own = Prisma.sql`${ownedBy(viewer)} AND "parentId" IS NULL AND "dismissedAt" IS NULL`;
  const states = activeOnly ? [] : FINISHED_STATES;
  return db.$queryRaw<Found[]>`
    WITH live AS (
      SELECT "id", "createdAt" FROM "Task" WHERE ${own} AND ${stateIn(ACTIVE_STATES)}
      ORDER BY "createdAt" DESC, "id" DESC LIMIT ${liveLimit + 1}
    ), ended AS (
      SELECT "id", "createdAt" FROM "Task" WHERE ${own} AND ${stateIn(states)}
      ORDER BY "createdAt" DESC, "id" DESC LIMIT ${limit + 1} OFFSET ${offset}
    )
    SELECT task.*, page.live, page."changedAt", total.n AS "endedCount"
    FROM (SELECT ${countSql(viewer, { states })} AS n) AS total
    LEFT JOIN (
      SELECT "id", true AS live, "createdAt" AS "changedAt" FROM live
      UNION ALL SELECT "id", false, "createdAt" FROM ended
    ) AS page ON true LEFT JOIN "Task" task USING ("id")
    ORDER BY page.live DESC, page."changedAt" DESC, page."id" DESC`;
}
