import { builder } from '../graphql/builder.js';
import {
  createConnectionType,
  nodeSelection,
  offsetOf,
  offsetPageArgs,
  pageComplexity,
  pageSizeOf,
  refuseBoth,
  type Connection,
  type FieldPlace,
  type PageArgs,
} from '../graphql/connection.js';
import { parseRowId } from '../graphql/node-id.js';
import { InvalidInputError } from '../lib/errors.js';
import { decodeCursor, toConnection } from '../database/pagination.js';
import { listActiveFirst } from './active-first-store.js';
import type { TaskFilter } from './task-filter.js';
import { countTasks } from './task-count-store.js';
import { findTask, listTasks, type TaskOrder } from './task-store.js';
import { TaskKindEnum, TaskStateEnum, TaskType } from './task-type.graphql.js';
import type { Task } from './task.js';

/** What a page may hold at most, where it is to hold all that have not ended. */
const MAX_ACTIVE = 1_000;

export const TaskConnection = createConnectionType('Task', TaskType, 'tasks');

const TaskOrderEnum = builder.enumType('TaskOrder', {
  description: 'In what order tasks are listed.',
  values: {
    NEWEST_FIRST: { description: 'By the time they were queued, the latest first.' },
    OLDEST_FIRST: { description: 'By the time they were queued, the earliest first.' },
    ACTIVE_FIRST: {
      description:
        'What has not ended, then what has; each by the time it was queued, the latest first. Its pages go by `offset`.',
    },
  } satisfies Record<TaskOrder | 'ACTIVE_FIRST', object>,
});

export const TaskFilterInput = builder.inputType('TaskFilter', {
  description: 'Which tasks are wanted; what is absent does not narrow.',
  fields: (t) => ({
    states: t.field({ type: [TaskStateEnum], description: 'Only tasks in one of these states.' }),
    kinds: t.field({ type: [TaskKindEnum], description: 'Only tasks of one of these kinds.' }),
    parent: t.id({ description: 'Only the direct children of this task.' }),
    includeChildren: t.boolean({
      description:
        'Whether tasks that are part of another are wanted too. Absent: no in `tasks`, yes in `taskUpdates`.',
    }),
    includeDismissed: t.boolean({
      description:
        'Whether tasks that were dismissed are wanted too. Absent: no in `tasks`, yes in `taskUpdates`.',
    }),
  }),
});

/** The filter as the domain spells it. Throws InvalidInputError for a malformed parent. */
export function toTaskFilter(
  input: typeof TaskFilterInput.$inferInput | null | undefined,
  defaults: { includeChildren: boolean; includeDismissed: boolean },
): TaskFilter {
  return {
    states: input?.states ?? null,
    kinds: input?.kinds ?? null,
    parentId: input?.parent ? parseRowId('Task', input.parent) : null,
    includeChildren: input?.includeChildren ?? defaults.includeChildren,
    includeDismissed: input?.includeDismissed ?? defaults.includeDismissed,
  };
}

builder.queryFields((t) => ({
  task: t.prismaField({
    type: TaskType,
    nullable: true,
    description: 'One task; null when there is none that you may see.',
    args: { id: t.arg.id({ required: true, description: '`Task:<uuid>` or the bare uuid.' }) },
    resolve: (query, _root, { id }, { db, viewer }) => findTask(db, viewer, parseRowId('Task', id), query),
  }),
  tasks: t.field({
    type: TaskConnection,
    description: 'Your tasks, an admin’s everybody’s; without those that were dismissed.',
    args: {
      filter: t.arg({ type: TaskFilterInput, description: 'Which ones.' }),
      orderBy: t.arg({ type: TaskOrderEnum, defaultValue: 'NEWEST_FIRST', description: 'In what order.' }),
      ...offsetPageArgs(t),
      activeUpTo: t.arg.int({
        description: `ACTIVE_FIRST only: the page at \`offset\` 0 is as long as it takes to hold all that have not ended, up to this many (at most ${MAX_ACTIVE}); the pages after it, \`first\` apart, go on where it ends.`,
      }),
    },
    complexity: pageComplexity,
    resolve: (_root, { filter, orderBy, ...page }, context, info) => {
      const wanted = toTaskFilter(filter, { includeChildren: false, includeDismissed: false });
      return connectTasks({ context, info }, { filter: wanted, order: orderBy ?? 'NEWEST_FIRST' }, page);
    },
  }),
}));

interface WantedTasks {
  filter: TaskFilter;
  order: TaskOrder | 'ACTIVE_FIRST';
}

interface WantedPage extends PageArgs {
  activeUpTo?: number | null | undefined;
}

async function connectTasks(
  place: FieldPlace,
  { filter, order }: WantedTasks,
  page: WantedPage,
): Promise<Connection<Task>> {
  refuseBoth(page);
  if (order === 'ACTIVE_FIRST') return connectActiveFirst(place, filter, page);
  if (isGiven(page.activeUpTo)) {
    throw new InvalidInputError('activeUpTo: only with ACTIVE_FIRST.', 'activeUpTo');
  }
  const { db, viewer } = place.context;
  const [size, offset] = [pageSizeOf(page), offsetOf(page)];
  const after = page.after ? decodeCursor(page.after) : null;
  const query = nodeSelection('Task', place);
  const rows = await listTasks(db, viewer, { filter, order, offset, limit: size + 1, after, query });
  return {
    ...toConnection(rows, { size, after: after ?? (offset > 0 ? offset : null) }),
    totalCount: () => countTasks(db, viewer, filter),
  };
}

async function connectActiveFirst(
  { context: { db, viewer } }: FieldPlace,
  filter: TaskFilter,
  page: WantedPage,
): Promise<Connection<Task>> {
  if (page.after) {
    throw new InvalidInputError('after: not with ACTIVE_FIRST, whose pages go by "offset".', 'after');
  }
  const [limit, offset] = [pageSizeOf(page), offsetOf(page)];
  const liveUpTo = activeUpToOf(page);
  const { tasks, size, total } = await listActiveFirst(db, viewer, { filter, offset, limit, liveUpTo });
  return { ...toConnection(tasks, { size, after: offset > 0 ? offset : null }), totalCount: total };
}

function activeUpToOf({ activeUpTo }: WantedPage): number {
  if (!isGiven(activeUpTo)) return 0;
  if (activeUpTo >= 1 && activeUpTo <= MAX_ACTIVE) return activeUpTo;
  throw new InvalidInputError(`activeUpTo: allowed are 1 to ${MAX_ACTIVE}.`, 'activeUpTo');
}

function isGiven<Value>(value: Value | null | undefined): value is Value {
  return value !== null && value !== undefined;
}
