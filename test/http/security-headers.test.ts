import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { sendRaw } from '../kit/raw-request.js';
import { startApp, type TestApp } from '../kit/start-app.js';

const LISTED = 'https://listed.example';

let app: TestApp;
beforeAll(async () => {
  app = await startApp({ env: { role: 'api', corsOrigins: [LISTED] } });
});
afterAll(() => app.stop());

type Headers = Record<string, unknown>;

function expectCommon(headers: Headers, what: string): void {
  expect(headers, what).toMatchObject({
    'x-request-id': expect.stringMatching(/^[\w.-]{8,64}$/) as unknown,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'same-origin',
    'x-frame-options': 'DENY',
    'content-security-policy': expect.stringMatching(
      /^default-src 'none'; .*frame-ancestors 'none'/,
    ) as unknown,
  });
  for (const name of ['x-powered-by', 'server', 'strict-transport-security', 'access-control-allow-origin'])
    expect(headers, what).not.toHaveProperty(name);
}

const HTML = { accept: 'text/html' };
const JSON_BODY = { 'content-type': 'application/json' };
const EVIL = { origin: 'https://evil.example' };

describe('every response has the security headers and a request id', () => {
  it.each([
    ...[['GET', '/', {}] as const, ['GET', '/healthz', {}] as const, ['GET', '/nothing', {}] as const],
    ...[['GET', '/graphql', HTML] as const, ['GET', '/graphql?query=%7B__typename%7D', {}] as const],
    ...[['POST', '/graphql', JSON_BODY] as const, ['POST', '/graphql', { ...JSON_BODY, ...EVIL }] as const],
    ...[['GET', '/schema.graphql', {}] as const, ['GET', '/api/prgs/list', {}] as const],
    ...[['GET', '/api/prgs/stream', {}] as const, ['GET', '/api/docs', HTML] as const],
    ...[['GET', '/api/docs/start.js', {}] as const, ['GET', '/api/nothing', {}] as const],
    ...[['GET', '/api/track/download/demo:x', EVIL] as const, ['POST', '/api/config', {}] as const],
    ...[['GET', '/', { host: 'evil.example' }] as const, ['GET', '/', { host: 'a b' }] as const],
    ['OPTIONS', '/api/prgs/list', { ...EVIL, 'access-control-request-method': 'GET' }] as const,
  ])('%s %s %j', async (method, path, headers) => {
    const reply = await sendRaw(app.url, { method, path, headers });
    expectCommon(reply.headers, `${method} ${path} ${reply.status}`);
  });

  it('also the refusal of a WebSocket, with the id that the client chose', async () => {
    const headers = { ...EVIL, 'x-request-id': 'chosen-1' };
    const socket = new WebSocket(`${app.url.replace('http', 'ws')}/graphql`, { headers });
    socket.on('error', () => undefined);
    const [, response] = (await once(socket, 'unexpected-response')) as [
      unknown,
      { headers: Headers; statusCode: number },
    ];
    expect(response.statusCode).toBe(403);
    expectCommon(response.headers, 'upgrade');
    expect(response.headers['x-request-id']).toBe('chosen-1');
    socket.terminate();
  });

  it.each(['nonsense\r\n\r\n', `GET /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`])(
    'also a request that cannot be read',
    async (text) => {
      const socket = connect(Number(new URL(app.url).port), '127.0.0.1');
      socket.on('error', () => undefined);
      socket.write(text);
      let answer = '';
      socket.setEncoding('latin1').on('data', (chunk: string) => (answer += chunk));
      await once(socket, 'close');
      const [head = ''] = answer.split('\r\n\r\n');
      const lines = head
        .split('\r\n')
        .slice(1)
        .map((line) => line.split(': ', 2) as [string, string]);
      expectCommon(Object.fromEntries(lines), head);
    },
  );
});

describe('a page', () => {
  it('of GraphiQL runs its own script and nothing else', async () => {
    const { headers } = await sendRaw(app.url, { method: 'GET', path: '/graphql', headers: HTML });
    const policy = String(headers['content-security-policy']);
    expect(policy).toMatch(/script-src 'sha256-[\w+/]{43}='/);
    expect(policy).toContain(`connect-src 'self' ${app.url.replace('http', 'ws')}`);
    expect(/script-src[^;]*unsafe/.exec(policy)).toBeNull();
  });
});

describe('another origin', () => {
  const preflight = (origin: string) =>
    sendRaw(app.url, {
      method: 'OPTIONS',
      path: '/api/config',
      headers: { origin, 'access-control-request-method': 'POST' },
    });

  it('may use the API with credentials if it is listed', async () => {
    expect((await preflight(LISTED)).headers).toMatchObject({
      'access-control-allow-origin': LISTED,
      'access-control-allow-credentials': 'true',
    });
  });

  it.each([
    'https://evil.example',
    `${LISTED}.evil.example`,
    LISTED.replace('s:', ':'),
    `${LISTED}:444`,
    'null',
    '*',
  ])('may not if it is %s', async (origin) => {
    for (const name of ['access-control-allow-origin', 'access-control-allow-credentials'])
      expect((await preflight(origin)).headers).not.toHaveProperty(name);
  });
});
