import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Resolve } from '../../src/outbound/address-guard.js';
import { OutboundError } from '../../src/outbound/errors.js';
import {
  createHttpClient,
  type HttpClient,
  type HttpClientOptions,
  type OutboundRequest,
  type RequestLimits,
} from '../../src/outbound/http-client.js';
import { serve, serveTcp } from '../kit/local-server.js';
import { stretch } from '../kit/wait-for.js';

const LIMITS: RequestLimits = { timeoutMs: stretch(20_000), maxBytes: 1_000 };
const NO_PROXIES = { httpProxy: null, httpsProxy: null, noProxy: null };
const LOCAL = ['127.0.0.1'];

function open(
  { allow = LOCAL, ...options }: Partial<HttpClientOptions> & { allow?: string[] } = {},
  proxies: Partial<HttpClientOptions['env']> = {},
): HttpClient {
  const env = { ...NO_PROXIES, ...proxies, outboundAllow: allow };
  const client = createHttpClient({ env, userAgent: 'Reprise/test (a test)', ...options });
  onTestFinished(() => client.close());
  return client;
}

interface Sent extends OutboundRequest {
  client?: HttpClient;
}

const get = (url: string, limits: Partial<RequestLimits> = {}, { client = open(), ...request }: Sent = {}) =>
  client.request(url, request, { ...LIMITS, ...limits });

const problemOf = (request: Promise<Response>) =>
  request.then(
    ({ status }) => status,
    (thrown: unknown) => (thrown instanceof OutboundError ? thrown.problem : thrown),
  );

describe('a request to another server', () => {
  it('returns status, headers and body', async () => {
    const url = await serve((_request, response) =>
      response.writeHead(418, { 'x-pot': 'tea', 'set-cookie': ['a=1', 'b=2'] }).end('short and stout'),
    );
    const response = await get(url);
    expect(response.status).toBe(418);
    expect(response.headers.get('x-pot')).toBe('tea');
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(await response.text()).toBe('short and stout');
  });

  it('says what program it comes from, unless the caller does', async () => {
    const url = await serve(({ headers }, response) => response.end(headers['user-agent']));
    expect(await (await get(url)).text()).toBe('Reprise/test (a test)');
    expect(await (await get(url, {}, { headers: { 'user-agent': 'other' } })).text()).toBe('other');
  });

  it('sends a form as one', async () => {
    const url = await serve((request, response) => {
      response.writeHead(200, { 'x-type': request.headers['content-type'] });
      request.pipe(response);
    });
    const response = await get(url, {}, { method: 'POST', body: new URLSearchParams({ a: 'b c' }) });
    expect(response.headers.get('x-type')).toBe('application/x-www-form-urlencoded;charset=UTF-8');
    expect(await response.text()).toBe('a=b+c');
  });

  it('accepts a response without a body', async () => {
    const url = await serve((_request, response) => response.writeHead(204).end());
    expect((await get(url)).status).toBe(204);
  });

  it('rejects a status that does not exist', async () => {
    const url = await serve((_request, response) => response.writeHead(799).end());
    expect(await problemOf(get(url))).toBe('INVALID_RESPONSE');
  });

  it('rejects what is not HTTP', async () => {
    const port = await serveTcp((socket) => socket.end('SSH-2.0-OpenSSH_9.6\r\n'));
    expect(await problemOf(get(`http://127.0.0.1:${port}`))).toBe('INVALID_RESPONSE');
  });

  it('says that a server is not reachable, without the query of its address', async () => {
    const port = await serveTcp((socket) => socket.destroy());
    const failed = get(`http://127.0.0.1:${port}/?key=hidden`);
    await expect(failed).rejects.toMatchObject({ problem: 'UNREACHABLE' });
    await expect(failed).rejects.toThrow(/^127\.0\.0\.1:\d+ is not reachable: /);
    await expect(failed).rejects.not.toThrow('hidden');
  });

  it('ends with the signal of the caller, also when it has ended before', async () => {
    const controller = new AbortController();
    const url = await serve(() => controller.abort());
    expect(await problemOf(get(url, { signal: controller.signal }))).toBe('CANCELLED');
    expect(await problemOf(get(url, { signal: AbortSignal.abort() }))).toBe('CANCELLED');
  });
});

