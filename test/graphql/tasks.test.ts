import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { graphql } from '../../src/generated/documents/gql.js';
import type {
  TaskFilter,
  TaskPageQuery,
  TaskPageQueryVariables,
  ChangedTasksQueryVariables,
} from '../../src/generated/documents/graphql.js';
import type { Viewer } from '../../src/auth/viewer.js';
import { ask } from '../kit/ask.js';
import { countQueries } from '../kit/library.js';
import { seedTasks } from '../kit/seed-tasks.js';
import { createUser, restDocuments, serveOwnUser, serveWith } from '../kit/serve-as.js';
import { startApp, type TestApp } from '../kit/start-app.js';

const TASK_PAGE = graphql(`
  query TaskPage($filter: TaskFilter, $orderBy: TaskOrder, $first: Int, $after: String) {
    tasks(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {
      totalCount
      pageInfo {
        hasNextPage
        hasPreviousPage
        endCursor
      }
      edges {
        cursor
        node {
          id
          title
        }
      }
    }
  }
`);

const CHANGED_TASKS = graphql(`
  query ChangedTasks($since: DateTime, $first: Int, $offset: Int) {
    changedTasks(since: $since, first: $first, offset: $offset) {
      at
      finishedCount
      hasMore
      tasks {
        title
        state
        dismissedAt
        owner {
          id
        }
        parent {
          id
        }
      }
    }
  }
`);

const CURRENT = graphql(`
  query CurrentChildren {
    tasks(orderBy: OLDEST_FIRST) {
      edges {
        node {
          title
          current {
            id
            state
            title
            owner {
              id
            }
            parent {
              title
            }
          }
        }
      }
    }
  }
`);

const FULL_PAGE = graphql(`
  query FullTaskPage($filter: TaskFilter, $orderBy: TaskOrder, $first: Int) {
    tasks(filter: $filter, orderBy: $orderBy, first: $first) {
      totalCount
      edges {
        node {
          id
          state
          item {
            __typename
            ... on Track {
              id
              title
              artists {
                name
              }
            }
          }
          parent {
            id
            title
          }
          owner {
            id
            username
          }
        }
      }
    }
  }
`);

const PAGE_WITH_CHILDREN = graphql(`
  query TaskPageWithChildren($filter: TaskFilter, $first: Int) {
    tasks(filter: $filter, first: $first) {
      edges {
        node {
          title
          children(first: 5) {
            totalCount
            pageInfo {
              hasNextPage
            }
            edges {
              node {
                title
                owner {
                  username
                }
                parent {
                  title
                }
              }
            }
          }
        }
      }
    }
  }
`);

const CHILD_PAGE = graphql(`
  query ChildPage($id: ID!, $first: Int, $after: String) {
    task(id: $id) {
      children(first: $first, after: $after) {
        totalCount
        pageInfo {
          hasNextPage
          endCursor
        }
        edges {
          node {
            title
          }
        }
      }
    }
  }
`);

const TASK_COUNTS = graphql(`
  query CountTasks {
    taskCounts {
      queued
      running
      retrying
      paused
      completed
      skipped
      failed
      cancelled
    }
  }
`);

const NODE_TITLE = graphql(`
  query TaskNode($id: ID!) {
    node(id: $id) {
      ... on Task {
        title
        owner {
          username
        }
      }
    }
  }
`);

let app: TestApp;
beforeAll(async () => {
  app = await startApp({ env: { role: 'api' } });
});
afterAll(() => app?.stop());

/** Each test sees the tasks of a user of its own. */
let own: TestApp;
let viewer: Viewer;
let ownerId: string;
beforeEach(async () => {
  ({ own, ownerId, viewer } = await serveOwnUser(app));
});

const seed = (seeds: Parameters<typeof seedTasks>[1]) =>
  seedTasks(
    app,
    seeds.map((each) => ({ ownerId, ...each })),
  );
