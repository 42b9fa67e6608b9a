import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toLibraryFile } from '../../src/library/library-file.js';
import { createLibraryIndex } from '../../src/library/library-store.js';
import { graphql } from '../../src/generated/documents/gql.js';
import type { TaskOrder } from '../../src/generated/documents/graphql.js';
import { createTaskCounter } from '../../src/tasks/task-counter.js';
import { createLibraryCatalog } from '../../src/library/library-catalog.js';
import { searchOf } from '../kit/ask.js';
import { countQueries, indexFiles } from '../kit/library.js';
import { seedTasks } from '../kit/seed-tasks.js';
import { serveWith } from '../kit/serve-as.js';
import { startApp, type TestApp } from '../kit/start-app.js';
import { databaseUrlOf } from '../system/join-app.js';

const TASKS = graphql(`
  query CountedTasks($first: Int, $orderBy: TaskOrder) {
    tasks(first: $first, orderBy: $orderBy, filter: { includeChildren: true }) {
      totalCount
      edges {
        node {
          title
          item {
            __typename
          }
          parent {
            title
          }
          owner {
            username
          }
        }
      }
    }
  }
`);

const TASKS_WITH_NUMBERS = graphql(`
  query CountedTasksWithNumbers($first: Int) {
    tasks(first: $first, filter: { includeChildren: true }) {
      edges {
        node {
          title
          item {
            __typename
          }
          parent {
            title
          }
          owner {
            username
          }
          children {
            totalCount
          }
        }
      }
    }
  }
`);

const RUNNING = graphql(`
  query CountedRunningTasks($first: Int) {
    tasks(first: $first, filter: { states: [RUNNING], kinds: [ALBUM] }) {
      edges {
        node {
          current {
            title
            item {
              __typename
            }
            owner {
              username
            }
          }
        }
      }
    }
  }
`);

const HISTORY = graphql(`
  query CountedHistory($first: Int) {
    history(first: $first) {
      totalCount
      edges {
        node {
          title
          item {
            __typename
          }
          owner {
            username
          }
        }
      }
    }
  }
`);

const SEARCH = graphql(`
  query CountedSearch($first: Int, $type: CatalogType!) {
    search(query: "common", type: $type, catalog: "library", first: $first) {
      totalCount
      edges {
        node {
          __typename
          ... on Track {
            title
            artists {
              name
            }
            album {
              title
            }
          }
        }
      }
    }
  }
`);

const ORDERS: TaskOrder[] = ['NEWEST_FIRST', 'OLDEST_FIRST'];
const LIMIT = 4;
const ENDED = { startedAt: new Date('2026-01-01T00:00:00Z'), finishedAt: new Date('2026-01-01T01:00:00Z') };

let app: TestApp;
beforeAll(async () => {
  app = await startApp({ env: { role: 'api' } });
  const lists = await seedTasks(app, [
    ...Array.from({ length: 60 }, () => ({ kind: 'ALBUM' as const, state: 'RUNNING' as const, total: 2 })),
    ...Array.from({ length: 40 }, () => ({
      kind: 'PLAYLIST' as const,
      state: 'COMPLETED' as const,
      ...ENDED,
    })),
  ]);
  await seedTasks(
    app,
    lists.flatMap((parentId) => [
      { parentId, position: 0, state: 'COMPLETED' as const, ...ENDED },
      { parentId, position: 1, state: 'RUNNING' as const },
    ]),
  );
  await seedTasks(
    app,
    Array.from({ length: 60 }, () => ({ state: 'FAILED' as const, searchText: ' find me', ...ENDED })),
  );
  await indexFiles(
    app.deps.db,
    Array.from({ length: 110 }, (_, n) => libraryFile(n)),
  );
});
afterAll(() => app.stop());

