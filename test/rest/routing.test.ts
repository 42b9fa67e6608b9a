import { connect } from 'node:net';
import { z } from 'zod';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { CatalogSource } from '../../src/catalog/catalog-source.js';
import { UpstreamFailedError, UpstreamLimitedError } from '../../src/lib/errors.js';
import type { AnyRoute } from '../../src/rest/route.js';
import { ROUTES } from '../../src/rest-routes.js';
import { createDemoCatalog } from '../../src/upstream/demo/catalog.js';
import { bearerOf } from '../kit/tokens.js';
import { stretch } from '../kit/wait-for.js';
import { startRest, type RestReply, type RestTestApp } from './rest-app.js';

let app: RestTestApp;
const aborted: string[] = [];

/** A catalog in which only finding a track fails. */
function troubled(provider: string, findTrack: CatalogSource['findTrack']): CatalogSource {
  return { ...createDemoCatalog(), provider, findTrack };
}

const catalogs = [
  troubled('limited', () => Promise.reject(new UpstreamLimitedError('limited', 86_400_000))),
  troubled('broken', () => Promise.reject(new UpstreamFailedError('broken did not answer.'))),
  troubled('buggy', () => Promise.reject(new TypeError('password=hunter2'))),
  troubled(
    'hanging',
    (id, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          aborted.push(id);
          reject(signal.reason as Error);
        });
      }),
  ),
];

/** Routes for behavior that no real route has yet. */
const EXTRA: AnyRoute[] = [
  {
    methods: ['DELETE'],
    path: '/extra/{id}',
    input: z.object({}),
    docs: null,
    status: 200,
    changes: false,
    foreignPages: null,
    bodyOnly: false,
    streams: false,
    documents: [],
    handle: () => Promise.reject(new TypeError('password=hunter2')),
  },
];

beforeAll(async () => {
  app = await startRest({
    overrides: { catalogs },
    rest: { routes: [...ROUTES, ...EXTRA], timing: { responseTimeoutMs: stretch(500) } },
  });
});

afterAll(() => app.stop());

function expectFailure({ headers, body }: RestReply) {
  expect(headers.get('content-type')).toMatch(/^application\/json/);
  expect(body).toMatchObject({ error: expect.any(String) as string, detail: expect.any(String) as string });
  expect(body['detail']).toBe(body['error']);
}

describe('every route in the table', () => {
  const rows = ROUTES.flatMap(({ methods, path, streams }) =>
    methods.map((method) => ({ method, path, streams })),
  );

  it.each(rows)('$method $path has the common error body', async ({ method, path }) => {
    const concrete = path.replace(/\{[^}]+\}/g, 'a%00b');
    const body = { headers: { 'content-type': 'application/json' }, body: '[' };
    const replies = [
      await app.send('PATCH', concrete),
      await app.get(`${concrete}/no/such/route`),
      await app.send(method, `${concrete}?x=1&x=2`),
      ...(method === 'POST' ? [await app.send('POST', concrete, body)] : []),
    ];
    expect(replies.map(({ status }) => status)).toEqual([405, 404, 400, 400].slice(0, replies.length));
    replies.forEach(expectFailure);
    expect(replies[0]?.headers.get('allow')).toContain(method);
  });

  // What comes back there is a browser: it is always redirected.
  const isCallback = (path: string) => /^\/auth\/(?:sso|spotify)\/callback/.test(path);
  it.each(rows.filter(({ method, streams, path }) => method === 'GET' && !streams && !isCallback(path)))(
    'GET $path responds with JSON, and accepts one trailing slash',
    async ({ path }) => {
      const concrete = path.replace(/\{[^}]+\}/g, '00000000-0000-4000-8000-000000000000');
      const [plain, slash] = [await app.get(concrete), await app.get(`${concrete}/`)];
      expect(plain.headers.get('content-type')).toMatch(/^application\/json/);
      expect(slash.status).toBe(plain.status);
      expect((await app.get(`${concrete}//`)).status).toBe(404);
    },
  );
});

describe('paths', () => {
  it('without parameters take precedence over those with parameters', async () => {
    expect((await app.get('/track/download/cancel')).body).toMatchObject({ details: { field: 'task_id' } });
    expect((await app.get('/prgs/list')).status).toBe(200);
  });

  it.each([
    '',
    '/',
    '/nothing',
    '/track',
    '/track/download',
    '/track/download/',
    '/track//info',
    '/Track/info',
  ])('get 404 if they are unknown, such as "%s"', async (path) => {
    const reply = await app.get(path);
    expect(reply.status).toBe(404);
    expectFailure(reply);
  });

  it('list their methods in Allow', async () => {
    const allowed = async (method: string, path: string) =>
      (await app.send(method, path)).headers.get('allow');
    expect(await allowed('DELETE', '/search')).toBe('GET, HEAD');
    expect(await allowed('PUT', '/track/download/x')).toBe('GET, POST');
    expect(await allowed('OPTIONS', '/prgs/stream')).toBe('GET');
    expect(await allowed('POST', '/extra/1')).toBe('DELETE');
  });

  it('respond to HEAD as to GET, without the body', async () => {
    const { status, body } = await app.send('HEAD', '/search?q=night');
    expect({ status, body }).toEqual({ status: 200, body: {} });
  });
});

