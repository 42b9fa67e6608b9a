import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { createDatabase, type DatabaseConnection } from '../../src/database/prisma.js';
import { systemClock } from '../../src/lib/clock.js';
import { UpstreamFailedError, UpstreamLimitedError } from '../../src/lib/errors.js';
import { createLogger } from '../../src/lib/logger.js';
import { createOutbound, type Service } from '../../src/outbound/outbound.js';
import { listLimitStates } from '../../src/outbound/request-limit-store.js';
import {
  LimitedResponse,
  UnexpectedResponse,
  type ServiceClient,
} from '../../src/outbound/service-client.js';
import { errorOf } from '../kit/error-of.js';
import { createTestDatabase, type TestDatabase } from '../kit/database.js';
import { serve, serveTcp } from '../kit/local-server.js';
import { stretch } from '../kit/wait-for.js';

let database: TestDatabase;
/** As of two processes. */
let connections: [DatabaseConnection, DatabaseConnection];
let provider = '';
let logged = '';
const log = createLogger('trace', (text) => text, { write: (line) => void (logged += line) });

beforeAll(async () => {
  database = await createTestDatabase();
  const open = () => createDatabase({ url: database.url, log: createLogger('silent') });
  connections = [open(), open()];
});
afterAll(async () => {
  await Promise.all(connections.map((each) => each.close()));
  await database.drop();
});
beforeEach(() => {
  provider = `provider ${Math.random()}`;
  logged = '';
});

interface Options extends Partial<Omit<Service, 'rules'>> {
  rules?: Partial<Service['rules']>;
  process?: 0 | 1;
  secrets?: string[];
}

/** As a process has it that calls the server at this address. */
function open(url: string, { process = 0, rules, secrets = [], ...service }: Options = {}): ServiceClient {
  const env = { outboundAllow: [], httpProxy: null, httpsProxy: null, noProxy: null };
  const outbound = createOutbound({ env, db: connections[process].db, clock: systemClock, log, secrets });
  onTestFinished(() => outbound.close());
  return outbound.openService({
    provider,
    displayName: 'Provider',
    trusted: [url],
    limits: { timeoutMs: stretch(20_000), maxBytes: 10_000, redirects: 2 },
    rules: { requests: 10_000, windowMs: 100, patienceMs: 0, ...rules },
    retryDelayMs: 1,
    ...service,
  });
}

const signal = () => new AbortController().signal;

async function readJson(response: Response): Promise<unknown> {
  const text = await response.text();
  if (text.startsWith('<')) throw new UnexpectedResponse('sent HTML');
  const body = JSON.parse(text) as { quota?: boolean };
  if (body.quota) throw new LimitedResponse();
  return body;
}

const get = (client: ServiceClient, url: string) => client.get(url, { signal: signal(), read: readJson });

/** Answers in turn, the last one for ever. */
async function serveInTurn(...answers: ((response: ServerResponse) => unknown)[]) {
  const requests: IncomingMessage[] = [];
  const url = await serve((request, response) => {
    requests.push(request);
    answers[Math.min(requests.length, answers.length) - 1]?.(response);
  });
  return { url, requests };
}

const ok = (response: ServerResponse) => response.end('{"fine":true}');
const status =
  (code: number, headers: Record<string, string> = {}) =>
  (response: ServerResponse) =>
    response.writeHead(code, headers).end('{}');
const cut = (response: ServerResponse) => response.destroy();
const text = (body: string) => (response: ServerResponse) => response.end(body);

