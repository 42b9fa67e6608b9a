import type { Db } from '../database/prisma.js';
import { Prisma } from '../generated/prisma/client.js';
import type { KnownMember, MemberRow } from './compare-list.js';
import { MAX_ATTEMPTS, MAX_RETRY_FACTOR, type MemberState, type Watch, type WatchMember } from './watch.js';

/** Those of these items, by id. */
export async function readMembers(
  db: Db,
  watchId: string,
  itemIds: readonly string[],
): Promise<Map<string, KnownMember>> {
  const rows = await db.$queryRaw<KnownMember[]>`
    SELECT "itemId", "title", "positions", "state", "exclusion", "origin", "removedAt" FROM "WatchMember"
    WHERE "watchId" = ${watchId}::uuid AND "itemId" = ANY (${itemIds}::text[])`;
  return new Map(rows.map((row) => [row.itemId, row]));
}

/** Whether it has members that have not left. */
export async function hasMembers(db: Db, watchId: string): Promise<boolean> {
  return (await db.watchMember.findFirst({ where: { watchId, removedAt: null } })) !== null;
}

/** As one JSON text: Prisma is slow with a parameter per value. A member that left is back. */
export async function saveMembers(tx: Db, watchId: string, rows: readonly MemberRow[]): Promise<void> {
  if (rows.length === 0) return;
  await tx.$executeRaw`
    INSERT INTO "WatchMember" ("watchId", "itemId", "title", "positions", "origin", "state", "exclusion")
    SELECT ${watchId}::uuid, "itemId", "title", "positions", "origin", "state", "exclusion"
    FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS row (
      "itemId" text, "title" text, "positions" integer[], "origin" "MemberOrigin", "state" "MemberState",
      "exclusion" "MemberExclusion")
    ON CONFLICT ("watchId", "itemId") DO UPDATE SET "title" = EXCLUDED."title", "positions" = EXCLUDED."positions",
      "state" = EXCLUDED."state", "exclusion" = EXCLUDED."exclusion", "removedAt" = NULL, "leavesAt" = NULL`;
}

/* What became of downloads. A member's task may be deleted with the history; what is KNOWN stays so. */

/**
 * Members whose task finished, was queued again or is gone; the number of those that changed. One that somebody changes
 * at the same time stays as they left it.
 */
export async function settleMembers(
  db: Db,
  scope: { watchId: string } | { taskIds: readonly string[] },
): Promise<number> {
  const condition =
    'watchId' in scope
      ? Prisma.sql`member."watchId" = ${scope.watchId}::uuid`
      : Prisma.sql`member."taskId" = ANY (${scope.taskIds}::uuid[])`;
  return db.$executeRaw`
    UPDATE "WatchMember" SET "state" = next."state", "stateAt" = now(), "taskId" = next."taskId",
      "exclusion" = CASE WHEN next."state" = 'EXCLUDED' THEN 'EXPLICIT'::"MemberExclusion" END, "attempts" = CASE
      WHEN next."cancelled" THEN ${MAX_ATTEMPTS} WHEN next."state" = 'FAILED' THEN "WatchMember"."attempts" + 1
      WHEN next."state" = 'KNOWN' THEN 0 ELSE "WatchMember"."attempts" END
    FROM (
      SELECT member."watchId", member."itemId", member."state" AS "earlierState", member."taskId" AS "earlierTaskId",
        coalesce(task."duplicateOfId", task."id") AS "taskId",
        coalesce(task."state" = 'CANCELLED', false) AS "cancelled", (CASE
          WHEN task."id" IS NULL AND member."state" = 'QUEUED' THEN 'MISSING'
          WHEN task."id" IS NULL THEN member."state"::text
          WHEN task."duplicateOfId" IS NOT NULL THEN 'QUEUED'
          WHEN task."state" = 'SKIPPED' AND task."errorCode" = 'EXPLICIT_CONTENT' THEN 'EXCLUDED'
          WHEN task."state" = 'SKIPPED' AND task."errorCode" = 'DUPLICATE_DOWNLOAD' THEN 'MISSING'
          WHEN task."state" = 'SKIPPED' OR (task."state" = 'COMPLETED' AND task."failed" + task."cancelled" = 0)
            THEN 'KNOWN'
          WHEN task."state" IN ('COMPLETED', 'FAILED', 'CANCELLED') THEN 'FAILED'
          ELSE 'QUEUED' END)::"MemberState" AS "state"
      FROM "WatchMember" member LEFT JOIN "Task" task ON task."id" = member."taskId"
      WHERE member."state" IN ('QUEUED', 'FAILED') AND ${condition}
    ) AS next
    WHERE "WatchMember"."watchId" = next."watchId" AND "WatchMember"."itemId" = next."itemId"
      AND "WatchMember"."state" = next."earlierState"
      AND "WatchMember"."taskId" IS NOT DISTINCT FROM next."earlierTaskId"
      AND ("WatchMember"."state" <> next."state" OR "WatchMember"."taskId" IS DISTINCT FROM next."taskId")`;
}

