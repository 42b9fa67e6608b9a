import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { readBody } from '../../src/lib/read-body.js';
import type { CheckResult } from '../../src/http/readiness.js';
import type { HttpHandler } from '../../src/http/request-context.js';
import { sendJson } from '../../src/http/send.js';
import { waitFor } from '../kit/wait-for.js';
import { post, startToyServer, type ToyOptions, type ToyServer } from './toy-server.js';

const servers: ToyServer[] = [];
async function start(options: ToyOptions = {}): Promise<ToyServer> {
  const server = await startToyServer(options);
  servers.push(server);
  return server;
}
afterEach(() => Promise.all(servers.splice(0).map((server) => server.stop({ graceMs: 0 }))));

const json = async (url: string, init?: RequestInit) => {
  const response = await fetch(url, { redirect: 'manual', ...init });
  return { status: response.status, headers: response.headers, body: (await response.json()) as unknown };
};

describe('health', () => {
  test('reports liveness without running any check', async () => {
    const server = await start({ http: { checks: { never: () => new Promise<CheckResult>(() => {}) } } });
    expect(await json(`${server.url}/healthz`)).toMatchObject({ status: 200, body: { status: 'ok' } });
  });

  test('is ready when every check passes, and names failed checks within the time limit', async () => {
    let asked = 0;
    let database: CheckResult = { ok: true };
    const checks = {
      database: () => {
        asked += 1;
        return Promise.resolve(database);
      },
    };
    const server = await start({ http: { checks } });
    const answers = await Promise.all([1, 2, 3].map(() => json(`${server.url}/readyz`)));
    for (const answer of answers) {
      expect(answer).toMatchObject({
        status: 200,
        body: { status: 'ready', checks: { database: { ok: true } } },
      });
    }
    expect(asked).toBe(1);

    database = { ok: false, detail: 'connection refused' };
    const failing = await waitFor(
      async () => {
        const answer = await json(`${server.url}/readyz`);
        return answer.status === 503 ? answer : null;
      },
      { what: 'the answer to be asked for anew' },
    );
    expect(failing.body).toEqual({
      status: 'not ready',
      checks: { database: { ok: false, detail: 'connection refused' } },
    });
  });

  test('is not blocked by a check that hangs or throws', async () => {
    const server = await start({
      http: {
        checks: {
          ffmpeg: () => Promise.resolve({ ok: true, detail: '8.0' }),
          jobs: () => Promise.reject(new Error('MongoDB is away')),
          disk: () => new Promise<CheckResult>(() => {}),
        },
      },
    });
    const answer = await json(`${server.url}/readyz`);
    expect(answer.status).toBe(503);
    expect(answer.body).toEqual({
      status: 'not ready',
      checks: {
        ffmpeg: { ok: true, detail: '8.0' },
        jobs: { ok: false, detail: 'MongoDB is away' },
        disk: { ok: false, detail: 'no answer within 2000 ms' },
      },
    });
  });
});

