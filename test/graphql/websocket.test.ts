import { once } from 'node:events';
import { createClient, type Client } from 'graphql-ws';
import { afterEach, beforeAll, afterAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { WEBSOCKET_LIMITS, type WebSocketLimits } from '../../src/graphql/websocket-connection.js';
import { createReaderCounter, READER_LIMITS } from '../../src/lib/reader-limits.js';
import { liveBytes } from '../kit/least.js';
import { PROTOCOL, RawClient } from '../kit/raw-websocket.js';
import { stretch, waitFor } from '../kit/wait-for.js';
import { aliases, nested, startToyServer, type ToyServer } from './toy-server.js';

const servers: ToyServer[] = [];
const clients: Client[] = [];
async function start(limits: Partial<WebSocketLimits> = {}): Promise<ToyServer> {
  const server = await startToyServer({ http: { websocketLimits: { ...WEBSOCKET_LIMITS, ...limits } } });
  servers.push(server);
  return server;
}
function connectClient(server: ToyServer): Client {
  const client = createClient({ url: server.socketUrl, webSocketImpl: WebSocket, retryAttempts: 0 });
  clients.push(client);
  return client;
}
afterEach(async () => {
  for (const client of clients.splice(0)) await client.dispose();
  for (const server of servers.splice(0)) await server.stop();
});

/** The status with which the server refuses to open a socket. */
async function refusedWith(url: string, headers: Record<string, string>): Promise<number | undefined> {
  const socket = new WebSocket(url, PROTOCOL, { headers });
  socket.on('error', () => undefined);
  const [, response] = (await once(socket, 'unexpected-response')) as [unknown, { statusCode?: number }];
  return response.statusCode;
}

describe('the WebSocket handshake', () => {
  let server: ToyServer;
  beforeAll(async () => {
    server = await startToyServer({
      http: {
        allowedHosts: ['music.example'],
        readers: createReaderCounter({ ...READER_LIMITS, perAddress: 3 }),
      },
    });
  });
  afterAll(() => server.stop());

  test('rejects pages of other origins with 403, and accepts our own page and programs', async () => {
    const own = `127.0.0.1:${server.port}`;
    for (const origin of ['https://elsewhere.example', 'null', 'http://127.0.0.1:1', 'nonsense']) {
      expect(await refusedWith(server.socketUrl, { origin })).toBe(403);
    }
    for (const headers of [{}, { origin: `http://${own}` }, { origin: `https://${own}` }] as object[]) {
      const client = await RawClient.open(server.socketUrl, { headers: headers });
      client.socket.close();
      await client.closed();
    }
  });

  test('accepts an origin that omits or spells out the default port', async () => {
    const headers = { origin: 'https://music.example', host: 'music.example:443' };
    const client = await RawClient.open(server.socketUrl, { headers });
    client.socket.close();
    await client.closed();
  });

  test('rejects another path with 404', async () => {
    expect(await refusedWith(server.socketUrl.replace('/graphql', '/other'), {})).toBe(404);
  });

  test('closes with 4406 for another subprotocol, or none', async () => {
    for (const protocol of ['graphql-ws', '']) {
      const client = await RawClient.open(server.socketUrl, { protocol }).catch((error: Error) => error);
      // The ws client itself refuses when its subprotocol is not confirmed.
      if (client instanceof RawClient) expect(await client.closed()).toBe(4406);
      else expect(client.message).toContain('subprotocol');
    }
  });

  test('closes with 4408 without connection_init, and with 4401 for a subscription before it', async () => {
    // Of its own: whoever greets has to be quicker, also on a busy machine.
    const impatient = await start({ initTimeoutMs: 100 });
    const silent = await RawClient.open(impatient.socketUrl);
    expect(await silent.closed()).toBe(4408);
    const hasty = await RawClient.open(server.socketUrl);
    hasty.subscribe('1', '{ hello }');
    expect(await hasty.closed()).toBe(4401);
  });

  test('rejects one connection too many with 429', async () => {
    const open = await Promise.all([1, 2, 3].map(() => RawClient.ready(server.socketUrl)));
    expect(await refusedWith(server.socketUrl, {})).toBe(429);
    open[0]?.socket.close();
    await open[0]?.closed();
    const again = await waitFor(() => RawClient.ready(server.socketUrl), { what: 'a free place' });
    for (const client of [...open, again]) client.socket.terminate();
  });
});

describe('an operation', () => {
  test('is a query, a mutation or a subscription', async () => {
    const server = await start();
    const client = await RawClient.ready(server.socketUrl, { token: 't' });
    client.subscribe('q', '{ hello transport }');
    client.subscribe('m', 'mutation { touch }');
    client.subscribe('s', 'subscription { events(source: "a") { number } }');
    await waitFor(() => server.world.source('a').size, { what: 'the subscription' });
    server.world.source('a').push({ number: 7, text: '' });
    await client.hear((message) => message.id === 's');
    await waitFor(() => client.of('q').length === 2 && client.of('m').length === 2);
    expect(client.of('q')).toEqual([
      { id: 'q', type: 'next', payload: { data: { hello: 'world', transport: 'websocket' } } },
      { id: 'q', type: 'complete' },
    ]);
    expect(client.of('s')).toEqual([{ id: 's', type: 'next', payload: { data: { events: { number: 7 } } } }]);
    expect(server.world.contexts[0]).toMatchObject({
      transport: 'websocket',
      connectionParams: { token: 't' },
    });
    expect(server.world.contexts[0]?.headers.get('Sec-WebSocket-Protocol')).toBe(PROTOCOL);
    expect(new Set(server.world.contexts.map((context) => context.requestId)).size).toBe(4);
    client.socket.close();
  });

  test.each([
    ['a syntax error', '{ hello', { code: 'GRAPHQL_PARSE_FAILED', words: 'Syntax Error' }],
    ['an unknown field', '{ nothing }', { code: 'GRAPHQL_VALIDATION_FAILED', words: 'Cannot query field' }],
    ['a depth of 50', nested(50), { code: 'LIMIT_EXCEEDED', words: '50 levels of depth; at most 12' }],
    ['1,000 aliases', aliases(1_000), { code: 'LIMIT_EXCEEDED', words: 'more than 2000 tokens' }],
    ['300 aliases', aliases(300), { code: 'LIMIT_EXCEEDED', words: 'at most' }],
    [
      'no operation',
      'fragment f on Query { hello }',
      { code: 'GRAPHQL_VALIDATION_FAILED', words: 'never used' },
    ],
  ])('gets an error message for %s, and the socket stays open', async (_name, query, { code, words }) => {
    const server = await start();
    const client = await RawClient.ready(server.socketUrl);
    client.subscribe('bad', query);
    const answer = await client.hear((message) => message.id === 'bad');
    expect(answer.type).toBe('error');
    const errors = answer.payload as { message: string; extensions: Record<string, unknown> }[];
    expect(errors[0]?.message).toContain(words);
    expect(errors[0]?.extensions).toEqual({ code });

    client.subscribe('good', '{ hello }');
    await client.hear((message) => message.id === 'good' && message.type === 'complete');
    client.socket.close();
  });

  test('is selected by name from a document of several, and a missing name gets an error message', async () => {
    const server = await start();
    const client = await RawClient.ready(server.socketUrl);
    const query = 'query A { hello } query B { transport }';
    client.say({ type: 'subscribe', id: 'b', payload: { query, operationName: 'B' } });
    client.say({ type: 'subscribe', id: 'c', payload: { query, operationName: 'C' } });
    await client.hear((message) => message.id === 'b');
    expect(client.of('b')[0]?.payload).toEqual({ data: { transport: 'websocket' } });
    await client.hear((message) => message.id === 'c');
    expect(client.of('c')).toMatchObject([
      { type: 'error', payload: [{ message: 'Unable to identify operation' }] },
    ]);
    client.socket.close();
  });

  test('is masked and logged when it fails unexpectedly, whether a query, a subscription or its context', async () => {
    const server = await start();
    const client = await RawClient.ready(server.socketUrl);
    client.subscribe('q', '{ bug teapot timedOut }');
    client.subscribe('s', 'subscription { failing { number } }');
    await client.hear((message) => message.id === 'q');
    await client.hear((message) => message.id === 's');
    server.world.contextFault = new Error('password=hunter4');
    client.subscribe('c', '{ hello }');
    await client.hear((message) => message.id === 'c');

    const { errors } = client.of('q')[0]?.payload as {
      errors: { message: string; extensions: Record<string, unknown> }[];
    };
    const requestId = expect.any(String) as string;
    expect(errors.map((error) => [error.message, error.extensions])).toEqual([
      ['Internal error', { code: 'INTERNAL', requestId }],
      ['short and stout', { code: 'BAD_USER_INPUT' }],
      ['The read took too long.', { code: 'READ_TIMEOUT' }],
    ]);
    for (const id of ['s', 'c']) {
      expect(client.of(id)).toEqual([
        {
          id,
          type: 'error',
          payload: [{ message: 'Internal error', extensions: { code: 'INTERNAL', requestId } }],
        },
      ]);
    }
    expect(JSON.stringify(client.heard)).not.toContain('hunter');
    const logged = server.lines.filter((line) => line.level === 50);
    expect(logged).toHaveLength(3);
    expect(new Set(logged.map((line) => line.requestId)).size).toBe(3);
    client.socket.close();
  });

  test('is rejected by a message above the limit of its connection, and the others continue', async () => {
    const server = await start();
    const client = await RawClient.ready(server.socketUrl);
    for (let i = 1; i <= 100; i += 1) {
      client.subscribe(`s${i}`, 'subscription { events(source: "many") { number } }');
    }
    await waitFor(() => client.heard.filter((message) => message.type === 'error').length === 50);
    expect(server.world.source('many').size).toBe(50);
    expect(client.of('s51')).toEqual([
      {
        id: 's51',
        type: 'error',
        payload: [
          {
            message:
              'This connection already runs 50 operations; at most 50 are allowed. Complete one first.',
            extensions: { code: 'LIMIT_EXCEEDED' },
          },
        ],
      },
    ]);
    server.world.source('many').push({ number: 1, text: '' });
    await waitFor(() => client.heard.filter((message) => message.type === 'next').length === 50);

    client.say({ type: 'complete', id: 's1' });
    await waitFor(() => server.world.source('many').size === 49);
    client.subscribe('s101', 'subscription { events(source: "many") { number } }');
    await waitFor(() => server.world.source('many').size === 50);
    client.socket.close();
  });
});

describe('a message', () => {
  test('closes the socket with 1009 if it is too long', async () => {
    const server = await start();
    const client = await RawClient.ready(server.socketUrl);
    client.subscribe('fits', `{ hello } #${'x'.repeat(255 * 1024)}`);
    await client.hear((message) => message.id === 'fits' && message.type === 'next');
    client.subscribe('long', `{ hello } #${'x'.repeat(256 * 1024)}`);
    expect(await client.closed()).toBe(1009);
  });

  test('closes the socket with 4400 if it is invalid', async () => {
    const server = await start();
    const client = await RawClient.ready(server.socketUrl);
    client.socket.send('nonsense');
    expect(await client.closed()).toBe(4400);
  });
});

describe('before connection_init is acknowledged', () => {
  test('a message over 4 KiB closes with 1009, in one piece or in many, and 4 KiB are enough', async () => {
    const server = await start();
    const payload = (bytes: number) => ({ token: 'x'.repeat(bytes) });
    await RawClient.ready(server.socketUrl, payload(4_000));
    const long = await RawClient.open(server.socketUrl);
    long.say({ type: 'connection_init', payload: payload(4_100) });
    expect(await long.closed()).toBe(1009);
    const pieces = await RawClient.open(server.socketUrl);
    for (let sent = 0; sent < 8; sent += 1) pieces.socket.send('x'.repeat(1_000), { fin: false });
    expect(await pieces.closed()).toBe(1009);
  });

  test('only as many connections wait as the limit says, whatever their number afterwards', async () => {
    const server = await start({ greetingsPerAddress: 2 });
    const waiting = [await RawClient.open(server.socketUrl), await RawClient.open(server.socketUrl)];
    expect(await refusedWith(server.socketUrl, {})).toBe(429);
    for (const client of waiting) {
      client.say({ type: 'connection_init' });
      await client.hear((message) => message.type === 'connection_ack');
    }
    await RawClient.ready(server.socketUrl);
  });

  test('of the payload only the token is kept', async () => {
    const server = await start();
    const client = await RawClient.ready(server.socketUrl, {
      Authorization: 'Bearer t',
      junk: [{}, {}],
      token: {},
    });
    client.subscribe('q', '{ hello }');
    await client.hear((message) => message.id === 'q');
    expect(server.world.contexts[0]?.connectionParams).toEqual({ Authorization: 'Bearer t' });
  });
});

const LARGE_PING = JSON.stringify({ type: 'ping', payload: { text: 'x'.repeat(20_000) } });

test('a client that subscribes and completes in a loop is slowed down, and others are not', async () => {
  const server = await start({ messageBurst: 20, messagesPerSecond: 10 });
  const startedAt = performance.now();
  const hasty = await RawClient.ready(server.socketUrl);
  const calm = await RawClient.ready(server.socketUrl);
  for (let i = 0; i < 20; i += 1) hasty.say({ type: 'ping' });
  await waitFor(() => hasty.heard.filter(({ type }) => type === 'pong').length >= 19);
  for (let i = 0; i < 30; i += 1) {
    // One packet each, and on a busy machine, which reads several at once, at most four in 64 kB.
    const sent = (resolve: () => void) => hasty.socket.send(LARGE_PING, () => setTimeout(resolve, 1));
    await new Promise<void>(sent);
  }
  calm.subscribe('q', '{ hello }');
  await calm.hear(({ id, type }) => id === 'q' && type === 'complete');
  const answered = hasty.heard.filter(({ type }) => type === 'pong').length;
  // Ten more each second that it took, and what had been read before it was slowed down.
  expect(answered).toBeLessThanOrEqual(30 + ((performance.now() - startedAt) / 1_000) * 10);
  await waitFor(() => hasty.heard.filter(({ type }) => type === 'pong').length === 50);
});

describe('the end of a connection', () => {
  const open = async (server: ToyServer) => {
    const { world } = server;
    const [streams, contexts] = [world.source('a').size, world.contexts.length];
    const client = await RawClient.ready(server.socketUrl);
    client.subscribe('events', 'subscription { events(source: "a") { number } }');
    client.subscribe('silence', 'subscription { silence { number } }');
    client.subscribe('query', '{ waitForAbort }');
    await waitFor(() => world.source('a').size === streams + 1 && world.contexts.length === contexts + 4);
    return client;
  };
  const allEnded = (server: ToyServer) =>
    waitFor(() => server.world.source('a').size === 0 && server.world.aborted.length === 2, {
      what: 'the iterators to be returned and the signals to abort',
    });

  test('ends the subscriptions and queries of its socket, however abrupt it is', async () => {
    const server = await start();
    const polite = await open(server);
    polite.socket.close();
    await allEnded(server);

    const other = await start();
    const rude = await open(other);
    rude.socket.terminate();
    await allEnded(other);
    expect(other.lines.filter((line) => line.level === 50)).toEqual([]);
  });

  test('ends only one subscription if its client completes it, even while it is idle', async () => {
    const server = await start();
    const client = await open(server);
    client.say({ type: 'complete', id: 'silence' });
    await waitFor(() => server.world.aborted.includes('silence'));
    client.say({ type: 'complete', id: 'events' });
    await waitFor(() => server.world.source('a').size === 0);
    expect(server.world.aborted).not.toContain('query');
    client.subscribe('more', '{ hello }');
    await client.hear((message) => message.id === 'more' && message.type === 'complete');
    client.socket.close();
  });

  test('closes with 1001 and ends all operations when the server stops', async () => {
    const server = await start();
    const client = await open(server);
    const paused = await open(server);
    paused.socket.pause();
    await server.stop();
    expect(await client.closed()).toBe(1001);
    expect(server.world.source('a').size).toBe(0);
    expect(server.world.aborted.sort()).toEqual(['query', 'query', 'silence', 'silence']);
    await expect(RawClient.open(server.socketUrl)).rejects.toThrow('ECONNREFUSED');
    paused.socket.terminate();
  });

  test('closes with 4403 when the viewer’s access ends', async () => {
    const server = await start();
    const access = { end: () => {}, followed: 0 };
    server.world.followAccess = (onEnd) => {
      access.end = onEnd;
      access.followed += 1;
      return () => {
        access.followed -= 1;
      };
    };
    const client = await RawClient.ready(server.socketUrl);
    client.subscribe('a', 'subscription { events(source: "a") { number } }');
    await waitFor(() => server.world.source('a').size === 1);
    expect(access.followed).toBe(1);
    access.end();
    expect(await client.closed()).toBe(4403);
    await waitFor(() => server.world.source('a').size === 0 && access.followed === 0);
  });

  test('comes, when access ends, after the answer of what runs, and after nothing else', async () => {
    const server = await start();
    const { world } = server;
    const access = { end: () => {} };
    world.followAccess = (onEnd) => {
      access.end = onEnd;
      return () => undefined;
    };
    const client = await RawClient.ready(server.socketUrl);
    client.subscribe('events', 'subscription { events(source: "a") { number } }');
    client.subscribe('silence', 'subscription { silence { number } }');
    client.subscribe('slow', '{ slow }');
    await waitFor(() => world.source('a').size === 1 && world.slow.started === 1);
    access.end();
    await waitFor(() => world.source('a').size === 0 && world.aborted.includes('silence'));
    world.source('a').push({ number: 1, text: 'too late' });
    client.subscribe('late', '{ hello }');
    client.socket.ping();
    await once(client.socket, 'pong');
    expect(client.closeCode).toBeNull();
    world.slow.finish();
    expect(await client.closed()).toBe(4403);
    expect(client.of('slow').map(({ type }) => type)).toEqual(['next', 'complete']);
    for (const id of ['events', 'silence', 'late']) expect(client.of(id)).toEqual([]);
  });

  test('does not wait, when access ends, for an answer that never comes', async () => {
    const server = await start({ answerGraceMs: 50 });
    const access = { end: () => {} };
    server.world.followAccess = (onEnd) => {
      access.end = onEnd;
      return () => undefined;
    };
    const client = await open(server);
    access.end();
    expect(await client.closed()).toBe(4403);
    expect(client.of('query')).toEqual([]);
    await allEnded(server);
  });
});

describe('a client that does not read', () => {
  test('is disconnected; memory stays bounded and another client receives everything', async () => {
    const server = await start({ pingIntervalMs: stretch(1_500) });
    const events = 5_000;
    const text = 'x'.repeat(20_000);
    const source = server.world.source('a');

    const stuck = await RawClient.ready(server.socketUrl);
    stuck.subscribe('s', 'subscription { events(source: "a") { number text } }');
    await waitFor(() => source.size === 1);
    stuck.socket.pause();

    const received: number[] = [];
    connectClient(server).subscribe<{ events: { number: number } }>(
      { query: 'subscription { events(source: "a") { number text } }' },
      {
        next: ({ data }) => received.push(data?.events.number ?? -1),
        error: () => undefined,
        complete: () => undefined,
      },
    );
    await waitFor(() => source.size === 2);

    const before = liveBytes();
    let most = 0;
    for (let number = 0; number < events; number += 1) {
      source.push({ number, text });
      // The same text each time: what grows is what the server keeps for those who do not read.
      if (number % 100 === 0) {
        await waitFor(() => received.length > number - 500, { what: 'the reader to keep up' });
      }
      // Seldom: a collection stops this process, and with it the pings.
      if (number % 1_000 === 999) most = Math.max(most, liveBytes());
    }
    await waitFor(() => received.length === events, { timeoutMs: 20_000, what: 'all events' });
    expect(received).toEqual(Array.from({ length: events }, (_, number) => number));
    await waitFor(() => source.size === 1, { what: 'the stuck client to be dropped' });
    // All events for the stuck client are 100 MB of messages.
    expect((most - before) / 1e6).toBeLessThan(80);
    stuck.socket.terminate();
  });

  test('is disconnected as soon as a megabyte of many operations is unread', async () => {
    const server = await start({ pingIntervalMs: 600_000 });
    const stuck = await RawClient.ready(server.socketUrl);
    for (let i = 0; i < 50; i += 1) {
      stuck.subscribe(`s${i}`, 'subscription { events(source: "a") { number text } }');
    }
    const source = server.world.source('a');
    await waitFor(() => source.size === 50);
    stuck.socket.pause();
    const text = 'x'.repeat(100_000);
    for (let number = 0; number < 10; number += 1) source.push({ number, text });
    await waitFor(() => source.size === 0, { what: 'the client to be cut' });
    expect(server.lines.some((line) => String(line.msg).includes('does not read'))).toBe(true);
    stuck.socket.terminate();
  });
});
