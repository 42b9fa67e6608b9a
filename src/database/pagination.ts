import { z } from 'zod';
import { InvalidInputError } from '../lib/errors.js';

/** What a page is cut at: rows are ordered by creation, and by id where that is equal. */
export interface PageKey {
  createdAt: Date;
  id: string;
}

/** A page as GraphQL's Relay connections spell it. */
export interface Connection<Row> {
  edges: { cursor: string; node: Row }[];
  pageInfo: {
    hasNextPage: boolean;
    hasPreviousPage: boolean;
    startCursor: string | null;
    endCursor: string | null;
  };
}

const cursorShape = z.tuple([z.iso.datetime(), z.uuid()]);

/** Opaque to clients. Times are kept to the millisecond, as columns that are paged by must be. */
export function encodeCursor({ createdAt, id }: PageKey): string {
  return Buffer.from(JSON.stringify([createdAt.toISOString(), id])).toString('base64url');
}

/** Throws InvalidInputError for anything that encodeCursor did not make. */
export function decodeCursor(cursor: string): PageKey {
  const parsed = cursorShape.safeParse(parseJson(Buffer.from(cursor, 'base64url').toString('utf8')));
  if (!parsed.success) {
    throw new InvalidInputError('"after" is not a cursor that a page of this list returned.', 'after');
  }
  const [createdAt, id] = parsed.data;
  return { createdAt: new Date(createdAt), id };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** How many rows a page has: what was asked for, within 1 to `max`. Too many is an error and not less than asked. */
export function pageSize(first: number | null | undefined, limits: { default: number; max: number }): number {
  const size = first ?? limits.default;
  if (Number.isInteger(size) && size >= 1 && size <= limits.max) return size;
  throw new InvalidInputError(
    `"first" is ${size}; allowed: a whole number from 1 to ${limits.max}.`,
    'first',
  );
}

/**
 * Turns rows into a page. Ask the database for `size + 1` of them: the one too many says that there are more.
 * `after` is the cursor the page began at, if any.
 */
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
