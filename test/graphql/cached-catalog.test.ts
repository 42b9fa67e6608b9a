import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { graphql } from '../../src/generated/documents/gql.js';
import { UpstreamFailedError, UpstreamLimitedError } from '../../src/lib/errors.js';
import { ask, searchOf } from '../kit/ask.js';
import { ALBUM_BY_ID, SEARCH } from '../kit/catalog-documents.js';
import { makeAlbum, makeArtist, makeTrack } from '../kit/catalog-items.js';
import { createTestDatabase, type TestDatabase } from '../kit/database.js';
import { createDistantCatalog, type DistantCatalog } from '../kit/distant-catalog.js';
import { spyOnQueries } from '../kit/spy-on-queries.js';
import { startApp, type TestApp } from '../kit/start-app.js';

const TRACKS = 50;
const ARTISTS = 5;

let database: TestDatabase;
let far: DistantCatalog;
let now: number;
let apps: TestApp[];

beforeEach(async () => {
  database = await createTestDatabase();
  now = Date.parse('2026-03-01T12:00:00Z');
  apps = [];
  const artists = Array.from({ length: ARTISTS }, (_, at) => makeArtist(`far:artist-${at}`));
  const tracks = Array.from({ length: TRACKS }, (_, at) =>
    makeTrack(`far:${at}`, {
      artists: artists.filter((_artist, index) => index === at % ARTISTS || index === 0),
      album: makeAlbum('far:album', { artists }),
    }),
  );
  far = createDistantCatalog('far', {
    search: () => Promise.resolve({ items: tracks, total: TRACKS }),
    findTrack: (id) => Promise.resolve(tracks.find((track) => track.id === id) ?? null),
    findAlbum: (id) => Promise.resolve(makeAlbum(id)),
    findArtist: (id) => Promise.resolve(artists.find((artist) => artist.id === id) ?? null),
  });
});

afterEach(async () => {
  for (const app of apps) await app.stop();
  await database.drop();
});

/** A process of its own, as far as the cache can tell. */
async function start(): Promise<TestApp> {
  const clock = { now: () => new Date(now) };
  const app = await startApp({
    database,
    env: { role: 'api' },
    overrides: { clock, catalogs: [far.source] },
  });
  apps.push(app);
  return app;
}

const titleOf = async (app: TestApp, id: string) => (await app.execute(TITLE_OF_TRACK, { id })).track?.title;

describe('responses of a network catalog', () => {
  it('are requested once for 20 concurrent requests, and not again after a restart until they are a day old', async () => {
    const app = await start();
    const titles = await Promise.all(Array.from({ length: 20 }, () => titleOf(app, 'far:1')));
    expect(titles).toEqual(Array.from({ length: 20 }, () => 'Track far:1'));
    expect(far.calls).toEqual(['findTrack far:1']);

    await apps.pop()?.stop();
    const restarted = await start();
    expect(await titleOf(restarted, 'far:1')).toBe('Track far:1');
    expect(far.calls).toHaveLength(1);

    now += 24 * 3_600_000;
    await Promise.all(Array.from({ length: 20 }, () => titleOf(restarted, 'far:1')));
    expect(far.calls).toHaveLength(2);
  });

  it('are shared by processes on one database', async () => {
    const [one, other] = [await start(), await start()];
    await Promise.all([one, other].map((app) => titleOf(app, 'far:1')));
    expect(far.calls.length).toBeLessThanOrEqual(2);
    far.calls.length = 0;
    await titleOf(one, 'far:2');
    await Promise.all([one, other].map((app) => titleOf(app, 'far:2')));
    expect(far.calls).toEqual(['findTrack far:2']);
  });

  it('are served while the catalog fails; an uncached item reports the failure', async () => {
    const app = await start();
    await titleOf(app, 'far:1');
    now += 48 * 3_600_000;
    far.failWith(new UpstreamFailedError('far is down.'));
    expect(await titleOf(app, 'far:1')).toBe('Track far:1');
    expect((await ask(app, TITLE_OF_TRACK, { id: 'far:2' })).errors).toMatchObject([
      { code: 'UPSTREAM_FAILED' },
    ]);
    far.failWith(new UpstreamLimitedError('far', 9_000));
    expect((await ask(app, ALBUM_BY_ID, { id: 'far:a' })).errors).toMatchObject([
      { code: 'UPSTREAM_LIMITED' },
    ]);
    far.failWith(null);
    expect((await app.execute(ALBUM_BY_ID, { id: 'far:a' })).album?.title).toBe('Album far:a');
  });

  it('are requested once per page and once per artist, not for each track', async () => {
    const app = await start();
    const query = { query: 'sea', first: TRACKS };
    const search = searchOf(await app.execute(SEARCH_WITH_ARTISTS, query));
    expect(search.edges).toHaveLength(TRACKS);
    for (const { node } of search.edges) {
      if (node.__typename !== 'Track') throw new Error(node.__typename);
      expect(node.artists.map(({ artist }) => artist?.name)).toContain('Artist far:artist-0');
      expect(node.album?.artists.map(({ artist }) => artist?.id)).toHaveLength(ARTISTS);
    }
    expect(far.calls).toHaveLength(1 + ARTISTS);
    const queries = spyOnQueries(app.deps);
    await app.execute(SEARCH_WITH_ARTISTS, query);
    // The page, and what hangs off it: together where it is asked for together.
    expect(queries()).toBeLessThanOrEqual(3);
    await app.execute(SEARCH, { ...query, catalog: 'far' });
    expect(far.calls).toHaveLength(1 + ARTISTS);
  });
});

describe('an item of a catalog that is down', () => {
  const ageOf = async (app: TestApp) => {
    const { track } = await app.execute(AGE_OF_TRACK, { id: 'far:1' });
    const search = searchOf(await app.execute(AGES_OF_SEARCH));
    const ages = search.nodes.map((node) => ('asOf' in node ? node.asOf : 'no track'));
    const { body } = await app.rest('GET', '/track/info?id=far:1');
    expect((body as { as_of?: string }).as_of ?? null).toBe(track?.asOf);
    return { track: track?.asOf, search: [...new Set(ages)] };
  };

  it('says when its catalog was last read, by id and in a search, and no longer once it answers', async () => {
    const app = await start();
    expect(await ageOf(app)).toEqual({ track: null, search: [null] });
    const readAt = new Date(now).toISOString();
    now += 60_000;
    expect(await ageOf(app)).toEqual({ track: null, search: [null] });
    now += 48 * 3_600_000;
    far.failWith(new UpstreamFailedError('far is down.'));
    expect(await ageOf(app)).toEqual({ track: readAt, search: [readAt] });
    far.failWith(null);
    expect(await ageOf(app)).toEqual({ track: null, search: [null] });
  });
});

const AGE_OF_TRACK = graphql(`
  query AgeOfTrack($id: ID!) {
    track(id: $id) {
      asOf
    }
  }
`);

const AGES_OF_SEARCH = graphql(`
  query AgesOfSearch {
    search(query: "sea", catalog: "far") {
      nodes {
        ... on Track {
          asOf
        }
      }
    }
  }
`);

const TITLE_OF_TRACK = graphql(`
  query TitleOfTrack($id: ID!) {
    track(id: $id) {
      title
    }
  }
`);

const SEARCH_WITH_ARTISTS = graphql(`
  query SearchWithArtists($query: String!, $first: Int!) {
    search(query: $query, catalog: "far", first: $first) {
      edges {
        node {
          __typename
          ... on Track {
            artists {
              artist {
                name
              }
            }
            album {
              artists {
                artist {
                  id
                }
              }
            }
          }
        }
      }
    }
  }
`);
