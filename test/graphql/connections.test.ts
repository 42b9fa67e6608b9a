import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SYSTEM_VIEWER } from '../../src/auth/viewer.js';
import { graphql } from '../../src/generated/documents/gql.js';
import type { PagesOfListsQueryVariables } from '../../src/generated/documents/graphql.js';
import { ask } from '../kit/ask.js';
import { countQueries } from '../kit/library.js';
import { seedTasks } from '../kit/seed-tasks.js';
import { createUser, serveOwnUser, serveWith } from '../kit/serve-as.js';
import { startApp, type TestApp } from '../kit/start-app.js';
import { databaseUrlOf } from '../system/join-app.js';

const NODES = graphql(`
  query Nodes($ids: [ID!]!) {
    nodes(ids: $ids) {
      __typename
      id
      ... on Task {
        title
        parent {
          title
        }
      }
    }
  }
`);

const NODES_AND_MORE = graphql(`
  query NodesAndMore($ids: [ID!]!, $id: ID!) {
    nodes(ids: $ids) {
      __typename
    }
    node(id: $id) {
      __typename
    }
    viewer {
      __typename
    }
  }
`);

const LISTS = graphql(`
  query NodesOfLists($first: Int) {
    tasks(first: $first, orderBy: OLDEST_FIRST) {
      nodes {
        title
        parent {
          title
        }
        children(first: $first) {
          nodes {
            title
            parent {
              title
            }
          }
        }
      }
    }
    history(first: $first) {
      nodes {
        title
      }
    }
    album(id: "demo:night-ferry") {
      tracks(first: $first) {
        totalCount
        pageInfo {
          hasNextPage
        }
        edges {
          node {
            id
          }
        }
        nodes {
          id
        }
      }
    }
    search(query: "ferry", first: $first) {
      nodes {
        ... on Track {
          id
        }
      }
    }
    library {
      problems(first: $first, offset: 1) {
        totalCount
        pageInfo {
          hasPreviousPage
        }
        nodes {
          path
        }
      }
    }
  }
`);

const PAGES = graphql(`
  query PagesOfLists(
    $root: ID!
    $order: TaskOrder
    $first: Int
    $after: String
    $last: Int
    $before: String
    $offset: Int
  ) {
    tasks(
      filter: { root: $root, kinds: [TRACK] }
      orderBy: $order
      first: $first
      after: $after
      last: $last
      before: $before
      offset: $offset
    ) {
      ...PageOfTasks
    }
    history(
      filter: { includeChildren: true, query: "page" }
      orderBy: $order
      first: $first
      after: $after
      last: $last
      before: $before
      offset: $offset
    ) {
      ...PageOfTasks
    }
    task(id: $root) {
      children(first: $first, after: $after, last: $last, before: $before, offset: $offset) {
        ...PageOfTasks
      }
    }
  }
  fragment PageOfTasks on TaskConnection {
    totalCount
    pageInfo {
      hasNextPage
      hasPreviousPage
      startCursor
      endCursor
    }
    nodes {
      title
    }
    edges {
      cursor
    }
  }
`);

const TOTALS = graphql(`
  query TotalsOfLists($root: ID!, $more: Boolean!) {
    tasks(first: 0, filter: { kinds: [ALBUM] }) {
      ...NoTasks
    }
    history(first: 0) {
      ...NoTasks
    }
    task(id: $root) {
      children(first: 0) {
        ...NoTasks
      }
    }
  }
  fragment NoTasks on TaskConnection {
    totalCount
    nodes {
      id
    }
    edges {
      cursor
    }
    pageInfo @include(if: $more) {
      hasNextPage
      hasPreviousPage
      startCursor
    }
  }
`);

const FILTERED = graphql(`
  query FilteredTasks($filter: TaskFilter, $history: HistoryFilter) {
    tasks(filter: $filter, orderBy: OLDEST_FIRST) {
      totalCount
      nodes {
        title
      }
    }
    history(filter: $history, orderBy: OLDEST_FIRST) {
      totalCount
      nodes {
        title
      }
    }
  }
`);