describe('a time limit', () => {
  const untilHeaders = (limits: Partial<RequestLimits>) => async () => {
    const url = await serve(() => undefined);
    expect(await problemOf(get(url, limits))).toBe('TIMEOUT');
  };

  it('ends a request whose answer never begins', untilHeaders({ headersMs: 50 }));

  it('ends a request as a whole', untilHeaders({ timeoutMs: 50 }));

  it('ends a connection that is never established', async () => {
    // Accepts, and says nothing of TLS.
    const port = await serveTcp(() => undefined);
    const client = open({ connectMs: 50 });
    expect(await problemOf(get(`https://127.0.0.1:${port}`, {}, { client }))).toBe('TIMEOUT');
  });

  it('ends a header that trickles', async () => {
    const port = await serveTcp((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n');
      const timer = setInterval(() => socket.write('x-more: and more\r\n'), 5);
      socket.on('close', () => clearInterval(timer));
    });
    expect(await problemOf(get(`http://127.0.0.1:${port}`, { timeoutMs: 300 }))).toBe('TIMEOUT');
  });

  it('ends a body that stalls', async () => {
    const url = await serve((_request, response) => void response.writeHead(200).write('begin'));
    expect(await problemOf(get(url, { idleMs: 50 }))).toBe('TIMEOUT');
  });

  it('ends a body that trickles for longer than the whole may take', async () => {
    const url = await serve((_request, response) => {
      const timer = setInterval(() => response.write('x'), 5);
      response.on('close', () => clearInterval(timer));
    });
    expect(await problemOf(get(url, { idleMs: 5_000, timeoutMs: 300, maxBytes: 1e6 }))).toBe('TIMEOUT');
  });
});

describe('a body', () => {
  it('has at most as many bytes as the limit', async () => {
    const url = await serve((_request, response) => response.end('x'.repeat(1_000)));
    expect(await problemOf(get(url))).toBe(200);
    expect(await problemOf(get(url, { maxBytes: 999 }))).toBe('TOO_LARGE');
  });

  it('is not read when its length is announced as 10 GB', async () => {
    const url = await serve((_request, response) =>
      response.writeHead(200, { 'content-length': 10_000_000_000 }).write('x'),
    );
    expect(await problemOf(get(url))).toBe('TOO_LARGE');
  });

  it('is cut off when it never ends', async () => {
    let isClosed: (value: unknown) => void;
    const closed = new Promise((resolve) => (isClosed = resolve));
    const url = await serve((_request, response) => {
      const more = () => {
        while (response.write(Buffer.alloc(65_536)));
      };
      response.on('drain', more).on('close', isClosed);
      more();
    });
    expect(await problemOf(get(url, { maxBytes: 1_000_000 }))).toBe('TOO_LARGE');
    await closed;
  });

  const packed = (encoding: string, bytes: Uint8Array) =>
    serve((_request, response) => response.writeHead(200, { 'content-encoding': encoding }).end(bytes));

  it('is decompressed', async () => {
    for (const [encoding, pack] of [
      ['gzip', gzipSync],
      ['br', brotliCompressSync],
    ] as const) {
      const response = await get(await packed(encoding, pack('content')));
      expect(await response.text()).toBe('content');
      expect(response.headers.get('content-encoding')).toBeNull();
    }
  });

  it('is too large when it is small only while it is compressed', async () => {
    for (const [encoding, pack] of [
      ['gzip', gzipSync],
      ['br', brotliCompressSync],
    ] as const) {
      const bomb = pack(Buffer.alloc(10_000_000));
      expect(bomb.byteLength).toBeLessThan(20_000);
      expect(await problemOf(get(await packed(encoding, bomb), { maxBytes: 20_000 }))).toBe('TOO_LARGE');
    }
  });

  it('is too large when it is small only after it was decompressed', async () => {
    const nothing = Buffer.concat(Array.from({ length: 500 }, () => gzipSync('')));
    expect(await problemOf(get(await packed('gzip', nothing)))).toBe('TOO_LARGE');
  });

  it('is rejected when it is damaged, cut, or compressed in another way', async () => {
    const content = gzipSync('x'.repeat(500));
    const damaged = Buffer.from(content).fill(0xff, 10, 14);
    for (const [encoding, bytes] of [
      ['gzip', damaged],
      ['gzip', content.subarray(0, -6)],
      ['gzip, gzip', gzipSync(content)],
      ['zstd', content],
    ] as const)
      expect(await problemOf(get(await packed(encoding, bytes)))).toBe('INVALID_RESPONSE');
  });

  it('is rejected when its connection is cut', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': 500 });
      response.write('begin', () => response.destroy());
    });
    expect(await problemOf(get(url))).toBe('UNREACHABLE');
  });
});

