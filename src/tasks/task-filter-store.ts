import type { Viewer } from '../auth/viewer.js';
import { Prisma } from '../generated/prisma/client.js';
import type { TaskFilter } from './task-filter.js';
import { TASK_STATES, type TaskState } from './task.js';

/** Parts of conditions on "Task", for SQL of our own. */

/** Spelled out: PostgreSQL uses an index of some rows only where it sees that it holds all that are asked for. */
export function stateIn(states: readonly TaskState[]): Prisma.Sql {
  const known = TASK_STATES.filter((state) => states.includes(state));
  if (known.length === 0) return Prisma.sql`false`;
  return Prisma.sql`"state" IN (${Prisma.raw(known.map((state) => `'${state}'`).join(', '))})`;
}

export function ownedBy(viewer: Viewer): Prisma.Sql {
  return viewer.role === 'ADMIN' ? Prisma.sql`true` : Prisma.sql`"ownerId" = ${viewer.id}::uuid`;
}

/** What the viewer sees in these states of what the filter lets through. */
export function wantedIn(
  states: readonly TaskState[],
  { viewer, filter }: { viewer: Viewer; filter: TaskFilter },
): Prisma.Sql {
  const { kinds } = filter;
  const conditions = [
    stateIn(states.filter((state) => (filter.states ?? TASK_STATES).includes(state))),
    ownedBy(viewer),
    ...(filter.includeDismissed ? [] : [Prisma.sql`"dismissedAt" IS NULL`]),
    ...(kinds ? [Prisma.sql`"kind" = ANY(${[...kinds]}::text[]::"TaskKind"[])`] : []),
    ...placeOf(filter),
  ];
  return Prisma.join(conditions, ' AND ');
}

function placeOf({ parentId, includeChildren }: TaskFilter): Prisma.Sql[] {
  if (parentId) return [Prisma.sql`"parentId" = ${parentId}::uuid`];
  return includeChildren ? [] : [Prisma.sql`"parentId" IS NULL`];
}
