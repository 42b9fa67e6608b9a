import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { InvalidInputError } from '../../src/lib/errors.js';
import { decodeCursor, encodeCursor, pageSize, toConnection } from '../../src/database/pagination.js';

const limits = { default: 20, max: 100 };
const rows = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    id: randomUUID(),
    createdAt: new Date(1_700_000_000_000 - index),
  }));

describe('a cursor', () => {
  it('brings back the key it was made from', () => {
    const [row] = rows(1);
    expect(decodeCursor(encodeCursor(row!))).toEqual(row);
  });

  it.each([
    ['nothing', ''],
    ['noise', '%%%'],
    ['another list’s', Buffer.from('{"id":1}').toString('base64url')],
    ['an id that is none', Buffer.from('["2024-01-01T00:00:00.000Z","x\' OR 1=1"]').toString('base64url')],
    [
      'a day that is none',
      Buffer.from(`["2024-99-01T00:00:00.000Z","${randomUUID()}"]`).toString('base64url'),
    ],
  ])('that is %s is rejected as invalid input', (_, cursor) => {
    expect(() => decodeCursor(cursor)).toThrow(InvalidInputError);
  });
});

describe('a page size', () => {
  it('has a default', () => {
    expect([pageSize(undefined, limits), pageSize(null, limits), pageSize(7, limits)]).toEqual([20, 20, 7]);
  });

  it.each([-1, 0, 101, 1.5, Number.NaN])('of %s is rejected with the allowed range', (first) => {
    expect(() => pageSize(first, limits)).toThrow('it must be between 1 and 100');
  });
});

describe('a connection', () => {
  it('cuts off the extra row that shows there is a next page', () => {
    const found = rows(4);
    const { edges, pageInfo } = toConnection(found, { size: 3 });
    expect(edges.map(({ node }) => node)).toEqual(found.slice(0, 3));
    expect(pageInfo).toEqual({
      hasNextPage: true,
      hasPreviousPage: false,
      startCursor: encodeCursor(found[0]!),
      endCursor: encodeCursor(found[2]!),
    });
  });

  it('ends where the rows end, and knows that it began in the middle', () => {
    expect(toConnection(rows(2), { size: 3, after: 'x' }).pageInfo).toMatchObject({
      hasNextPage: false,
      hasPreviousPage: true,
    });
    expect(toConnection([], { size: 3 })).toEqual({
      edges: [],
      pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
    });
  });
});