/** One that counts its requests, and answers with what it has received. */
async function serveEcho() {
  const received: IncomingMessage[] = [];
  const url = await serve((request, response) => {
    received.push(request);
    request.pipe(response);
  });
  return { url, received };
}

const redirectTo = (location: string, status = 302) =>
  serve((_request, response) => response.writeHead(status, { location }).end());

describe('a redirect', () => {
  it('is not followed unless the caller asks for it', async () => {
    const { url, received } = await serveEcho();
    expect(await problemOf(get(await redirectTo(url)))).toBe(302);
    expect(received).toEqual([]);
  });

  it('is followed, without credentials to another server', async () => {
    const { url, received } = await serveEcho();
    const headers = { authorization: 'Bearer hidden', cookie: 'a=b', 'x-api-key': 'hidden', accept: 'a/b' };
    expect(await problemOf(get(await redirectTo(`${url}/there`), { redirects: 1 }, { headers }))).toBe(200);
    expect(received[0]?.url).toBe('/there');
    expect(received[0]?.headers).toMatchObject({ accept: 'a/b', 'user-agent': 'Reprise/test (a test)' });
    expect(JSON.stringify(received[0]?.headers)).not.toMatch(/hidden|cookie/);
  });

  it('of a stream keeps the range, and that its bytes are not to be packed', async () => {
    const { url, received } = await serveEcho();
    const client = open();
    const opened = await client.open(
      await redirectTo(`${url}/there`),
      { headers: { range: 'bytes=7-' } },
      { timeoutMs: 5_000, redirects: 1 },
    );
    opened.body.destroy();
    expect(received[0]?.headers).toMatchObject({ range: 'bytes=7-', 'accept-encoding': 'identity' });
  });

  it('keeps credentials on the same server', async () => {
    const asked: unknown[] = [];
    const url = await serve(({ url: path, headers }, response) => {
      asked.push(headers.authorization);
      if (path === '/') response.writeHead(301, { location: '/there' });
      response.end();
    });
    await get(url, { redirects: 1 }, { headers: { authorization: 'Bearer mine' } });
    expect(asked).toEqual(['Bearer mine', 'Bearer mine']);
  });

  it('turns a POST into a GET, and never carries its content to another server', async () => {
    const { url, received } = await serveEcho();
    const post = { method: 'POST', body: 'secret' };
    expect(await problemOf(get(await redirectTo(url, 303), { redirects: 1 }, post))).toBe(200);
    expect(received.map(({ method }) => method)).toEqual(['GET']);
    expect(await problemOf(get(await redirectTo(url, 307), { redirects: 1 }, post))).toBe(
      'FORBIDDEN_ADDRESS',
    );
    expect(received).toHaveLength(1);
  });

  it('is followed only so many times', async () => {
    let asked = 0;
    const url = await serve((_request, response) => {
      response.writeHead(302, { location: `/${++asked}` }).end();
    });
    expect(await problemOf(get(url, { redirects: 3 }))).toBe('TOO_MANY_REDIRECTS');
    expect(asked).toBe(4);
  });

  it.each([
    ['the metadata service of a cloud', 'http://169.254.169.254/latest/meta-data'],
    ['loopback, as IPv6 writes IPv4', 'http://[::ffff:127.0.0.2]/'],
    ['loopback, as IPv6', 'http://[::1]/'],
    ['loopback, as one number', 'http://2130706434/'],
    ['a private network', '//10.0.0.1/'],
    ['a name of this machine', 'http://localhost/'],
    ['a file', 'file:///etc/passwd'],
    ['data', 'data:text/plain,hello'],
    ['FTP', 'ftp://203.0.113.1/'],
  ])('is not followed to %s', async (_what, location) => {
    expect(await problemOf(get(await redirectTo(location), { redirects: 5 }))).toBe('FORBIDDEN_ADDRESS');
  });

  it.each([
    'http://169.254.169.254/latest/meta-data',
    'http://127.0.0.1/',
    'http://[::ffff:127.0.0.1]/',
    'http://2130706433/',
    'http://0x7f.1/',
    'http://017700000001/',
    'file:///etc/passwd',
  ])('of a server that the owner has configured is not followed to %s', async (location) => {
    const start = await redirectTo(location);
    const client = open({ allow: [], trusted: [start] });
    expect(await problemOf(get(start, { redirects: 5 }, { client }))).toBe('FORBIDDEN_ADDRESS');
  });

  it('is not followed to what is no address', async () => {
    expect(await problemOf(get(await redirectTo('http://[::'), { redirects: 1 }))).toBe('INVALID_RESPONSE');
  });
});