const titlesOf = async (variables: TaskPageQueryVariables) =>
  (await own.execute(TASK_PAGE, variables)).tasks.edges.map(({ node }) => node.title);

describe('the list of tasks', () => {
  it('has the newest first, or the oldest, and no children of other tasks', async () => {
    const [, album = ''] = await seed([{ title: 'track' }, { title: 'album', kind: 'ALBUM' }]);
    await seed([{ title: 'child', parentId: album, position: 0 }]);
    expect(await titlesOf({})).toEqual(['album', 'track']);
    expect(await titlesOf({ orderBy: 'NEWEST_FIRST' })).toEqual(['album', 'track']);
    expect(await titlesOf({ orderBy: 'OLDEST_FIRST' })).toEqual(['track', 'album']);
  });

  it('has a stable order when tasks were queued in the same millisecond', async () => {
    const createdAt = new Date();
    await seed(Array.from({ length: 9 }, (_, n) => ({ title: `${n}`, createdAt })));
    expect((await titlesOf({ orderBy: 'OLDEST_FIRST' })).join('')).toBe('012345678');
    expect((await titlesOf({ orderBy: 'NEWEST_FIRST' })).join('')).toBe('876543210');
  });

  it('is filtered by one or all of state, kind and parent', async () => {
    const [album = ''] = await seed([{ title: 'album', kind: 'ALBUM', state: 'RUNNING' }]);
    await seed([
      { title: 'child failed', parentId: album, position: 0, state: 'FAILED' },
      { title: 'child queued', parentId: album, position: 1, state: 'QUEUED' },
      { title: 'track failed', state: 'FAILED' },
      { title: 'artist paused', kind: 'ARTIST', state: 'PAUSED' },
    ]);
    const found = async (filter: TaskFilter) => (await titlesOf({ filter, orderBy: 'OLDEST_FIRST' })).sort();
    expect(await found({ states: ['FAILED'] })).toEqual(['track failed']);
    expect(await found({ states: ['FAILED', 'PAUSED'] })).toEqual(['artist paused', 'track failed']);
    expect(await found({ states: [] })).toEqual([]);
    expect(await found({ kinds: ['ALBUM', 'ARTIST'] })).toEqual(['album', 'artist paused']);
    expect(await found({ includeChildren: true, states: ['FAILED'] })).toEqual([
      'child failed',
      'track failed',
    ]);
    expect(await found({ parent: album })).toEqual(['child failed', 'child queued']);
    expect(await found({ parent: `Task:${album}`, includeChildren: false })).toHaveLength(2);
    expect(await found({ parent: album, states: ['QUEUED'], kinds: ['TRACK'] })).toEqual(['child queued']);
    expect(await found({ parent: album, kinds: ['ALBUM'] })).toEqual([]);
    expect(await found({ parent: '00000000-0000-4000-8000-00000000dead' })).toEqual([]);
    expect(await found({ states: null, kinds: null, parent: null, includeChildren: null })).toHaveLength(3);
  });

  it('leaves out dismissed tasks', async () => {
    await seed([
      { title: 'seen', state: 'FAILED' },
      { title: 'dismissed', state: 'FAILED', dismissedAt: new Date() },
    ]);
    expect(await titlesOf({})).toEqual(['seen']);
    expect((await own.execute(TASK_COUNTS)).taskCounts.failed).toBe(1);
  });

  it('counts everything that matches the filter, not only the page', async () => {
    await seed(Array.from({ length: 7 }, (_, n) => ({ state: n < 4 ? 'FAILED' : 'COMPLETED' })));
    const { tasks } = await own.execute(TASK_PAGE, { filter: { states: ['FAILED'] }, first: 2 });
    expect(tasks.totalCount).toBe(4);
    expect(tasks.edges).toHaveLength(2);
    expect((await own.execute(TASK_PAGE, { first: 100 })).tasks.totalCount).toBe(7);
  });

  it('is paged without gap or repeat while tasks are added and changed', async () => {
    await seed(Array.from({ length: 23 }, (_, n) => ({ title: `${n}` })));
    const seen: string[] = [];
    let after: string | null = null;
    for (let page = 0; page === 0 || after; page++) {
      const { tasks }: TaskPageQuery = await own.execute(TASK_PAGE, { first: 5, after });
      expect(tasks.pageInfo.hasPreviousPage).toBe(page > 0);
      seen.push(...tasks.edges.map(({ node }) => node.title));
      after = tasks.pageInfo.hasNextPage ? tasks.pageInfo.endCursor : null;
      await seed([{ title: `new ${page}`, createdAt: new Date() }]);
      await app.deps.db.task.updateMany({ where: { ownerId, title: '1' }, data: { progress: page + 1 } });
    }
    expect(seen).toEqual(Array.from({ length: 23 }, (_, n) => `${22 - n}`));
  });

  it('has no next page on its last page, also when that page is full', async () => {
    await seed([{}, {}, {}, {}]);
    const first = await own.execute(TASK_PAGE, { first: 2 });
    expect(first.tasks.pageInfo.hasNextPage).toBe(true);
    const second = await own.execute(TASK_PAGE, { first: 2, after: first.tasks.pageInfo.endCursor });
    expect(second.tasks.pageInfo.hasNextPage).toBe(false);
    const third = await own.execute(TASK_PAGE, { first: 2, after: second.tasks.pageInfo.endCursor });
    expect(third.tasks).toMatchObject({ edges: [], pageInfo: { hasNextPage: false, endCursor: null } });
  });

  it('rejects an invalid page or filter and names it', async () => {
    const errorOf = async (variables: TaskPageQueryVariables) =>
      (await ask(own, TASK_PAGE, variables)).errors[0];
    expect(await errorOf({ first: -1 })).toMatchObject({ code: 'INVALID_INPUT', path: 'tasks' });
    expect(await errorOf({ first: 101 })).toMatchInlineSnapshot(`
      {
        "code": "INVALID_INPUT",
        "message": ""first" is 101; it must be between 0 and 100.",
        "path": "tasks",
      }
    `);
    expect(await errorOf({ after: 'offset:3' })).toMatchInlineSnapshot(`
      {
        "code": "INVALID_INPUT",
        "message": ""after" is not a cursor of this list; pass the "cursor" of an edge, or "endCursor".",
        "path": "tasks",
      }
    `);
    const forged = Buffer.from('["2026-01-01T00:00:00.000Z","1 OR 1=1"]').toString('base64url');
    expect(await errorOf({ after: forged })).toMatchObject({ code: 'INVALID_INPUT' });
    expect(await errorOf({ filter: { parent: 'Album:demo:x' } })).toMatchInlineSnapshot(`
      {
        "code": "INVALID_INPUT",
        "message": ""Album:demo:x" is not a valid Task id; expected: Task:<uuid> or <uuid>.",
        "path": "tasks",
      }
    `);
    expect(await errorOf({ filter: { states: ['BUSY' as 'FAILED'] } })).toMatchObject({
      code: 'BAD_USER_INPUT',
    });
  });
});

