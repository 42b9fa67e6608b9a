import type { Db } from '../database/prisma.js';
import type { NewTask } from '../tasks/new-task.js';

/**
 * Inserts a parent's children, but not those whose position is taken already, nor those whose dedupe key a live task
 * has; answers how many. All rows travel as one JSON text: as a parameter for each value, a page of them costs Prisma
 * more time than PostgreSQL takes for the insert, and meanwhile nobody else is served.
 */
export function insertChildren(db: Db, children: readonly NewTask[]): Promise<number> {
  return db.$executeRaw`
    INSERT INTO "Task" ("id", "kind", "state", "ownerId", "parentId", "position", "dedupeKey", "duplicateOfId",
      "itemId", "title", "artists", "album", "searchText", "item", "options", "priority",
      "errorCode", "errorMessage", "errorRetryable", "createdAt")
    SELECT "id", "kind", coalesce("state", 'QUEUED'), "ownerId", "parentId", "position", "dedupeKey", "duplicateOfId",
      "itemId", "title", "artists", "album", "searchText", coalesce("item", 'null'), "options", "priority",
      "errorCode", "errorMessage", "errorRetryable", coalesce("createdAt", now())
    FROM jsonb_to_recordset(${JSON.stringify(children)}::jsonb) AS child (
      "id" uuid, "kind" "TaskKind", "state" "TaskState", "ownerId" uuid, "parentId" uuid, "position" integer,
      "dedupeKey" text, "duplicateOfId" uuid, "itemId" text, "title" text, "artists" text[], "album" text,
      "searchText" text, "item" jsonb, "options" jsonb, "priority" integer,
      "errorCode" text, "errorMessage" text, "errorRetryable" boolean, "createdAt" timestamptz)
    ON CONFLICT DO NOTHING`;
}

/** Which of these places among a parent's children are taken. */
export async function listTakenPositions(
  db: Db,
  parentId: string,
  positions: readonly number[],
): Promise<Set<number | null>> {
  const rows = await db.task.findMany({
    where: { parentId, position: { in: [...positions] } },
    select: { position: true },
  });
  return new Set(rows.map(({ position }) => position));
}
