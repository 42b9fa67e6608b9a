import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { graphql } from '../../src/generated/documents/gql.js';
import { UpstreamFailedError, UpstreamLimitedError } from '../../src/lib/errors.js';
import { ask, searchOf } from '../kit/ask.js';
import { makeTrack } from '../kit/catalog-items.js';
import { createDistantCatalog } from '../kit/distant-catalog.js';
import { startApp, type TestApp } from '../kit/start-app.js';
import { createStubCatalog } from '../kit/stub-catalog.js';

const SEARCH_ALL = graphql(`
  query SearchAllCatalogs($query: String!, $first: Int, $after: String, $catalog: String = "all") {
    search(query: $query, catalog: $catalog, first: $first, after: $after) {
      totalCount
      problems {
        catalog
        code
        message
        retryAfterSeconds
      }
      pageInfo {
        hasNextPage
        endCursor
      }
      nodes {
        ... on Track {
          id
        }
      }
    }
  }
`);

const ISRC = 'XXKEL2100001';
/** Answers with as many tracks as the search says, its first one being the same everywhere. */
const found = (provider: string) => ({
  search: ({ text, offset, limit }: { text: string; offset: number; limit: number }) => {
    const all = Array.from({ length: Number(text) }, (_, n) =>
      makeTrack(`${provider}:${n}`, n === 0 ? { isrc: ISRC } : {}),
    );
    return Promise.resolve({ items: all.slice(offset, offset + limit), total: all.length });
  },
});

const one = createDistantCatalog('one', found('one'));
const other = createDistantCatalog('other', found('other'));
let app: TestApp;

beforeAll(async () => {
  const own = createStubCatalog('own', { isOwnMusic: true, ...found('own') });
  app = await startApp({
    env: { role: 'api' },
    overrides: {
      catalogs: [one.source, other.source, own],
      settings: { catalog: 'other' },
      timing: { catalogSearchMs: 1_500 },
    },
  });
});
afterAll(() => app.stop());
beforeEach(() => {
  for (const each of [one, other]) {
    each.failWith(null);
    each.calls.length = 0;
  }
});

type Variables = { query: string; first?: number; after?: string | null; catalog?: string };
const search = async (variables: Variables) => searchOf(await app.execute(SEARCH_ALL, variables));
const idsOf = (result: Awaited<ReturnType<typeof search>>) =>
  result.nodes.map((node) => ('id' in node ? String(node.id).replace('Track:', '') : ''));

describe('a search with catalog: "all"', () => {
  it('merges all catalogs that are on: own music first, then the default one, invented music not at all', async () => {
    const result = await search({ query: '2' });
    expect(idsOf(result)).toEqual(['own:0', 'own:1', 'other:1', 'one:1']);
    expect(result).toMatchObject({ totalCount: 4, problems: [], pageInfo: { hasNextPage: false } });
  });

  it('has pages that fit together, and requests each catalog once for all of them', async () => {
    const whole = idsOf(await search({ query: '40', first: 100 }));
    expect(whole).toHaveLength(100);
    const paged: string[] = [];
    let after: string | null = null;
    do {
      const page: Awaited<ReturnType<typeof search>> = await search({ query: '40', first: 7, after });
      expect(page.totalCount).toBe(118);
      paged.push(...idsOf(page));
      after = page.pageInfo.hasNextPage ? (page.pageInfo.endCursor ?? null) : null;
    } while (after !== null);
    expect(paged).toHaveLength(118);
    expect(new Set(paged).size).toBe(118);
    expect(paged.slice(0, 100)).toEqual(whole);
    expect(one.calls).toEqual([expect.stringContaining('"offset":0,"limit":50')]);
    expect(other.calls).toHaveLength(1);
  });

  it('counts what it has merged, not what it has left out', async () => {
    expect((await search({ query: '500', first: 1 })).totalCount).toBe(148);
  });

  it('says which catalogs failed and why, beside what the others have', async () => {
    one.failWith(new UpstreamFailedError('one answered with a page of HTML.'));
    other.failWith(new UpstreamLimitedError('other', 86_399_001));
    const result = await search({ query: '3' });
    expect(idsOf(result)).toEqual(['own:0', 'own:1', 'own:2']);
    expect(result.problems).toEqual([
      {
        catalog: 'other',
        code: 'UPSTREAM_LIMITED',
        message: 'other limits requests: try again in 86400 s.',
        retryAfterSeconds: 86_400,
      },
      {
        catalog: 'one',
        code: 'UPSTREAM_FAILED',
        message: 'one answered with a page of HTML.',
        retryAfterSeconds: null,
      },
    ]);
  });

  it('does not wait for a catalog that does not answer, and gives its request up', async () => {
    const release = one.hold();
    const result = await search({ query: '4' });
    expect(idsOf(result)).toEqual(['own:0', 'own:1', 'other:1', 'own:2', 'other:2', 'own:3', 'other:3']);
    expect(result.problems).toEqual([
      expect.objectContaining({
        catalog: 'one',
        code: 'UPSTREAM_FAILED',
        message: 'The catalog "one" did not answer within 1.5 s.',
      }),
    ]);
    expect(one.aborted).toHaveLength(1);
    release();
  });

  it('requests the catalogs at the same time', async () => {
    const releases = [one.hold(), other.hold()];
    const pending = search({ query: '5' });
    await expect.poll(() => [one.calls.length, other.calls.length]).toEqual([1, 1]);
    releases.forEach((release) => release());
    expect((await pending).problems).toEqual([]);
  });

  it('shows what was cached of a catalog that is down', async () => {
    await search({ query: '6' });
    one.failWith(new UpstreamFailedError('one is down.'));
    const again = await search({ query: '6' });
    expect(idsOf(again)).toContain('one:5');
    expect(again.problems).toEqual([]);
  });

  it('rejects the name of a catalog that does not exist', async () => {
    const { errors } = await ask(app, SEARCH_ALL, { query: '1', catalog: 'nowhere' });
    expect(errors).toEqual([expect.objectContaining({ code: 'INVALID_INPUT', path: 'search' })]);
  });
});

describe('a search with catalog: "all" of which every catalog fails', () => {
  it('fails as the first of them', async () => {
    const lone = createDistantCatalog('lone');
    lone.failWith(new UpstreamLimitedError('lone', 9_000));
    const alone = await startApp({
      env: { role: 'api' },
      overrides: { catalogs: [lone.source], settings: { catalog: 'lone' } },
    });
    try {
      const { data, errors } = await ask(alone, SEARCH_ALL, { query: 'x' });
      expect(data).toEqual({ search: null });
      expect(errors).toEqual([
        {
          message: 'lone limits requests: try again in 9 s.',
          path: 'search',
          code: 'UPSTREAM_LIMITED',
        },
      ]);
    } finally {
      await alone.stop();
    }
  });
});
