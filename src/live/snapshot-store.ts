import type { Viewer } from '../auth/viewer.js';
import { Prisma } from '../generated/prisma/client.js';
import type { Db } from '../database/prisma.js';
import { taskCondition } from '../tasks/task-filter-store.js';
import type { TaskFilter } from '../tasks/task-filter.js';
import type { TaskStamp } from '../tasks/task-store.js';
import { ACTIVE_STATES, type Task } from '../tasks/task.js';

/** Live tasks in the order of change, by an index that holds no others: they are few among all that ever were. */
export function listLiveTasks(
  db: Db,
  viewer: Viewer,
  { filter, after, limit }: { filter: TaskFilter; after: TaskStamp | null; limit: number },
): Promise<Task[]> {
  const beyond = after
    ? Prisma.sql`AND ("sequence", "id") > (${after.sequence}, ${after.id}::uuid)`
    : Prisma.empty;
  return db.$queryRaw<Task[]>`
    SELECT * FROM "Task" WHERE ${taskCondition(ACTIVE_STATES, { viewer, filter })} ${beyond}
    ORDER BY "sequence", "id" LIMIT ${limit}`;
}
