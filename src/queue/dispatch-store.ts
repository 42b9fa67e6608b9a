import { Prisma } from '../generated/prisma/client.js';
import type { Db } from '../database/prisma.js';
import { LIVE_INSTANCES } from '../database/session-lock.js';

export interface DispatchedTask {
  id: string;
  /** The latest attempt; the claim adds one. */
  attempt: number;
  deaths: number;
}

interface ExpiredTask {
  id: string;
  deaths: number;
  parentId: string | null;
  /** By the database's clock. */
  now: Date;
  /** Unchanged until another worker claims the task. */
  leaseUntil: Date;
}

const CONDITIONS = {
  PARENTS: Prisma.sql`"kind" <> 'TRACK' AND "kind" <> 'WATCH_CHECK'`,
  CHECKS: Prisma.sql`"kind" = 'WATCH_CHECK'`,
  TRACKS: Prisma.sql`"kind" = 'TRACK'`,
};

/** A row that another transaction is changing waits for the next sweep: who never waits ends in no deadlock. */
const LOCK_FREE_ROWS = Prisma.sql`ORDER BY "id" FOR NO KEY UPDATE SKIP LOCKED`;

/**
 * Over all processes, until the transaction ends. Its plans take indexes in their order, whatever the planner
 * expects of a table without statistics: by a bitmap it reads and sorts all that waits.
 */
export async function lockDispatch(tx: Db): Promise<void> {
  await tx.$queryRaw`
    SELECT set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true), 1
    FROM (SELECT pg_advisory_xact_lock(hashtext('reprise.dispatch'))) AS locked`;
}

export async function queueDueRetries(tx: Db): Promise<void> {
  await tx.$executeRaw`
    UPDATE "Task" SET "state" = 'QUEUED', "retryAt" = NULL WHERE "id" = ANY (ARRAY(
      SELECT "id" FROM "Task" WHERE "state" = 'RETRYING' AND "retryAt" <= now() ${LOCK_FREE_ROWS}))`;
}

interface LossTerms {
  /** Of this process. */
  instanceId: string;
  leaseMs: number;
  lostAfterMs: number;
}

/**
 * Their worker died, or lost the database. At once where the lease ran out; before that where its owner has no session
 * and renewed nothing for `lostAfterMs`. A restart of the database ends the sessions of workers that live: they get as
 * long for their next renewal from when this process itself has a session again.
 */
export function listExpiredTasks(
  db: Db,
  { instanceId, leaseMs, lostAfterMs }: LossTerms,
): Promise<ExpiredTask[]> {
  return db.$queryRaw<ExpiredTask[]>`
    WITH live AS (${LIVE_INSTANCES})
    SELECT "id", "deaths", "parentId", "leaseUntil", now() AS "now" FROM "Task"
    WHERE "state" = 'RUNNING' AND ("leaseUntil" < now() OR (
      "leaseUntil" < now() + ${leaseMs - lostAfterMs} * interval '1 millisecond'
      AND NOT EXISTS (SELECT FROM live WHERE "key" = hashtextextended("leaseOwner", 0))
      AND EXISTS (
        SELECT FROM live JOIN pg_stat_activity USING (pid)
        WHERE "key" = hashtextextended(${instanceId}, 0)
          AND "backend_start" < now() - ${lostAfterMs} * interval '1 millisecond')))`;
}

/** Correct only where no worker can be alive. */
export async function expireAllLeases(db: Db): Promise<void> {
  await db.$executeRaw`
    UPDATE "Task" SET "leaseUntil" = now() - interval '1 second' WHERE "state" = 'RUNNING' AND "leaseUntil" IS NOT NULL`;
  await db.$executeRaw`
    UPDATE "Task" SET "dispatchedAt" = NULL WHERE "state" = 'QUEUED' AND "dispatchedAt" IS NOT NULL`;
}

/** For QUEUED tasks whose job the job store lost. */
export async function revokeStaleDispatches(tx: Db, olderThanMs: number): Promise<void> {
  await tx.$executeRaw`
    UPDATE "Task" SET "dispatchedAt" = NULL WHERE "id" = ANY (ARRAY(
      SELECT "id" FROM "Task"
      WHERE "state" = 'QUEUED' AND "dispatchedAt" < now() - ${olderThanMs} * interval '1 millisecond'
      ${LOCK_FREE_ROWS}))`;
}

/**
 * At most `limit` of them are then running or dispatched.
 *
 * By priority, then the owner with fewest running tasks, then at random: by age, whoever queued a long
 * playlist first would have the only place until its end. One owner's tasks go by age and position.
 *
 * Each part reads a partial index of migrations 0011 and 0018 in its order. No part may depend on statistics, which a table
 * of one row never gets: owners come from the index and not from "User", limits are constants, ids an array, and
 * the last check compares text, which leaves the planner no index but that of the ids.
 */
export function markNext(tx: Db, tasks: keyof typeof CONDITIONS, limit: number): Promise<DispatchedTask[]> {
  const condition = CONDITIONS[tasks];
  const waiting = Prisma.sql`"state" = 'QUEUED' AND "dispatchedAt" IS NULL AND ${condition}`;
  return tx.$queryRaw<DispatchedTask[]>`
    WITH RECURSIVE busy AS (
      SELECT "ownerId", count(*) AS n FROM (
        SELECT "ownerId" FROM "Task" WHERE "state" = 'RUNNING' AND "leaseUntil" IS NOT NULL AND ${condition}
        UNION ALL
        SELECT "ownerId" FROM "Task" WHERE "state" = 'QUEUED' AND "dispatchedAt" IS NOT NULL AND ${condition}
      ) AS taken GROUP BY "ownerId"
    ), free AS (
      SELECT greatest(0, ${limit} - coalesce(sum(n), 0))::bigint AS n FROM busy
    ), owner AS (
      (SELECT "ownerId" AS "id", random() AS lot FROM "Task" WHERE ${waiting} ORDER BY "ownerId" LIMIT 1)
      UNION ALL
      SELECT following.* FROM owner CROSS JOIN LATERAL (
        SELECT "ownerId", random() FROM "Task" WHERE ${waiting} AND "ownerId" > owner."id" ORDER BY "ownerId" LIMIT 1
      ) AS following
    ), next AS (
      SELECT task."id" FROM owner CROSS JOIN LATERAL (
        SELECT *, row_number() OVER (ORDER BY "priority" DESC, "createdAt", "position") AS turn FROM (
          SELECT "id", "priority", "createdAt", "position" FROM "Task" WHERE ${waiting} AND "ownerId" = owner."id"
          ORDER BY "priority" DESC, "createdAt", "position" LIMIT ${limit}
        ) AS first LIMIT (SELECT n FROM free)
      ) AS task LEFT JOIN busy ON busy."ownerId" = owner."id"
      ORDER BY task."priority" DESC, coalesce(busy.n, 0) + task.turn, owner.lot
      LIMIT (SELECT n FROM free)
    ), locked AS (
      SELECT "id" FROM "Task"
      WHERE "id" = ANY (ARRAY(SELECT "id" FROM next)) AND "state"::text = 'QUEUED' AND "dispatchedAt" IS NULL
      ${LOCK_FREE_ROWS}
    )
    UPDATE "Task" SET "dispatchedAt" = now() WHERE "id" = ANY (ARRAY(SELECT "id" FROM locked))
    RETURNING "id", "attempt", "deaths"`;
}

export async function revokeDispatch(db: Db, taskId: string): Promise<void> {
  await db.task.updateMany({ where: { id: taskId, state: 'QUEUED' }, data: { dispatchedAt: null } });
}
