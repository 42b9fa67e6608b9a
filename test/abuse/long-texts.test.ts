import { createClient } from 'graphql-ws';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { rest, startApp, type TestApp } from '../kit/start-app.js';

/** 80 kB of it held the event loop for 3 s, because each question mark was tried against the whole rest. */
const LONG_ID = `spotify:${'?'.repeat(80_000)}\nx`;

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());

async function post(body: unknown) {
  const response = await fetch(`${app.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return (await response.json()) as {
    data?: unknown;
    errors?: { message: string; extensions: { code: string } }[];
  };
}

const FIELDS = [
  ...['track', 'album', 'playlist', 'artist', 'show', 'episode', 'node', 'task'].map(
    (field) => `query ($text: ID!) { ${field}(id: $text) { id } }`,
  ),
  'query ($text: String!) { resolveItem(item: $text) { __typename } }',
  'query ($text: String!) { search(query: $text) { totalCount } }',
  'query ($text: String!) { search(query: "a", after: $text) { totalCount } }',
  'query ($text: String!) { history(filter: { query: $text }) { totalCount } }',
  'mutation ($text: String!) { queueDownload(input: { item: $text }) { __typename } }',
  'mutation ($text: String!) { updateSettings(input: { customDirFormat: $text }) { __typename } }',
];

describe('a text of 80,000 characters', () => {
  test.each(FIELDS)('is rejected by %s', async (query) => {
    const { data, errors } = await post({ query, variables: { text: LONG_ID } });
    expect({ data, errors }).toMatchObject({
      data: undefined,
      errors: [
        {
          message: '"$text" has 80010 characters; at most 2000 are allowed.',
          extensions: { code: 'LIMIT_EXCEEDED' },
        },
      ],
    });
  });

  test('is rejected where it stands in the query itself', async () => {
    const { errors } = await post({ query: `{ track(id: ${JSON.stringify(LONG_ID)}) { id } }` });
    expect(errors).toMatchObject([
      { message: 'A text in the query has 80010 characters; at most 2000 are allowed.' },
    ]);
  });

  test('is rejected deep inside an input object and a list', async () => {
    const query = 'query ($filter: TaskFilter) { tasks(filter: $filter) { totalCount } }';
    const filter = { unknown: [{ deeper: [LONG_ID] }] };
    const { errors } = await post({ query, variables: { filter } });
    expect(errors).toMatchObject([{ extensions: { code: 'LIMIT_EXCEEDED' } }]);
  });

  test('is rejected over WebSocket, for queries and subscriptions', async () => {
    const client = createClient({
      url: `${app.url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      retryAttempts: 0,
    });
    const documents = [
      'query ($text: ID!) { track(id: $text) { id } }',
      'subscription ($text: String) { taskUpdates(since: $text) { sequence } }',
    ];
    for (const query of documents) {
      const results = client.iterate({ query, variables: { text: LONG_ID } });
      const first = await results.next().catch((error: unknown) => ({ value: { errors: error } }));
      expect(first.value).toMatchObject({ errors: [{ extensions: { code: 'LIMIT_EXCEEDED' } }] });
    }
    await client.dispose();
  });

  test('is rejected with 400 in a path, a query string and a body of REST', async () => {
    const text = encodeURIComponent('?'.repeat(4_000));
    const requests = [
      { method: 'GET', path: `/search?q=${text}` },
      { method: 'GET', path: `/track/info?id=${text}` },
      { method: 'GET', path: `/track/download/${text}` },
      { method: 'POST', path: '/config', body: { customDirFormat: LONG_ID } },
    ];
    for (const request of requests) expect(await rest(app, request)).toMatchObject({ status: 400 });
  });
});

describe('one request of a megabyte', () => {
  const members = (count: number, text = '') =>
    Object.fromEntries(Array.from({ length: count }, (_, at) => [`${text}${at}`, at]));
  const nested = (levels: number): unknown => (levels === 0 ? 1 : { a: nested(levels - 1) });
  const TASKS = 'query ($input: TaskFilter) { tasks(filter: $input) { totalCount } }';

  test.each([
    ['70,000 unknown members', members(70_000), 'more than 2000 entries'],
    ['members with long names', members(400, 'k'.repeat(1_000)), 'more than 100000 characters'],
    ['100 levels', nested(100), 'more than 20 levels'],
  ])('with %s in a variable is refused with a short answer', async (_what, input, problem) => {
    const { errors } = await post({ query: TASKS, variables: { input } });
    expect(errors).toMatchObject([{ extensions: { code: 'LIMIT_EXCEEDED' } }]);
    expect(errors?.[0]?.message).toContain(problem);
  });

  test('with many wrong members in a variable is answered with short errors', async () => {
    const { errors = [] } = await post({ query: TASKS, variables: { input: members(90, 'k'.repeat(900)) } });
    expect(errors.length).toBeGreaterThan(0);
    for (const { message } of errors) expect(message.length).toBeLessThanOrEqual(1_001);
  });

  test.each([
    ['an operation name', `query ${'A'.repeat(1_000_000)}($a: Int, $b: Int) { __typename }`],
    ['a field', `{ ${'a'.repeat(1_000_000)} }`],
    ['a number', `{ tasks(first: ${'1'.repeat(1_000_000)}) { totalCount } }`],
    ['an enum value', `{ search(query: "a", type: ${'T'.repeat(1_000_000)}) { totalCount } }`],
  ])('with %s of a million characters does not repeat it', async (_what, query) => {
    const { errors } = await post({ query });
    expect(errors).toMatchObject([
      {
        message: 'A name or number in the query has 1000000 characters; at most 200 are allowed.',
        extensions: { code: 'LIMIT_EXCEEDED' },
      },
    ]);
  });
});
