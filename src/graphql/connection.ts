import type { ArgBuilder, OutputRef } from '@pothos/core';
import { queryFromInfo } from '@pothos/plugin-prisma';
import type { GraphQLResolveInfo } from 'graphql';
import { InvalidInputError } from '../lib/errors.js';
import { decodeCursor, pageSize, type Connection as Page, type KeysetPage } from '../database/pagination.js';
import type { Db } from '../database/prisma.js';
import { builder, type BuilderTypes } from './builder.js';
import type { GraphqlContext } from '../context.js';
import { MAX_OFFSET } from './input-limits.js';
import { awaitTurn } from './large-results.js';

export const MAX_PAGE = 100;
export const LONGEST_PAGE = 500;
const DEFAULT_PAGE = 20;

export interface Connection<Node> {
  edges: MaybePromise<Page<Node>['edges']>;
  pageInfo: MaybePromise<Page<Node>['pageInfo']>;
  totalCount: number | (() => Promise<number>);
}

type MaybePromise<Value> = Value | Promise<Value>;

interface LazyPage<Node> {
  size: number;
  read: () => Promise<Page<Node>>;
  totalCount: () => Promise<number>;
}

/** `totalCount` alone reads no page, nor do the entries of an empty one; its `pageInfo` has to. */
export function lazyConnection<Node>({ size, read, totalCount }: LazyPage<Node>): Connection<Node> {
  let page: Promise<Page<Node>> | null = null;
  const once = () => (page ??= read());
  return {
    get edges() {
      return size === 0 ? [] : once().then(({ edges }) => edges);
    },
    get pageInfo() {
      return once().then(({ pageInfo }) => pageInfo);
    },
    totalCount,
  };
}

/** `Shape`: with what this connection has beside its page. */
export function createConnectionType<Node, Shape extends Connection<Node> = Connection<Node>>(
  name: string,
  ref: OutputRef<Node>,
  what: string,
) {
  // Pothos cannot tell what a resolver for a type parameter must return.
  const node: OutputRef<unknown> = ref;
  const edge = builder.objectRef<Page<unknown>['edges'][number]>(`${name}Edge`).implement({
    description: `An entry of ${/^[AEIOU]/.test(name) ? 'an' : 'a'} \`${name}Connection\` and its cursor.`,
    fields: (t) => ({
      cursor: t.exposeString('cursor', {
        description: `Position of this entry in the \`${name}Connection\`; pass it as \`after\` to get what follows.`,
      }),
      node: t.field({
        type: node,
        description: `The entry that this \`${name}Edge\` holds.`,
        resolve: (parent) => parent.node,
      }),
    }),
  });
  return builder.objectRef<Shape>(`${name}Connection`).implement({
    description: `A page of ${what}.`,
    fields: (t) => ({
      edges: t.field({
        type: [edge],
        description: `Entries of this page of the \`${name}Connection\` with their cursors, in order.`,
        resolve: (page) => page.edges,
      }),
      nodes: t.field({
        type: [node],
        description: `Entries of this page of the \`${name}Connection\`, in order, for clients that need no cursor of each.`,
        resolve: async (page) => (await page.edges).map((each) => each.node),
      }),
      pageInfo: t.field({
        type: builder.pageInfoRef(),
        description: `Position of this page in the whole \`${name}Connection\`.`,
        resolve: (page) => page.pageInfo,
      }),
      totalCount: t.int({
        complexity: TOTAL_COMPLEXITY,
        description: `Number of entries on all pages of the \`${name}Connection\`.`,
        resolve: ({ totalCount }) => (typeof totalCount === 'function' ? totalCount() : totalCount),
      }),
    }),
  });
}

function pageArgs(t: { arg: ArgBuilder<BuilderTypes> }, max = MAX_PAGE) {
  return {
    first: t.arg.int({
      defaultValue: DEFAULT_PAGE,
      description: `Number of entries to return, 0 to ${max}; 0 for \`totalCount\` alone.`,
    }),
    after: t.arg.string({ description: ABOUT_AFTER }),
  };
}

const ABOUT_AFTER = 'Returns the entries after this cursor: the `cursor` of an edge, or `endCursor`.';

function offsetArg(t: { arg: ArgBuilder<BuilderTypes> }, cursors: string) {
  return t.arg.int({
    description: `Number of entries to skip, at most ${MAX_OFFSET.toLocaleString('en-US')}; cannot be combined with ${cursors}, which has no limit.`,
  });
}

export function offsetPageArgs(t: { arg: ArgBuilder<BuilderTypes> }, max = MAX_PAGE) {
  return { ...pageArgs(t, max), offset: offsetArg(t, '`after`') };
}

/** For lists that are read in both directions. `first` has no default: it would conflict with `last`. */
export function keysetPageArgs(t: { arg: ArgBuilder<BuilderTypes> }, max = MAX_PAGE) {
  return {
    first: t.arg.int({
      description: `Number of entries to return, 0 to ${max}; 0 for \`totalCount\` alone. Default: ${DEFAULT_PAGE}, without \`last\`.`,
    }),
    after: t.arg.string({ description: ABOUT_AFTER }),
    last: t.arg.int({
      description: `Number of entries to return from the end of the list, or from before \`before\`, in the order of the list; 0 to ${max}. Cannot be combined with \`first\`.`,
    }),
    before: t.arg.string({
      description: 'Returns the entries before this cursor: the `cursor` of an edge, or `startCursor`.',
    }),
    offset: offsetArg(t, '`last` or a cursor'),
  };
}

interface PageArgs {
  first?: number | null | undefined;
  after?: string | null | undefined;
  offset?: number | null | undefined;
}

