import type { ArgBuilder, OutputRef } from '@pothos/core';
import { queryFromInfo } from '@pothos/plugin-prisma';
import type { GraphQLResolveInfo } from 'graphql';
import { InvalidInputError } from '../lib/errors.js';
import { pageSize, type Connection as Page } from '../database/pagination.js';
import { builder } from './builder.js';
import type { GraphqlContext } from '../context.js';

/** The largest page of a connection that does not allow longer ones. */
export const MAX_PAGE = 100;
/** The largest page of those that do. */
export const LONGEST_PAGE = 500;
const DEFAULT_PAGE = 20;

/** A page with its length. What costs something to read is read only when it is asked for. */
export interface Connection<Node> {
  edges: MaybePromise<Page<Node>['edges']>;
  pageInfo: MaybePromise<Page<Node>['pageInfo']>;
  totalCount: number | (() => Promise<number>);
}

type MaybePromise<Value> = Value | Promise<Value>;

/** A connection whose page is read once it is asked for entries or for where it lies, and not for its length alone. */
export function lazyConnection<Node>(
  read: () => Promise<Page<Node>>,
  totalCount: () => Promise<number>,
): Connection<Node> {
  let page: Promise<Page<Node>> | null = null;
  const once = () => (page ??= read());
  return {
    get edges() {
      return once().then(({ edges }) => edges);
    },
    get pageInfo() {
      return once().then(({ pageInfo }) => pageInfo);
    },
    totalCount,
  };
}

/** A Relay connection that pages forward: `<name>Connection` with `<name>Edge`. */
export function createConnectionType<Node>(name: string, node: OutputRef<Node>, what: string) {
  const edge = builder.objectRef<Page<Node>['edges'][number]>(`${name}Edge`).implement({
    description: `One of ${what}.`,
    fields: (t) => ({
      cursor: t.exposeString('cursor', {
        description: 'Give this as `after` to get what follows this entry.',
      }),
      node: t.field({
        type: node,
        description: 'The entry itself.',
        resolve: (parent) => parent.node as never,
      }),
    }),
  });
  return builder.objectRef<Connection<Node>>(`${name}Connection`).implement({
    description: `A page of ${what}.`,
    fields: (t) => ({
      edges: t.field({
        type: [edge],
        description: 'The entries of this page, in order.',
        resolve: (page) => page.edges,
      }),
      pageInfo: t.field({
        type: builder.pageInfoRef(),
        description: 'Where this page lies in the list.',
        resolve: (page) => page.pageInfo,
      }),
      totalCount: t.int({
        description: 'How many entries the whole list has.',
        resolve: ({ totalCount }) => (typeof totalCount === 'function' ? totalCount() : totalCount),
      }),
    }),
  });
}

type Types = typeof builder extends PothosSchemaTypes.SchemaBuilder<infer T> ? T : never;

/** The arguments of every connection. A list whose entries cost little may allow longer pages. */
export function pageArgs(t: { arg: ArgBuilder<Types> }, max = MAX_PAGE) {
  return {
    first: t.arg.int({ defaultValue: DEFAULT_PAGE, description: `How many entries, 1 to ${max}.` }),
    after: t.arg.string({ description: 'The cursor of the entry before the first one wanted.' }),
  };
}

/** The arguments of a connection whose list is numbered, so that a page can begin anywhere. */
export function offsetPageArgs(t: { arg: ArgBuilder<Types> }, max = MAX_PAGE) {
  return {
    ...pageArgs(t, max),
    offset: t.arg.int({ description: 'How many entries to skip; in place of `after`.' }),
  };
}

export interface PageArgs {
  first?: number | null | undefined;
  after?: string | null | undefined;
  offset?: number | null | undefined;
}

/** What a connection field costs: its selection once for each entry of the page. What is too long is refused later. */
export function pageComplexity(args: PageArgs): { field: number; multiplier: number } {
  return { field: 1, multiplier: Math.min(Math.max(args.first ?? DEFAULT_PAGE, 1), LONGEST_PAGE) };
}

/** How many entries are wanted. Throws InvalidInputError out of range. */
export function pageSizeOf(args: PageArgs, max = MAX_PAGE): number {
  return pageSize(args.first, { default: DEFAULT_PAGE, max });
}

/** How many entries are skipped. Throws InvalidInputError for a negative number. */
export function offsetOf({ offset }: PageArgs): number {
  if (!offset || offset > 0) return offset ?? 0;
  throw new InvalidInputError('offset: allowed are whole numbers from 0.', 'offset');
}

/** Throws InvalidInputError for a page that says twice where it begins. */
export function refuseBoth({ after, offset }: PageArgs): void {
  if (!after || offset === null || offset === undefined) return;
  throw new InvalidInputError('offset: not together with "after"; give one of them.', 'offset');
}

const OFFSET_CURSOR = /^offset:(\d{1,9})$/;

/** A connection over a page of a list that its owner numbers, such as a catalogue's. Throws InvalidInputError for a bad page. */
export async function connectOffsetPage<Node>(
  args: PageArgs,
  list: (page: { offset: number; limit: number }) => Promise<{ items: Node[]; total: number }>,
): Promise<Connection<Node>> {
  const page = toOffsetPage(args);
  return toOffsetConnection(await list(page), page.offset);
}

function toOffsetPage(args: PageArgs): { offset: number; limit: number } {
  const limit = pageSizeOf(args);
  if (!args.after) return { offset: offsetOf(args), limit };
  refuseBoth(args);
  const [, position] = OFFSET_CURSOR.exec(args.after) ?? [];
  if (position !== undefined) return { offset: Number(position) + 1, limit };
  throw new InvalidInputError('after: not a cursor of this list; allowed: the `cursor` of an edge.', 'after');
}

function toOffsetConnection<Node>(page: { items: Node[]; total: number }, offset: number): Connection<Node> {
  const edges = page.items.map((node, index) => ({ cursor: `offset:${offset + index}`, node }));
  return {
    totalCount: page.total,
    edges,
    pageInfo: {
      hasNextPage: edges.length > 0 && offset + edges.length < page.total,
      hasPreviousPage: offset > 0,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}

/** Where in an operation a resolver stands; only passed on. */
export interface FieldPlace {
  context: GraphqlContext;
  info: GraphQLResolveInfo;
}

/** What a connection's nodes are asked for, so that one query reads all of it. */
export function nodeSelection(typeName: string, { context, info }: FieldPlace): object {
  return queryFromInfo({ context, info, typeName, path: ['edges', 'node'] });
}
