import { z } from 'zod';
import { Prisma } from '../generated/prisma/client.js';
import { InvalidInputError } from '../lib/errors.js';
import { parseJson } from '../lib/parse-json.js';

export interface PageKey {
  createdAt: Date;
  id: string;
}

export interface Connection<Row> {
  edges: { cursor: string; node: Row }[];
  pageInfo: {
    hasNextPage: boolean;
    hasPreviousPage: boolean;
    startCursor: string | null;
    endCursor: string | null;
  };
}

const cursorSchema = z.tuple([z.iso.datetime(), z.uuid()]);

/** To the millisecond, as every column that is paged by must be. */
export function encodeCursor({ createdAt, id }: PageKey): string {
  return Buffer.from(JSON.stringify([createdAt.toISOString(), id])).toString('base64url');
}

export function decodeCursor(cursor: string, argument: 'after' | 'before' = 'after'): PageKey {
  const parsed = cursorSchema.safeParse(parseJson(Buffer.from(cursor, 'base64url').toString('utf8')));
  if (!parsed.success) {
    const bound = argument === 'after' ? 'endCursor' : 'startCursor';
    throw new InvalidInputError(
      `"${argument}" is not a cursor of this list; pass the "cursor" of an edge, or "${bound}".`,
      argument,
    );
  }
  const [createdAt, id] = parsed.data;
  return { createdAt: new Date(createdAt), id };
}

interface PageLimits {
  /** 1 if omitted. */
  min?: number;
  default: number;
  max: number;
}

/** Throws InvalidInputError out of range, rather than return fewer rows. */
export function pageSize(
  requested: number | null | undefined,
  { min = 1, max, ...limits }: PageLimits,
  argument: 'first' | 'last' = 'first',
): number {
  const size = requested ?? limits.default;
  if (Number.isInteger(size) && size >= min && size <= max) return size;
  throw new InvalidInputError(`"${argument}" is ${size}; it must be between ${min} and ${max}.`, argument);
}

/** By "createdAt" and "id". */
export type KeysetOrder = 'NEWEST_FIRST' | 'OLDEST_FIRST';

interface KeysetBounds {
  after: PageKey | null;
  before: PageKey | null;
  /** Whether the page is read from its end. */
  backward: boolean;
}

export interface KeysetPage extends KeysetBounds {
  size: number;
  offset: number;
}

export function directionOf(
  order: KeysetOrder,
  { backward }: Pick<KeysetBounds, 'backward'>,
): 'asc' | 'desc' {
  return (order === 'OLDEST_FIRST') === backward ? 'desc' : 'asc';
}

/** `within` begins with AND, or is empty. */
export function keysetSql(
  order: KeysetOrder,
  { after, before, backward }: KeysetBounds,
): Record<'within' | 'orderBy' | 'direction', Prisma.Sql> {
  const [following, preceding] = order === 'OLDEST_FIRST' ? (['>', '<'] as const) : (['<', '>'] as const);
  const beyond = (operator: '<' | '>', key: PageKey) => Prisma.sql`
    AND ("createdAt", "id") ${Prisma.raw(operator)} (${key.createdAt}::timestamptz, ${key.id}::uuid)`;
  const direction = Prisma.raw(directionOf(order, { backward }));
  return {
    within: Prisma.sql`${after ? beyond(following, after) : Prisma.empty} ${before ? beyond(preceding, before) : Prisma.empty}`,
    orderBy: Prisma.sql`ORDER BY "createdAt" ${direction}, "id" ${direction}`,
    direction,
  };
}

interface KeyFilter {
  OR: [{ createdAt: object }, { createdAt: Date; id: object }];
}

export function keysetWhere(order: KeysetOrder, { after, before }: KeysetBounds): KeyFilter[] {
  const [following, preceding] = order === 'OLDEST_FIRST' ? (['gt', 'lt'] as const) : (['lt', 'gt'] as const);
  const beyond = (operator: 'lt' | 'gt', { createdAt, id }: PageKey): KeyFilter => ({
    OR: [{ createdAt: { [operator]: createdAt } }, { createdAt, id: { [operator]: id } }],
  });
  return [...(after ? [beyond(following, after)] : []), ...(before ? [beyond(preceding, before)] : [])];
}

type ReadPage = { size: number } & { [Bound in keyof KeysetBounds | 'offset']?: unknown };

/** Of rows in the order in which they were read, one more than the page has if there are more. */
export function toConnection<Row extends PageKey>(
  rows: readonly Row[],
  { size, after, before, offset, backward }: ReadPage,
): Connection<Row> {
  const read = rows.slice(0, size).map((node) => ({ cursor: encodeCursor(node), node }));
  const edges = backward ? read.reverse() : read;
  const more = rows.length > size;
  const [hasBefore, hasAfter] = [Boolean(after) || Boolean(offset), Boolean(before)];
  return {
    edges,
    pageInfo: {
      hasNextPage: hasAfter || (!backward && more),
      hasPreviousPage: hasBefore || (Boolean(backward) && more),
      startCursor: edges.at(0)?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}