describe('the children of a task', () => {
  it('are paged in the order of their parent’s entries', async () => {
    const [album = ''] = await seed([{ kind: 'PLAYLIST' }]);
    const createdAt = new Date();
    await seed(
      Array.from({ length: 250 }, (_, position) => ({
        parentId: album,
        position,
        title: `${position}`,
        createdAt,
      })),
    );
    const first = await own.execute(CHILD_PAGE, { id: album, first: 100 });
    expect(first.task?.children.totalCount).toBe(250);
    const after = first.task?.children.pageInfo.endCursor ?? null;
    const second = await own.execute(CHILD_PAGE, { id: album, first: 100, after });
    const titles = [first, second].flatMap(
      ({ task }) => task?.children.edges.map(({ node }) => node.title) ?? [],
    );
    expect(titles).toEqual(Array.from({ length: 200 }, (_, position) => `${position}`));
    expect(second.task?.children.pageInfo.hasNextPage).toBe(true);
  });

  it('are empty for a track', async () => {
    const [track = ''] = await seed([{}]);
    expect((await own.execute(CHILD_PAGE, { id: track })).task?.children).toMatchObject({
      totalCount: 0,
      edges: [],
    });
  });
});

describe('the counts of tasks', () => {
  it('are by state, each parent counted once', async () => {
    const [album = ''] = await seed([{ kind: 'ALBUM', state: 'RUNNING' }]);
    await seed([
      { parentId: album, position: 0 },
      { parentId: album, position: 1, state: 'FAILED' },
    ]);
    const states = ['QUEUED', 'QUEUED', 'PAUSED', 'RETRYING', 'COMPLETED', 'SKIPPED', 'CANCELLED'] as const;
    await seed(states.map((state) => ({ state })));
    expect((await own.execute(TASK_COUNTS)).taskCounts).toMatchInlineSnapshot(`
      {
        "cancelled": 1,
        "completed": 1,
        "failed": 0,
        "paused": 1,
        "queued": 2,
        "retrying": 1,
        "running": 1,
        "skipped": 1,
      }
    `);
  });

  it('are all zero for someone without tasks', async () => {
    const { taskCounts } = await own.execute(TASK_COUNTS);
    expect(new Set(Object.values(taskCounts))).toEqual(new Set([0]));
  });
});

