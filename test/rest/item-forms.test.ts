import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeAlbum } from '../kit/catalog-items.js';
import { createStubCatalog } from '../kit/stub-catalog.js';
import { startRest, type RestTestApp } from './rest-app.js';

const SPOTIFY = '6rqhFgbbKwnb9MLmUQDhG6';
let app: RestTestApp;
const asked: string[] = [];

/** Has whatever album it is asked for. */
function createAgreeableCatalog(provider: string) {
  return createStubCatalog(provider, {
    findAlbum(id) {
      asked.push(id);
      return Promise.resolve(makeAlbum(id));
    },
  });
}

beforeAll(async () => {
  const catalogs = ['spotify', 'deezer'].map(createAgreeableCatalog);
  app = await startRest({ overrides: { catalogs, settings: { catalog: 'demo' } } });
});
afterAll(() => app.stop());

describe('an item', () => {
  it.each([
    [SPOTIFY, SPOTIFY],
    [`spotify:${SPOTIFY}`, SPOTIFY],
    [`spotify:album:${SPOTIFY}`, SPOTIFY],
    [`https://open.spotify.com/album/${SPOTIFY}?si=abc`, SPOTIFY],
    [`https://open.spotify.com/intl-fr/album/${SPOTIFY}`, SPOTIFY],
    ['deezer:302127', 'deezer:302127'],
    ['deezer:album:302127', 'deezer:302127'],
    ['https://www.deezer.com/en/album/302127', 'deezer:302127'],
    ['deezer://www.deezer.com/album/302127', 'deezer:302127'],
    ['demo:night-ferry', 'demo:night-ferry'],
    ['demo:album:night-ferry', 'demo:night-ferry'],
    ['Album:demo:night-ferry', 'demo:night-ferry'],
    ['night-ferry', 'demo:night-ferry'],
  ])('is found as %s, shown as %s, and found by that again', async (given, shown) => {
    const { status, body } = await app.get(`/album/info?id=${encodeURIComponent(given)}`);
    expect({ status, id: body['id'] }).toEqual({ status: 200, id: shown });
    for (const again of [body['id'], body['uri']]) {
      const reply = await app.get(`/album/info?id=${encodeURIComponent(String(again))}`);
      expect(reply.body).toEqual(body);
    }
    const queued = await app.get(`/album/download/${encodeURIComponent(given)}`);
    // Forms of the same item are the same item.
    expect([202, 409]).toContain(queued.status);
  });

  it.each([
    '..',
    'demo:..',
    'demo:a%2Fb',
    'demo:%252e%252e',
    'spotify:a%00b',
    'spotify:..',
    'spotify:short',
    'deezer:x',
    'deezer:1%2F2',
    'deezer:%D9%A3',
    'demo:%D0%BF%D0%B0%D1%80%D0%BE%D0%BC',
    `demo:${'x'.repeat(129)}`,
    encodeURIComponent('https://spotify.link:8443/abc'),
    encodeURIComponent('https://example.com/album/1'),
    encodeURIComponent(`https://open.spotify.com/album/${SPOTIFY}/../x`),
  ])('is rejected before any catalog request when it is named %s', async (given) => {
    asked.length = 0;
    const answers = [
      await app.get(`/album/info?id=${given}`),
      ...(given === '..' ? [] : [await app.get(`/album/download/${given}`)]),
    ];
    for (const { status, body } of answers) {
      expect(status).toBe(400);
      expect(body['error']).toEqual(expect.any(String));
      expect(body['detail']).toBe(body['error']);
    }
    expect(asked).toEqual([]);
  });
});
