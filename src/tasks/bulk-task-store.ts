import type { Viewer } from '../auth/viewer.js';
import type { Db } from '../database/prisma.js';
import { Prisma } from '../generated/prisma/client.js';
import { taskCondition } from './task-filter-store.js';
import type { TaskFilter } from './task-filter.js';
import type { TreeTask } from './task-tree-store.js';
import { ACTIVE_STATES, FINISHED_STATES, PARENT_KINDS, TASK_STATES, type TaskState } from './task.js';

export type BulkAction = 'cancel' | 'pause' | 'resume' | 'retry' | 'dismiss';

const IS_PARENT = Prisma.sql`"kind" IN (${Prisma.raw(PARENT_KINDS.map((kind) => `'${kind}'`).join(', '))})`;

/** Which tasks the action may change, by themselves or in their children; the change itself checks each. */
const CONTROLLABLE: Record<BulkAction, { states: readonly TaskState[]; which: Prisma.Sql }> = {
  cancel: { states: ACTIVE_STATES, which: Prisma.sql`true` },
  pause: {
    states: ['QUEUED', 'RETRYING', 'RUNNING'],
    which: Prisma.sql`("state" <> 'RUNNING' OR ${IS_PARENT})`,
  },
  resume: { states: ['PAUSED', 'RUNNING'], which: Prisma.sql`("state" = 'PAUSED' OR ${IS_PARENT})` },
  retry: {
    states: TASK_STATES,
    // The albums of an artist may be COMPLETED although some of their tracks failed.
    which: Prisma.sql`("state" IN ('FAILED', 'CANCELLED') OR "failed" + "cancelled" > 0 OR "kind" = 'ARTIST')`,
  },
  dismiss: { states: FINISHED_STATES, which: Prisma.sql`"dismissedAt" IS NULL` },
};

interface ControllablePage {
  action: BulkAction;
  filter: TaskFilter;
  /** Ids grow with time: later pages hold older tasks, and none that is queued meanwhile. */
  before: string | null;
  limit: number;
}

/** The newest first. */
export function listControllable(
  db: Db,
  viewer: Viewer,
  { action, filter, before, limit }: ControllablePage,
): Promise<TreeTask[]> {
  const { states, which } = CONTROLLABLE[action];
  const beyond = before === null ? Prisma.empty : Prisma.sql`AND "id" < ${before}::uuid`;
  return db.$queryRaw<TreeTask[]>`
    SELECT "id", "kind", "parentId" FROM "Task"
    WHERE ${taskCondition(states, { viewer, filter })} AND ${which} ${beyond}
    ORDER BY "id" DESC LIMIT ${limit}`;
}
