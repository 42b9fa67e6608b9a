import { Prisma } from '../generated/prisma/client.js';
import type { Db } from '../database/prisma.js';

export interface DispatchedTask {
  id: string;
  /** The latest attempt; the claim adds one. */
  attempt: number;
}

interface ExpiredTask {
  id: string;
  failures: number;
  parentId: string | null;
  /** Unchanged until another worker claims the task. */
  leaseUntil: Date;
}

const CONDITIONS = {
  PARENTS: Prisma.sql`"kind" <> 'TRACK'`,
  TRACKS: Prisma.sql`"kind" = 'TRACK'`,
};

/** Over all processes, until the transaction ends. */
export async function lockDispatch(tx: Db): Promise<void> {
  await tx.$queryRaw`SELECT 1 FROM (SELECT pg_advisory_xact_lock(hashtext('reprise.dispatch'))) AS locked`;
}

export async function queueDueRetries(tx: Db): Promise<void> {
  await tx.$executeRaw`
    UPDATE "Task" SET "state" = 'QUEUED', "retryAt" = NULL WHERE "state" = 'RETRYING' AND "retryAt" <= now()`;
}

/** Their worker died, or lost the database. */
export function listExpiredTasks(db: Db): Promise<ExpiredTask[]> {
  return db.$queryRaw<ExpiredTask[]>`
    SELECT "id", "failures", "parentId", "leaseUntil" FROM "Task"
    WHERE "state" = 'RUNNING' AND "leaseUntil" < now()`;
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
    UPDATE "Task" SET "dispatchedAt" = NULL
    WHERE "state" = 'QUEUED' AND "dispatchedAt" < now() - ${olderThanMs} * interval '1 millisecond'`;
}

/**
 * At most `limit` of them are then running or dispatched.
 *
 * By priority, then the owner with fewest running tasks, then at random: by age, whoever queued a long
 * playlist first would have the only place until its end. One owner's tasks go by age and position.
 */
export function markNext(tx: Db, tasks: keyof typeof CONDITIONS, limit: number): Promise<DispatchedTask[]> {
  const condition = CONDITIONS[tasks];
  return tx.$queryRaw<DispatchedTask[]>`
    WITH busy AS (
      SELECT "ownerId", count(*) AS n FROM "Task"
      WHERE ("state" = 'RUNNING' OR "dispatchedAt" IS NOT NULL) AND ${condition}
        AND (("state" = 'RUNNING' AND "leaseUntil" IS NOT NULL) OR "state" = 'QUEUED')
      GROUP BY "ownerId"
    ), free AS (
      SELECT greatest(0, ${limit} - coalesce(sum(n), 0))::bigint AS n FROM busy
    ), next AS (
      SELECT t."id" FROM (SELECT "id", random() AS lot FROM "User") u
      CROSS JOIN LATERAL (
        SELECT "id", "priority", "createdAt", "position",
          row_number() OVER (ORDER BY "priority" DESC, "createdAt", "position") AS turn
        FROM "Task"
        WHERE "ownerId" = u."id" AND "state" = 'QUEUED' AND "dispatchedAt" IS NULL AND ${condition}
        ORDER BY "priority" DESC, "createdAt", "position" LIMIT (SELECT n FROM free)
      ) t
      LEFT JOIN busy b ON b."ownerId" = u."id"
      ORDER BY t."priority" DESC, coalesce(b.n, 0) + t.turn, u.lot
      LIMIT (SELECT n FROM free)
    )
    UPDATE "Task" SET "dispatchedAt" = now() FROM next WHERE "Task"."id" = next."id"
    RETURNING "Task"."id", "Task"."attempt"`;
}

export async function revokeDispatch(db: Db, taskIds: readonly string[]): Promise<void> {
  await db.task.updateMany({
    where: { id: { in: [...taskIds] }, state: 'QUEUED' },
    data: { dispatchedAt: null },
  });
}
