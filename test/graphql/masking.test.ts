import { afterAll, beforeAll, expect, test } from 'vitest';
import { createContextRequest } from '../kit/context-request.js';
import { waitFor } from '../kit/wait-for.js';
import { runOperation } from '../../src/graphql/operation.js';
import { aliases, nested, post, startToyServer, type ToyServer } from './toy-server.js';

let server: ToyServer;
beforeAll(async () => {
  server = await startToyServer();
});
afterAll(() => server.stop());

const errorLines = () => server.lines.filter((line) => line.level === 50);

test.each([
  ['bug', 'password=hunter2'],
  ['bugText', 'a bare string'],
])('An unexpected error (%s) is masked, and logged with the id of its request', async (field, secret) => {
  const answer = await post(server, { query: `{ hello ${field} }` }, { 'x-request-id': `req-${field}` });
  expect(answer.status).toBe(200);
  expect(answer.headers.get('x-request-id')).toBe(`req-${field}`);
  expect(answer.body).toMatchObject({
    data: { hello: 'world', [field]: null },
    errors: [
      {
        message: 'Internal error',
        path: [field],
        extensions: { code: 'INTERNAL', requestId: `req-${field}` },
      },
    ],
  });
  expect(JSON.stringify(answer.body)).not.toContain(secret);
  expect(Object.keys(answer.body.errors?.[0]?.extensions ?? {}).sort()).toEqual(['code', 'requestId']);

  const logged = errorLines().filter((line) => line.requestId === `req-${field}`);
  expect(logged).toHaveLength(1);
  expect(logged[0]).toMatchObject({ path: field });
  expect(JSON.stringify(logged[0])).toContain(secret);
});

test('A domain error keeps its message and code, and is not logged as a server error', async () => {
  const before = errorLines().length;
  const { body } = await post(server, { query: '{ timedOut }' });
  expect(body.errors).toMatchObject([
    { message: 'The read took too long.', path: ['timedOut'], extensions: { code: 'READ_TIMEOUT' } },
  ]);
  expect(errorLines()).toHaveLength(before);
});

test('Why a task failed is no answer to a request: such an error is a bug', async () => {
  const { body } = await post(server, { query: '{ diskFull }' }, { 'x-request-id': 'req-disk' });
  expect(body.errors).toMatchObject([{ message: 'Internal error', extensions: { code: 'INTERNAL' } }]);
  expect(errorLines().filter((line) => line.requestId === 'req-disk')).toHaveLength(1);
});

test('No field decides the status of the whole response', async () => {
  const answer = await post(server, { query: '{ hello teapot }' });
  expect(answer.status).toBe(200);
  expect(answer.body.errors).toMatchObject([
    { message: 'short and stout', extensions: { code: 'BAD_USER_INPUT' } },
  ]);
});

test('Errors in the document have a code', async () => {
  const codeOf = async (query: string, variables = {}) =>
    (await post(server, { query, variables })).body.errors?.map((error) => error.extensions?.code);
  expect(await codeOf('{ hello')).toEqual(['GRAPHQL_PARSE_FAILED']);
  expect(await codeOf('{ nothing }')).toEqual(['GRAPHQL_VALIDATION_FAILED']);
  expect(await codeOf('query($text: String!) { echo(text: $text) }')).toEqual(['BAD_USER_INPUT']);
  expect(await codeOf('query($text: String!) { echo(text: $text) }', { text: 1 })).toEqual([
    'BAD_USER_INPUT',
  ]);
});

test('A scalar’s own message reaches the caller, for a variable and for a literal', async () => {
  const variable = await post(server, {
    query: 'query($d: Day!) { day(day: $d) }',
    variables: { d: 'tuesday' },
  });
  expect(variable.body.errors?.[0]?.message).toContain('There is only monday.');
  const literal = await post(server, { query: '{ day(day: "tuesday") }' });
  expect(literal.body.errors?.[0]?.message).toContain('There is only monday.');
});

test('A failure to create the context is an internal error with status 500', async () => {
  server.world.contextFault = new Error('password=hunter4');
  const answer = await post(server, { query: '{ hello }' }, { 'x-request-id': 'req-context' });
  server.world.contextFault = null;
  expect(answer).toMatchObject({
    status: 500,
    body: {
      errors: [{ message: 'Internal error', extensions: { code: 'INTERNAL', requestId: 'req-context' } }],
    },
  });
  expect(errorLines().filter((line) => line.requestId === 'req-context')).toHaveLength(1);
});

test('Malformed JSON shows no inner error', async () => {
  const answer = await post(server, '{"query": }');
  expect(answer.status).toBe(400);
  expect(JSON.stringify(answer.body)).not.toMatch(/originalError|stack|SyntaxError|position/);
});

test('A client that disconnects stops its query, and nothing is logged as an error', async () => {
  const before = errorLines().length;
  const leaving = new AbortController();
  const request = fetch(server.endpoint, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: '{ waitForAbort }' }),
    signal: leaving.signal,
  });
  const contexts = server.world.contexts.length;
  await waitFor(() => server.world.contexts.length > contexts, { what: 'the query to start' });
  leaving.abort();
  await expect(request).rejects.toThrow();
  await waitFor(() => server.world.aborted.includes('query'), { what: 'the query to be aborted' });
  await waitFor(() => server.lines.some((line) => line.aborted === true), {
    what: 'the request to be logged',
  });
  expect(errorLines()).toHaveLength(before);
});

test('A document run inside the process has the same context, limits and masking', async () => {
  const run = (query: string) =>
    runOperation(
      { graphql: server.graphqlServer, log: server.log },
      createContextRequest({ requestId: 'req-rest' }),
      { query },
    );
  expect(await run('{ transport }')).toMatchObject({ data: { transport: 'rest' } });
  expect(await run('{ bug }')).toMatchObject({
    errors: [{ message: 'Internal error', extensions: { code: 'INTERNAL', requestId: 'req-rest' } }],
  });
  expect(await run('{ hello')).toMatchObject({ errors: [{ extensions: { code: 'GRAPHQL_PARSE_FAILED' } }] });
  expect(await run(nested(50))).toMatchObject({
    errors: [{ message: 'The query has 50 levels of depth; at most 12 are allowed.' }],
  });
  expect(await run(aliases(300))).toMatchObject({
    errors: [{ extensions: { code: 'LIMIT_EXCEEDED' } }, { extensions: { code: 'LIMIT_EXCEEDED' } }],
  });
});

test('A subscription over HTTP that fails is masked too', async () => {
  const answer = await fetch(server.endpoint, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream', 'x-request-id': 'req-sse' },
    body: JSON.stringify({ query: 'subscription { failing { number } }' }),
  });
  expect(answer.headers.get('content-type')).toBe('text/event-stream');
  const text = await answer.text();
  expect(text).toContain('Internal error');
  expect(text).not.toContain('hunter');
  expect(errorLines().filter((line) => line.requestId === 'req-sse')).toHaveLength(1);
});