function libraryFile(n: number) {
  const path = `common artist ${n}/common album ${n}/01 - common track ${n}.mp3`;
  const [artist = '', album = '', fileName = ''] = path.split('/');
  const found = {
    ...{ path: `/music/${path}`, folders: [artist, album], fileName },
    ...{ sizeBytes: 1_000n, modifiedAt: ENDED.startedAt },
  };
  const unsaid = {
    ...{ albumArtist: null, compilation: false, isrc: null, upc: null, trackNumber: 1, trackTotal: null },
    ...{ discNumber: null, discTotal: null, date: null, genres: [], label: null, copyright: null },
    ...{ licence: null, codec: 'mp3', bitrateKbps: 128, durationMs: 200_000 },
  };
  return toLibraryFile(
    found,
    { title: `common track ${n}`, artists: [artist], album, ...unsaid },
    ENDED.startedAt,
  );
}

/** How often the database is asked, and how many entries came of it. */
type Reading = (from: TestApp, size: number) => Promise<number>;

async function measure(read: Reading, size: number): Promise<{ entries: number; calls: number }> {
  let entries = 0;
  const calls = await countQueries(databaseUrlOf(app), async (db) => {
    const library = createLibraryCatalog({
      index: createLibraryIndex(db),
      roots: [] as never,
      covers: { readCover: () => Promise.resolve(null) },
    });
    const catalogs = new Map([...app.deps.catalogs, ['library', library] as const]);
    const counted = await serveWith(app, { db, taskCounter: createTaskCounter({ db }), catalogs });
    entries = await read(counted, size).finally(() => counted.stop());
  });
  return { entries, calls };
}

const overRest =
  (path: string, key: string): Reading =>
  async (from, size) => {
    const { status, body } = await from.rest('GET', `${path}limit=${size}`);
    expect(status).toBe(200);
    return ((body as Record<string, unknown[]>)[key] ?? []).length;
  };

const LISTS: [string, Reading][] = [
  ...ORDERS.map((orderBy): [string, Reading] => [
    `tasks with item, parent and owner, ${orderBy}`,
    async (from, first) => (await from.execute(TASKS, { first, orderBy })).tasks.edges.length,
  ]),
  [
    'tasks with item, parent, owner and how many parts each has',
    async (from, first) => (await from.execute(TASKS_WITH_NUMBERS, { first })).tasks.edges.length,
  ],
  [
    'running albums, each with its current child',
    async (from, first) => {
      const { edges } = (await from.execute(RUNNING, { first })).tasks;
      return edges.filter(({ node }) => node.current?.item !== undefined).length;
    },
  ],
  ['history', async (from, first) => (await from.execute(HISTORY, { first })).history.edges.length],
  ...(['TRACK', 'ALBUM', 'ARTIST'] as const).map((type): [string, Reading] => [
    `a search of the library: ${type}`,
    async (from, first) => searchOf(await from.execute(SEARCH, { first, type })).edges.length,
  ]),
  ['GET /prgs/list', overRest('/prgs/list?', 'tasks')],
  ['GET /prgs/updates', overRest('/prgs/updates?', 'tasks')],
  ['GET /prgs/updates with since', overRest('/prgs/updates?since=0&', 'tasks')],
  ['GET /history', overRest('/history?', 'downloads')],
  ['GET /history/search', overRest('/history/search?q=find&', 'results')],
  ['GET /history/recent', overRest('/history/recent?', 'downloads')],
  ['GET /history/failed', overRest('/history/failed?', 'downloads')],
];

describe('a list makes at most four database calls, for one entry or a hundred:', () => {
  it.each(LISTS)('%s', async (_name, read) => {
    const [one, hundred] = [await measure(read, 1), await measure(read, 100)];
    expect(one.entries).toBeGreaterThanOrEqual(1);
    expect(hundred.entries).toBeGreaterThan(59);
    expect(hundred.calls).toBe(one.calls);
    expect(hundred.calls).toBeLessThanOrEqual(LIMIT);
    expect(hundred.calls).toBeGreaterThan(0);
  });
});
