import { createContextCache } from '@pothos/core';
import { queryFromInfo } from '@pothos/plugin-prisma';
import DataLoader from 'dataloader';
import type { GraphqlContext } from '../context.js';
import { toConnection } from '../database/pagination.js';
import { builder } from '../graphql/builder.js';
import {
  keysetPageArgs,
  keysetPageOf,
  lazyConnection,
  LONGEST_PAGE,
  nodeSelection,
  pageComplexity,
} from '../graphql/connection.js';
import { awaitTurn } from '../graphql/large-results.js';
import { getOrAdd } from '../lib/get-or-add.js';
import { countChildren, listChildPages, listCurrentChildren, type ChildPage } from './task-children-store.js';
import { TaskType } from './task-type.graphql.js';
import { isParentKind, type Task } from './task.js';
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
