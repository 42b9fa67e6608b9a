import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CatalogItem } from '../../src/catalog/catalog-item.js';
import type { CatalogSource } from '../../src/catalog/catalog-source.js';
import { graphql } from '../../src/generated/documents/gql.js';
import type { CatalogType, SearchAnythingQuery } from '../../src/generated/documents/graphql.js';
import { UpstreamFailedError, UpstreamLimitedError } from '../../src/lib/errors.js';
import { ask, cursorAt, searchOf } from '../kit/ask.js';
import { SEARCH } from '../kit/catalog-documents.js';
import { makeTrack } from '../kit/catalog-items.js';
import { startApp, type TestApp } from '../kit/start-app.js';
import { createStubCatalog, createTroubledCatalog } from '../kit/stub-catalog.js';

let app: TestApp;

const DEEP_TOTAL = 1_000_000;

/** A million of whatever is looked for. */
const searchDeep: CatalogSource['search'] = ({ type, offset, limit }) => {
  const make = (at: number) => ({ ...makeTrack(`deep:${at}`), type }) as CatalogItem;
  const length = Math.max(0, Math.min(limit, DEEP_TOTAL - offset));
  return Promise.resolve({
    items: Array.from({ length }, (_, index) => make(offset + index)),
    total: DEEP_TOTAL,
  });
};

beforeAll(async () => {
  const catalogs = [
    createTroubledCatalog('limited', new UpstreamLimitedError('limited', 12_300)),
    createTroubledCatalog('broken', new UpstreamFailedError('broken answered with a page of HTML.')),
    createTroubledCatalog('buggy', new TypeError('secrets of the database')),
    createStubCatalog('deep', { search: searchDeep }),
  ];
  app = await startApp({ env: { role: 'api' }, overrides: { catalogs } });
});
afterAll(() => app?.stop());

