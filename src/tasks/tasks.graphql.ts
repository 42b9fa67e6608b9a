import { createContextCache, type InputFieldBuilder } from '@pothos/core';
import { queryFromInfo } from '@pothos/plugin-prisma';
import DataLoader from 'dataloader';
import { searchWords } from '../catalog/normalize.js';
import type { GraphqlContext } from '../context.js';
import { toConnection } from '../database/pagination.js';
import { builder, type BuilderTypes } from '../graphql/builder.js';
import {
  createConnectionType,
  keysetPageArgs,
  keysetPageOf,
  lazyConnection,
  LONGEST_PAGE,
  nodeSelection,
  pageComplexity,
  readPage,
  searchComplexity,
  type Connection,
  type FieldPlace,
  type KeysetPageArgs,
} from '../graphql/connection.js';
import { distinct } from '../graphql/input-limits.js';
import { awaitTurn } from '../graphql/large-results.js';
import { parseOptionalId, parseRowId, parseRowIds } from '../graphql/node-id.js';
import { getOrAdd } from '../lib/get-or-add.js';
import { InvalidInputError, type TaskErrorCode } from '../lib/errors.js';
import { countCharacters } from '../lib/formats.js';
import { countChildren, listChildPages, listCurrentChildren, type ChildPage } from './task-children-store.js';
import { countTasks } from './task-count-store.js';
import { hasRowCondition, type RowFilter, type TaskFilter } from './task-filter.js';
import { findTask, listTasks, type TaskOrder } from './task-store.js';
import { TaskErrorCodeEnum, TaskKindEnum, TaskStateEnum, TaskType, UNCACHED } from './task-type.graphql.js';
import { FINISHED_STATES, isFinished, isParentKind, type Task } from './task.js';

export const TaskConnection = createConnectionType('Task', TaskType, 'tasks');

export const TaskOrderEnum = builder.enumType('TaskOrder', {
  description: 'Order in which tasks are listed.',
  values: {
    NEWEST_FIRST: { description: 'By the time of queueing, the latest first.' },
    OLDEST_FIRST: { description: 'By the time of queueing, the earliest first.' },
  } satisfies Record<TaskOrder, object>,
});

const MAX_QUERY_LENGTH = 200;

/** Conditions of TaskFilter and HistoryFilter. */
export function rowFilterFields(t: InputFieldBuilder<BuilderTypes, 'InputObject'>, what: string) {
  const time = (description: string) => t.field({ type: 'DateTime', description });
  return {
    query: t.string({
      description: `Search text of 1 to ${MAX_QUERY_LENGTH} characters, for ${what} that have every word in title, artists or album, regardless of case and accents; words of one or two letters match the beginning of a word.`,
    }),
    owner: t.id({
      description: `Only ${what} of this user: \`User:<uuid>\` or the bare UUID. Only admins see others’ ${what}; for anyone else, another user’s id selects none.`,
    }),
    errorCodes: t.field({
      type: [TaskErrorCodeEnum],
      description: `Only ${what} whose \`error\` has one of these codes, for example \`[NO_SOURCE]\`.`,
    }),
    createdSince: time(`Only ${what} that were queued at this time or later.`),
    createdBefore: time(`Only ${what} that were queued before this time.`),
    finishedSince: time(`Only ${what} that finished at this time or later; active ones have not.`),
    finishedBefore: time(`Only ${what} that finished before this time; active ones have not.`),
  };
}

type Input = {
  query?: string | null | undefined;
  owner?: string | null | undefined;
  errorCodes?: TaskErrorCode[] | null | undefined;
} & {
  [Time in 'createdSince' | 'createdBefore' | 'finishedSince' | 'finishedBefore']?: Date | null | undefined;
};

/** Throws InvalidInputError. */
export function toRowFilter(input: Input | null | undefined): RowFilter {
  const { query, owner, errorCodes, createdSince, createdBefore, finishedSince, finishedBefore } =
    input ?? {};
  return {
    words: query === null || query === undefined ? null : parseQuery(query),
    ownerId: parseOptionalId('User', owner, 'owner'),
    errorCodes: distinct(errorCodes),
    createdSince: createdSince ?? null,
    createdBefore: createdBefore ?? null,
    finishedSince: finishedSince ?? null,
    finishedBefore: finishedBefore ?? null,
  };
}

function parseQuery(query: string): string[] {
  // PostgreSQL rejects NUL in text, and no title has a control character.
  const text = query.replace(/\p{Cc}/gu, ' ').trim();
  if (text !== '' && countCharacters(text) <= MAX_QUERY_LENGTH) return searchWords(text);
  throw new InvalidInputError(`"query" must have 1 to ${MAX_QUERY_LENGTH} characters.`, 'query');
}

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
        'Only this task and all below it, such as an artist with albums and their tracks: `Task:<uuid>` or the bare UUID. With `includeChildren: false`, only the task itself, if it is a top-level one.',
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

type Loader<Value> = DataLoader<string, Value>;

const pageLoaders = createContextCache((_context: GraphqlContext) => new Map<string, Loader<Task[]>>());

const countLoader = createContextCache(
  (context: GraphqlContext): Loader<number> =>
    new DataLoader((parentIds) => countChildren(context, parentIds), UNCACHED),
);

function pageLoader(context: GraphqlContext, page: ChildPage): Loader<Task[]> {
  return getOrAdd(
    pageLoaders(context),
    JSON.stringify(page),
    () => new DataLoader((parentIds) => listChildPages(context, parentIds, page), UNCACHED),
  );
}

const currentLoaders = createContextCache(
  (_context: GraphqlContext) => new Map<string, Loader<Task | null>>(),
);

function currentLoader(context: GraphqlContext, query: object): Loader<Task | null> {
  return getOrAdd(
    currentLoaders(context),
    JSON.stringify(query),
    () => new DataLoader((parentIds) => listCurrentChildren(context, parentIds, query), UNCACHED),
  );
}

builder.prismaObjectFields('Task', (t) => ({
  children: t.field({
    type: TaskConnection,
    description:
      'Tracks of an album or playlist, or albums of an artist, in the order of queueing; without dismissed ones.',
    args: keysetPageArgs(t, LONGEST_PAGE),
    complexity: pageComplexity,
    resolve: ({ id }, args, context, info) => {
      const page = keysetPageOf(args, LONGEST_PAGE);
      const query = nodeSelection('Task', { context, info });
      const loader = pageLoader(context, { ...page, query });
      return lazyConnection({
        size: page.size,
        read: async () => {
          const rows = await loader.load(id);
          await awaitTurn(context, rows.length);
          return toConnection(rows, page);
        },
        totalCount: () => countLoader(context).load(id),
      });
    },
  }),
  current: t.field({
    type: TaskType,
    nullable: true,
    description: 'First running child of a RUNNING parent, or else its first retrying one; otherwise null.',
    // No promise without a query: most tasks of a page have no children.
    resolve: (task, _args, context, info) => {
      if (!isParentKind(task.kind) || task.state !== 'RUNNING') return null;
      return currentLoader(context, queryFromInfo({ context, info, typeName: 'Task' })).load(task.id);
    },
  }),
}));
