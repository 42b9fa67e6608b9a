import type { Db } from '../database/prisma.js';
import type { TaskKind, TaskState } from './task.js';

/** A child task as far as its parent tells of it. */
export interface TaskPart {
  id: string;
  parentId: string;
  kind: TaskKind;
  state: TaskState;
  /** Place among the parent's children, from 0. */
  position: number;
  title: string;
  artists: string[];
  album: string | null;
  /** Percent. */
  progress: number;
  attempt: number;
  retryAt: Date | null;
  errorMessage: string | null;
  updatedAt: Date;
}

/** Of each list that has ended, so many parts are told of; the numbers of the task itself count all. */
export const MAX_OUTCOMES = 100;

/** What is being worked on in these lists, and how the first parts of those that have ended did, in order. */
export function listParts(db: Db, parentIds: readonly string[]): Promise<TaskPart[]> {
  return db.$queryRaw<TaskPart[]>`
    SELECT c."id", c."parentId", c."kind", c."state", c."position", c."title", c."artists", c."album",
      c."progress", c."attempt", c."retryAt", c."errorMessage", c."updatedAt"
    FROM (
      SELECT "id" FROM "Task"
      WHERE "parentId" = ANY(${parentIds}::uuid[]) AND "state" IN ('RUNNING', 'RETRYING')
      UNION ALL
      SELECT child."id" FROM "Task" child JOIN "Task" parent ON parent."id" = child."parentId"
      WHERE child."parentId" = ANY(${parentIds}::uuid[]) AND child."position" < ${MAX_OUTCOMES}
        AND child."state" IN ('COMPLETED', 'SKIPPED', 'FAILED', 'CANCELLED')
        AND parent."state" IN ('COMPLETED', 'SKIPPED', 'FAILED', 'CANCELLED')
    ) AS wanted JOIN "Task" c USING ("id")
    ORDER BY c."parentId", c."position"`;
}
