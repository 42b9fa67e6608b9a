import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isEnumType } from 'graphql';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { REQUEST_CODES, type RequestCode } from '../../src/graphql/request-codes.js';
import { createReaderCounter } from '../../src/lib/reader-limits.js';
import { schema } from '../../src/schema.js';
import { sendRaw } from '../kit/raw-request.js';
import { post, startToyServer, toAnswer, type Answer, type ToyServer } from '../graphql/toy-server.js';

let server: ToyServer;
let full: ToyServer;
beforeAll(async () => {
  const readers = createReaderCounter({ perAddress: 0, perViewer: 0, inAll: 0 });
  [server, full] = await Promise.all([startToyServer(), startToyServer({ http: { readers } })]);
});
afterAll(() => Promise.all([server.stop(), full.stop()]));

interface Reply {
  status: number;
  body: Answer;
}

const get = (query: string, headers: Record<string, string> = {}): Promise<Reply> =>
  send('GET', { query, headers });

async function send(
  method: string,
  { query = '{ hello }', headers = {} }: { query?: string; headers?: Record<string, string> } = {},
): Promise<Reply> {
  const path = `/graphql?query=${encodeURIComponent(query)}`;
  const { status, text } = await sendRaw(server.url, { method, path, headers });
  return { status, body: toAnswer(text) };
}

const NEWER = { accept: 'application/graphql-response+json' };

/** Each code, by every status that the table names. */
const PROVOKED: Record<RequestCode, (() => Promise<Reply>)[]> = {
  GRAPHQL_PARSE_FAILED: [() => get('{'), () => get('{', NEWER)],
  GRAPHQL_VALIDATION_FAILED: [() => get('{ nothing }'), () => get('{ nothing }', NEWER)],
  BAD_USER_INPUT: [
    () => post(server, { query: 'query ($d: Day!) { day(day: $d) }', variables: { d: 'x' } }),
    () => post(server, { query: 'query ($d: Day!) { day(day: $d) }' }, NEWER),
  ],
  LIMIT_EXCEEDED: [
    () => get(`{ ${'hello '.repeat(21)} }`),
    () => get(`{ ${'hello '.repeat(21)} }`, NEWER),
    () => post(server, { query: '{ hello }', variables: { pad: 'x'.repeat(1024 * 1024) } }),
    () => post(full, { query: 'subscription { silence { number } }' }, { accept: 'text/event-stream' }),
  ],
  BAD_REQUEST: [
    () => post(server, '{"query":'),
    () => get('mutation { touch }'),
    () => post(server, { variables: {} }),
    ...['PUT', 'DELETE', 'OPTIONS'].map((method) => () => send(method)),
  ],
  OPERATION_RESOLUTION_FAILURE: [() => get('query A { hello } query B { hello }')],
  UNSUPPORTED_MEDIA_TYPE: [() => post(server, '{}', { 'content-type': 'text/plain' })],
  NOT_ACCEPTABLE: [
    () => get('{ hello }', { accept: 'text/plain' }),
    () => get('subscription { silence { number } }', NEWER),
  ],
  PERSISTED_QUERY_NOT_SUPPORTED: [() => post(server, { extensions: { persistedQuery: { version: 1 } } })],
  ORIGIN_NOT_ALLOWED: [() => get('{ hello }', { 'sec-fetch-site': 'cross-site' })],
  HOST_NOT_ALLOWED: [() => get('{ hello }', { host: 'elsewhere.example' })],
  // Whoever could receive it has left.
  CANCELLED: [],
  INTERNAL: [
    () => get('{ bug }'),
    async () => {
      server.world.contextFault = new Error('a bug');
      return get('{ hello }').finally(() => (server.world.contextFault = null));
    },
  ],
};

describe.each(Object.keys(REQUEST_CODES) as RequestCode[])('%s', (code) => {
  test('comes with the documented statuses', async () => {
    const replies: Reply[] = [];
    for (const provoke of PROVOKED[code]) replies.push(await provoke());
    for (const { body } of replies) expect(body.errors?.[0]?.extensions).toMatchObject({ code });
    const documented: string[] = REQUEST_CODES[code].status.match(/\b\d{3}\b/g) ?? [];
    expect([...new Set(replies.map(({ status }) => String(status)))].sort()).toEqual(documented.sort());
  });
});

const CODE = /(?<=\bcode'?\]?(?::| \|\|=| \?\?) ')[A-Z_]+(?=')/g;

describe('the documented codes', () => {
  const type = schema.getType('ErrorCode');
  const known = [
    ...Object.keys(REQUEST_CODES),
    ...(isEnumType(type) ? type.getValues().map(({ name }) => name) : []),
  ];
  const codesIn = (folder: string) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(?:js|ts)$/.test(name))
      .flatMap((name) => readFileSync(join(folder, name), 'utf8').match(CODE) ?? []);

  it('are all that the source can send', () => {
    const found = [...codesIn('src/graphql'), ...codesIn('src/http')];
    expect(found).toEqual(expect.arrayContaining(['LIMIT_EXCEEDED', 'BAD_USER_INPUT', 'INTERNAL']));
    expect(found.filter((code) => !known.includes(code))).toEqual([]);
  });

  it('are all that Yoga can send', () => {
    // Replaced by INTERNAL, and by our own limit of a body.
    const replaced = ['INTERNAL_SERVER_ERROR', 'REQUEST_ENTITY_TOO_LARGE'];
    const found = codesIn('node_modules/graphql-yoga/esm');
    expect(found).toEqual(expect.arrayContaining(['BAD_REQUEST', 'GRAPHQL_PARSE_FAILED']));
    expect(found.filter((code) => !known.includes(code) && !replaced.includes(code))).toEqual([]);
  });
});
