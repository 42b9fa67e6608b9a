import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UpstreamFailedError, UpstreamLimitedError } from '../../src/lib/errors.js';
import { createTroubledCatalog } from '../kit/stub-catalog.js';
import { startRest, type RestTestApp } from './rest-app.js';

const limited = new UpstreamLimitedError('limited', 12_300);
const failed = new UpstreamFailedError('broken answered with a page of HTML.');

let app: RestTestApp;
beforeAll(async () => {
  const catalogs = [
    // The one in use, which a search asks.
    createTroubledCatalog('demo', limited),
    createTroubledCatalog('broken', failed),
    createTroubledCatalog('buggy', new TypeError('secrets of the database')),
  ];
  app = await startRest({ overrides: { catalogs } });
});
afterAll(() => app.stop());

const ROUTES = [
  '/track/info',
  '/album/info',
  '/playlist/info',
  '/playlist/metadata',
  '/playlist/tracks',
  '/artist/info',
];
const LIMITED = 'limited limits requests: try again in 13 s.';

describe.each(ROUTES)('GET %s', (path) => {
  it('responds 503 with the seconds to wait while its catalog limits us', async () => {
    const { status, headers, body } = await app.get(`${path}?id=demo:x`);
    expect({ status, body }).toEqual({
      status: 503,
      body: { error: LIMITED, detail: LIMITED, retry_after: 13 },
    });
    expect(headers.get('retry-after')).toBe('13');
  });

  it('responds 502 when its catalog fails, and 500 without details for a bug', async () => {
    const broken = await app.get(`${path}?id=broken:x`);
    expect(broken).toMatchObject({ status: 502, body: { error: 'broken answered with a page of HTML.' } });
    const buggy = await app.get(`${path}?id=buggy:x`);
    expect(buggy).toMatchObject({ status: 500, body: { error: 'Internal error' } });
  });
});

describe('GET /search', () => {
  it('responds 503 while the default catalog limits us', async () => {
    const { status, body } = await app.get('/search?q=x&type=show');
    expect({ status, body }).toEqual({
      status: 503,
      body: { error: LIMITED, detail: LIMITED, retry_after: 13 },
    });
  });
});
