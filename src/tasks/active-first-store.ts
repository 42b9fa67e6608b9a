import type { Viewer } from '../auth/viewer.js';
import { Prisma } from '../generated/prisma/client.js';
import type { Db } from '../store/prisma.js';
import { listTasksInOrder, type Selection } from './task-store.js';
import { numberOf } from './task-count-store.js';
import { wantedIn } from './task-filter-store.js';
import type { TaskFilter } from './task-filter.js';
import { LIVE_STATES, TERMINAL_STATES, type Task } from './task.js';

export interface NumberedPage {
  filter: TaskFilter;
  offset: number;
  /** At most this many. */
  limit: number;
}

/** Live tasks, then ended ones, each the newest first, and how many there are. Two queries, whatever the page. */
export async function listActiveFirst(
  db: Db,
  viewer: Viewer,
  { query, ...page }: NumberedPage & { query?: Selection },
): Promise<{ tasks: Task[]; total: number }> {
  const { ids, total } = await findIds(db, viewer, page);
  return { tasks: await listTasksInOrder(db, ids, query ?? {}), total };
}

/** Each half by its own index: sorted as one list, all of history would be read for every page. */
async function findIds(
  db: Db,
  viewer: Viewer,
  { filter, offset, limit }: NumberedPage,
): Promise<{ ids: string[]; total: number }> {
  const live = wantedIn(LIVE_STATES, { viewer, filter });
  const ended = wantedIn(TERMINAL_STATES, { viewer, filter });
  const newest = Prisma.sql`ORDER BY "createdAt" DESC, "id" DESC LIMIT ${limit}`;
  const rows = await db.$queryRaw<{ id: string | null; total: number }[]>`
    WITH live AS (SELECT count(*) AS n FROM "Task" WHERE ${live}),
      first AS (SELECT "id", "createdAt" FROM "Task" WHERE ${live} ${newest} OFFSET ${offset}),
      rest AS (
        SELECT "id", "createdAt" FROM "Task" WHERE ${ended} ${newest}
        OFFSET greatest(0, ${offset} - (SELECT n FROM live))
      )
    SELECT page."id", numbers.total FROM (SELECT ${numberOf(viewer, filter)} AS total) AS numbers
    LEFT JOIN (SELECT 1 AS half, * FROM first UNION ALL SELECT 2, * FROM rest) AS page ON true
    ORDER BY half, "createdAt" DESC, "id" DESC LIMIT ${limit}`;
  return { ids: rows.flatMap(({ id }) => id ?? []), total: rows[0]?.total ?? 0 };
}