describe('requests', () => {
  test('have their own id, or the client’s when it is valid', async () => {
    const server = await start();
    const idFor = async (given?: string) => {
      const { headers } = await json(`${server.url}/healthz`, {
        headers: given ? { 'x-request-id': given } : {},
      });
      return headers.get('x-request-id');
    };
    expect(await idFor('web-1.a_B')).toBe('web-1.a_B');
    for (const odd of [undefined, 'a b', '"><script>', 'x'.repeat(65)]) {
      expect(await idFor(odd)).toMatch(/^[0-9a-f-]{36}$/);
    }
  });

  test('are logged in one line without the query; health checks only at debug level', async () => {
    const server = await start();
    await fetch(`${server.url}/nowhere?token=secret`, { headers: { 'x-request-id': 'line-1' } });
    await json(`${server.url}/healthz`, { headers: { 'x-request-id': 'line-2' } });
    await post(server, { query: '{ hello }' }, { 'x-request-id': 'line-3' });
    const lineOf = (requestId: string) =>
      waitFor(() => server.lines.find((line) => line.requestId === requestId), { what: requestId });
    expect(await lineOf('line-1')).toMatchObject({ level: 30, method: 'GET', path: '/nowhere', status: 404 });
    expect(await lineOf('line-2')).toMatchObject({ level: 20, path: '/healthz', status: 200 });
    expect(await lineOf('line-3')).toMatchObject({
      level: 30,
      method: 'POST',
      path: '/graphql',
      status: 200,
    });
    expect((await lineOf('line-3')).durationMs).toEqual(expect.any(Number));
    expect(JSON.stringify(server.lines)).not.toContain('secret');
  });

  test('for / are redirected to GraphiQL, or get a list of the endpoints', async () => {
    const server = await start();
    const front = await fetch(server.url, { redirect: 'manual' });
    expect([front.status, front.headers.get('location')]).toEqual([302, '/graphql']);
    const hidden = await start({ graphql: { graphiql: false } });
    expect(await json(hidden.url)).toMatchObject({
      status: 200,
      body: { graphql: '/graphql', rest: '/api' },
    });
  });

  test('for unknown paths get the common error body', async () => {
    const server = await start();
    const text = 'Unknown route: "GET /nowhere".';
    expect(await json(`${server.url}/nowhere?a=1`)).toMatchObject({
      status: 404,
      body: { error: text, detail: text },
    });
  });

  test('for REST reach its routes with their id, a size limit and masked errors', async () => {
    const routes: HttpHandler = async ({ incoming, outgoing, requestId, signal }, { pathname }) => {
      if (pathname === '/api/bug') throw new Error('password=hunter5');
      if (pathname === '/api/who') return sendJson(outgoing, { id: requestId, aborted: signal.aborted });
      const body = await readBody(incoming);
      sendJson(outgoing, { bytes: body?.length ?? 0 }, { status: body === null ? 413 : 200 });
    };
    const server = await start({ http: { routes } });
    const headers = { 'x-request-id': 'rest-1' };
    expect((await json(`${server.url}/api/who`, { headers })).body).toEqual({ id: 'rest-1', aborted: false });
    const send = (bytes: number) =>
      json(`${server.url}/api/body`, { method: 'POST', body: 'x'.repeat(bytes), headers });
    expect((await send(1024 * 1024)).body).toEqual({ bytes: 1024 * 1024 });
    expect((await send(1024 * 1024 + 1)).status).toBe(413);
    const bug = await json(`${server.url}/api/bug`, { headers });
    expect(bug).toMatchObject({ status: 500, body: { error: 'Internal error', detail: 'Internal error' } });
    expect(server.lines.filter((line) => line.level === 50)).toMatchObject([{ requestId: 'rest-1' }]);
  });
});

describe('starting and stopping', () => {
  test('A port in use is reported in one clear line', async () => {
    const server = await start();
    await expect(startToyServer({ http: { port: server.port } })).rejects.toThrow(
      `Cannot listen on "127.0.0.1" port ${server.port}: another program uses this port; stop it, or set PORT to another.`,
    );
    await expect(startToyServer({ http: { host: '192.0.2.1' } })).rejects.toThrow(
      'set HOST to one that it has',
    );
  });

  test('A running request gets its response; idle and half-open connections do not delay the stop', async () => {
    const server = await start();
    const running = post(server, { query: '{ slow }' });
    await waitFor(() => server.world.slow.started);
    const bare = connect(server.port, '127.0.0.1');
    bare.on('error', () => undefined);
    await once(bare, 'connect');
    const idle = connect(server.port, '127.0.0.1');
    idle.on('error', () => undefined);
    idle.write('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n');
    await once(idle, 'data');

    let stopped = false;
    const stopping = server.stop({ graceMs: 600_000 }).then(() => (stopped = true));
    await expect(fetch(`${server.url}/healthz`)).rejects.toThrow();
    expect(stopped).toBe(false);
    server.world.slow.finish();
    expect((await running).body).toEqual({ data: { slow: 'done' } });
    await stopping;
  });

  test('Event streams end when the server stops, and their subscriptions with them', async () => {
    let left = false;
    const routes: HttpHandler = ({ outgoing, signal }) => {
      signal.addEventListener('abort', () => {
        left = true;
      });
      outgoing.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n');
    };
    const server = await start({ http: { routes } });
    const rest = await fetch(`${server.url}/api/stream`);
    const restReader = rest.body?.getReader();
    await restReader?.read();
    const graphql = await fetch(server.endpoint, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify({ query: 'subscription { events(source: "a") { number } }' }),
    });
    await waitFor(() => server.world.source('a').size);
    await server.stop({ graceMs: 600_000 });
    await waitFor(() => left, { what: 'the REST stream to be told' });
    await waitFor(() => server.world.source('a').size === 0, { what: 'the subscription to end' });
    await expect(graphql.text()).rejects.toThrow();
  });

  test('A request that never finishes is cut after the grace period', async () => {
    const server = await start();
    const running = post(server, { query: '{ waitForAbort }' }).catch((error: Error) => error);
    await waitFor(() => server.world.contexts.length);
    await server.stop({ graceMs: 100 });
    expect(await running).toBeInstanceOf(Error);
    await waitFor(() => server.world.aborted.includes('query'));
  });
});
