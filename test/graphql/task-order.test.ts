import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { graphql } from '../../src/generated/documents/gql.js';
import type {
  ActiveFirstPageQueryVariables,
  TaskOrderPageQueryVariables,
} from '../../src/generated/documents/graphql.js';
import { restDocuments } from '../kit/serve-as.js';
import { queue } from '../kit/story.js';
import { startApp, type TestApp } from '../kit/start-app.js';

const ACTIVE_FIRST = graphql(`
  query ActiveFirstPage($first: Int!, $offset: Int, $activeUpTo: Int) {
    taskSequence
    tasks: activeFirstTasks(first: $first, offset: $offset, activeUpTo: $activeUpTo) {
      ...OrderedPage
    }
  }
`);

const PAGE = graphql(`
  query TaskOrderPage($orderBy: TaskOrder, $offset: Int, $after: String) {
    tasks(orderBy: $orderBy, offset: $offset, after: $after) {
      ...OrderedPage
    }
  }
`);

graphql(`
  fragment OrderedPage on TaskConnection {
    totalCount
    edges {
      cursor
      node {
        id
        owner {
          username
        }
      }
    }
    pageInfo {
      hasNextPage
      hasPreviousPage
    }
  }
`);

let app: TestApp;
let ids: string[];

beforeAll(async () => {
  app = await startApp({ env: { role: 'api' } });
  ids = [];
  for (const number of [1, 2, 3]) ids.push(await queue(app, { item: `demo:night-ferry-1-0${number}` }));
  const bare = (ids[2] ?? '').replace('Task:', '');
  await app.deps.db.task.update({ where: { id: bare }, data: { state: 'COMPLETED' } });
});

afterAll(() => app.stop());

const idsOf = ({ tasks }: Awaited<ReturnType<typeof page>>) => tasks.edges.map(({ node }) => node.id);
const page = (variables: TaskOrderPageQueryVariables) => app.execute(PAGE, variables);
const activeFirst = (variables: ActiveFirstPageQueryVariables) =>
  restDocuments(app).run(ACTIVE_FIRST, variables);

describe('tasks', () => {
  it('are listed active first, by offset', async () => {
    const [first = '', second = '', ended = ''] = ids;
    expect(idsOf(await activeFirst({ first: 20 }))).toEqual([second, first, ended]);
    const middle = await activeFirst({ first: 1, offset: 1 });
    expect(idsOf(middle)).toEqual([first]);
    expect(middle.tasks).toMatchObject({
      totalCount: 3,
      pageInfo: { hasNextPage: true, hasPreviousPage: true },
      edges: [{ node: { owner: { username: 'system' } } }],
    });
    expect(middle.taskSequence).toMatch(/^\d+$/);
  });

  it('are all on the first page while they are active, up to its maximum size', async () => {
    const [first = '', second = '', ended = ''] = ids;
    const pages = async (activeUpTo: number) => {
      const read = (offset: number) => activeFirst({ first: 1, offset, activeUpTo });
      const all = [await read(0), await read(1), await read(2)];
      return all.map((each) => [...idsOf(each), each.tasks.pageInfo.hasNextPage]);
    };
    expect(await pages(1_000)).toEqual([[second, first, true], [ended, false], [false]]);
    expect(await pages(1)).toEqual([
      [second, true],
      [first, true],
      [ended, false],
    ]);
  });

  it('skip an offset in the other orders too', async () => {
    expect(idsOf(await page({ orderBy: 'OLDEST_FIRST', offset: 1 }))).toEqual(ids.slice(1));
  });

  it.each([
    [{ offset: -1 }, ' is -1; it must be between 0 and 100000'],
    [{ offset: 100_001 }, ' is 100001; it must be between 0 and 100000'],
    [{ offset: 1, after: 'x' }, ' cannot be combined with '],
  ])('reject %j', async (variables, problem) => {
    await expect(page(variables)).rejects.toThrow(problem);
  });
});
