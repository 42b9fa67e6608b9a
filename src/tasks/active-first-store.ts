import type { Viewer } from '../auth/viewer.js';
import { Prisma } from '../generated/prisma/client.js';
import type { Db } from '../database/prisma.js';
import { numberOf } from './task-count-store.js';
import { wantedIn } from './task-filter-store.js';
import type { TaskFilter } from './task-filter.js';
import { LIVE_STATES, TERMINAL_STATES, type Task } from './task.js';

export interface NumberedPage {
  filter: TaskFilter;
  offset: number;
  /** At most this many. */
  limit: number;
  /** But the page at offset 0 is as long as it takes to hold all live ones, up to this many. */
  liveUpTo: number;
}

export interface NumberedTasks {
  /** One more than the page has room for, where there are more. */
  tasks: Task[];
  /** How long the page may be. */
  size: number;
  /** On all pages. */
  total: number;
}

/** A row without a task says that there is none. The numbers' names are not among a task's columns. */
type Found = Task & { id: string | null; pageSize: number; onAllPages: number };

/**
 * Live tasks, then ended ones, each the newest first. One query, whatever the page: the rows come with it, because a
 * query of their own, which Prisma makes of a selection, takes as long again as all else.
 */
export async function listActiveFirst(db: Db, viewer: Viewer, page: NumberedPage): Promise<NumberedTasks> {
  const found = await findPage(db, viewer, page);
  return {
    tasks: found.filter(({ id }) => id !== null),
    size: found[0]?.pageSize ?? page.limit,
    total: found[0]?.onAllPages ?? 0,
  };
}

/** Each half by its own index: sorted as one list, all of history would be read for every page. */
function findPage(db: Db, viewer: Viewer, { filter, ...page }: NumberedPage): Promise<Found[]> {
  const live = wantedIn(LIVE_STATES, { viewer, filter });
  const ended = wantedIn(TERMINAL_STATES, { viewer, filter });
  const { size, skipped } = placeOf(page);
  const newest = Prisma.sql`ORDER BY "createdAt" DESC, "id" DESC LIMIT ${size} + 1`;
  return db.$queryRaw<Found[]>`
    WITH live AS (SELECT count(*)::int AS n FROM "Task" WHERE ${live}),
      first AS (SELECT "id", "createdAt" FROM "Task" WHERE ${live} ${newest} OFFSET ${skipped}),
      rest AS (
        SELECT "id", "createdAt" FROM "Task" WHERE ${ended} ${newest}
        OFFSET greatest(0, ${skipped} - (SELECT n FROM live))
      )
    SELECT task.*, numbers.*
    FROM (SELECT ${numberOf(viewer, filter)} AS "onAllPages", ${size} AS "pageSize") AS numbers
    LEFT JOIN (
      SELECT * FROM (SELECT 1 AS half, * FROM first UNION ALL SELECT 2, * FROM rest) AS halves
      ORDER BY half, "createdAt" DESC, "id" DESC LIMIT ${size} + 1
    ) AS page ON true LEFT JOIN "Task" task USING ("id")
    ORDER BY page.half, page."createdAt" DESC, page."id" DESC`;
}

/** What a long first page has beyond the limit, the pages after it skip. Constants where they can be: they plan better. */
function placeOf({
  offset,
  limit,
  liveUpTo,
}: Omit<NumberedPage, 'filter'>): Record<'size' | 'skipped', Prisma.Sql> {
  const fixed = { size: Prisma.sql`${limit}::int`, skipped: Prisma.sql`${offset}::int` };
  if (liveUpTo <= limit) return fixed;
  const longest = Prisma.sql`(SELECT greatest(${limit}::int, least(n, ${liveUpTo}::int)) FROM live)`;
  if (offset === 0) return { ...fixed, size: longest };
  return { ...fixed, skipped: Prisma.sql`(${offset}::int + ${longest} - ${limit}::int)` };
}
