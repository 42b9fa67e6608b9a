import { toConnection } from '../database/pagination.js';
import { builder } from '../graphql/builder.js';
import { distinct } from '../graphql/input-limits.js';
import {
  createConnectionType,
  keysetPageArgs,
  keysetPageOf,
  lazyConnection,
  nodeSelection,
  readPage,
  searchComplexity,
  type Connection,
  type FieldPlace,
  type KeysetPageArgs,
} from '../graphql/connection.js';
import { parseOptionalId, parseRowId, parseRowIds } from '../graphql/node-id.js';
import { countTasks } from './task-count-store.js';
import { rowFilterFields, toRowFilter } from './task-filter.graphql.js';
import { hasRowCondition, type TaskFilter } from './task-filter.js';
import { findTask, listTasks, type TaskOrder } from './task-store.js';
import { TaskKindEnum, TaskStateEnum, TaskType } from './task-type.graphql.js';
import { FINISHED_STATES, isFinished, type Task } from './task.js';

export const TaskConnection = createConnectionType('Task', TaskType, 'tasks');

export const TaskOrderEnum = builder.enumType('TaskOrder', {
  description: 'Order in which tasks are listed.',
  values: {
    NEWEST_FIRST: { description: 'By the time of queueing, the latest first.' },
    OLDEST_FIRST: { description: 'By the time of queueing, the earliest first.' },
  } satisfies Record<TaskOrder, object>,
});

export const TaskFilterInput = builder.inputType('TaskFilter', {
  description: 'Selects tasks. All conditions must match; omitted ones match everything.',
  fields: (t) => ({
    states: t.field({
      type: [TaskStateEnum],
      description: 'Only tasks in one of these states, for example `[QUEUED, RUNNING]`.',
    }),
    kinds: t.field({ type: [TaskKindEnum], description: 'Only tasks of one of these kinds.' }),
    ids: t.idList({
      description:
        'Only these tasks, at most 100: `Task:<uuid>` or the bare UUIDs, also of children unless `includeChildren` is false. The children of a task that is named here are not included; use `root`.',
    }),
    root: t.id({
      description:
        'Only this task and all below it, such as an artist with albums and their tracks: `Task:<uuid>` or the bare UUID. Only the task itself, if it is no child, where `includeChildren` is false.',
    }),
    parent: t.id({ description: 'Only the direct children of this task: `Task:<uuid>` or the bare UUID.' }),
    includeChildren: t.boolean({
      description:
        'Whether children are included besides top-level tasks. Default: true for `taskUpdates` and with `ids` or `root`, otherwise false. Ignored with `parent`.',
    }),
    includeDismissed: t.boolean({
      description:
        'Whether dismissed tasks are included. Default: false for `tasks`, true for `taskUpdates`.',
    }),
    ...rowFilterFields(t, 'tasks'),
  }),
});

export function toTaskFilter(
  input: typeof TaskFilterInput.$inferInput | null | undefined,
  defaults: { includeChildren: boolean; includeDismissed: boolean },
): TaskFilter {
  return {
    states: distinct(input?.states),
    kinds: distinct(input?.kinds),
    ids: input?.ids ? parseRowIds('Task', input.ids) : null,
    rootId: parseOptionalId('Task', input?.root, 'root'),
    parentId: parseOptionalId('Task', input?.parent, 'parent'),
    includeChildren:
      input?.includeChildren ?? (Boolean(input?.ids ?? input?.root) || defaults.includeChildren),
    includeDismissed: input?.includeDismissed ?? defaults.includeDismissed,
    ...toRowFilter(input),
  };
}

builder.queryFields((t) => ({
  task: t.prismaField({
    type: TaskType,
    nullable: true,
    description:
      'The task with this id; null if it does not exist or belongs to another user and you are not an admin.',
    args: { id: t.arg.id({ required: true, description: '`Task:<uuid>` or the bare UUID of the task.' }) },
    resolve: (query, _root, { id }, { db, viewer }) => findTask(db, viewer, parseRowId('Task', id), query),
  }),
  tasks: t.field({
    type: TaskConnection,
    description:
      'Your tasks; admins get those of all users. Children and dismissed tasks are included only if the filter says so.',
    args: {
      filter: t.arg({
        type: TaskFilterInput,
        description: 'Restricts the list, for example to failed albums.',
      }),
      orderBy: t.arg({
        type: TaskOrderEnum,
        defaultValue: 'NEWEST_FIRST',
        description: 'Order of the list.',
      }),
      ...keysetPageArgs(t),
    },
    complexity: (args) => searchComplexity(args, args.filter?.query),
    resolve: (_root, { filter, orderBy, ...page }, context, info) => {
      const request = {
        filter: toTaskFilter(filter, { includeChildren: false, includeDismissed: false }),
        order: orderBy ?? 'NEWEST_FIRST',
      };
      return connectTasks({ context, info }, request, page);
    },
  }),
}));

interface TaskListRequest {
  filter: TaskFilter;
  order: TaskOrder;
}

function connectTasks(
  place: FieldPlace,
  { filter, order }: TaskListRequest,
  args: KeysetPageArgs,
): Connection<Task> {
  const page = keysetPageOf(args);
  const { context } = place;
  const { viewer } = context;
  const query = nodeSelection('Task', place);
  const cost = { offset: page.offset, limit: page.size, searches: isSelective(filter) };
  return lazyConnection({
    size: page.size,
    read: async () =>
      toConnection(
        await readPage(context, cost, (db) => listTasks(db, viewer, { ...page, filter, order, query })),
        page,
      ),
    totalCount: () =>
      readPage(context, { offset: 0, searches: hasRowCondition(filter) }, (db) =>
        countTasks(db, viewer, filter),
      ),
  });
}

/** No index of the order holds the matching tasks, so that a page may read all others. */
function isSelective(filter: TaskFilter): boolean {
  const { states, kinds, includeChildren } = filter;
  if (filter.parentId || filter.ids || filter.rootId) return false;
  const finished = states?.filter(isFinished) ?? [];
  const selects = finished.length > 0 && finished.length < FINISHED_STATES.length;
  return selects || Boolean(kinds ?? filter.ownerId) || Boolean(includeChildren) || hasRowCondition(filter);
}
