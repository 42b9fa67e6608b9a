import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { waitFor } from '../kit/wait-for.js';
import {
  aliases,
  getIntrospectionQuery,
  nested,
  post,
  startToyServer,
  toAnswer,
  type ToyServer,
} from './toy-server.js';

let server: ToyServer;
beforeAll(async () => {
  server = await startToyServer();
});
afterAll(() => server.stop());

/** Sends a body without saying how long it is, in pieces, until the server answers. */
function postChunked(bytes: number): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(server.endpoint, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
    });
    request.on('response', (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    request.on('error', reject);
    const piece = Buffer.alloc(64 * 1024, 0x20);
    let sent = 0;
    const send = () => {
      if (sent >= bytes) return request.end('{"query":"{ hello }"}');
      sent += piece.length;
      request.write(piece, () => setImmediate(send));
    };
    send();
  });
}

const query = (text: string) => ({ query: text });

describe('a body', () => {
  test('is accepted up to a megabyte and rejected with 413 above it', async () => {
    const empty = JSON.stringify({ query: '{ hello }', variables: { pad: '' } });
    const fits = JSON.stringify({
      query: '{ hello }',
      variables: { pad: 'x'.repeat(1024 * 1024 - empty.length) },
    });
    expect(await post(server, fits)).toMatchObject({ status: 200, body: { data: { hello: 'world' } } });

    const refused = await post(server, fits.replace('"x', '"xx'));
    expect(refused.status).toBe(413);
    expect(refused.body).toEqual({
      errors: [
        {
          message: 'The body is too large; at most 1048576 bytes are allowed.',
          extensions: { code: 'LIMIT_EXCEEDED' },
        },
      ],
    });
  });

  test('is counted while it arrives if it has no content length', async () => {
    expect(await postChunked(512 * 1024)).toEqual({ status: 200, body: '{"data":{"hello":"world"}}' });
    const refused = await postChunked(4 * 1024 * 1024);
    expect(refused.status).toBe(413);
    expect(toAnswer(refused.body).errors?.[0]?.extensions).toEqual({ code: 'LIMIT_EXCEEDED' });
  });

  test('does not keep its connection open forever if it never finishes', async () => {
    const socket = connect(server.port, '127.0.0.1');
    let answer = '';
    let closed = false;
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
    socket.on('error', () => undefined);
    socket.on('close', () => (closed = true));
    socket.write(
      'POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99999999\r\n\r\n',
    );
    const dripping = setInterval(() => socket.write('{'.repeat(1024)), 50);
    await waitFor(() => answer.startsWith('HTTP/1.1 413'), { what: 'the answer 413' });
    await waitFor(() => closed, { what: 'the connection to be closed' });
    clearInterval(dripping);
  });

  test.each(['', '{"query":', 'null', '"text"', '[[['])('is rejected with 400 if it is %j', async (body) => {
    const answer = await post(server, body);
    expect(answer.status).toBe(400);
    expect(answer.body.errors).toHaveLength(1);
    expect(Object.keys(answer.body.errors?.[0]?.extensions ?? {})).toEqual(['code']);
  });

  test('is rejected if it is a list of operations', async () => {
    const answer = await post(server, [query('{ hello }'), query('{ hello }')]);
    expect(answer).toMatchObject({
      status: 400,
      body: { errors: [{ message: 'Batching is not supported.' }] },
    });
  });
});

describe('a document', () => {
  test.each([
    ['depth', nested(50), 'The query has 50 levels of depth; at most 12 are allowed.'],
    [
      'depth hidden in fragments',
      `{ node { ...a } } fragment a on Node { child { child { child { child { child { ...b } } } } } }
       fragment b on Node { child { child { child { child { child { child { id } } } } } } }`,
      'The query has 13 levels of depth; at most 12 are allowed.',
    ],
    ['aliases of a field', aliases(300, 'hello'), 'The query has 300 aliases; at most 30 are allowed.'],
    ['aliases of __typename', aliases(300), 'The query has 300 aliases; at most 30 are allowed.'],
    [
      'aliases multiplied by fragments',
      `{ node { ...a child { ...a child { ...a child { ...a } } } } }
       fragment a on Node { ${Array.from({ length: 10 }, (_, i) => `a${i}: id`).join(' ')} }`,
      'The query has 40 aliases; at most 30 are allowed.',
    ],
    ['root fields', `{ ${'hello '.repeat(21)} }`, 'The query has 21 root fields; at most 20 are allowed.'],
    [
      'directives',
      `{ ${'hello @include(if: true) '.repeat(20)} node { ${'id @skip(if: false) '.repeat(31)} } }`,
      'The query has 51 directives; at most 50 are allowed.',
    ],
    [
      'tokens',
      `{ ${'hello '.repeat(2_000)} }`,
      'The query has more than 2000 tokens; at most 2000 are allowed.',
    ],
  ])('is rejected with a clear message for too much %s', async (_name, text, message) => {
    const { body } = await post(server, query(text));
    expect(body.data).toBeUndefined();
    expect(body.errors).toContainEqual(
      expect.objectContaining({ message, extensions: { code: 'LIMIT_EXCEEDED' } }),
    );
  });

  test('is rejected for 1,000 aliases', async () => {
    for (const field of ['hello', '__typename']) {
      const { body } = await post(server, query(aliases(1_000, field)));
      expect(body.errors?.[0]?.extensions).toEqual({ code: 'LIMIT_EXCEEDED' });
    }
  });

  test('is rejected at once if its fragments double at each step', async () => {
    const doubling = Array.from(
      { length: 60 },
      (_, i) => `fragment f${i} on Query { ...f${i + 1} ...f${i + 1} }`,
    ).join(' ');
    const { body } = await post(server, query(`{ ...f0 } ${doubling} fragment f60 on Query { hello }`));
    expect(body.errors?.[0]?.extensions).toEqual({ code: 'LIMIT_EXCEEDED' });
  });

  test('is rejected for circular fragments', async () => {
    const { body } = await post(server, query('{ node { ...a } } fragment a on Node { child { ...a } }'));
    expect(body.errors?.[0]?.message).toContain('Cannot spread fragment "a" within itself');
  });

  test('is rejected again when it is repeated, with 400 for clients of the newer media type', async () => {
    for (let i = 0; i < 2; i += 1) {
      const answer = await post(server, query(nested(13)), { accept: 'application/graphql-response+json' });
      expect(answer).toMatchObject({
        status: 400,
        body: { errors: [{ extensions: { code: 'LIMIT_EXCEEDED' } }] },
      });
    }
  });

  test('is accepted with 12 levels, and as the fullest introspection query', async () => {
    expect((await post(server, query(nested(12)))).body.errors).toBeUndefined();
    const introspection = getIntrospectionQuery({
      schemaDescription: true,
      inputValueDeprecation: true,
      specifiedByUrl: true,
      directiveIsRepeatable: true,
      oneOf: true,
    });
    const { body } = await post(server, query(introspection));
    expect(body.errors).toBeUndefined();
    expect(body.data?.__schema).toBeDefined();
  });
});
