import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { fetchLimited, OutboundError, type FetchLimits } from '../../src/outbound/fetch-limited.js';

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const LIMITS: FetchLimits = { timeoutMs: 20_000, maxBytes: 1_000 };

const problemOf = (url: string, limits: Partial<FetchLimits> = {}) =>
  fetchLimited(url, {}, { ...LIMITS, ...limits }).then(
    () => null,
    (thrown: unknown) => (thrown instanceof OutboundError ? thrown.problem : thrown),
  );

describe('a request to another server', () => {
  it('returns status, headers and body', async () => {
    const url = await serve((_request, response) =>
      response.writeHead(418, { 'x-pot': 'tea' }).end('short and stout'),
    );
    const response = await fetchLimited(url, {}, LIMITS);
    expect(response.status).toBe(418);
    expect(response.headers.get('x-pot')).toBe('tea');
    expect(await response.text()).toBe('short and stout');
  });

  it('accepts a response without a body', async () => {
    const url = await serve((_request, response) => response.writeHead(204).end());
    expect((await fetchLimited(url, {}, LIMITS)).status).toBe(204);
  });

  it('ends when nothing is answered in time', async () => {
    const url = await serve(() => undefined);
    expect(await problemOf(url, { timeoutMs: 50 })).toBe('TIMEOUT');
  });

  it('ends when a body stalls', async () => {
    const url = await serve((_request, response) => void response.writeHead(200).write('begin'));
    expect(await problemOf(url, { timeoutMs: 300 })).toBe('TIMEOUT');
  });

  it('ends when a body is too large, however small it is compressed', async () => {
    const packed = gzipSync(Buffer.alloc(10_000_000));
    const url = await serve((_request, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(packed),
    );
    expect(packed.byteLength).toBeLessThan(20_000);
    expect(await problemOf(url, { maxBytes: 20_000 })).toBe('TOO_LARGE');
  });

  it('accepts a body of exactly the limit', async () => {
    const url = await serve((_request, response) => response.end('x'.repeat(1_000)));
    expect(await problemOf(url)).toBeNull();
    expect(await problemOf(url, { maxBytes: 999 })).toBe('TOO_LARGE');
  });

  it('follows no redirect', async () => {
    let asked = 0;
    const other = await serve((_request, response) => void (asked++, response.end()));
    const url = await serve((_request, response) => response.writeHead(307, { location: other }).end());
    expect((await fetchLimited(url, { method: 'POST', body: 'secret' }, LIMITS)).status).toBe(307);
    expect(asked).toBe(0);
  });

  it('says that a server is not reachable, without the query of its address', async () => {
    const url = await serve(() => undefined);
    await new Promise((resolve) => servers.pop()?.close(resolve));
    const failed = fetchLimited(`${url}/?key=hidden`, {}, LIMITS);
    await expect(failed).rejects.toMatchObject({ problem: 'UNREACHABLE' });
    await expect(failed).rejects.toThrow(/^127\.0\.0\.1:\d+ is not reachable: .*ECONNREFUSED/);
    await expect(failed).rejects.not.toThrow('hidden');
  });

  it('ends with the signal of the caller, also when it has ended before', async () => {
    const controller = new AbortController();
    const url = await serve(() => controller.abort());
    expect(await problemOf(url, { signal: controller.signal })).toBe('CANCELLED');
    expect(await problemOf(url, { signal: AbortSignal.abort() })).toBe('CANCELLED');
  });
});
