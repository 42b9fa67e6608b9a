import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { graphql } from '../../src/generated/documents/gql.js';
import { ask } from '../kit/ask.js';
import { countQueries } from '../kit/library.js';
import { seedTasks } from '../kit/seed-tasks.js';
import { createUser, serveWith } from '../kit/serve-as.js';
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
      problems(first: $first) {
        nodes {
          path
        }
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
    expect(library.problems.nodes).toEqual([]);
  });
});