describe('an address that is not public', () => {
  it.each([
    'http://127.0.0.1/',
    'http://127.1/',
    'http://2130706433/',
    'http://0x7f.1/',
    'http://0x7f000001/',
    'http://017700000001/',
    'http://0177.0.0.1/',
    'http://127.0.0.1./',
    'http://１２７.0.0.1/',
    'http://0/',
    'http://[::1]/',
    'http://[::]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::ffff:7f00:1]/',
    'http://[::127.0.0.1]/',
    'http://[64:ff9b::127.0.0.1]/',
    'http://[2002:7f00:1::]/',
    'http://[fe80::1]/',
    'http://[fd00::1]/',
    'http://10.1.2.3/',
    'http://172.16.0.1/',
    'http://192.168.0.1/',
    'http://169.254.169.254/',
    'http://100.64.0.1/',
    'http://224.0.0.1/',
    'http://255.255.255.255/',
    'http://localhost/',
    'http://LOCALHOST./',
    'http://db.localhost/',
    'file:///etc/passwd',
    'ftp://203.0.113.1/',
  ])('is not requested: %s', async (url) => {
    expect(await problemOf(get(url, {}, { client: open({ allow: [] }) }))).toBe('FORBIDDEN_ADDRESS');
  });

  it('is requested when the owner has listed it, its network or its name', async () => {
    const { url } = await serveEcho();
    const { port } = new URL(url);
    for (const [allow, host] of [
      [['127.0.0.1'], '127.0.0.1'],
      [['127.0.0.0/8'], '2130706433'],
      [['localhost'], 'localhost'],
    ] as const) {
      const client = open({ allow: [...allow], resolve: to('127.0.0.1') });
      expect(await problemOf(get(`http://${host}:${port}`, {}, { client }))).toBe(200);
    }
    const client = open({ allow: ['127.0.0.2', '10.0.0.0/8', 'example.org'] });
    expect(await problemOf(get(url, {}, { client }))).toBe('FORBIDDEN_ADDRESS');
  });

  it('is requested when the owner has configured it, on that port', async () => {
    const { url } = await serveEcho();
    const other = await serveEcho();
    const client = open({ allow: [], trusted: [`${url}/base`] });
    expect(await problemOf(get(url, {}, { client }))).toBe(200);
    expect(await problemOf(get(other.url, {}, { client }))).toBe('FORBIDDEN_ADDRESS');
    expect(other.received).toEqual([]);
  });
});

const to =
  (...addresses: string[]): Resolve =>
  () =>
    Promise.resolve(addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })));

/** A name server whose answers to all questions are these addresses in turn (RFC 1035, 4.1). */
async function serveNames(...addresses: string[]) {
  let asked = 0;
  const socket = createSocket('udp4', (query, { port, address }) => {
    const found = addresses[Math.min(asked++, addresses.length - 1)] ?? '';
    const end = query.indexOf(0, 12) + 5;
    const head = Buffer.from(query.subarray(0, 12));
    head.writeUInt16BE(0x8180, 2);
    head.writeUInt16BE(1, 6);
    head.fill(0, 8);
    // The name of the question, an address, the internet, for no time at all.
    const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, ...found.split('.').map(Number)]);
    socket.send(Buffer.concat([head, query.subarray(12, end), record]), port, address);
  });
  onTestFinished(() => void socket.close());
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return { port: socket.address().port, asked: () => asked };
}

