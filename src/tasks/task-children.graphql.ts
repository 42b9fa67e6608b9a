import { createContextCache } from '@pothos/core';
import DataLoader from 'dataloader';
import { builder } from '../graphql/builder.js';
import {
  lazyConnection,
  LONGEST_PAGE,
  nodeSelection,
  pageArgs,
  pageComplexity,
  pageSizeOf,
} from '../graphql/connection.js';
import type { GraphqlContext } from '../context.js';
import { getOrAdd } from '../lib/get-or-add.js';
import { decodeCursor, toConnection } from '../database/pagination.js';
import { countChildren, listChildPages, type ChildPage } from './task-children-store.js';
import { TaskConnection } from './tasks.graphql.js';
import type { Task } from './task.js';

type Loader<Value> = DataLoader<string, Value>;

/** Nothing is kept: a subscription asks again and again in one context. */
const UNCACHED = { cache: false };

/** A loader for each kind of page that an operation asks for: its size, its beginning and what is selected. */
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

builder.prismaObjectField('Task', 'children', (t) =>
  t.field({
    type: TaskConnection,
    description: 'The tasks that it consists of, in the order in which they were queued.',
    args: pageArgs(t, LONGEST_PAGE),
    complexity: pageComplexity,
    resolve: ({ id }, args, context, info) => {
      const size = pageSizeOf(args, LONGEST_PAGE);
      const after = args.after ? decodeCursor(args.after) : null;
      const query = nodeSelection('Task', { context, info });
      const loader = pageLoader(context, { limit: size + 1, after, query });
      return lazyConnection(
        async () => toConnection(await loader.load(id), { size, after }),
        () => countLoader(context).load(id),
      );
    },
  }),
);
