import { z } from 'zod';
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

export function decodeCursor(cursor: string): PageKey {
  const parsed = cursorSchema.safeParse(parseJson(Buffer.from(cursor, 'base64url').toString('utf8')));
  if (!parsed.success) {
    throw new InvalidInputError(
      '"after" is not a cursor of this list; pass the "cursor" of an edge, or "endCursor".',
      'after',
    );
  }
  const [createdAt, id] = parsed.data;
  return { createdAt: new Date(createdAt), id };
}

/** Throws InvalidInputError out of range, rather than return fewer rows. */
export function pageSize(first: number | null | undefined, limits: { default: number; max: number }): number {
  const size = first ?? limits.default;
  if (Number.isInteger(size) && size >= 1 && size <= limits.max) return size;
  throw new InvalidInputError(`"first" is ${size}; it must be between 1 and ${limits.max}.`, 'first');
}

/** Read `size + 1` rows: the extra one says that there is a next page. */
export function toConnection<Row extends PageKey>(
  rows: readonly Row[],
  page: { size: number; after?: unknown },
): Connection<Row> {
  const edges = rows.slice(0, page.size).map((node) => ({ cursor: encodeCursor(node), node }));
  return {
    edges,
    pageInfo: {
      hasNextPage: rows.length > page.size,
      hasPreviousPage: page.after !== undefined && page.after !== null,
      startCursor: edges.at(0)?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}
