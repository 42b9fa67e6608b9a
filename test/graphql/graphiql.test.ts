import { request } from 'node:http';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { buildSchema, parse, validate } from 'graphql';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { schema } from '../../src/schema.js';
import { post, startToyServer, type ToyServer } from './toy-server.js';

let server: ToyServer;
let hidden: ToyServer;
beforeAll(async () => {
  [server, hidden] = await Promise.all([startToyServer(), startToyServer({ graphql: { graphiql: false } })]);
});
afterAll(() => Promise.all([server.stop(), hidden.stop()]));

/** As a browser asks; `fetch` would decompress behind our back. */
function visit(url: string, headers: Record<string, string> = {}) {
  return new Promise<{ status: number; headers: Record<string, unknown>; body: Buffer }>(
    (resolve, reject) => {
      const visiting = request(
        url,
        { headers: { accept: 'text/html,*/*;q=0.8', ...headers } },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('end', () =>
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              body: Buffer.concat(chunks),
            }),
          );
        },
      );
      visiting.on('error', reject);
      visiting.end();
    },
  );
}

test('A browser gets GraphiQL compressed, and not again while it is cached', async () => {
  const plain = await visit(server.endpoint);
  const br = await visit(server.endpoint, { 'accept-encoding': 'gzip, deflate, br' });
  const gzip = await visit(server.endpoint, { 'accept-encoding': 'gzip;q=1.0' });

  expect(plain.status).toBe(200);
  expect(plain.headers['content-type']).toBe('text/html; charset=utf-8');
  expect(plain.headers['content-encoding']).toBeUndefined();
  expect([br, gzip].map(({ headers }) => headers['content-encoding'])).toEqual(['br', 'gzip']);
  expect(brotliDecompressSync(br.body).equals(plain.body)).toBe(true);
  expect(gunzipSync(gzip.body).equals(plain.body)).toBe(true);
  expect(br.body.length).toBeLessThan(plain.body.length / 3);

  const again = await visit(server.endpoint, { 'if-none-match': `W/${br.headers.etag as string}` });
  expect([again.status, again.body.length]).toEqual([304, 0]);
});

test('The page is Reprise’s, subscribes over WebSocket, and loads nothing from another host', async () => {
  const page = (await visit(server.endpoint)).body.toString();
  expect(page).toContain('<title>Reprise</title>');
  expect(page).toContain('"subscriptionsProtocol":"WS"');
  // What a page loads by itself stands in its tags; the scripts' own texts mention many addresses.
  const tags = page.match(/<(?:script|link|img)\s[^>]*(?:src|href)="https?:[^>]*>/g);
  expect(tags).toBeNull();
});

test('It opens with a valid search, download and subscription', async () => {
  const page = (await visit(server.endpoint)).body.toString();
  const [, options] = /document\.querySelector\('#root'\),\s*(\{.*\}),\s*\);/.exec(page) ?? [];
  const { defaultQuery } = JSON.parse(options ?? '{}') as { defaultQuery: string };
  const operations = parse(defaultQuery).definitions.map((definition) =>
    String('operation' in definition ? definition.operation : definition.kind),
  );
  expect(operations).toEqual(['query', 'mutation', 'subscription', 'query']);
  expect(validate(schema, parse(defaultQuery)).map(String)).toEqual([]);
  for (const name of ['search(', 'queueDownload(', 'taskUpdates {']) expect(defaultQuery).toContain(name);
});

test('The schema is served as SDL and as possible types, and not again while it is cached', async () => {
  const sdl = await visit(`${server.url}/schema.graphql`, { accept: '*/*' });
  expect(sdl).toMatchObject({ status: 200, headers: { 'content-type': 'text/plain; charset=utf-8' } });
  const built = buildSchema(sdl.body.toString());
  expect(Object.keys(built.getQueryType()?.getFields() ?? {})).toContain('hello');
  const again = await visit(`${server.url}/schema.graphql`, { 'if-none-match': String(sdl.headers.etag) });
  expect([again.status, again.body.length]).toEqual([304, 0]);

  const types = await visit(`${server.url}/possible-types.json`);
  expect(types.headers['content-type']).toBe('application/json; charset=utf-8');
  expect(JSON.parse(types.body.toString())).toEqual({ Thing: ['Box', 'Node'], AnyThing: ['Box', 'Node'] });
});

test('With GraphiQL off there is no page, no introspection and no hint', async () => {
  expect((await visit(hidden.endpoint)).status).not.toBe(200);
  for (const path of ['/schema.graphql', '/possible-types.json'])
    expect((await visit(`${hidden.url}${path}`)).status).toBe(404);
  const answers = await Promise.all(
    ['{ __schema { queryType { name } } }', '{ __type(name: "Node") { name } }', '{ hallo }'].map((query) =>
      post(hidden, { query }),
    ),
  );
  for (const { body } of answers)
    expect(body.errors?.[0]?.extensions?.code).toBe('GRAPHQL_VALIDATION_FAILED');
  expect(answers[2]?.body.errors?.[0]?.message).toBe('Cannot query field "hallo" on type "Query".');
  expect(await post(hidden, { query: '{ __typename hello }' })).toMatchObject({
    body: { data: { __typename: 'Query', hello: 'world' } },
  });
});
