import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { createReaderCounter } from '../../src/lib/reader-limits.js';
import { sendRaw } from '../kit/raw-request.js';
import { waitFor } from '../kit/wait-for.js';
import { post, startToyServer, toAnswer, type ToyServer } from './toy-server.js';

let server: ToyServer;
beforeAll(async () => {
  server = await startToyServer();
});
afterAll(() => server.stop());

const refused = (code: string) => ({ errors: [{ extensions: { code } }] });

const hello = '/graphql?query=%7B%20hello%20%7D';

const SAME_ORIGIN = () => ({ origin: new URL(server.url).origin, 'sec-fetch-site': 'same-origin' });

test.each([
  ['a program', () => ({})],
  ['the address bar', () => ({ 'sec-fetch-site': 'none' })],
  ['a page of this server', SAME_ORIGIN],
  ['a link from elsewhere', () => ({ 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'document' })],
])('A query by GET from %s needs no header', async (_name, headers) => {
  const response = await fetch(`${server.url}${hello}`, { headers: headers() });
  expect([response.status, await response.text()]).toEqual([200, '{"data":{"hello":"world"}}']);
});

test.each([
  ['another site', { 'sec-fetch-site': 'cross-site' }],
  ['a sibling of this site', { 'sec-fetch-site': 'same-site' }],
  ['another site, as an image', { 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'image' }],
  ['another origin over plain HTTP', { origin: 'http://elsewhere.example' }],
])('A query by GET from a page of %s does not run', async (_name, headers) => {
  const { status, text } = await sendRaw(server.url, { method: 'GET', path: hello, headers });
  expect([status, toAnswer(text)]).toMatchObject([403, refused('ORIGIN_NOT_ALLOWED')]);
});

test('An EventSource can subscribe, with headers that keep proxies from holding events back', async () => {
  const query = encodeURIComponent('subscription { events(source: "sse") { number } }');
  const headers = { ...SAME_ORIGIN(), accept: 'text/event-stream' };
  const stream = await fetch(`${server.endpoint}?query=${query}`, { headers });
  expect(Object.fromEntries(stream.headers)).toMatchObject({
    'content-type': 'text/event-stream',
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
  });
  expect(stream.headers.get('content-encoding')).toBeNull();
  await waitFor(() => server.world.source('sse').size, { what: 'the subscription' });
  server.world.source('sse').push({ number: 7, text: '' });
  const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  const readUntil = async (end: RegExp) => {
    while (!end.test(text)) text += (await reader?.read())?.value ?? '';
  };
  await readUntil(/event: next\ndata: \{"data":\{"events":\{"number":7\}\}\}\n\n/);
  text = '';
  // A heartbeat of a silent stream.
  await readUntil(/^:\n\n/);
  await reader?.cancel();
});

test('An address may hold only so many event streams', async () => {
  const readers = createReaderCounter({ perAddress: 1, perViewer: 9, inAll: 9 });
  const small = await startToyServer({ http: { readers } });
  onTestFinished(() => small.stop());
  const accept = 'text/event-stream';
  const subscribe = () =>
    post(small, { query: 'subscription { events(source: "a") { number } }' }, { accept });
  const query = encodeURIComponent('subscription { events(source: "a") { number } }');
  const open = await fetch(`${small.endpoint}?query=${query}`, { headers: { accept } });
  expect(await subscribe()).toMatchObject({ status: 429, body: refused('LIMIT_EXCEEDED') });
  await open.body?.cancel();
  await waitFor(() => readers.enter('127.0.0.1'), { what: 'the place to be free again' });
});

test.each(['POST', 'GET'])(
  'A hash without text is answered so that clients send the text, by %s',
  async (method) => {
    const extensions = { persistedQuery: { version: 1, sha256Hash: 'ab'.repeat(32) } };
    const parameters = new URLSearchParams({ operationName: 'A', extensions: JSON.stringify(extensions) });
    const request = (query?: string) =>
      method === 'GET'
        ? fetch(`${server.endpoint}?${parameters}${query ? `&query=${encodeURIComponent(query)}` : ''}`)
        : fetch(server.endpoint, {
            method,
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify({ operationName: 'A', extensions, query }),
          });
    const hashed = await request();
    expect([hashed.status, hashed.headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(toAnswer(await hashed.text())).toEqual({
      errors: [
        { message: 'PersistedQueryNotSupported', extensions: { code: 'PERSISTED_QUERY_NOT_SUPPORTED' } },
      ],
    });
    const full = await request('query A { hello }');
    expect(await full.text()).toBe('{"data":{"hello":"world"}}');
  },
);

test('Parameters in a URL that are not JSON are refused by name', async () => {
  const response = await fetch(`${server.url}${hello}&variables=%7B`);
  expect([response.status, toAnswer(await response.text())]).toMatchObject([400, refused('BAD_REQUEST')]);
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
  for (const headers of [{}, { 'graphql-require-preflight': '1' }])
    expect(await send(headers)).toMatchObject({ status: 415, body: refused('UNSUPPORTED_MEDIA_TYPE') });
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
