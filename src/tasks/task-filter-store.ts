import { ownedBy } from '../auth/access-rules.js';
import type { Viewer } from '../auth/viewer.js';
import { escapeLike } from '../catalog/normalize.js';
import { Prisma } from '../generated/prisma/client.js';
import { needleOf, type RowFilter, type TaskFilter } from './task-filter.js';
import { TASK_STATES, type TaskKind, type TaskState } from './task.js';

/** Of these states and those of the filter. */
export function taskCondition(
  states: readonly TaskState[],
  { viewer, filter }: { viewer: Viewer; filter: TaskFilter },
): Prisma.Sql {
  const conditions = [
    stateIn(states.filter((state) => (filter.states ?? TASK_STATES).includes(state))),
    ownedBy(viewer),
    ...(filter.includeDismissed ? [] : [Prisma.sql`"dismissedAt" IS NULL`]),
    ...(filter.kinds ? [kindIn(filter.kinds)] : []),
    ...(filter.ids ? [Prisma.sql`"id" = ANY(${[...filter.ids]}::uuid[])`] : []),
    ...(filter.rootId ? [Prisma.sql`"id" = ANY(${treeOf(filter.rootId)})`] : []),
    ...parentCondition(filter),
    ...rowConditions(filter),
  ];
  return Prisma.join(conditions, ' AND ');
}

export function rowConditions(filter: RowFilter): Prisma.Sql[] {
  const { words, ownerId, errorCodes, createdSince, createdBefore, finishedSince, finishedBefore } = filter;
  return [
    ...(words ?? []).map((word) => Prisma.sql`"searchText" LIKE ${`%${escapeLike(needleOf(word))}%`}`),
    ...(ownerId ? [Prisma.sql`"ownerId" = ${ownerId}::uuid`] : []),
    ...(errorCodes ? [Prisma.sql`"errorCode" = ANY(${[...errorCodes]}::text[])`] : []),
    ...(createdSince ? [Prisma.sql`"createdAt" >= ${createdSince}::timestamptz`] : []),
    ...(createdBefore ? [Prisma.sql`"createdAt" < ${createdBefore}::timestamptz`] : []),
    ...(finishedSince ? [Prisma.sql`"finishedAt" >= ${finishedSince}::timestamptz`] : []),
    ...(finishedBefore ? [Prisma.sql`"finishedAt" < ${finishedBefore}::timestamptz`] : []),
  ];
}

/** An artist's tracks are the deepest. Arrays are read once and by indexes, whatever the statistics of the table. */
function treeOf(rootId: string): Prisma.Sql {
  const children = Prisma.sql`SELECT "id" FROM "Task" WHERE "parentId" = ${rootId}::uuid`;
  return Prisma.sql`ARRAY(
    SELECT ${rootId}::uuid UNION ALL ${children}
    UNION ALL SELECT "id" FROM "Task" WHERE "parentId" = ANY(ARRAY(${children}))
  )`;
}

/** PostgreSQL uses a partial index only if constants prove that it holds every row in question. */
export function stateIn(states: readonly TaskState[]): Prisma.Sql {
  const known = TASK_STATES.filter((state) => states.includes(state));
  if (known.length === 0) return Prisma.sql`false`;
  return Prisma.sql`"state" IN (${Prisma.raw(known.map((state) => `'${state}'`).join(', '))})`;
}

export function kindIn(kinds: readonly TaskKind[]): Prisma.Sql {
  return Prisma.sql`"kind" = ANY(${[...kinds]}::text[]::"TaskKind"[])`;
}

function parentCondition({ parentId, includeChildren }: TaskFilter): Prisma.Sql[] {
  if (parentId) return [Prisma.sql`"parentId" = ${parentId}::uuid`];
  return includeChildren ? [] : [Prisma.sql`"parentId" IS NULL`];
}