describe('a host name', () => {
  it('is not requested when it resolves to private addresses only', async () => {
    const { url, received } = await serveEcho();
    const { port } = new URL(url);
    const client = open({ allow: [], resolve: to('127.0.0.1', '10.0.0.1', '::1') });
    const failed = get(`http://rebound.example:${port}`, {}, { client });
    await expect(failed).rejects.toMatchObject({ problem: 'FORBIDDEN_ADDRESS' });
    await expect(failed).rejects.toThrow(/"rebound.example" is not a public address.*OUTBOUND_ALLOW/);
    expect(received).toEqual([]);
  });

  it('is looked up once for each connection, whose address is the one that was checked', async () => {
    const { url, received } = await serveEcho();
    const { port } = new URL(url);
    // Allowed at first, then what a rebinding name would say: the second answer is of another loopback address.
    const answers = ['127.0.0.1', '127.0.0.2'];
    let asked = 0;
    const resolve: Resolve = (host) => to(answers[Math.min(asked++, 1)] ?? '')(host);
    const first = open({ allow: ['127.0.0.1'], resolve });
    expect(await problemOf(get(`http://rebound.example:${port}`, {}, { client: first }))).toBe(200);
    expect(asked).toBe(1);
    const second = open({ allow: ['127.0.0.1'], resolve });
    expect(await problemOf(get(`http://rebound.example:${port}`, {}, { client: second }))).toBe(
      'FORBIDDEN_ADDRESS',
    );
    expect(asked).toBe(2);
    expect(received.map(({ socket }) => socket.localAddress)).toHaveLength(1);
  });

  it('of a name server that rebinds it is requested at the first address, and not at the second', async () => {
    const { url, received } = await serveEcho();
    const { port } = new URL(url);
    const names = await serveNames('127.0.0.1', '127.0.0.2');
    const resolver = new Resolver();
    resolver.setServers([`127.0.0.1:${names.port}`]);
    const resolve: Resolve = async (host) =>
      (await resolver.resolve4(host)).map((address) => ({ address, family: 4 }));
    const request = () =>
      problemOf(
        get(`http://rebound.example:${port}`, {}, { client: open({ allow: ['127.0.0.1'], resolve }) }),
      );
    expect([await request(), await request()]).toEqual([200, 'FORBIDDEN_ADDRESS']);
    expect(names.asked()).toBe(2);
    expect(received).toHaveLength(1);
  });

  it('is requested at those of its addresses that are allowed', async () => {
    const { url, received } = await serveEcho();
    const { port } = new URL(url);
    const client = open({ allow: ['127.0.0.1'], resolve: to('10.255.255.1', '127.0.0.1') });
    expect(await problemOf(get(`http://mixed.example:${port}`, {}, { client }))).toBe(200);
    expect(received).toHaveLength(1);
  });

  it('is not followed to a private address by a redirect', async () => {
    const { url, received } = await serveEcho();
    const { port } = new URL(url);
    const start = await redirectTo(`http://rebound.example:${port}/`);
    const client = open({ allow: [], trusted: [start], resolve: to('127.0.0.1') });
    expect(await problemOf(get(start, { redirects: 1 }, { client }))).toBe('FORBIDDEN_ADDRESS');
    expect(received).toEqual([]);
  });

  it('that nobody knows is not reachable', async () => {
    const resolve = () =>
      Promise.reject(Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' }));
    expect(await problemOf(get('http://nobody.example/', {}, { client: open({ resolve }) }))).toBe(
      'UNREACHABLE',
    );
  });
});

describe('a proxy', () => {
  /** Counts what is tunneled through it. */
  async function serveProxy(target: string) {
    const tunnels: string[] = [];
    const port = await serveTcp((socket) => {
      socket.once('data', (head) => {
        tunnels.push(String(head).split('\r\n', 1)[0] ?? '');
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        const upstream = connect(Number(new URL(target).port), '127.0.0.1');
        socket.pipe(upstream).pipe(socket);
        socket.on('close', () => upstream.destroy());
      });
    });
    return { proxy: `http://user:password@127.0.0.1:${port}`, tunnels };
  }

  it('carries requests, and is not asked for private addresses', async () => {
    const { url, received } = await serveEcho();
    const { proxy, tunnels } = await serveProxy(url);
    const client = open({ allow: [] }, { httpProxy: proxy });
    expect(await problemOf(get('http://public.example/x', {}, { client }))).toBe(200);
    expect(tunnels).toEqual(['CONNECT public.example:80 HTTP/1.1']);
    expect(received[0]?.url).toBe('/x');
    for (const target of ['http://127.0.0.1/', 'http://localhost/', 'http://[::1]/'])
      expect(await problemOf(get(target, {}, { client }))).toBe('FORBIDDEN_ADDRESS');
    expect(tunnels).toHaveLength(1);
  });

  it('does not carry requests to hosts that are excepted', async () => {
    const { url, received } = await serveEcho();
    const { proxy, tunnels } = await serveProxy(url);
    const client = open({}, { httpProxy: proxy, httpsProxy: proxy, noProxy: '127.0.0.1' });
    expect(await problemOf(get(url, {}, { client }))).toBe(200);
    expect(tunnels).toEqual([]);
    expect(received).toHaveLength(1);
  });

  it('that refuses is not reachable, and its password is in no message', async () => {
    const { url } = await serveEcho();
    const port = await serveTcp((socket) => socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n'));
    const client = open({}, { httpProxy: `http://user:hidden-word@127.0.0.1:${port}` });
    const failed = get(url, {}, { client });
    await expect(failed).rejects.toBeInstanceOf(OutboundError);
    await expect(failed).rejects.not.toThrow('hidden-word');
  });
});

describe('a response that is opened and not read', () => {
  const openAt = (url: string, limits: Partial<RequestLimits> = {}, client = open()) =>
    client.open(url, { headers: { range: 'bytes=2-' } }, { timeoutMs: stretch(20_000), ...limits });

  it('has a body of any size, as it was sent', async () => {
    const url = await serve(({ headers }, response) =>
      response
        .writeHead(206, { 'x-got': `${headers.range} ${headers['accept-encoding']}` })
        .end('x'.repeat(5_000)),
    );
    const { status, headers, body } = await openAt(url, { maxBytes: 10 });
    expect([status, headers.get('x-got')]).toEqual([206, 'bytes=2- identity']);
    expect(await text(body)).toHaveLength(5_000);
  });

  it('is limited in time only until it begins', async () => {
    const silent = await serve(() => undefined);
    await expect(openAt(silent, { timeoutMs: 50 })).rejects.toMatchObject({ problem: 'TIMEOUT' });
    // Its end comes later than a whole request may take.
    const timeoutMs = stretch(500);
    const slow = await serve((_request, response) => {
      response.write('slow');
      setTimeout(() => response.end('ly'), 1.2 * timeoutMs);
    });
    const { body } = await openAt(slow, { timeoutMs, idleMs: stretch(20_000) });
    expect(await text(body)).toBe('slowly');
  });

  it('ends with the signal, whether or not somebody reads it', async () => {
    const url = await serve((_request, response) => void response.write('begun'));
    const controller = new AbortController();
    const { body } = await openAt(url, { signal: controller.signal });
    controller.abort(new Error('left'));
    await expect(text(body)).rejects.toThrow();
    expect(body.destroyed).toBe(true);
  });

  it('comes from no private address, at a redirect either', async () => {
    const url = await serve((_request, response) => response.end('private'));
    await expect(openAt(url, {}, open({ allow: [] }))).rejects.toMatchObject({
      problem: 'FORBIDDEN_ADDRESS',
    });
    const front = await redirectTo(url);
    const trusting = open({ allow: [], trusted: [front] });
    await expect(openAt(front, { redirects: 1 }, trusting)).rejects.toMatchObject({
      problem: 'FORBIDDEN_ADDRESS',
    });
  });
});