describe('the current child of a task', () => {
  it('is its first running one, or else its first retrying one, and of a running parent only', async () => {
    const parents = ['runs', 'retries', 'waits', 'paused'].map((title) => ({
      title,
      kind: 'ALBUM' as const,
      state: title === 'paused' ? ('PAUSED' as const) : ('RUNNING' as const),
    }));
    const [runs = '', retries = '', waits = '', paused = ''] = await seed([
      ...parents,
      { title: 'track', state: 'RUNNING' },
    ]);
    const children = await seed([
      { parentId: runs, position: 2, title: 'later', state: 'RUNNING' },
      { parentId: runs, position: 0, title: 'retrying', state: 'RETRYING' },
      { parentId: runs, position: 1, title: 'running', state: 'RUNNING' },
      { parentId: retries, position: 1, title: 'second', state: 'RETRYING' },
      { parentId: retries, position: 0, title: 'first', state: 'RETRYING' },
      { parentId: waits, position: 0, title: 'queued' },
      { parentId: paused, position: 0, title: 'running in a paused one', state: 'RUNNING' },
    ]);
    const { tasks } = await own.execute(CURRENT);
    const owner = { id: `User:${ownerId}` };
    const current = (index: number) => ({ id: `Task:${children[index]}`, owner });
    expect(tasks.edges.map(({ node }) => node)).toEqual([
      {
        title: 'runs',
        current: { ...current(2), title: 'running', state: 'RUNNING', parent: { title: 'runs' } },
      },
      {
        title: 'retries',
        current: { ...current(4), title: 'first', state: 'RETRYING', parent: { title: 'retries' } },
      },
      { title: 'waits', current: null },
      { title: 'paused', current: null },
      { title: 'track', current: null },
    ]);
  });
});

