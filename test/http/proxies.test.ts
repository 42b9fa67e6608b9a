import { createServer, request, type IncomingMessage } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseEnv } from '../../src/env.js';
import { createArrivalReader } from '../../src/http/proxies.js';
import { createLogger } from '../../src/lib/logger.js';
import { sendRaw, upgradeWith } from '../kit/raw-request.js';
import { RawClient } from '../kit/raw-websocket.js';
import { startApp } from '../kit/start-app.js';
import { startRest, type RestTestApp } from '../rest/rest-app.js';

type Headers = Record<string, string>;

/** Adds headers and forwards to the app, as nginx does; WebSockets too. */
async function startProxy(target: string, { headers, strips = '' }: { headers: Headers; strips?: string }) {
  const { hostname, port } = new URL(target);
  const toPath = (url = '/') => (url.startsWith(strips) ? url.slice(strips.length) || '/' : url);
  const toHeaders = (incoming: IncomingMessage) => ({ ...incoming.headers, ...headers });
  const proxy = createServer((incoming, outgoing) => {
    const { method = 'GET', url } = incoming;
    const onward = request({ hostname, port, method, path: toPath(url), headers: toHeaders(incoming) });
    onward.on('response', (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    incoming.pipe(onward);
  });
  proxy.on('upgrade', (incoming, socket, head) => {
    const onward = connect(Number(port), hostname, () => {
      const lines = Object.entries(toHeaders(incoming)).map(([name, value]) => `${name}: ${String(value)}`);
      onward.write([`GET ${toPath(incoming.url)} HTTP/1.1`, ...lines, '', ''].join('\r\n'));
      onward.write(head);
      socket.pipe(onward).pipe(socket);
    });
    onward.on('error', () => socket.destroy());
    socket.on('error', () => onward.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    stop: () => {
      proxy.closeAllConnections();
      proxy.close();
    },
  };
}

const ALBUM = '/api/album/info?id=demo:night-ferry&limit=2';
const get = (url: string, path: string, headers: Headers = {}) =>
  sendRaw(url, { method: 'GET', path, headers });
const nextOf = ({ text }: { text: string }) => /"next":"([^"]*)"/.exec(text)?.[1];

const TLS: Headers = { host: 'm.example', 'x-forwarded-proto': 'https' };

describe('behind a proxy with TLS', () => {
  let app: RestTestApp;
  beforeAll(async () => {
    app = await startRest({ env: { trustedProxies: ['127.0.0.1'], allowedHosts: ['m.example'] } });
  });
  afterAll(() => app.stop());

  it('the links in responses are https, and the browser is told to stay with that', async () => {
    const reply = await get(app.url, ALBUM, TLS);
    expect(nextOf(reply)).toMatch(/^https:\/\/m\.example\/api\/album\/info\?/);
    expect(reply.headers['strict-transport-security']).toMatch(/^max-age=\d+$/);
    expect(nextOf(await get(app.url, ALBUM, { host: 'm.example' }))).toMatch(/^http:\/\/m\.example\/api/);
  });

  it('the name that the proxy was called by counts, and has to be allowed', async () => {
    const named = { ...TLS, host: 'reprise.internal', 'x-forwarded-host': 'm.example' };
    expect(nextOf(await get(app.url, ALBUM, named))).toMatch(/^https:\/\/m\.example\//);
    const rebound = { ...TLS, 'x-forwarded-host': 'evil.example' };
    expect((await get(app.url, ALBUM, rebound)).status).toBe(421);
    expect((await get(app.url, ALBUM, { ...TLS, 'x-forwarded-host': 'm.example/path' })).status).toBe(400);
  });

  it('a prefix that it removes is put back, and one that it leaves is understood', async () => {
    const below = { ...TLS, 'x-forwarded-prefix': '/music/' };
    for (const path of [ALBUM, `/music${ALBUM}`])
      expect(nextOf(await get(app.url, path, below))).toMatch(/^https:\/\/m\.example\/music\/api\/album/);
    const { headers } = await get(app.url, '/', below);
    expect(headers['location'] ?? '/music/graphql').toBe('/music/graphql');
    const hostile = { ...TLS, 'x-forwarded-prefix': '//evil.example' };
    expect(nextOf(await get(app.url, ALBUM, hostile))).toMatch(/^https:\/\/m\.example\/api/);
  });
});

describe('an address that nobody vouches for', () => {
  it.each(['x-forwarded-proto', 'x-forwarded-host', 'x-forwarded-prefix'])(
    '%s changes nothing',
    async (name) => {
      const app = await startRest({ env: { trustedProxies: ['10.0.0.0/8'] } });
      const value = { 'x-forwarded-proto': 'https', 'x-forwarded-prefix': '/music' }[name] ?? 'evil.example';
      const reply = await get(app.url, ALBUM, { [name]: value });
      expect(nextOf(reply)?.startsWith(`${app.url}/api/album/info`)).toBe(true);
      expect(reply.headers).not.toHaveProperty('strict-transport-security');
      await app.stop();
    },
  );
});

describe('the address of a client', () => {
  const arrivalOf = (peer: string, headers: Headers, trustedProxies: string[]) => {
    const incoming = {
      url: '/',
      headers: { host: 'localhost', ...headers },
      socket: { remoteAddress: peer },
    };
    return createArrivalReader({ trustedProxies })(incoming as IncomingMessage).client;
  };
  const addressOf = (peer: string, forwarded: string, trusted: string[] = ['10.0.0.0/8', 'loopback']) =>
    arrivalOf(peer, { 'x-forwarded-for': forwarded }, trusted).address;

  it('is what the nearest proxy says, and no further than proxies are trusted', () => {
    expect(addressOf('10.0.0.1', '203.0.113.9')).toBe('203.0.113.9');
    expect(addressOf('::ffff:10.0.0.1', '203.0.113.9')).toBe('203.0.113.9');
    expect(addressOf('10.0.0.1', '192.0.2.1, 203.0.113.9')).toBe('203.0.113.9');
    expect(addressOf('127.0.0.1', '192.0.2.1, 203.0.113.9, 10.0.0.2')).toBe('203.0.113.9');
  });

  it('is that of the connection if a stranger claims another, or if the claim is no address', () => {
    expect(addressOf('203.0.113.5', '192.0.2.1')).toBe('203.0.113.5');
    expect(addressOf('10.0.0.1', '192.0.2.1', [])).toBe('10.0.0.1');
    for (const text of ['unknown', '"><script>', '', '999.1.1.1'])
      expect(addressOf('10.0.0.1', text)).toBe('10.0.0.1');
  });

  it('says whether a proxy that is trusted has sent the request', () => {
    expect(arrivalOf('10.0.0.1', {}, ['10.0.0.1']).viaTrustedProxy).toBe(true);
    expect(arrivalOf('10.0.0.2', {}, ['10.0.0.1']).viaTrustedProxy).toBe(false);
  });

  it('of several values, those that proxies have not written do not count', () => {
    const headers = { 'x-forwarded-for': '203.0.113.9', 'x-forwarded-host': 'evil.example, m.example' };
    expect(arrivalOf('10.0.0.1', headers, ['10.0.0.1']).publicUrl).toBe('http://m.example');
  });

  it.each([
    ['127.0.0.1', 200],
    ['10.0.0.0/8', 429],
  ])('is what the limit of open connections counts, with %s trusted', async (trusted, status) => {
    const app = await startApp({
      env: { role: 'api', trustedProxies: [trusted] },
      overrides: { readers: { perAddress: 1 } },
    });
    const leaving = new AbortController();
    const open = (from: string) =>
      fetch(`${app.url}/api/prgs/stream`, {
        headers: { 'x-forwarded-for': from },
        signal: leaving.signal,
      });
    expect((await open('203.0.113.1')).status).toBe(200);
    expect((await open('203.0.113.1')).status).toBe(429);
    expect((await open('203.0.113.2')).status).toBe(status);
    leaving.abort();
    await app.stop();
  });
});

describe('with PUBLIC_URL', () => {
  const PUBLIC = 'https://music.lan:8443';
  let app: RestTestApp;
  let proxy: Awaited<ReturnType<typeof startProxy>>;
  beforeAll(async () => {
    app = await startRest({ env: { publicUrl: PUBLIC } });
    // nginx as in most tutorials: `proxy_set_header Host $host` loses the port.
    proxy = await startProxy(app.url, { headers: { host: 'music.lan' } });
  });
  afterAll(async () => {
    proxy.stop();
    await app.stop();
  });

  it('its name is allowed, and its own page may open a WebSocket behind a proxy that loses the port', async () => {
    expect(await upgradeWith(proxy.url, { origin: PUBLIC })).toBe(101);
    const client = await RawClient.ready(`${proxy.url.replace('http', 'ws')}/graphql`);
    client.subscribe('a', '{ __typename }');
    await client.hear(({ id, type }) => id === 'a' && type === 'complete');
    client.socket.close();
    for (const origin of ['https://elsewhere.example', 'https://music.lan:9443', 'null'])
      expect(await upgradeWith(proxy.url, { origin }), origin).toBe(403);
  });

  it('the links in responses lead there, whatever a proxy says', async () => {
    const reply = await get(proxy.url, ALBUM, { 'x-forwarded-host': 'evil.example' });
    expect(nextOf(reply)).toMatch(/^https:\/\/music\.lan:8443\/api\/album\/info\?/);
  });
});

it('without it, the own page’s WebSocket on another port is refused, and the log says what to set', async () => {
  const lines: Record<string, unknown>[] = [];
  const log = createLogger('info', undefined, {
    write: (line) => void lines.push(JSON.parse(line) as never),
  });
  const app = await startRest({ env: { allowedHosts: ['music.lan'] }, overrides: { log } });
  const headers = { host: 'music.lan', origin: 'https://music.lan:8443' };
  expect(await upgradeWith(app.url, headers)).toBe(403);
  const refused = lines.filter(({ msg }) => msg === 'websocket refused');
  expect(refused).toHaveLength(1);
  const { refusal } = refused[0] ?? {};
  for (const part of ['"https://music.lan:8443"', 'at "music.lan"', 'PUBLIC_URL'])
    expect(refusal).toContain(part);
  await app.stop();
});

describe.each([
  ['removes', '/music'],
  ['leaves', ''],
])('below a path that the proxy %s', (_name, strips) => {
  const PUBLIC = 'https://example.org/music';
  let app: RestTestApp;
  let proxy: Awaited<ReturnType<typeof startProxy>>;
  beforeAll(async () => {
    app = await startRest({ env: { publicUrl: PUBLIC } });
    proxy = await startProxy(app.url, { headers: { host: 'example.org' }, strips });
  });
  afterAll(async () => {
    proxy.stop();
    await app.stop();
  });

  it('every address is right', async () => {
    expect(nextOf(await get(proxy.url, `/music${ALBUM}`))).toMatch(
      /^https:\/\/example\.org\/music\/api\/album/,
    );
    const description = JSON.parse((await get(proxy.url, '/music/api/openapi.json')).text) as {
      servers: object;
    };
    expect(description.servers).toEqual([{ url: '/music/api' }]);
    const page = await get(proxy.url, '/music/api/docs');
    expect(page.text).toContain('src="/music/api/docs/start.js"');
    expect(page.text).not.toContain('"/api/');
    expect((await get(proxy.url, '/music/api/docs/start.js')).text).toContain("'/music/api/openapi.json'");
    const front = await get(proxy.url, '/music/');
    expect(JSON.parse(front.text)).toMatchObject({ graphql: '/music/graphql', rest: '/music/api' });
    expect((await get(proxy.url, '/music')).status).toBe(200);
    expect((await get(proxy.url, '/music/graphql?query=%7B__typename%7D')).status).toBe(200);
  });

  it('a WebSocket opens', async () => {
    const url = `${proxy.url.replace('http', 'ws')}/music/graphql`;
    const client = await RawClient.open(url, { headers: { origin: 'https://example.org' } });
    client.say({ type: 'connection_init' });
    await client.hear(({ type }) => type === 'connection_ack');
    client.socket.close();
  });
});

it.each([
  'https://example.org/api',
  'https://example.org/graphql/x',
  "https://example.org/a'b",
  'https://e.org//x',
])('PUBLIC_URL cannot be %s', (url) => {
  expect(() => parseEnv({ PUBLIC_URL: url })).toThrow('PUBLIC_URL');
});
