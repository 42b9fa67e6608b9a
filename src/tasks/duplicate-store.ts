import { Prisma } from '../generated/prisma/client.js';
import type { Db } from '../database/prisma.js';
import { findTaskById } from './task-store.js';
import { LIVE_STATES, type Task } from './task.js';

/** The live task that a new one with this key would double. */
export async function findLiveDuplicate(db: Db, dedupeKey: string): Promise<Task | null> {
  return (await findLiveDuplicates(db, [dedupeKey]))[0] ?? null;
}

/** Of each key that a live task has: that task. */
export function findLiveDuplicates(db: Db, dedupeKeys: readonly string[]): Promise<Task[]> {
  return db.task.findMany({ where: { dedupeKey: { in: [...dedupeKeys] }, state: { in: [...LIVE_STATES] } } });
}

/**
 * A live task that is on the same as this one, as a list above it, or as a part of it that would be tried again with
 * it: all these are live again as soon as this one is.
 */
export async function findLiveRival(db: Db, taskId: string): Promise<Task | null> {
  const [rival] = await db.$queryRaw<{ id: string }[]>`
    WITH RECURSIVE above AS (
      SELECT "id", "parentId", "dedupeKey" FROM "Task" WHERE "id" = ${taskId}::uuid
      UNION ALL
      SELECT task."id", task."parentId", task."dedupeKey" FROM "Task" task JOIN above ON task."id" = above."parentId"
    ), concerned AS (
      SELECT "id", "dedupeKey" FROM above WHERE "dedupeKey" IS NOT NULL
      UNION ALL
      SELECT "id", "dedupeKey" FROM "Task"
      WHERE "parentId" = ${taskId}::uuid AND "dedupeKey" IS NOT NULL
        AND ("state" IN ('FAILED', 'CANCELLED') OR ("state" = 'COMPLETED' AND "failed" + "cancelled" > 0))
    )
    SELECT rival."id" FROM concerned
    JOIN "Task" rival ON rival."dedupeKey" = concerned."dedupeKey" AND rival."id" <> concerned."id"
    WHERE rival."state" IN ('QUEUED', 'RUNNING', 'RETRYING', 'PAUSED') LIMIT 1`;
  return rival ? findTaskById(db, rival.id) : null;
}

/** Whether a change was refused because it would have made two live tasks with the same dedupe key. */
export function isLiveDuplicate(thrown: unknown): boolean {
  return thrown instanceof Prisma.PrismaClientKnownRequestError && thrown.code === 'P2002';
}
