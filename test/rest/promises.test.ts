import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { AnyRoute, Method } from '../../src/rest/route.js';
import { ROUTES } from '../../src/rest-routes.js';
import { digestDatabase } from '../kit/database-digest.js';
import { seedExampleTasks, seedExampleUsers } from '../kit/example-tasks.js';
import { sendRaw, type RawReply, type RawRequest } from '../kit/raw-request.js';
import { exampleOf, toRequest } from './documented-request.js';
import { operationsOf, readDescription, type DescribedOperation } from './openapi-description.js';
import { startRest, type RestTestApp } from './rest-app.js';

let app: RestTestApp;
let described: DescribedOperation[];
beforeAll(async () => {
  // An example adds an app of Spotify, which would be searched over the internet.
  app = await startRest({ as: 'ADMIN', overrides: { settings: { catalog: 'demo' } } });
  described = operationsOf(await readDescription(app));
});
beforeEach(async () => {
  await seedExampleTasks(app);
  await seedExampleUsers(app);
});
afterAll(() => app.stop());

interface Row {
  method: Method;
  path: string;
  route: AnyRoute;
}

const table: Row[] = ROUTES.flatMap((route) =>
  route.methods.map((method) => ({ method, path: route.path, route })),
);

/** The documented example. */
function requestFor({ method, path }: Row): RawRequest {
  const own = described.find((each) => each.path === path && each.method === method.toLowerCase());
  if (!own) throw new Error(`${method} ${path} is not described.`);
  return toRequest(own, exampleOf(own));
}

const send = (request: RawRequest, headers: Record<string, string> = {}): Promise<RawReply> =>
  sendRaw(app.url, { ...request, headers: { ...request.headers, ...headers } });

const digest = () => digestDatabase(app.env.database.kind === 'external' ? app.env.database.url : '');

describe('every route', () => {
  it.each(table)('$method $path accepts a trailing slash, without a redirect', async (row) => {
    const request = requestFor(row);
    const [path = '', query] = request.path.split('?');
    const slashed = `${path}/${query === undefined ? '' : `?${query}`}`;
    const { status, headers } = await send({ ...request, path: slashed });
    expect(status).toBe(row.route.status);
    // Those that redirect do so to another page.
    expect(headers['location'] ?? '').not.toContain(row.path);
    expect(headers['location'] !== undefined).toBe(row.route.status >= 300);
  });

  it.each(table.filter(({ route }) => route.status >= 300))(
    '$method $path redirects without a cache, and without a Referer',
    async (row) => {
      const { headers, text } = await send(requestFor(row), { 'x-request-id': 'mine' });
      expect(text).toBe('');
      expect(headers).toMatchObject({
        'cache-control': 'no-store',
        'referrer-policy': 'no-referrer',
        'x-request-id': 'mine',
      });
    },
  );

  it.each(table.filter(({ route }) => !route.streams && route.status < 300))(
    '$method $path responds directly with uncached JSON and a request id',
    async (row) => {
      const { headers, text } = await send(requestFor(row), { 'x-request-id': 'mine' });
      expect(headers['content-type']).toBe('application/json; charset=utf-8');
      expect(headers).toMatchObject({ 'cache-control': 'no-store', 'x-request-id': 'mine' });
      expect(JSON.parse(text)).toEqual(expect.anything());
    },
  );

  it.each(table.filter(({ method }) => method === 'GET'))('$method $path supports HEAD', async (row) => {
    const { changes, streams } = row.route;
    const request = requestFor(row);
    const before = await digest();
    const head = await send({ ...request, method: 'HEAD' });
    expect(head.text).toBe('');
    if (changes || streams) {
      expect(head.status).toBe(405);
      expect(head.headers['allow']).toMatch(/^GET\b(?!.*HEAD)/);
    } else {
      expect(head.status).toBe(200);
      expect(head.headers['content-type']).toBe('application/json; charset=utf-8');
    }
    expect(await digest()).toEqual(before);
  });
});

const isOwnOnly = ({ route }: Row) => route.changes && route.foreignPages === null;

describe('a page of another site', () => {
  it.each(table.filter(isOwnOnly))('cannot run $method $path', async (row) => {
    const before = await digest();
    const { status, text } = await send(requestFor(row), { 'sec-fetch-site': 'cross-site' });
    expect(status).toBe(403);
    const { error, detail } = JSON.parse(text) as Record<string, unknown>;
    expect(detail).toBe(error);
    expect(await digest()).toEqual(before);
  });

  it.each(table.filter(({ route }) => route.changes))(
    'is rejected, while our own page can run $method $path',
    async (row) => {
      const { status } = await send(requestFor(row), { 'sec-fetch-site': 'same-origin' });
      expect(status).toBe(row.route.status);
    },
  );

  it('may lead to a sign-in and back, and to nothing else that changes something', async () => {
    const open = table.filter(({ route }) => route.foreignPages !== null);
    expect(open.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /auth/sso/login/{provider}',
      'GET /auth/sso/callback/{provider}',
      'GET /auth/spotify/callback',
    ]);
    for (const row of open) {
      const { status } = await send(requestFor(row), { 'sec-fetch-site': 'cross-site' });
      expect(status, row.path).toBe(302);
    }
  });

  it('may link to read-only routes', async () => {
    for (const row of table.filter(({ route }) => !route.changes)) {
      const { status } = await send(requestFor(row), { 'sec-fetch-site': 'cross-site' });
      expect(status, row.path).toBe(200);
    }
  });
});

describe('the collection roots', () => {
  it.each(['/config', '/search?q=tide', '/history'])('%s respond with and without a slash', async (root) => {
    const [path = '', query = ''] = root.split('?');
    for (const form of [`/api${path}`, `/api${path}/`]) {
      const { status, headers } = await send({ method: 'GET', path: `${form}?${query}` });
      expect({ status, location: headers['location'] }, form).toEqual({ status: 200, location: undefined });
    }
  });
});
