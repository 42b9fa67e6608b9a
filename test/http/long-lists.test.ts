import { createClient } from 'graphql-ws';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { toTaskFilter } from '../../src/tasks/tasks.graphql.js';
import { startRest, type RestTestApp } from '../rest/rest-app.js';

let app: RestTestApp;
beforeAll(async () => {
  app = await startRest();
});
afterAll(() => app.stop());

const TASKS = 'query ($states: [TaskState!]) { tasks(filter: { states: $states }) { edges { cursor } } }';
const TASKS_BY_FILTER = 'query ($filter: TaskFilter) { tasks(filter: $filter) { edges { cursor } } }';
const HISTORY = 'query ($filter: HistoryFilter) { history(filter: $filter) { totalCount } }';
const UPDATES = 'subscription ($filter: TaskFilter) { taskUpdates(filter: $filter) { sequence } }';

const queued = (count: number) => Array.from({ length: count }, () => 'QUEUED');

async function ask(query: string, variables: object): Promise<Record<string, unknown>> {
  const response = await fetch(`${app.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  });
  return (await response.json()) as Record<string, unknown>;
}

const refusal = (name: string, count: number) => ({
  errors: [
    {
      message: `${name} has ${count} items; at most 1000 are allowed.`,
      extensions: { code: 'LIMIT_EXCEEDED' },
    },
  ],
});

describe('a list in GraphQL', () => {
  it.each<[string, string, object, object]>([
    ['a variable', TASKS, { states: queued(40_000) }, refusal('"$states"', 40_000)],
    [
      'a field of a variable',
      TASKS_BY_FILTER,
      { filter: { states: queued(1_001) } },
      refusal('"$filter.states"', 1_001),
    ],
    [
      'a field of the history filter',
      HISTORY,
      { filter: { statuses: Array.from({ length: 90_000 }, () => 'FAILED') } },
      refusal('"$filter.statuses"', 90_000),
    ],
    [
      'a literal',
      `{ tasks(filter: { states: [${queued(1_001).join(' ')}] }) { edges { cursor } } }`,
      {},
      refusal('A list in the query', 1_001),
    ],
  ])('is refused with more than 1,000 items as %s', async (_name, query, variables, expected) => {
    expect(await ask(query, variables)).toMatchObject(expected);
  });

  it('is refused over a WebSocket, for queries and subscriptions', async () => {
    const url = `${app.url.replace('http', 'ws')}/graphql`;
    const client = createClient({ url, webSocketImpl: WebSocket, retryAttempts: 0 });
    try {
      for (const query of [TASKS_BY_FILTER, UPDATES]) {
        const results = client.iterate({ query, variables: { filter: { states: queued(1_001) } } });
        const failure: unknown = await results.next().then(
          ({ value }) => value as unknown,
          (thrown: unknown) => ({ errors: thrown }),
        );
        expect(failure, query).toMatchObject(refusal('"$filter.states"', 1_001));
      }
    } finally {
      await client.dispose();
    }
  });

  it('of 1,000 times the same is the same as one', async () => {
    expect(await ask(TASKS, { states: queued(1_000) })).toEqual({ data: { tasks: { edges: [] } } });
    const states = Array.from({ length: 1_000 }, () => 'QUEUED' as const);
    const defaults = { includeChildren: false, includeDismissed: false };
    expect(toTaskFilter({ states }, defaults)).toMatchObject({ states: ['QUEUED'], kinds: null });
  });
});

describe('a list or an object in REST', () => {
  const put = (body: object) =>
    app.send('PUT', '/config', {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });

  it.each<[string, object, string]>([
    ['80,000 keys', Object.fromEntries(queued(80_000).map((_, n) => [`k${n}`, 1])), 'at most 10000 entries'],
    ['100,000 items', { list: queued(100_000) }, 'at most 10000 entries'],
    ['1,001 items', { watchedArtistAlbumGroup: queued(1_001) }, 'at most 1000 items'],
  ])('is refused with %s', async (_name, body, words) => {
    const { status, body: reply } = await put(body);
    expect([status, reply['error']]).toEqual([400, expect.stringContaining(words)]);
  });

  it('is refused with 400,000 levels', async () => {
    const body = `{"a":${'['.repeat(400_000)}${']'.repeat(400_000)}}`;
    const headers = { 'content-type': 'application/json' };
    const reply = await app.send('PUT', '/config', { headers, body });
    expect([reply.status, reply.body['error']]).toEqual([400, expect.stringContaining('at most 100 levels')]);
  });
});