describe('changed tasks', () => {
  const changedTasks = async (variables: ChangedTasksQueryVariables) =>
    (await restDocuments(app, { viewer }).run(CHANGED_TASKS, variables)).changedTasks;

  it('are those since the previous time, with dismissed ones marked as such', async () => {
    const [one = '', two = ''] = await seed([{ title: 'one' }, { title: 'two', state: 'FAILED' }]);
    const first = await changedTasks({});
    expect(first).toMatchObject({ finishedCount: 1, hasMore: false });
    expect(first.tasks.map(({ title }) => title)).toEqual(['one', 'two']);
    await app.deps.db.task.update({ where: { id: one }, data: { state: 'RUNNING' } });
    await app.deps.db.task.update({ where: { id: two }, data: { dismissedAt: new Date() } });
    const next = await changedTasks({ since: first.at });
    expect(next.tasks).toMatchObject([
      { title: 'one', state: 'RUNNING', dismissedAt: null, owner: { id: `User:${ownerId}` }, parent: null },
      { title: 'two', state: 'FAILED', dismissedAt: expect.any(String) as string },
    ]);
    expect((await changedTasks({ since: '2100-01-01T00:00:00Z' })).tasks).toEqual([]);
  });

  it('reject an invalid page or time', async () => {
    await expect(changedTasks({ first: 101 })).rejects.toMatchObject({
      status: 400,
      message: '"first" is 101; it must be between 1 and 100.',
    });
    await expect(changedTasks({ first: 0 })).rejects.toMatchObject({ status: 400 });
    await expect(changedTasks({ offset: -1 })).rejects.toMatchObject({ status: 400 });
    await expect(changedTasks({ since: 'yesterday' })).rejects.toThrow(
      'A DateTime must be a day that exists, a time with seconds and a zone',
    );
  });
});

describe('tasks of other users', () => {
  it('are visible to admins only, through every field', async () => {
    const [mine = ''] = await seed([{ title: 'mine', state: 'FAILED' }]);
    const other = await serveWith(app, { viewer: await createUser(app) });
    const admin = await serveWith(app, { viewer: await createUser(app, 'ADMIN') });
    try {
      const see = async (eyes: TestApp) => ({
        tasks: (await eyes.execute(TASK_PAGE, { first: 100 })).tasks.edges.some(
          ({ node }) => node.title === 'mine',
        ),
        counts: (await eyes.execute(TASK_COUNTS)).taskCounts.failed > 0,
        node: (await eyes.execute(NODE_TITLE, { id: `Task:${mine}` })).node !== null,
        children: (await eyes.execute(CHILD_PAGE, { id: mine })).task !== null,
      });
      expect(await see(own)).toEqual({ tasks: true, counts: true, node: true, children: true });
      expect(await see(admin)).toEqual({ tasks: true, counts: true, node: true, children: true });
      expect(await see(other)).toEqual({ tasks: false, counts: false, node: false, children: false });
    } finally {
      await Promise.all([other.stop(), admin.stop()]);
    }
  });
});

describe('the database is queried', () => {
  const queriesFor = (work: (counted: TestApp) => Promise<unknown>) =>
    countQueries(app.env.database.kind === 'external' ? app.env.database.url : '', async (db) => {
      const counted = await serveWith(app, { db });
      await work(counted);
      await counted.stop();
    });
  const filter = { includeChildren: true };

  beforeAll(async () => {
    const parents = await seedTasks(
      app,
      Array.from({ length: 50 }, () => ({ kind: 'ALBUM', state: 'RUNNING' })),
    );
    const children = parents.flatMap((parentId) =>
      [0, 1, 2, 3, 4, 5].map((position) => ({ parentId, position, state: 'FAILED' as const })),
    );
    await seedTasks(app, children);
  });

  it.each(['NEWEST_FIRST', 'OLDEST_FIRST'] as const)(
    'at most four times for a page of tasks with item, parent and owner, however large, %s',
    async (orderBy) => {
      const read = (first: number) =>
        queriesFor((counted) => counted.execute(FULL_PAGE, { filter, orderBy, first }));
      const [small, large] = [await read(5), await read(100)];
      expect(large).toBeLessThanOrEqual(4);
      expect(small).toBeLessThanOrEqual(large);
    },
  );

  it('as often for the children of 50 parents as for those of one', async () => {
    const read = (first: number) =>
      queriesFor((counted) => counted.execute(PAGE_WITH_CHILDREN, { filter: { kinds: ['ALBUM'] }, first }));
    const [one, fifty] = [await read(1), await read(50)];
    expect(fifty).toBeLessThanOrEqual(one + 2);
  });
});
