import { Prisma } from '../generated/prisma/client.js';
import type { Db } from '../database/prisma.js';

/** A task that may run now, and the try it is to be. */
export interface Dispatched {
  id: string;
  attempt: number;
}

export interface LostTask {
  id: string;
  failures: number;
  parentId: string | null;
  /** Unchanged as long as nobody took the task. */
  leaseUntil: Date;
}

const PARENTS = Prisma.sql`"kind" <> 'TRACK'`;
const TRACKS = Prisma.sql`"kind" = 'TRACK'`;

/** One dispatcher at a time, over all processes, until the transaction ends. */
export async function lockDispatch(tx: Db): Promise<void> {
  await tx.$queryRaw`SELECT 1 FROM (SELECT pg_advisory_xact_lock(hashtext('reprise.dispatch'))) AS taken`;
}

/** RETRYING tasks whose time has come are QUEUED again. */
export async function queueDueRetries(tx: Db): Promise<void> {
  await tx.$executeRaw`
    UPDATE "Task" SET "state" = 'QUEUED', "retryAt" = NULL WHERE "state" = 'RETRYING' AND "retryAt" <= now()`;
}

/** Tasks whose worker stopped renewing its lease: it died, or lost the database. */
export function findLostTasks(db: Db): Promise<LostTask[]> {
  return db.$queryRaw<LostTask[]>`
    SELECT "id", "failures", "parentId", "leaseUntil" FROM "Task"
    WHERE "state" = 'RUNNING' AND "leaseUntil" < now()`;
}

/** Lets every lease run out and every hand-over count as lost: right only where no worker can be alive. */
export async function disownAll(db: Db): Promise<void> {
  await db.$executeRaw`
    UPDATE "Task" SET "leaseUntil" = now() - interval '1 second' WHERE "state" = 'RUNNING' AND "leaseUntil" IS NOT NULL`;
  await db.$executeRaw`
    UPDATE "Task" SET "dispatchedAt" = NULL WHERE "state" = 'QUEUED' AND "dispatchedAt" IS NOT NULL`;
}

/** QUEUED tasks whose job never came to a worker (the job store lost it) may be handed out again. */
export async function forgetLostJobs(tx: Db, olderThanMs: number): Promise<void> {
  await tx.$executeRaw`
    UPDATE "Task" SET "dispatchedAt" = NULL
    WHERE "state" = 'QUEUED' AND "dispatchedAt" < now() - ${olderThanMs} * interval '1 millisecond'`;
}

/** Marks the next tracks, so that at most `limit` are running or handed out. */
export function takeNextTracks(tx: Db, limit: number): Promise<Dispatched[]> {
  return takeNext(tx, TRACKS, limit);
}

/** Marks the next albums, playlists and artists to be turned into their tracks. */
export function takeNextParents(tx: Db, limit: number): Promise<Dispatched[]> {
  return takeNext(tx, PARENTS, limit);
}

/**
 * By priority, then the owner with the fewest at work, then by lot among owners with as many: by age, whoever queued
 * a long list first would have the only place until its end. An owner's own tasks go by age and place in the parent.
 */
function takeNext(tx: Db, kinds: Prisma.Sql, limit: number): Promise<Dispatched[]> {
  return tx.$queryRaw<Dispatched[]>`
    WITH busy AS (
      SELECT "ownerId", count(*) AS n FROM "Task"
      WHERE ("state" = 'RUNNING' OR "dispatchedAt" IS NOT NULL) AND ${kinds}
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
        WHERE "ownerId" = u."id" AND "state" = 'QUEUED' AND "dispatchedAt" IS NULL AND ${kinds}
        ORDER BY "priority" DESC, "createdAt", "position" LIMIT (SELECT n FROM free)
      ) t
      LEFT JOIN busy b ON b."ownerId" = u."id"
      ORDER BY t."priority" DESC, coalesce(b.n, 0) + t.turn, u.lot
      LIMIT (SELECT n FROM free)
    )
    UPDATE "Task" SET "dispatchedAt" = now() FROM next WHERE "Task"."id" = next."id"
    RETURNING "Task"."id", "Task"."attempt"`;
}

/** Takes marks back: the job runner did not accept these. */
export async function clearDispatch(db: Db, taskIds: readonly string[]): Promise<void> {
  await db.task.updateMany({
    where: { id: { in: [...taskIds] }, state: 'QUEUED' },
    data: { dispatchedAt: null },
  });
}