describe('search', () => {
  const found = async (variables: { query: string; type?: CatalogType }) => {
    const search = searchOf(await app.execute(SEARCH, { first: 3, ...variables }));
    return search.edges.map(({ node }) => `${node.__typename} ${'name' in node ? node.name : node.title}`);
  };

  it('finds tracks when no type is provided', async () => {
    expect(await found({ query: 'casting off' })).toEqual(['Track Casting Off']);
  });

  it('finds albums, playlists and artists', async () => {
    expect(await found({ query: 'night ferry', type: 'ALBUM' })).toEqual(['Album Night Ferry']);
    expect(await found({ query: 'first watch', type: 'PLAYLIST' })).toEqual(['Playlist First Watch']);
    expect(await found({ query: 'saltglass', type: 'ARTIST' })).toEqual(['Artist Saltglass Choir']);
  });

  it('finds shows and episodes', async () => {
    expect(await found({ query: 'keepers', type: 'SHOW' })).toEqual(['Show Keeper’s Hours']);
    expect(await found({ query: 'fog signals', type: 'EPISODE' })).toEqual(['Episode Fog Signals, Ranked']);
  });

  it('ignores case, accents and surrounding spaces', async () => {
    expect(await found({ query: '  KÜSTENNEBEL ', type: 'ALBUM' })).toEqual(['Album Küstennebel']);
    expect(await found({ query: 'kustennebel', type: 'ALBUM' })).toEqual(['Album Küstennebel']);
  });

  it('returns an empty page when nothing matches', async () => {
    expect((await app.execute(SEARCH, { query: 'xyzzy plugh' })).search).toMatchInlineSnapshot(`
      {
        "edges": [],
        "pageInfo": {
          "endCursor": null,
          "hasNextPage": false,
          "hasPreviousPage": false,
          "startCursor": null,
        },
        "totalCount": 0,
      }
    `);
  });

  it('treats search operators as plain words', async () => {
    for (const query of ['%', "' OR 1=1 --", '\\', '{"a":1}', '🌊', 'a\u0000b']) {
      expect((await ask(app, SEARCH, { query })).errors).toEqual([]);
    }
  });

  it.each([
    ['TRACK', 'a', 7],
    ['EPISODE', 'forecast', 23],
    ['ALBUM', 's', 2],
    ['PLAYLIST', 'e', 1],
    ['ARTIST', 's', 1],
    ['SHOW', 'h', 1],
  ] as const)('for %s is paged to the end by cursors, each entry once', async (type, query, first) => {
    const whole = searchOf(await app.execute(SEARCH, { query, type, first: 100 }));
    expect(whole.totalCount).toBeGreaterThan(first);
    const paged: string[] = [];
    let pages = 0;
    for (let after: string | null = null; pages === 0 || after; pages++) {
      const data: SearchAnythingQuery = await app.execute(SEARCH, {
        query,
        type,
        first,
        after,
      });
      const page = searchOf(data);
      expect(page.totalCount).toBe(whole.totalCount);
      expect(page.pageInfo.hasPreviousPage).toBe(pages > 0);
      expect(page.pageInfo.endCursor).toBe(page.edges.at(-1)?.cursor);
      paged.push(...page.edges.map(({ node }) => ('id' in node ? node.id : '')));
      after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
    }
    expect(pages).toBe(Math.ceil(whole.totalCount / first));
    expect(new Set(paged).size).toBe(whole.totalCount);
    const ids = whole.edges.map(({ node }) => ('id' in node ? node.id : ''));
    expect(paged.slice(0, ids.length)).toEqual(ids);
  });

  it('has pages as deep as its catalog goes by cursor, and up to an offset of 100,000', async () => {
    const deep = { query: 'x', catalog: 'deep', first: 20 };
    const search = searchOf(await app.execute(SEARCH, { ...deep, after: cursorAt(DEEP_TOTAL - 31) }));
    expect(search.totalCount).toBe(DEEP_TOTAL);
    expect(search.edges).toHaveLength(20);
    expect(search.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: true });
    const last = searchOf(await app.execute(SEARCH, { ...deep, after: search.pageInfo.endCursor }));
    const ids = last.edges.map(({ node }) => ('id' in node ? node.id : ''));
    expect(ids).toEqual(Array.from({ length: 10 }, (_, at) => `Track:deep:${DEEP_TOTAL - 10 + at}`));
    expect(last.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true });
    const numbered = searchOf(await app.execute(SEARCH_AT, { catalog: 'deep', offset: 100_000 }));
    expect(numbered.edges[0]).toEqual({ cursor: cursorAt(100_000) });
    const { errors } = await ask(app, SEARCH_AT, { catalog: 'deep', offset: 100_001 });
    expect(errors).toMatchObject([{ code: 'INVALID_INPUT' }]);
    expect(errors[0]?.message).toContain('Follow cursors with "after" to go further.');
  });

  it('returns an empty page beyond the end', async () => {
    const search = searchOf(await app.execute(SEARCH, { query: 'night ferry', after: cursorAt(100_000) }));
    expect(search.edges).toEqual([]);
    expect(search.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true });
  });

  it.each([
    ['a page of less than nothing', { first: -1 }],
    ['too large a page', { first: 101 }],
    ['a cursor of its own making', { after: Buffer.from('offset:-5').toString('base64url') }],
    ['a cursor in plain text', { after: 'offset:3' }],
    ['a cursor of another list', { after: 'WyIyMDI2LTAxLTAxVDAwOjAwOjAwLjAwMFoiXQ' }],
    ['no words', { query: '' }],
    ['only spaces', { query: '  \n' }],
    ['more than 200 characters', { query: 'x'.repeat(201) }],
    ['a catalog that does not exist', { catalog: 'nowhere' }],
    ['a catalog by an odd name', { catalog: '__proto__' }],
  ])('rejects %s and names the argument', async (_what, variables) => {
    const { data, errors } = await ask(app, SEARCH, { query: 'night', ...variables });
    expect(data).toEqual({ search: null });
    expect(errors).toEqual([expect.objectContaining({ code: 'INVALID_INPUT', path: 'search' })]);
    expect(errors[0]?.message).toMatch(new RegExp(Object.keys(variables)[0] ?? '', 'i'));
  });

  it.each(['x', '🌊'])('accepts 200 characters, of which each counts once: %s', async (character) => {
    expect((await ask(app, SEARCH, { query: character.repeat(200) })).errors).toEqual([]);
  });

  it('rejects an unknown type before anything runs', async () => {
    const { errors, status } = await ask(app, SEARCH, { query: 'x', type: 'VIDEO' as 'TRACK' });
    expect(status).toBe(400);
    expect(errors[0]).toMatchObject({ code: 'BAD_USER_INPUT' });
    expect(errors[0]?.message).toContain('"VIDEO" does not exist in "CatalogType" enum');
  });

  it('reports a rate-limited or failing catalog, and masks bugs', async () => {
    const errorOf = async (catalog: string) => (await ask(app, SEARCH, { query: 'x', catalog })).errors[0];
    expect(await errorOf('limited')).toMatchInlineSnapshot(`
      {
        "code": "UPSTREAM_LIMITED",
        "message": "limited limits requests: try again in 13 s.",
        "path": "search",
      }
    `);
    expect(await errorOf('broken')).toMatchInlineSnapshot(`
      {
        "code": "UPSTREAM_FAILED",
        "message": "broken answered with a page of HTML.",
        "path": "search",
      }
    `);
    expect(await errorOf('buggy')).toMatchInlineSnapshot(`
      {
        "code": "INTERNAL",
        "message": "Internal error",
        "path": "search",
      }
    `);
  });
});

describe('a failed search', () => {
  it('leaves an album in the same operation intact', async () => {
    const { status, data, errors } = await ask(app, SEARCH_BESIDE_ALBUM, { catalog: 'broken' });
    expect({ status, data }).toEqual({
      status: 200,
      data: { search: null, album: { title: 'Night Ferry' } },
    });
    expect(errors).toMatchObject([{ code: 'UPSTREAM_FAILED', path: 'search' }]);
  });
});

const SEARCH_BESIDE_ALBUM = graphql(`
  query SearchBesideAlbum($catalog: String!) {
    search(query: "x", catalog: $catalog) {
      totalCount
    }
    album(id: "Album:demo:night-ferry") {
      title
    }
  }
`);

const SEARCH_AT = graphql(`
  query SearchAt($catalog: String!, $offset: Int!) {
    search(query: "x", catalog: $catalog, first: 20, offset: $offset) {
      edges {
        cursor
      }
    }
  }
`);