/** Tasks that finished while nobody listened. */
export async function listUnsettledTasks(db: Db, limit: number): Promise<string[]> {
  const rows = await db.$queryRaw<{ id: string }[]>`
    SELECT DISTINCT task."id" FROM "WatchMember" member JOIN "Task" task ON task."id" = member."taskId"
    WHERE member."state" = 'QUEUED' AND task."state" IN ('COMPLETED', 'SKIPPED', 'FAILED', 'CANCELLED') LIMIT ${limit}`;
  return rows.map(({ id }) => id);
}

/**
 * Failed members whose time has come are MISSING again. Their task stays, because it has the item. A time ahead of now,
 * by more than a transaction lasts, was written while the database's clock was wrong.
 */
export async function releaseFailed(db: Db, watchId: string, retryAfterSeconds: number): Promise<number> {
  return db.$executeRaw`
    UPDATE "WatchMember" SET "state" = 'MISSING'
    WHERE "watchId" = ${watchId}::uuid AND "state" = 'FAILED' AND "attempts" < ${MAX_ATTEMPTS}
      AND ("stateAt" > now() + interval '1 hour' OR "stateAt" <= now() - ${retryAfterSeconds} * interval '1 second'
        * least(power(2, greatest("attempts" - 1, 0)), ${MAX_RETRY_FACTOR}))`;
}

/** Whether a download of the member's item by its owner is one that counts. */
const IS_HAD = Prisma.sql`
  task."state" = 'COMPLETED' AND task."failed" + task."cancelled" = 0 AND task."kind" <> 'WATCH_CHECK'
    AND task."trashedAt" IS NULL
    AND (member."origin" <> 'REQUESTED' OR task."finishedAt" > member."stateAt")`;

/** A download that was queued by hand counts like one of the watch: finished, or on its way. */
export async function findDownloads(tx: Db, { id, ownerId }: Pick<Watch, 'id' | 'ownerId'>): Promise<void> {
  await tx.$executeRaw`
    UPDATE "WatchMember" SET "state" = 'KNOWN', "stateAt" = now(), "attempts" = 0, "taskId" = had."id"
    FROM (
      SELECT DISTINCT ON (task."itemId") task."itemId", task."id"
      FROM "WatchMember" member JOIN "Task" task ON task."itemId" = member."itemId"
      WHERE member."watchId" = ${id}::uuid AND member."state" IN ('MISSING', 'FAILED')
        AND task."ownerId" = ${ownerId}::uuid AND ${IS_HAD}
      ORDER BY task."itemId", task."finishedAt" DESC
    ) AS had
    WHERE "WatchMember"."watchId" = ${id}::uuid AND "WatchMember"."itemId" = had."itemId"
      AND "WatchMember"."state" IN ('MISSING', 'FAILED')`;
  await tx.$executeRaw`
    UPDATE "WatchMember" member SET "state" = 'QUEUED', "stateAt" = now(), "taskId" = task."id"
    FROM "Task" task
    WHERE member."watchId" = ${id}::uuid AND member."state" = 'MISSING' AND task."itemId" = member."itemId"
      AND task."ownerId" = ${ownerId}::uuid AND task."kind" <> 'WATCH_CHECK'
      AND task."state" IN ('QUEUED', 'RUNNING', 'RETRYING', 'PAUSED')`;
}

