import type { Db } from '../database/prisma.js';
import type { Task } from './task.js';

/* Tasks by the files that they made. */

export function findFinishedAt(db: Db, filePath: string): Promise<Task | null> {
  return db.task.findFirst({ where: { filePath, state: 'COMPLETED' }, orderBy: { createdAt: 'desc' } });
}

/** Of any owner, with at least these options. An option that the task was queued before counts as null. */
export async function findEarlierDownload(
  db: Db,
  itemId: string,
  options: Record<string, unknown>,
): Promise<Task | null> {
  const entries = Object.entries(options);
  const provided = Object.fromEntries(entries.filter(([, value]) => value !== null));
  const omitted = entries.flatMap(([name, value]) => (value === null ? [name] : []));
  const [found] = await db.$queryRaw<{ id: string }[]>`
    SELECT "id" FROM "Task"
    WHERE "itemId" = ${itemId} AND "state" = 'COMPLETED' AND "options" @> ${JSON.stringify(provided)}::jsonb
      AND NOT jsonb_strip_nulls("options") ?| ${omitted}::text[]
    ORDER BY "createdAt" DESC LIMIT 1`;
  return found ? db.task.findUnique({ where: { id: found.id } }) : null;
}

/** Directories that tasks chose besides that of the settings. */
export async function listDownloadPaths(db: Db): Promise<string[]> {
  const rows = await db.$queryRaw<{ path: string }[]>`
    SELECT DISTINCT "options" ->> 'downloadPath' AS path FROM "Task"
    WHERE "options" ->> 'downloadPath' IS NOT NULL`;
  return rows.map(({ path }) => path);
}
