import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { graphql } from '../../src/generated/documents/gql.js';
import type { HistoryQuery, HistoryQueryVariables } from '../../src/generated/documents/graphql.js';
import { toSearchText } from '../../src/tasks/new-task.js';
import { countQueries } from '../kit/library.js';
import { seedTasks } from '../kit/seed-tasks.js';
import { serveWith } from '../kit/serve-as.js';
import { startApp, type TestApp } from '../kit/start-app.js';

const HISTORY = graphql(`
  query History($filter: HistoryFilter, $first: Int, $after: String) {
    history(filter: $filter, first: $first, after: $after) {
      totalCount
      edges {
        node {
          id
          historyStatus
          madeDurationMs
          owner {
            username
          }
          parent {
            id
          }
          item {
            __typename
          }
        }
      }
      pageInfo {
        hasNextPage
        hasPreviousPage
        endCursor
      }
    }
  }
`);

const PAGE = graphql(`
  query HistoryPage($first: Int!) {
    history(first: $first) {
      edges {
        node {
          title
          historyStatus
          owner {
            username
          }
          parent {
            id
          }
          item {
            __typename
          }
        }
      }
    }
  }
`);

const BEGUN = new Date('2026-02-01T10:00:00Z');
const WORD = toSearchText(['a word that all have']);

let app: TestApp;
let seeded: string[];
/** An artist with one album of one track. */
let tree: string[];
beforeAll(async () => {
  app = await startApp({ env: { role: 'api' } });
  const done = { state: 'COMPLETED' as const, startedAt: BEGUN, finishedAt: BEGUN, searchText: WORD };
  seeded = await seedTasks(
    app,
    Array.from({ length: 23 }, () => done),
  );
  const [artist = ''] = await seedTasks(app, [{ ...done, kind: 'ARTIST', total: 1, succeeded: 1 }]);
  const [album = ''] = await seedTasks(app, [{ ...done, kind: 'ALBUM', parentId: artist, position: 0 }]);
  const [track = ''] = await seedTasks(app, [
    { ...done, parentId: album, position: 0, fileDurationMs: 90_500 },
  ]);
  tree = [artist, album, track];
});
afterAll(() => app.stop());

const idsOf = (data: HistoryQuery) => data.history.edges.map(({ node }) => node.id.replace('Task:', ''));

describe('history', () => {
  it('pages by cursor without a gap or a repeat', async () => {
    const read: string[] = [];
    for (let after: string | null = null, more = true; more;) {
      const data: HistoryQuery = await app.execute(HISTORY, {
        filter: { kinds: ['TRACK'] },
        first: 10,
        after,
      });
      expect(data.history.totalCount).toBe(23);
      expect(data.history.pageInfo.hasPreviousPage).toBe(after !== null);
      read.push(...idsOf(data));
      ({ endCursor: after = null, hasNextPage: more } = data.history.pageInfo);
    }
    expect(read).toEqual([...seeded].reverse());
  });

  it('shows children only when requested, and searches them too', async () => {
    const filter = { query: 'WÖRD', kinds: ['ALBUM', 'ARTIST'] as const };
    const top = await app.execute(HISTORY, { filter: { ...filter, kinds: [...filter.kinds] } });
    expect(idsOf(top)).toEqual([tree[0]]);
    const all = await app.execute(HISTORY, {
      filter: { ...filter, kinds: [...filter.kinds], includeChildren: true },
    });
    expect(idsOf(all).sort()).toEqual(tree.slice(0, 2).sort());
    expect(all.history.totalCount).toBe(2);
  });

  it('summarizes parents at any depth', async () => {
    const { history } = await app.execute(HISTORY, {
      filter: { kinds: ['ALBUM', 'ARTIST'], includeChildren: true },
    });
    expect(history.edges.map(({ node }) => node.madeDurationMs)).toEqual([90_500, 90_500]);
  });

  it.each<[HistoryQueryVariables, string]>([
    [{ first: 501 }, 'first'],
    [{ first: -1 }, 'first'],
    [{ filter: { query: ' ' } }, 'query'],
    [{ filter: { query: 'x'.repeat(201) } }, 'query'],
    [{ after: 'nonsense' }, 'after'],
  ])('rejects %j and says what is allowed', async (variables, word) => {
    await expect(app.execute(HISTORY, variables)).rejects.toThrow(word);
  });

  it('makes at most 4 database calls for a page of any size', async () => {
    const url = app.env.database.kind === 'external' ? app.env.database.url : '';
    const callsFor = (first: number) =>
      countQueries(url, async (db) => {
        const counted = await serveWith(app, { db });
        await counted.execute(PAGE, { first }).finally(() => counted.stop());
      });
    const [short, long] = [await callsFor(2), await callsFor(20)];
    expect(long).toBe(short);
    expect(long).toBeLessThanOrEqual(4);
  });
});
