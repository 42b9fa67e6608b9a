import type { Viewer } from '../auth/viewer.js';
import { Prisma } from '../generated/prisma/client.js';
import type { TaskFilter } from './task-filter.js';
import { TASK_STATES, type TaskKind, type TaskState } from './task.js';

export function visibleTo(viewer: Viewer): { ownerId?: string } {
  return viewer.role === 'ADMIN' ? {} : { ownerId: viewer.id };
}

export function ownedBy(viewer: Viewer): Prisma.Sql {
  return viewer.role === 'ADMIN' ? Prisma.sql`true` : Prisma.sql`"ownerId" = ${viewer.id}::uuid`;
}

export function toWhere(viewer: Viewer, filter: TaskFilter): Prisma.TaskWhereInput {
  return {
    ...visibleTo(viewer),
    ...(filter.includeDismissed ? {} : { dismissedAt: null }),
    ...(filter.states ? { state: { in: [...filter.states] } } : {}),
    ...(filter.kinds ? { kind: { in: [...filter.kinds] } } : {}),
    ...(filter.parentId ? { parentId: filter.parentId } : filter.includeChildren ? {} : { parentId: null }),
  };
}

export function taskCondition(
  states: readonly TaskState[],
  { viewer, filter }: { viewer: Viewer; filter: TaskFilter },
): Prisma.Sql {
  const conditions = [
    stateIn(states.filter((state) => (filter.states ?? TASK_STATES).includes(state))),
    ownedBy(viewer),
    ...(filter.includeDismissed ? [] : [Prisma.sql`"dismissedAt" IS NULL`]),
    ...(filter.kinds ? [kindIn(filter.kinds)] : []),
    ...parentCondition(filter),
  ];
  return Prisma.join(conditions, ' AND ');
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