let app: TestApp;
let album: string;
let children: string[];
beforeAll(async () => {
  app = await startApp({ env: { role: 'api' } });
  [album = ''] = await seedTasks(app, [
    { title: 'album', kind: 'ALBUM', state: 'FAILED', startedAt: new Date() },
  ]);
  children = await seedTasks(
    app,
    Array.from({ length: 60 }, (_, position) => ({ title: `child ${position}`, parentId: album, position })),
  );
});
afterAll(() => app?.stop());

describe('nodes', () => {
  it('fetches objects of several types in the order of their ids', async () => {
    const missing = 'Task:00000000-0000-4000-8000-00000000dead';
    const ids = [
      'Track:demo:night-ferry-1-03',
      `Task:${album}`,
      missing,
      'Album:demo:nothing',
      `Task:${album}`,
    ];
    const { nodes } = await app.execute(NODES, { ids });
    expect(nodes).toMatchObject([
      { __typename: 'Track', id: ids[0] },
      { __typename: 'Task', id: ids[1], title: 'album' },
      null,
      null,
      { id: ids[1] },
    ]);
    expect((await app.execute(NODES, { ids: [] })).nodes).toEqual([]);
  });

  it('shows no task of another user', async () => {
    const other = await serveWith(app, { viewer: await createUser(app) });
    const { nodes } = await other.execute(NODES, { ids: [`Task:${album}`] }).finally(() => other.stop());
    expect(nodes).toEqual([null]);
  });

  it('leaves the other objects when one cannot be read', async () => {
    const { data, errors } = await ask(app, NODES, { ids: ['Task:no-uuid', `Task:${album}`] });
    expect(data?.nodes).toMatchObject([null, { title: 'album' }]);
    expect(errors).toMatchObject([{ code: 'INVALID_INPUT', path: 'nodes.0' }]);
  });

  it.each(['garbage', '', ':x'])('leaves the other objects and fields when an id is %j', async (id) => {
    const mixed = await ask(app, NODES_AND_MORE, { ids: [`Task:${album}`, id], id });
    expect(mixed.data).toEqual({
      nodes: [{ __typename: 'Task' }, null],
      node: null,
      viewer: { __typename: 'User' },
    });
    const refused = { code: 'INVALID_INPUT', message: expect.stringContaining(JSON.stringify(id)) as string };
    expect(mixed.errors.sort((a, b) => `${a.path}`.localeCompare(`${b.path}`))).toMatchObject([
      { ...refused, path: 'node' },
      { ...refused, path: 'nodes.1' },
    ]);
  });

  it('refuses more than 100 ids, whatever they are', async () => {
    const { errors } = await ask(app, NODES, { ids: Array.from({ length: 101 }, () => `Task:${album}`) });
    expect(errors).toMatchObject([
      { code: 'INVALID_INPUT', path: 'nodes', message: '"ids" has 101 ids; at most 100 are allowed.' },
    ]);
  });

  it('asks the database as often for sixty tasks as for two', async () => {
    const read = (count: number) =>
      countQueries(databaseUrlOf(app), async (db) => {
        const counted = await serveWith(app, { db });
        const ids = children.slice(0, count).map((id) => `Task:${id}`);
        const { nodes } = await counted.execute(NODES, { ids }).finally(() => counted.stop());
        expect(nodes.filter((node) => node !== null)).toHaveLength(count);
      });
    expect(await read(60)).toBe(await read(2));
  });

  it('costs as much as its objects together', async () => {
    const ids = Array.from({ length: 100 }, () => `Task:${album}`);
    const query = `query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Task { children(first: 500) { nodes { id title } } } } }`;
    const response = await fetch(`${app.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables: { ids } }),
    });
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'LIMIT_EXCEEDED' } }] });
  });
});

describe('every connection', () => {
  it('has its entries without edges too', async () => {
    const { tasks, history, album: found, search, library } = await app.execute(LISTS, { first: 2 });
    const childNodes = ['child 0', 'child 1'].map((title) => ({ title, parent: { title: 'album' } }));
    expect(tasks.nodes).toEqual([{ title: 'album', parent: null, children: { nodes: childNodes } }]);
    expect(history.nodes).toEqual([{ title: 'album' }]);
    expect(found?.tracks.nodes).toEqual(found?.tracks.edges.map(({ node }) => node));
    expect(found?.tracks.nodes).toHaveLength(2);
    expect(search?.nodes.length).toBeGreaterThan(0);
    expect(library.problems).toEqual({ totalCount: 0, pageInfo: { hasPreviousPage: true }, nodes: [] });
  });

  it('may be without entries where only their number is wanted', async () => {
    const { album: found, search } = await app.execute(LISTS, { first: 0 });
    expect(found?.tracks).toEqual({ totalCount: 9, pageInfo: { hasNextPage: true }, edges: [], nodes: [] });
    expect(search?.nodes).toEqual([]);
  });
});

describe('a list of tasks', () => {
  const COUNT = 7;
  let own: TestApp;
  let root: string;
  beforeAll(async () => {
    const viewer = await createUser(app);
    own = await serveWith(app, { viewer });
    const startedAt = new Date();
    [root = ''] = await seedTasks(app, [{ kind: 'ALBUM', ownerId: viewer.id, state: 'FAILED' }]);
    await seedTasks(
      app,
      Array.from({ length: COUNT }, (_, position) => ({
        ...{
          title: `${position}`,
          parentId: root,
          position,
          ownerId: viewer.id,
          searchText: ' page',
          startedAt,
        },
        // Of one time, so that ids decide.
        ...(position > 2 && position < 6 ? { createdAt: new Date('2026-01-01T00:00:03Z') } : {}),
      })),
    );
    return () => own.stop();
  });

  type Variables = Omit<PagesOfListsQueryVariables, 'root'>;
  const listsOf = async (variables: Variables) => {
    const { tasks, history, task } = await own.execute(PAGES, { root, order: 'OLDEST_FIRST', ...variables });
    return [tasks, history, task!.children] as const;
  };
  const read = async (variables: Variables) => {
    const lists = await listsOf(variables);
    const [page] = lists;
    for (const list of lists) expect(list).toEqual(page);
    expect(page.totalCount).toBe(COUNT);
    const { hasPreviousPage, hasNextPage } = page.pageInfo;
    return {
      ...page.pageInfo,
      shown: `${hasPreviousPage ? '<' : ''}${page.nodes.map(({ title }) => title).join('')}${hasNextPage ? '>' : ''}`,
    };
  };

  it('is read page by page from its end, in the same order', async () => {
    const seen: string[] = [];
    let before: string | null = null;
    do {
      const page: Awaited<ReturnType<typeof read>> = await read({ last: 3, before });
      seen.push(page.shown);
      before = page.hasPreviousPage ? page.startCursor : null;
    } while (before);
    expect(seen).toEqual(['<456', '<123>', '0>']);
  });

  it('knows at both ends whether there is more, as Relay specifies', async () => {
    const { edges } = (await listsOf({ first: COUNT }))[0];
    const at = (index: number) => edges[index]?.cursor ?? null;
    const pages: [Variables, string][] = [
      [{}, '0123456'],
      [{ first: 3 }, '012>'],
      [{ first: 3, after: at(2) }, '<345>'],
      [{ first: 3, after: at(4) }, '<56'],
      [{ first: 9, before: at(3) }, '012>'],
      [{ first: 2, before: at(3) }, '01>'],
      [{ first: 9, after: at(1), before: at(4) }, '<23>'],
      [{ last: 7 }, '0123456'],
      [{ last: 2 }, '<56'],
      [{ last: 2, before: at(1) }, '0>'],
      [{ last: 2, before: at(0) }, '>'],
      [{ last: 2, after: at(3) }, '<56'],
      [{ last: 1, after: at(1), before: at(4) }, '<3>'],
      [{ last: 0 }, '<'],
      [{ first: 0 }, '>'],
      [{ first: 2, offset: 3 }, '<34>'],
    ];
    for (const [variables, shown] of pages)
      expect([variables, (await read(variables)).shown]).toEqual([variables, shown]);
  });

  it('is read backwards with the newest first too', async () => {
    const [tasks, history] = await listsOf({ order: 'NEWEST_FIRST', last: 3 });
    expect(history).toEqual(tasks);
    expect(tasks.nodes.map(({ title }) => title)).toEqual(['2', '1', '0']);
    const [earlier] = await listsOf({ order: 'NEWEST_FIRST', last: 3, before: tasks.pageInfo.startCursor });
    expect(earlier.nodes.map(({ title }) => title)).toEqual(['5', '4', '3']);
    expect(earlier.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: true });
  });

  it.each<[Variables, string]>([
    [{ first: 1, last: 1 }, '"last" cannot be combined with "first"'],
    [{ last: -1 }, '"last" is -1; it must be between 0 and 100'],
    [{ last: 101 }, '"last" is 101; it must be between 0 and 100'],
    [{ last: 1, offset: 1 }, '"offset" cannot be combined with "last"'],
    [{ before: 'x', offset: 1 }, '"offset" cannot be combined with "before"'],
    [
      { last: 1, before: 'x' },
      '"before" is not a cursor of this list; pass the "cursor" of an edge, or "startCursor"',
    ],
  ])('refuses %j', async (variables, problem) => {
    const { errors } = await ask(own, PAGES, { root, ...variables });
    expect(errors[0]).toMatchObject({ code: 'INVALID_INPUT' });
    expect(errors[0]?.message).toContain(problem);
  });

  it('reads no row when only its number is wanted', async () => {
    const ask = (more: boolean) =>
      countQueries(databaseUrlOf(app), async (db) => {
        const counted = await serveWith(app, { db });
        const { tasks, history, task } = await counted
          .execute(TOTALS, { root: album, more })
          .finally(() => counted.stop());
        const nothing = { nodes: [], edges: [] };
        const pageInfo = { hasNextPage: true, hasPreviousPage: false, startCursor: null };
        for (const list of [tasks, history, task?.children]) {
          expect(list).toMatchObject({ ...nothing, ...(more ? { pageInfo } : {}) });
          expect(list?.totalCount).toBeGreaterThan(0);
        }
      });
    // The task itself, and a count of each list.
    expect(await ask(false)).toBe(4);
    expect(await ask(true)).toBeGreaterThan(4);
  });
});

describe('filters of tasks and history', () => {
  it('take words, times, error codes and an owner', async () => {
    const { viewer, own } = await serveOwnUser(app);
    const createdAt = new Date('2026-05-01T12:00:00Z');
    const common = { ownerId: viewer.id, searchText: ' bjork debut', startedAt: createdAt, createdAt };
    const failed = {
      state: 'FAILED' as const,
      errorCode: 'NO_SOURCE',
      finishedAt: new Date('2026-05-02T12:00:00Z'),
    };
    await seedTasks(app, [
      { title: 'found', ...common, ...failed },
      { title: 'too early', ...common, ...failed, createdAt: new Date('2026-04-30T23:59:59.999Z') },
      { title: 'too late', ...common, ...failed, finishedAt: new Date('2026-05-03T00:00:00Z') },
      { title: 'other words', ...common, ...failed, searchText: ' other' },
      { title: 'other code', ...common, ...failed, errorCode: 'DISK_FULL' },
      { title: 'other owner', ...common, ...failed, ownerId: (await createUser(app)).id },
    ]);
    const filter = {
      ...{ query: 'Björk DEBUT', owner: `User:${viewer.id}`, errorCodes: ['NO_SOURCE' as const] },
      ...{ createdSince: '2026-05-01T00:00:00Z', createdBefore: '2026-05-02T00:00:00Z' },
      ...{ finishedSince: '2026-05-02T12:00:00Z', finishedBefore: '2026-05-03T00:00:00Z' },
    };
    const expected = { totalCount: 1, nodes: [{ title: 'found' }] };
    for (const eyes of [own, app]) {
      expect(await eyes.execute(FILTERED, { filter, history: filter })).toEqual({
        tasks: expected,
        history: expected,
      });
    }
  });

  it('show a user nothing of another, and refuse what they do not understand', async () => {
    const { own } = await serveOwnUser(app);
    const filter = { owner: SYSTEM_VIEWER.id };
    const none = { totalCount: 0, nodes: [] };
    expect(await own.execute(FILTERED, { filter, history: filter })).toEqual({ tasks: none, history: none });
    for (const bad of [{ query: ' ' }, { query: 'x'.repeat(201) }, { owner: 'nobody' }]) {
      const answers = [await ask(own, FILTERED, { filter: bad }), await ask(own, FILTERED, { history: bad })];
      for (const { errors } of answers) expect(errors).toMatchObject([{ code: 'INVALID_INPUT' }]);
    }
  });
});
