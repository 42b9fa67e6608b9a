import { builder } from '../graphql/builder.js';
import {
  createConnectionType,
  nodeSelection,
  pageArgs,
  pageComplexity,
  pageSizeOf,
  type Connection,
  type FieldPlace,
  type PageArgs,
} from '../graphql/connection.js';
import { parseRowId } from '../graphql/node-id.js';
import { decodeCursor, toConnection } from '../store/pagination.js';
import type { TaskFilter } from './task-filter.js';
import { countTasks, findTask, listTasks, type TaskOrder } from './task-store.js';
import { TaskKindEnum, TaskStateEnum, TaskType } from './task-type.graphql.js';
import type { Task } from './task.js';

const TaskConnection = createConnectionType('Task', TaskType, 'tasks');

const TaskOrderEnum = builder.enumType('TaskOrder', {
  description: 'In what order tasks are listed.',
  values: {
    NEWEST_FIRST: { description: 'By the time they were queued, the latest first.' },
    OLDEST_FIRST: { description: 'By the time they were queued, the earliest first.' },
  } satisfies Record<TaskOrder, object>,
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
  }),
});

/** The filter as the domain spells it. Throws InvalidInputError for a malformed parent. */
export function toTaskFilter(
  input: typeof TaskFilterInput.$inferInput | null | undefined,
  defaults: { includeChildren: boolean },
): TaskFilter {
  return {
    states: input?.states ?? null,
    kinds: input?.kinds ?? null,
    parentId: input?.parent ? parseRowId('Task', input.parent) : null,
    includeChildren: input?.includeChildren ?? defaults.includeChildren,
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
      ...pageArgs(t),
    },
    complexity: pageComplexity,
    resolve: (_root, { filter, orderBy, ...page }, context, info) => {
      const wanted = toTaskFilter(filter, { includeChildren: false });
      return connectTasks({ context, info }, { filter: wanted, order: orderBy ?? 'NEWEST_FIRST' }, page);
    },
  }),
}));

builder.prismaObjectField('Task', 'children', (t) =>
  t.field({
    type: TaskConnection,
    description: 'The tasks that it consists of, in the order in which they were queued.',
    args: pageArgs(t),
    complexity: pageComplexity,
    resolve: ({ id }, page, context, info) =>
      connectTasks({ context, info }, { filter: { parentId: id }, order: 'OLDEST_FIRST' }, page),
  }),
);

async function connectTasks(
  place: FieldPlace,
  wanted: { filter: TaskFilter; order: TaskOrder },
  page: PageArgs,
): Promise<Connection<Task>> {
  const { db, viewer } = place.context;
  const size = pageSizeOf(page);
  const after = page.after ? decodeCursor(page.after) : null;
  const query = nodeSelection('Task', place);
  const rows = await listTasks(db, viewer, { ...wanted, after, limit: size + 1, query });
  return {
    ...toConnection(rows, { size, after }),
    totalCount: () => countTasks(db, viewer, wanted.filter),
  };
}
