import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sendRaw, upgradeWith } from '../kit/raw-request.js';
import { startRest, type RestTestApp } from './rest-app.js';

const LISTED = 'https://music.example.org';
const OTHERS = [
  'https://elsewhere.example',
  'http://music.example.org',
  'https://music.example.org:8443',
  'null',
];

let app: RestTestApp;
beforeAll(async () => {
  app = await startRest({ env: { corsOrigins: [LISTED, 'http://localhost:5173'] } });
});
afterAll(() => app.stop());

const PATHS = [
  '/api/search?q=tide',
  '/api/nothing',
  '/api/track/download/demo:none',
  '/api/docs',
  '/healthz',
];

interface CorsReply {
  status: number;
  /** Those of CORS, and Vary. */
  cors: Record<string, unknown>;
}

async function send(method: string, path: string, headers: Record<string, string>): Promise<CorsReply> {
  const reply = await sendRaw(app.url, { method, path, headers });
  const named = Object.entries(reply.headers).filter(([name]) => name.startsWith('access-control'));
  return { status: reply.status, cors: Object.fromEntries(named) };
}

const preflight = (path: string, origin: string) =>
  send('OPTIONS', path, {
    origin,
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'authorization,content-type',
  });

describe('a page of a listed origin', () => {
  it.each([...PATHS, '/graphql'])('may read the response to %s, errors too', async (path) => {
    const { cors } = await send('GET', path, { origin: LISTED });
    expect(cors).toEqual({
      'access-control-allow-origin': LISTED,
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': 'retry-after, www-authenticate, x-request-id',
    });
  });

  it.each(['/api/prgs/cancel/all', '/api/config', '/graphql'])(
    'passes a preflight request for %s',
    async (path) => {
      const { status, cors } = await preflight(path, LISTED);
      expect(status).toBe(200);
      expect(cors).toMatchObject({
        'access-control-allow-origin': LISTED,
        'access-control-allow-methods': 'GET, HEAD, POST, PUT, DELETE',
        'access-control-allow-headers': expect.stringContaining('authorization, content-type') as string,
      });
    },
  );

  it('may start downloads, and follow tasks', async () => {
    const headers = { origin: LISTED, 'sec-fetch-site': 'cross-site' };
    const { status } = await send('GET', '/api/track/download/demo:night-ferry-1-01', headers);
    expect(status).toBe(202);
    expect(await send('GET', '/api/prgs/stream', headers)).toMatchObject({
      status: 200,
      cors: { 'access-control-allow-origin': LISTED },
    });
    expect(await upgradeWith(app.url, { origin: LISTED })).toBe(101);
  });
});

describe('a page of any other origin', () => {
  it.each(OTHERS)('gets no CORS headers and fails a preflight request from %s', async (origin) => {
    for (const path of [...PATHS, '/graphql']) {
      expect((await send('GET', path, { origin })).cors, path).toEqual({});
      const { status, cors } = await preflight(path, origin);
      expect(cors, path).toEqual({});
      expect(status, path).toBeGreaterThanOrEqual(400);
    }
    const before = await app.deps.db.task.count();
    const headers = { origin, 'sec-fetch-site': 'cross-site' };
    expect((await send('GET', '/api/track/download/demo:night-ferry-1-02', headers)).status).toBe(403);
    expect(await app.deps.db.task.count()).toBe(before);
    expect(await upgradeWith(app.url, { origin })).toBe(403);
  });

  it('gets no response that was cached for a listed one', async () => {
    for (const path of [...PATHS, '/graphql']) {
      const { headers } = await sendRaw(app.url, { method: 'GET', path });
      expect(headers['vary'], path).toMatch(/\borigin\b/i);
    }
  });
});

describe('a server without CORS_ORIGINS', () => {
  it('sends no CORS headers to any other origin', async () => {
    const closed = await startRest();
    try {
      const reply = await closed.get('/search?q=tide', { origin: LISTED });
      expect([...reply.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
      expect((await closed.send('OPTIONS', '/search', { headers: { origin: LISTED } })).status).toBe(405);
    } finally {
      await closed.stop();
    }
  });
});
