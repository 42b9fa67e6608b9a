import { afterAll, beforeAll, expect, test } from 'vitest';
import { post, startToyServer, toAnswer, type ToyServer } from './toy-server.js';

let server: ToyServer;
beforeAll(async () => {
  server = await startToyServer();
});
afterAll(() => server.stop());

const hello = '/graphql?query=%7B%20hello%20%7D';

test('A GET query needs a header that a page of another site cannot send', async () => {
  const bare = await fetch(`${server.url}${hello}`);
  expect(bare.status).toBe(403);
  expect(toAnswer(await bare.text())).toEqual({
    errors: [
      {
        message:
          'The request lacks a CSRF header; send "content-type: application/json" or "graphql-require-preflight: 1".',
        extensions: { code: 'CSRF_HEADER_MISSING' },
      },
    ],
  });
  for (const header of ['graphql-require-preflight', 'apollo-require-preflight', 'x-graphql-yoga-csrf']) {
    const asked = await fetch(`${server.url}${hello}`, { headers: { [header]: '1' } });
    expect([asked.status, await asked.text()]).toEqual([200, '{"data":{"hello":"world"}}']);
  }
});

test('A mutation does not run by GET, not even with the header', async () => {
  const answer = await fetch(`${server.url}/graphql?query=mutation%20%7B%20touch%20%7D`, {
    headers: { 'graphql-require-preflight': '1' },
  });
  expect(answer.status).toBe(405);
  expect(server.world.touched).toBe(0);
});

test.each([
  ['text/plain', '{"query":"mutation { touch }"}'],
  ['application/x-www-form-urlencoded', 'query=mutation+%7B+touch+%7D'],
  ['TEXT/PLAIN; application/json', '{"query":"mutation { touch }"}'],
  [
    'multipart/form-data; boundary=x',
    '--x\r\nContent-Disposition: form-data; name="operations"\r\n\r\n{}\r\n--x--',
  ],
])('A POST of %s, as a form of another site could send it, runs nothing', async (type, body) => {
  const send = (headers: Record<string, string>) => post(server, body, { 'content-type': type, ...headers });
  expect(await send({})).toMatchObject({
    status: 403,
    body: { errors: [{ extensions: { code: 'CSRF_HEADER_MISSING' } }] },
  });
  expect(await send({ 'graphql-require-preflight': '1' })).toMatchObject({
    status: 415,
    body: { errors: [{ extensions: { code: 'UNSUPPORTED_MEDIA_TYPE' } }] },
  });
  expect(server.world.touched).toBe(0);
});

test('A POST of JSON needs no header', async () => {
  const answer = await post(
    server,
    { query: '{ hello }' },
    { 'content-type': 'application/json; charset=utf-8' },
  );
  expect(answer).toMatchObject({ status: 200, body: { data: { hello: 'world' } } });
});

test('No page of another site may read responses or passes a preflight request', async () => {
  const origin = 'https://elsewhere.example';
  const answer = await post(server, { query: '{ hello }' }, { origin });
  expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);

  const preflight = await fetch(server.endpoint, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type',
    },
  });
  expect([...preflight.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
  expect(preflight.ok).toBe(false);
});