describe('a request to a service', () => {
  it('says what program and version it comes from', async () => {
    const { url, requests } = await serveInTurn(ok);
    expect(await get(open(url), url)).toEqual({ fine: true });
    expect(requests[0]?.headers['user-agent']).toMatch(
      /^Reprise\/\d+\.\d+\.\d+ \(self-hosted music server; /,
    );
  });

  it.each([
    ['a status that may pass', status(503)],
    ['a connection that is cut', cut],
    ['HTML in place of JSON', text('<html>')],
  ])('is repeated after %s', async (_what, trouble) => {
    const { url, requests } = await serveInTurn(trouble, trouble, ok);
    expect(await get(open(url), url)).toEqual({ fine: true });
    expect(requests).toHaveLength(3);
  });

  it('is given up after three tries, and may be made again later', async () => {
    const { url, requests } = await serveInTurn(status(500));
    const error = await errorOf(get(open(url), `${url}/path?secret=hidden`));
    expect(error).toBeInstanceOf(UpstreamFailedError);
    expect(error).toMatchObject({ retryable: true, message: 'Provider answered with status 500.' });
    expect(requests).toHaveLength(3);
    expect(logged).not.toContain('hidden');
  });

  it('is not repeated when what the reader throws is of its own', async () => {
    const { url, requests } = await serveInTurn(ok);
    const read = () => Promise.reject(new RangeError('mine'));
    await expect(open(url).get(url, { signal: signal(), read })).rejects.toThrow(RangeError);
    expect(requests).toHaveLength(1);
  });

  it('is not repeated, and says so, when it would end in the same way', async () => {
    const { url, requests } = await serveInTurn(text('x'.repeat(20_000)));
    expect(await errorOf(get(open(url), url))).toMatchObject({ code: 'UPSTREAM_FAILED', retryable: false });
    expect(requests).toHaveLength(1);
    const elsewhere = await serveInTurn(status(302, { location: 'http://169.254.169.254/' }));
    const error = await errorOf(get(open(elsewhere.url), elsewhere.url));
    expect(error?.message).toMatch(/^Provider failed: "169\.254\.169\.254" is not a public address/);
    expect(elsewhere.requests).toHaveLength(1);
  });

  it('ends with the signal of its caller, which is no failure of the service', async () => {
    const controller = new AbortController();
    const { url, requests } = await serveInTurn(() => controller.abort(new Error('left')), ok);
    const client = open(url, { rules: { failures: 1 } });
    await expect(client.get(url, { signal: controller.signal, read: readJson })).rejects.toThrow('left');
    expect(await get(client, url)).toEqual({ fine: true });
    expect(requests).toHaveLength(2);
  });

  it('is revalidated by its ETag', async () => {
    const { url, requests } = await serveInTurn(
      (response) => response.writeHead(200, { etag: '"one"' }).end('{"n":1}'),
      status(304),
      status(304),
      (response) => response.writeHead(200, { etag: '"two"' }).end('{"n":2}'),
      status(304),
    );
    const client = open(url);
    const results = [];
    for (let n = 0; n < 5; n++) results.push(await get(client, url));
    expect(results).toEqual([{ n: 1 }, { n: 1 }, { n: 1 }, { n: 2 }, { n: 2 }]);
    expect(requests.map(({ headers }) => headers['if-none-match'])).toEqual([
      undefined,
      '"one"',
      '"one"',
      '"one"',
      '"two"',
    ]);
  });
});

describe('a service that limits requests', () => {
  it.each([
    ['86,400 s', { 'retry-after': '86400' }, 86_400],
    [
      'a date',
      { date: 'Sun, 01 Mar 2026 12:00:00 GMT', 'retry-after': 'Sun, 01 Mar 2026 13:00:00 GMT' },
      3_600,
    ],
    ['nonsense', { 'retry-after': 'soon' }, 60],
    ['nothing', {}, 60],
  ])('is left alone for as long as it says: %s', async (_what, headers, seconds) => {
    const { url, requests } = await serveInTurn(status(429, headers));
    const rules = { blockMs: 60_000 };
    for (const process of [0, 1, 1] as const) {
      const error = await errorOf(get(open(url, { rules, process }), url));
      expect(error).toBeInstanceOf(UpstreamLimitedError);
      expect(error?.retryAfterMs).toBeLessThanOrEqual(seconds * 1_000 + 1);
      expect(error?.retryAfterMs).toBeGreaterThan(seconds * 500);
    }
    expect(requests).toHaveLength(1);
  });

  it('is asked again by the same request when the limit is short', async () => {
    const { url, requests } = await serveInTurn(status(429, { 'retry-after': '1' }), ok);
    expect(await get(open(url, { rules: { patienceMs: 60_000 } }), url)).toEqual({ fine: true });
    expect(requests).toHaveLength(2);
  });

  it('may say so with status 503, or in a body with status 200', async () => {
    for (const answer of [status(503, { 'retry-after': '600' }), text('{"quota":true}')]) {
      provider += '+';
      const { url, requests } = await serveInTurn(answer);
      const client = open(url, { rules: { blockMs: 60_000 } });
      expect(await errorOf(get(client, url))).toBeInstanceOf(UpstreamLimitedError);
      expect(await errorOf(get(client, url))).toBeInstanceOf(UpstreamLimitedError);
      expect(requests).toHaveLength(1);
    }
  });
});

describe('a service that is down', () => {
  it('is not asked while it is left alone, by any process, and then by one request', async () => {
    let connections = 0;
    let isUp = false;
    const url = await serve((_request, response) => {
      connections++;
      response.writeHead(isUp ? 200 : 502).end('{}');
    });
    const rules = { failures: 3, blockMs: 1_500 };
    expect(await errorOf(get(open(url, { rules }), url))).toMatchObject({ code: 'UPSTREAM_FAILED' });
    const error = await errorOf(get(open(url, { rules, process: 1 }), url));
    expect(error).toBeInstanceOf(UpstreamFailedError);
    expect(error?.message).toMatch(/^Provider does not answer; the next request follows in [12] s\.$/);
    expect(connections).toBe(3);
    isUp = true;
    const patient = { ...rules, patienceMs: 60_000 };
    const clients = [open(url, { rules: patient }), open(url, { rules: patient, process: 1 })];
    expect(await Promise.all(clients.map((client) => get(client, url)))).toEqual([{}, {}]);
    expect(connections).toBe(5);
  });

  it('that accepts no connection is left alone as well', async () => {
    let connections = 0;
    const port = await serveTcp((socket) => {
      connections++;
      socket.destroy();
    });
    const url = `http://127.0.0.1:${port}`;
    const rules = { failures: 2, blockMs: 600_000 };
    const error = await errorOf(get(open(url, { rules }), url));
    expect(error).toBeInstanceOf(UpstreamFailedError);
    expect(error?.retryAfterMs).toBeGreaterThan(500_000);
    expect(connections).toBe(2);
  });
});

describe('what is known of a service', () => {
  const known = async () =>
    (await listLimitStates(connections[1].db)).find((each) => each.provider === provider);

  it('is when it last succeeded and failed, and why, until it succeeds again', async () => {
    const { url } = await serveInTurn(ok, status(500), status(500), status(500), ok);
    const client = open(url);
    await get(client, url);
    const first = await known();
    expect(first).toMatchObject({ blockedUntil: null, hasFailed: false, lastErrorAt: null, lastError: null });
    expect(first?.lastSuccessAt).toBeInstanceOf(Date);
    await errorOf(get(client, url));
    const failed = await known();
    expect(failed).toMatchObject({ hasFailed: true, lastError: 'Provider answered with status 500.' });
    expect(failed?.lastSuccessAt).toEqual(first?.lastSuccessAt);
    await get(client, url);
    const again = await known();
    expect(again).toMatchObject({
      hasFailed: false,
      lastErrorAt: failed?.lastErrorAt,
      lastError: failed?.lastError,
    });
    expect(again?.lastSuccessAt?.getTime()).toBeGreaterThan(first?.lastSuccessAt?.getTime() ?? 0);
  });

  it('is written seldom while it succeeds', async () => {
    const { url } = await serveInTurn(ok);
    const client = open(url);
    await get(client, url);
    const first = await known();
    for (let n = 0; n < 10; n++) await get(client, url);
    expect(await known()).toEqual(first);
  });

  it('is until when it is left alone, and who asked for that', async () => {
    const limiting = await serveInTurn(status(429, { 'retry-after': '3600' }));
    await errorOf(get(open(limiting.url), limiting.url));
    const limited = await known();
    expect(limited).toMatchObject({ limited: true, lastError: 'Provider limits requests.' });
    expect(limited?.blockedUntil?.getTime()).toBeGreaterThan(Date.now() + 3_000_000);
    provider += '+';
    const failing = await serveInTurn(status(500));
    await errorOf(get(open(failing.url, { rules: { failures: 2, blockMs: 600_000 } }), failing.url));
    expect(await known()).toMatchObject({
      limited: false,
      hasFailed: true,
      blockedUntil: expect.any(Date) as Date,
    });
  });

  it('is a failure of one response, not of the service', async () => {
    const { url } = await serveInTurn(text('x'.repeat(20_000)));
    await errorOf(get(open(url), url));
    expect(await known()).toMatchObject({
      hasFailed: false,
      lastError: expect.stringMatching(/sent more than 10000 bytes/) as string,
    });
  });

  it('holds no secrets, and is short', async () => {
    const { url } = await serveInTurn(ok);
    const read = () => {
      throw new UnexpectedResponse(
        `says hidden-word, ?token=abcdef and Bearer abcdefgh; ${'long '.repeat(200)}`,
      );
    };
    const client = open(url, { secrets: ['https://user:hidden-word@proxy.example'] });
    await expect(client.get(url, { signal: signal(), read })).rejects.toThrow();
    const { lastError = '' } = (await known()) ?? {};
    expect(lastError).toMatch(/^Provider says …, \?token=… and Bearer …; long /);
    expect(lastError).toHaveLength(300);
  });
});

describe('a storm of requests from two processes', () => {
  it('sends none at all while the service limits them, and is completed after it', async () => {
    const RETRY_AFTER_S = 2;
    const arrivals: { at: number; status: number }[] = [];
    let open429 = 0;
    let limitedUntil = 0;
    const url = await serve((_request, response) => {
      const now = performance.now();
      // In the middle of the storm it has had enough.
      if (arrivals.length === 60) limitedUntil = now + RETRY_AFTER_S * 1_000;
      const code = now < limitedUntil ? 429 : 200;
      arrivals.push({ at: now, status: code });
      if (code === 429) open429++;
      if (code === 429) response.writeHead(429, { 'retry-after': String(RETRY_AFTER_S) });
      response.end('{}');
    });
    const rules = { requests: 50, windowMs: 300, patienceMs: 100 };
    const clients = [open(url, { rules }), open(url, { rules, process: 1 })];
    let refusals = 0;
    /** As a task does it: once more when the seconds that it was told are over. */
    const work = async (n: number): Promise<void> => {
      const error = await errorOf(get(clients[n % 2] as ServiceClient, `${url}/${n}`));
      if (!error) return;
      if (!(error instanceof UpstreamLimitedError)) throw error;
      refusals++;
      await new Promise((resolve) => setTimeout(resolve, error.retryAfterMs + Math.random() * 20));
      return work(n);
    };
    const queue = Array.from({ length: 500 }, (_, n) => n);
    const worker = async () => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) await work(next);
    };
    await Promise.all(Array.from({ length: 20 }, worker));

    expect(arrivals.filter((each) => each.status === 200)).toHaveLength(500);
    expect(refusals).toBeGreaterThan(0);
    // Those that were under way when the first was limited, at most one for each worker.
    expect(open429).toBeLessThanOrEqual(20);
    const limited = arrivals.filter((each) => each.status === 429);
    const last = limited.at(-1)?.at ?? 0;
    const next = arrivals.find(({ at }) => at > last)?.at ?? 0;
    expect(next - last).toBeGreaterThanOrEqual(RETRY_AFTER_S * 1_000);
    // All of these came together, and after them none until the end of the limit.
    expect(last - (limited[0]?.at ?? 0)).toBeLessThan(RETRY_AFTER_S * 500);
  });
});
