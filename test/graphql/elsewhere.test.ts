import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { pruneCatalogCache } from '../../src/catalog/prune-catalog-cache.job.js';
import { graphql } from '../../src/generated/documents/gql.js';
import { UpstreamFailedError } from '../../src/lib/errors.js';
import { ask, searchOf } from '../kit/ask.js';
import { makeAlbum, makeTrack } from '../kit/catalog-items.js';
import { createDistantCatalog } from '../kit/distant-catalog.js';
import { spyOnQueries } from '../kit/spy-on-queries.js';
import { startApp, type TestApp } from '../kit/start-app.js';
import { createStubCatalog } from '../kit/stub-catalog.js';

const TRACK = graphql(`
  query TrackElsewhere($id: ID!, $lookUp: Boolean) {
    track(id: $id) {
      catalogs(lookUp: $lookUp) {
        catalog
        id
        url
      }
      album {
        catalogs {
          catalog
          id
        }
      }
    }
  }
`);

const LIST = graphql(`
  query ListElsewhere($first: Int!, $lookUp: Boolean) {
    search(query: "x", catalog: "one", first: $first) {
      nodes {
        ... on Track {
          id
          catalogs(lookUp: $lookUp) {
            id
          }
        }
      }
    }
  }
`);

const isrcOf = (n: number) => `XXKEL21${String(n).padStart(5, '0')}`;
const tracksOf = (provider: string, own: Parameters<typeof makeTrack>[1] = {}) =>
  Array.from({ length: 50 }, (_, n) =>
    makeTrack(`${provider}:${n}`, {
      isrc: isrcOf(n),
      url: `https://${provider}.example/${n}`,
      album: makeAlbum(`${provider}:album`, { upc: provider === 'one' ? '012345678905' : '0012345678905' }),
      ...own,
    }),
  );

function distant(provider: string, own: Parameters<typeof makeTrack>[1] = {}) {
  const tracks = tracksOf(provider, own);
  return createDistantCatalog(provider, {
    search: () => Promise.resolve({ items: tracks, total: 50 }),
    findTrack: (id) => Promise.resolve(tracks.find((each) => each.id === id) ?? null),
    findTrackByIsrc: (isrc) => Promise.resolve(tracks.find((each) => each.isrc === isrc) ?? null),
  });
}

const one = distant('one');
const two = distant('two');
/** Its codes stand on other recordings. */
const wrong = distant('wrong', { durationMs: 90_000 });
let app: TestApp;

beforeAll(async () => {
  const [owned] = tracksOf('own', { url: null });
  const own = createStubCatalog('own', {
    isOwnMusic: true,
    findTrackByIsrc: (isrc) => Promise.resolve(isrc === owned?.isrc ? owned : null),
  });
  app = await startApp({
    env: { role: 'api' },
    overrides: { catalogs: [one.source, two.source, wrong.source, own], settings: { catalog: 'one' } },
  });
});
afterAll(() => app.stop());
beforeEach(async () => {
  await app.deps.db.catalogLink.deleteMany();
  await app.deps.db.catalogCacheEntry.deleteMany();
  for (const each of [one, two, wrong]) {
    each.failWith(null);
    each.calls.length = 0;
  }
});

const catalogsOf = async (id: string, lookUp = false) =>
  (await app.execute(TRACK, { id, lookUp })).track?.catalogs ?? [];

describe('Track.catalogs', () => {
  it('knows the own library at once, and asks no remote catalog', async () => {
    expect(await catalogsOf('one:0')).toEqual([{ catalog: 'own', id: 'Track:own:0', url: null }]);
    expect(one.calls).toEqual(['findTrack one:0']);
    expect([...two.calls, ...wrong.calls]).toEqual([]);
  });

  it('knows where a response has shown the same code, also of albums written with another zero', async () => {
    await app.execute(TRACK, { id: 'two:1' });
    two.calls.length = 0;
    const { track } = await app.execute(TRACK, { id: 'one:1' });
    expect(track).toEqual({
      catalogs: [{ catalog: 'two', id: 'Track:two:1', url: 'https://two.example/1' }],
      album: { catalogs: [{ catalog: 'two', id: 'Album:two:album' }] },
    });
    expect(two.calls).toEqual([]);
    expect(await catalogsOf('two:1')).toEqual([expect.objectContaining({ catalog: 'one' })]);
  });

  it('asks the other catalogs on request, once, and leaves out one whose code is on another recording', async () => {
    const entries = await catalogsOf('one:0', true);
    expect(entries.map(({ catalog }) => catalog)).toEqual(['own', 'two']);
    expect(two.calls).toEqual([`findTrackByIsrc ${isrcOf(0)}`]);
    expect(wrong.calls).toEqual([`findTrackByIsrc ${isrcOf(0)}`]);
    expect((await catalogsOf('one:0')).map(({ catalog }) => catalog)).toEqual(['own', 'two']);
    await catalogsOf('one:0', true);
    expect(two.calls).toHaveLength(1);
  });

  it('leaves out a catalog that fails', async () => {
    two.failWith(new UpstreamFailedError('two is down.'));
    expect((await catalogsOf('one:0', true)).map(({ catalog }) => catalog)).toEqual(['own']);
  });

  it('of a list of 50 sends no request and two database calls at most, beside those of the list', async () => {
    await app.execute(LIST, { first: 50 });
    const before = one.calls.length;
    const queries = spyOnQueries(app.deps);
    const { nodes } = searchOf(await app.execute(LIST, { first: 50 }));
    expect(nodes).toHaveLength(50);
    expect(queries()).toBeLessThanOrEqual(3);
    expect(one.calls).toHaveLength(before);
    expect(two.calls).toEqual([]);
  });

  it('looks nothing up for a list: that is beyond the limit of cost', async () => {
    const { errors } = await ask(app, LIST, { first: 50, lookUp: true });
    expect(errors[0]?.code).toBe('LIMIT_EXCEEDED');
    expect([...one.calls, ...two.calls]).toEqual([]);
  });

  it('forgets what no response has shown for three months', async () => {
    await app.execute(TRACK, { id: 'two:1' });
    const run = { signal: new AbortController().signal };
    const later = (days: number) => ({ now: () => new Date(Date.now() + days * 24 * 3_600_000) });
    await pruneCatalogCache({ db: app.deps.db, clock: later(89) }, run);
    expect(await app.deps.db.catalogLink.count()).toBeGreaterThan(0);
    await pruneCatalogCache({ db: app.deps.db, clock: later(91) }, run);
    expect(await app.deps.db.catalogLink.count()).toBe(0);
  });
});