/** Whether one is left out as explicit. */
export async function hasExplicit(db: Db, watchId: string): Promise<boolean> {
  const where = { watchId, state: 'EXCLUDED', exclusion: 'EXPLICIT', removedAt: null } as const;
  return (await db.watchMember.findFirst({ where })) !== null;
}

/** Of those that are still MISSING; the number of them. */
export function markQueued(
  tx: Db,
  watchId: string,
  rows: readonly { itemId: string; taskId: string }[],
): Promise<number> {
  return tx.$executeRaw`
    UPDATE "WatchMember" member SET "state" = 'QUEUED', "stateAt" = now(), "taskId" = row."taskId"
    FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS row ("itemId" text, "taskId" uuid)
    WHERE member."watchId" = ${watchId}::uuid AND member."itemId" = row."itemId"
      AND member."state" = 'MISSING' AND member."removedAt" IS NULL`;
}

/** What the library has is not downloaded, unless a person has requested it meanwhile. */
export async function markOwned(db: Db, watchId: string, itemIds: readonly string[]): Promise<void> {
  await db.$executeRaw`
    UPDATE "WatchMember" SET "state" = 'KNOWN', "stateAt" = now(), "attempts" = 0, "taskId" = NULL
    WHERE "watchId" = ${watchId}::uuid AND "itemId" = ANY (${itemIds}::text[])
      AND "state" = 'MISSING' AND "origin" <> 'REQUESTED'`;
}

/** Of those that are in the watch; the number of them. */
export async function setMembers(
  db: Db,
  { watchId, itemIds }: { watchId: string; itemIds: readonly string[] },
  as: 'KNOWN' | 'MISSING',
): Promise<number> {
  const origin = as === 'MISSING' ? Prisma.sql`, "origin" = 'REQUESTED'` : Prisma.empty;
  return db.$executeRaw`
    UPDATE "WatchMember" SET "state" = ${as}::"MemberState", "stateAt" = now(), "attempts" = 0, "taskId" = NULL,
      "exclusion" = NULL ${origin}
    WHERE "watchId" = ${watchId}::uuid AND "itemId" = ANY (${itemIds}::text[])`;
}

/** In the order of the list, without those that left it. */
export async function listMembers(
  db: Db,
  { watchId, state }: { watchId: string; state: MemberState | null },
  { offset, limit }: { offset: number; limit: number },
): Promise<{ items: WatchMember[]; total: number }> {
  const where = { watchId, removedAt: null, ...(state && { state }) };
  const items = await db.watchMember.findMany({
    where,
    orderBy: [{ positions: 'asc' }, { itemId: 'asc' }],
    ...{ skip: offset, take: limit },
  });
  return { items, total: await db.watchMember.count({ where }) };
}

export interface MemberCount {
  watchId: string;
  state: MemberState;
  n: number;
}

/** Without those that left. */
export function countMembers(db: Db, watchIds: readonly string[]): Promise<MemberCount[]> {
  return db.$queryRaw<MemberCount[]>`
    SELECT "watchId", "state", count(*)::int AS n FROM "WatchMember"
    WHERE "watchId" = ANY (${watchIds}::uuid[]) AND "removedAt" IS NULL GROUP BY 1, 2`;
}

/** By id, whether the owner has it; only those that are in one of the owner's watches. */
export async function findLocallyKnown(
  db: Db,
  ownerId: string,
  itemIds: readonly string[],
): Promise<Map<string, boolean>> {
  const rows = await db.$queryRaw<{ itemId: string; known: boolean }[]>`
    SELECT member."itemId", bool_or(member."state" = 'KNOWN' OR EXISTS (
      SELECT FROM "Task" task
      WHERE task."itemId" = member."itemId" AND task."ownerId" = ${ownerId}::uuid AND ${IS_HAD})) AS known
    FROM "WatchMember" member JOIN "Watch" watch ON watch."id" = member."watchId"
    WHERE watch."ownerId" = ${ownerId}::uuid AND member."itemId" = ANY (${itemIds}::text[])
      AND member."removedAt" IS NULL
    GROUP BY member."itemId"`;
  return new Map(rows.map(({ itemId, known }) => [itemId, known]));
}