export interface KeysetPageArgs extends PageArgs {
  last?: number | null | undefined;
  before?: string | null | undefined;
}

/* In units of a plain field, as measured: a search reads what it then rejects, and its words are compared each. */
const TOTAL_COMPLEXITY = 20;
const SKIPPED_ROWS_PER_UNIT = 10;
const SEARCH_COMPLEXITY = 4_000;
const WORD_COMPLEXITY = 1_000;
/** A pasted title may be searched for. */
const MAX_COUNTED_WORDS = 10;

export function pageComplexity(args: KeysetPageArgs): { field: number; multiplier: number } {
  const skipped = Math.min(Math.max(args.offset ?? 0, 0), MAX_OFFSET);
  return {
    field: 1 + Math.ceil(skipped / SKIPPED_ROWS_PER_UNIT),
    multiplier: Math.min(Math.max(args.first ?? args.last ?? DEFAULT_PAGE, 1), LONGEST_PAGE),
  };
}

export function searchComplexity(args: KeysetPageArgs, text: string | null | undefined) {
  const { field, multiplier } = pageComplexity(args);
  if (!text) return { field, multiplier };
  const words = Math.min(text.split(/\s/, MAX_COUNTED_WORDS + 1).length, MAX_COUNTED_WORDS);
  return { field: field + SEARCH_COMPLEXITY + words * WORD_COMPLEXITY, multiplier };
}

/** Rows that an index skips quickly. */
const NEAR_OFFSET = 1_000;

/** An early page of an indexed order is cheap; others wait for their turn. */
export async function readPage<T>(
  context: GraphqlContext,
  { offset, limit = 0, searches = false }: { offset: number; limit?: number; searches?: boolean },
  read: (db: Db) => Promise<T>,
): Promise<T> {
  await awaitTurn(context, limit);
  return searches || offset > NEAR_OFFSET ? context.reads.run(context, read) : read(context.db);
}

export function pageSizeOf(args: PageArgs, max = MAX_PAGE): number {
  return pageSize(args.first, { default: DEFAULT_PAGE, max });
}

export function offsetOf({ offset }: PageArgs): number {
  if (!offset || (offset > 0 && offset <= MAX_OFFSET)) return offset ?? 0;
  throw new InvalidInputError(
    `"offset" is ${offset}; it must be between 0 and ${MAX_OFFSET}. Follow cursors with "after" to go further.`,
    'offset',
  );
}

function refuseBoth({ after, offset }: PageArgs): void {
  if (after && isProvided(offset)) throw conflict('offset', 'after');
}

/** Throws InvalidInputError for a bad page. */
export function keysetPageOf(args: KeysetPageArgs, max = MAX_PAGE): KeysetPage {
  const backward = isProvided(args.last);
  if (backward && isProvided(args.first)) throw conflict('last', 'first');
  refuseBoth(args);
  if (isProvided(args.offset) && args.before) throw conflict('offset', 'before');
  if (isProvided(args.offset) && backward) throw conflict('offset', 'last');
  const limits = { min: 0, default: DEFAULT_PAGE, max };
  return {
    size: backward ? pageSize(args.last, limits, 'last') : pageSize(args.first, limits),
    offset: offsetOf(args),
    after: args.after ? decodeCursor(args.after) : null,
    before: args.before ? decodeCursor(args.before, 'before') : null,
    backward,
  };
}

function conflict(one: string, other: string): InvalidInputError {
  return new InvalidInputError(`"${one}" cannot be combined with "${other}"; pass one of them.`, one);
}

function isProvided<Value>(value: Value | null | undefined): value is Value {
  return value !== null && value !== undefined;
}

const OFFSET_CURSOR = /^offset:(\d{1,9})$/;

/** Opaque, so that a catalog with cursors of its own can pass those on. */
function encodeOffset(offset: number): string {
  return Buffer.from(`offset:${offset}`).toString('base64url');
}

interface OffsetPage {
  offset: number;
  limit: number;
}

/** Throws InvalidInputError for a bad page. */
export async function connectOffsetPage<Node>(
  args: PageArgs,
  list: (page: OffsetPage) => Promise<{ items: Node[]; total: number }>,
): Promise<Connection<Node>> {
  const { offset, limit } = toOffsetPage(args);
  // No catalog has an empty page.
  const { items, total } = await list({ offset, limit: Math.max(limit, 1) });
  const edges = items.slice(0, limit).map((node, index) => ({ cursor: encodeOffset(offset + index), node }));
  return {
    totalCount: total,
    edges,
    pageInfo: {
      hasNextPage: items.length > 0 && offset + edges.length < total,
      hasPreviousPage: offset > 0,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}

function toOffsetPage(args: PageArgs): OffsetPage {
  const limit = pageSize(args.first, { min: 0, default: DEFAULT_PAGE, max: MAX_PAGE });
  if (!args.after) return { offset: offsetOf(args), limit };
  refuseBoth(args);
  const [, position] = OFFSET_CURSOR.exec(Buffer.from(args.after, 'base64url').toString()) ?? [];
  if (position !== undefined) return { offset: Number(position) + 1, limit };
  throw new InvalidInputError(
    '"after" is not a cursor of this list; pass the "cursor" of an edge, or "endCursor".',
    'after',
  );
}

export interface FieldPlace {
  context: GraphqlContext;
  info: GraphQLResolveInfo;
}

export function nodeSelection(typeName: string, { context, info }: FieldPlace): object {
  return queryFromInfo({ context, info, typeName, paths: [['edges', 'node'], ['nodes']] });
}
