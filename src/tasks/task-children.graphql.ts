import { createContextCache } from '@pothos/core';
import DataLoader from 'dataloader';
import type { GraphqlContext } from '../context.js';
import { decodeCursor, toConnection } from '../database/pagination.js';
import { builder } from '../graphql/builder.js';
import {
  lazyConnection,
  LONGEST_PAGE,
  nodeSelection,
  pageArgs,
  pageComplexity,
  pageSizeOf,
} from '../graphql/connection.js';
import { awaitTurn } from '../graphql/large-results.js';
import { encodeNodeId } from '../graphql/node-id.js';
import { getOrAdd } from '../lib/get-or-add.js';
import {
  countChildren,
  listChildPages,
  listChildSummaries,
  MAX_OUTCOMES,
  type ChildPage,
  type ChildSummary,
} from './task-children-store.js';
import { TaskKindEnum, TaskStateEnum } from './task-type.graphql.js';
import { isFinished, isParentKind, type Task } from './task.js';
import { TaskConnection } from './tasks.graphql.js';

/** A subscription reuses one context for many results. */
const UNCACHED = { cache: false };

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

const TaskChildType = builder.objectRef<ChildSummary>('TaskChild').implement({
  description: 'Summary of a child task, for showing it with its parent. Query `task` for all of its fields.',
  fields: (t) => ({
    taskId: t.id({
      description: 'Id of the child task, as `Task:<uuid>`.',
      resolve: ({ id }) => encodeNodeId('Task', id),
    }),
    kind: t.expose('kind', {
      type: TaskKindEnum,
      description: 'Kind of the child: TRACK, or ALBUM for an artist.',
    }),
    state: t.expose('state', { type: TaskStateEnum, description: 'Current state of the child.' }),
    number: t.int({
      description: 'Position among the parent’s children, from 1.',
      resolve: ({ position }) => position + 1,
    }),
    title: t.exposeString('title', { description: 'Title of the track or album.' }),
    artists: t.exposeStringList('artists', { description: 'Names of its artists, the main artist first.' }),
    album: t.exposeString('album', {
      nullable: true,
      description: 'Title of a track’s album; null for an album.',
    }),
    progress: t.exposeFloat('progress', { description: 'Progress of the child in percent, 0 to 100.' }),
    attempt: t.exposeInt('attempt', {
      description: 'Number of the child’s latest attempt, from 1; 0 before the first.',
    }),
    retryAt: t.expose('retryAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When a RETRYING child is queued again; null in other states.',
    }),
    problem: t.exposeString('errorMessage', {
      nullable: true,
      description: 'Why the child failed, was skipped or will be retried; null if there is no such reason.',
    }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime', description: 'When the child last changed.' }),
  }),
});

const summaryLoader = createContextCache(
  ({ db }: GraphqlContext) =>
    new DataLoader<string, ChildSummary[]>(async (parentIds) => {
      const byParent = new Map(parentIds.map((id): [string, ChildSummary[]] => [id, []]));
      for (const child of await listChildSummaries(db, parentIds)) byParent.get(child.parentId)?.push(child);
      return parentIds.map((id) => byParent.get(id) ?? []);
    }, UNCACHED),
);

function currentOf(children: ChildSummary[]): ChildSummary | null {
  return children.find(({ state }) => state === 'RUNNING') ?? children[0] ?? null;
}

builder.prismaObjectFields('Task', (t) => ({
  children: t.field({
    type: TaskConnection,
    description:
      'Tracks of an album or playlist, or albums of an artist, in the order of queueing; without dismissed ones.',
    args: pageArgs(t, LONGEST_PAGE),
    complexity: pageComplexity,
    resolve: ({ id }, args, context, info) => {
      const size = pageSizeOf(args, LONGEST_PAGE);
      const after = args.after ? decodeCursor(args.after) : null;
      const query = nodeSelection('Task', { context, info });
      const loader = pageLoader(context, { limit: size + 1, after, query });
      return lazyConnection(
        async () => {
          const rows = await loader.load(id);
          await awaitTurn(context, rows.length);
          return toConnection(rows, { size, after });
        },
        () => countLoader(context).load(id),
      );
    },
  }),
  current: t.field({
    type: TaskChildType,
    nullable: true,
    description: 'First running child of a RUNNING parent, or else its first retrying one; otherwise null.',
    // No promise without a query: most tasks of a page have no children.
    resolve: (task, _args, context) =>
      isParentKind(task.kind) && task.state === 'RUNNING'
        ? summaryLoader(context).load(task.id).then(currentOf)
        : null,
  }),
  outcomes: t.field({
    type: [TaskChildType],
    description: `Finished children among the first ${MAX_OUTCOMES} of a finished parent, in order; empty for other tasks.`,
    resolve: (task, _args, context) =>
      isParentKind(task.kind) && isFinished(task.state) ? summaryLoader(context).load(task.id) : [],
  }),
}));