describe('bodies', () => {
  const post = (body: string, type?: string) =>
    app.send('POST', '/track/download/demo:nothing', { body, headers: type ? { 'content-type': type } : {} });

  it.each([
    ['{', 'application/json', 400],
    ['[]', 'application/json', 400],
    ['"text"', 'application/json', 400],
    ['null', 'application/json', 400],
    ['[{"id":1}]', 'application/json; charset=utf-8', 400],
    ['{"__proto__":1}', 'application/json', 400],
    ['{"bitrate":{"a":1}}', 'application/json', 400],
    ['['.repeat(100_000), 'application/json', 400],
    ['a=1', 'application/x-www-form-urlencoded', 415],
    ['{}', 'text/plain', 415],
    ['{}', undefined, 415],
  ])('get the right status for %.20s as %s', async (body, type, status) => {
    const reply = await post(body, type);
    expect(reply.status).toBe(status);
    expectFailure(reply);
  });

  it('get 413 above 1 MiB, with or without a content length', async () => {
    const large = JSON.stringify({ convertTo: 'x'.repeat(1_100_000) });
    const announced = await exchange(app.url, `content-length: ${large.length}\r\n\r\n${large}`);
    const chunked = `transfer-encoding: chunked\r\n\r\n${large.length.toString(16)}\r\n${large}\r\n0\r\n\r\n`;
    for (const answer of [announced, await exchange(app.url, chunked)]) {
      expect(answer).toMatch(/^HTTP\/1\.1 413 /);
      expect(answer).toContain('{"error":"The body is larger than 1048576 bytes.","detail":"The body is');
    }
  });
});

describe('upstreams', () => {
  it('get 503 and the seconds to wait while they limit requests', async () => {
    for (const path of ['/track/info?id=limited:a', '/track/download/limited:a']) {
      const reply = await app.get(path);
      expect(reply).toMatchObject({ status: 503, body: { retry_after: 86_400 } });
      expect(reply.headers.get('retry-after')).toBe('86400');
      expectFailure(reply);
    }
  });

  it('get 502 while they fail', async () => {
    for (const path of ['/track/info?id=broken:a', '/track/download/broken:a']) {
      const reply = await app.get(path);
      expect(reply).toMatchObject({ status: 502, body: { error: 'broken did not answer.' } });
      expectFailure(reply);
    }
  });

  it('get 503 and are aborted if they take too long', async () => {
    const reply = await app.get('/track/info?id=hanging:a');
    expect(reply).toMatchObject({ status: 503, body: { retry_after: 10 } });
    expectFailure(reply);
    expect(aborted).toContain('hanging:a');
    const before = await app.deps.db.task.count();
    expect((await app.get('/track/download/hanging:b')).status).toBe(503);
    expect(await app.deps.db.task.count()).toBe(before);
  });
});

describe('bugs', () => {
  it('get 500 without details, but with the request’s id', async () => {
    for (const [method, path] of [
      ['GET', '/track/info?id=buggy:a'],
      ['DELETE', '/extra/1'],
    ] as const) {
      const reply = await app.send(method, path, { headers: { 'x-request-id': 'r-1' } });
      expect(reply).toMatchObject({
        status: 500,
        body: { error: 'Internal error', detail: 'Internal error', details: { request_id: 'r-1' } },
      });
      expect(JSON.stringify(reply.body)).not.toContain('hunter2');
    }
  });

  it('are shown with their details in development only', async () => {
    const developers = await startRest({
      env: { development: true },
      overrides: { catalogs },
      rest: { routes: [...ROUTES, ...EXTRA] },
    });
    try {
      for (const [method, path] of [
        ['GET', '/track/info?id=buggy:a'],
        ['DELETE', '/extra/1'],
      ] as const) {
        const { body } = await developers.send(method, path);
        expect(body['traceback']).toMatch(/^TypeError: password=hunter2\n\s+at .*routing\.test\.ts/);
        expect((await app.send(method, path)).body).not.toHaveProperty('traceback');
      }
      const { body } = await developers.get('/prgs/nothing');
      expect(body).not.toHaveProperty('traceback');
      const query = `{ track(id: "buggy:a") { id } }`;
      const answer = await fetch(`${developers.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query }),
      });
      expect(await answer.text()).not.toContain('hunter2');
    } finally {
      await developers.stop();
    }
  });
});

describe('GET /auth/status', () => {
  it('says that authentication is off and everyone is the system user', async () => {
    const off = await startRest({ env: { authEnabled: false } });
    onTestFinished(() => off.stop());
    const { status, body } = await off.get('/auth/status');
    expect(status).toBe(200);
    expect(body).toMatchInlineSnapshot(
      { user: { created_at: expect.any(String) as string } },
      `
      {
        "auth_enabled": false,
        "authenticated": true,
        "registration_enabled": false,
        "sso_enabled": false,
        "sso_providers": [],
        "user": {
          "created_at": Any<String>,
          "email": null,
          "is_sso_user": false,
          "last_login": null,
          "role": "admin",
          "sso_provider": null,
          "username": "system",
        },
      }
    `,
    );
  });
});

/** Sends a POST with a body over a connection of its own, and reads the first of what comes back. */
function exchange(url: string, rest: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    socket.once('error', reject);
    socket.once('data', (data) => {
      resolve(data.toString());
      socket.destroy();
    });
    const headers = { host: 'localhost', 'content-type': 'application/json', ...bearerOf({ url }) };
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`POST /api/track/download/x HTTP/1.1\r\n${lines.join('')}${rest}`);
  });
}
