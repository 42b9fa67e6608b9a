import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Album, Image, Track } from '../../src/catalog/catalog-item.js';
import { graphql } from '../../src/generated/documents/gql.js';
import { makeAlbum, makeEpisode, makePlaylist, makeShow, makeTrack } from '../kit/catalog-items.js';
import { startApp, type TestApp } from '../kit/start-app.js';
import { createStubCatalog } from '../kit/stub-catalog.js';

const image = (url: string): Image => ({ url, widthPx: null, heightPx: 64 });
const page = <Item>(items: Item[]) => Promise.resolve({ items, total: items.length });

const WEB = 'https://example.com/a%20b?c=ü#d';
const NO_WEB = ['ftp://example.com/x', 'javascript:alert(1)', '//example.com/x', 'https://exa mple.com', ''];
const DATES = ['2024', '2024-10', '2024-02-29'];
const NO_DATES = ['2023-02-29', '2024-13', '2024-1-1', '2024-10-18T00:00:00Z', 'October', ''];

const tracksWith = (durationMs: number, number: number) => ({
  ...{ durationMs, trackNumber: number, discNumber: number },
  album: makeAlbum('demo:a', { trackTotal: number }),
});
const NUMBERS_SENT = new Map<string, Partial<Track>>([
  ['demo:30-days', { ...tracksWith(2_592_000_000, 64), trackNumber: 7, discNumber: 1 }],
  ['demo:fraction', tracksWith(1_234.4, 1.5)],
  ['demo:huge', tracksWith(2 ** 60, 2 ** 31)],
  ['demo:negative', tracksWith(-1, -1)],
]);

/** One album for each value. */
const albums = (field: 'url' | 'releaseDate', values: string[]): Album[] =>
  values.map((value, index) => makeAlbum(`demo:${field}-${index}`, { [field]: value }));

let app: TestApp;
const warnings: Record<string, unknown>[] = [];

beforeAll(async () => {
  const write = (line: string) => void warnings.push(JSON.parse(line) as Record<string, unknown>);
  const log = pino({ base: null, level: 'warn' }, { write });
  const show = makeShow('demo:show');
  const lost = [
    { track: null, trackId: 'demo:gone', addedAt: '2026-03-01' },
    { track: null, trackId: null, addedAt: 'yesterday' },
    { track: makeTrack('demo:here'), trackId: null, addedAt: '2026-03-01T10:00:00+02:00' },
    { track: null, trackId: null, addedAt: '1' },
    { track: null, trackId: null, addedAt: null },
  ];
  const catalog = createStubCatalog('demo', {
    search: ({ text, type }) => {
      if (type === 'SHOW') return page([show]);
      if (type === 'EPISODE') return page([makeEpisode('demo:episode', { show })]);
      if (text === 'urls') return page(albums('url', [WEB, ...NO_WEB]));
      return page(albums('releaseDate', [...DATES, ...NO_DATES]));
    },
    findTrack: (id) => Promise.resolve(makeTrack(id, NUMBERS_SENT.get(id) ?? { durationMs: null })),
    findAlbum: (id) => {
      const known = id === 'demo:bad' ? [] : [WEB];
      return Promise.resolve(makeAlbum(id, { images: [...NO_WEB, ...known].map(image) }));
    },
    findPlaylist: (id) => Promise.resolve(makePlaylist(id)),
    listPlaylistEntries: () => page(lost),
  });
  app = await startApp({ env: { role: 'api' }, overrides: { catalogs: [catalog], log } });
});
afterAll(() => app?.stop());
beforeEach(() => void warnings.splice(0));

const SEARCH_ALBUMS = graphql(`
  query SearchAlbumValues($query: String!) {
    search(query: $query, type: ALBUM) {
      edges {
        node {
          ... on Album {
            url
            releaseDate
          }
        }
      }
    }
  }
`);

async function albumsFor(query: string) {
  const { search } = await app.execute(SEARCH_ALBUMS, { query });
  return search?.edges.map(({ node }) => node);
}

describe('a value that a catalog sends in another form than the schema promises', () => {
  it('is null for an address that is not of the web, and leaves the rest of the list intact', async () => {
    expect(await albumsFor('urls')).toEqual(
      [WEB, ...NO_WEB.map(() => null)].map((url) => ({ url, releaseDate: null })),
    );
  });

  it('is null for a date that does not exist', async () => {
    expect(await albumsFor('dates')).toEqual(
      [...DATES, ...NO_DATES.map(() => null)].map((releaseDate) => ({ url: null, releaseDate })),
    );
  });

  it('is logged once for all items of a request, with the first of them', async () => {
    await albumsFor('urls');
    await albumsFor('dates');
    const about = { level: 40, catalog: 'demo', msg: 'catalog sent an invalid value' };
    expect(warnings).toEqual([
      expect.objectContaining({ ...about, item: 'demo:url-1', field: 'url', sent: NO_WEB[0] }),
      expect.objectContaining({
        ...about,
        item: 'demo:releaseDate-3',
        field: 'releaseDate',
        sent: NO_DATES[0],
      }),
    ]);
    expect(warnings[0]?.['requestId']).toEqual(expect.any(String));
  });

  it('takes only itself out of the pictures of an item', async () => {
    const { album } = await app.execute(IMAGES, { id: 'demo:a' });
    expect(album?.images.map(({ heightPx }) => heightPx)).toEqual([640, 300, 64]);
    expect(await app.execute(IMAGES, { id: 'demo:bad' })).toEqual({ album: { images: [] } });
    expect(warnings.slice(0, 1)).toMatchObject([{ item: 'demo:a', field: 'images' }]);
  });

  it('is null for a time of a playlist entry', async () => {
    const { playlist } = await app.execute(ENTRIES, { id: 'demo:list' });
    expect(playlist?.items.edges.map(({ node }) => node.addedAt)).toEqual([
      '2026-03-01T00:00:00.000Z',
      null,
      '2026-03-01T08:00:00.000Z',
      null,
      null,
    ]);
    expect(warnings).toMatchObject([{ item: 'demo:list', field: 'addedAt', sent: 'yesterday' }]);
  });
});

describe('a number that a catalog sends', () => {
  it.each([
    ['30-days', { durationMs: 2_592_000_000, trackNumber: 7, discNumber: 1 }],
    ['fraction', { durationMs: 1_234, trackNumber: null, discNumber: null }],
    ['huge', { durationMs: null, trackNumber: null, discNumber: null }],
    ['negative', { durationMs: null, trackNumber: null, discNumber: null }],
  ] as const)('is shown where it fits, else null and logged: %s', async (name, expected) => {
    const { track } = await app.execute(NUMBERS, { id: `demo:${name}` });
    const trackCount = { '30-days': 64, fraction: 2, huge: 2 ** 31 - 1, negative: 0 }[name];
    expect(track).toEqual({ ...expected, album: { trackCount } });
    const fields = name === '30-days' ? [] : ['trackNumber', 'discNumber', 'trackCount'];
    const lost = expected.durationMs === null ? ['durationMs'] : [];
    expect(warnings.map(({ field }) => field)).toEqual([...lost, ...fields]);
    const { status } = await app.rest('GET', `/track/info?id=demo:${name}`);
    expect(status).toBe(200);
  });
});

describe('an entry of a playlist', () => {
  it('has the id of its track, also of a lost one that the catalog still names', async () => {
    const { playlist } = await app.execute(ENTRIES, { id: 'demo:list' });
    expect(playlist?.items.edges.map(({ node }) => [node.trackId, node.track?.id ?? null])).toEqual([
      ['Track:demo:gone', null],
      [null, null],
      ['Track:demo:here', 'Track:demo:here'],
      [null, null],
      [null, null],
    ]);
  });
});

describe('what a catalog does not know', () => {
  it('is null, and in REST 0 or empty as before', async () => {
    const { track, shows, episodes } = await app.execute(UNKNOWN);
    expect(track).toEqual({ durationMs: null });
    expect(shows?.edges).toEqual([{ node: { publisher: null } }]);
    expect(episodes?.edges).toEqual([{ node: { durationMs: null, show: { publisher: null } } }]);
    const found = async (path: string) => (await app.rest('GET', path)).body;
    expect(await found('/track/info?id=demo:t')).toMatchObject({ duration_ms: 0 });
    expect(await found('/search?q=x&type=show')).toMatchObject({ items: [{ publisher: '' }] });
    expect(await found('/search?q=x&type=episode')).toMatchObject({
      items: [{ duration_ms: 0, show: { publisher: '' } }],
    });
  });
});

const IMAGES = graphql(`
  query ImageValues($id: ID!) {
    album(id: $id) {
      images {
        url
        heightPx
      }
    }
  }
`);

const NUMBERS = graphql(`
  query NumberValues($id: ID!) {
    track(id: $id) {
      durationMs
      trackNumber
      discNumber
      album {
        trackCount
      }
    }
  }
`);

const ENTRIES = graphql(`
  query EntryValues($id: ID!) {
    playlist(id: $id) {
      items {
        edges {
          node {
            addedAt
            trackId
            track {
              id
            }
          }
        }
      }
    }
  }
`);

const UNKNOWN = graphql(`
  query UnknownValues {
    track(id: "demo:t") {
      durationMs
    }
    shows: search(query: "x", type: SHOW) {
      edges {
        node {
          ... on Show {
            publisher
          }
        }
      }
    }
    episodes: search(query: "x", type: EPISODE) {
      edges {
        node {
          ... on Episode {
            durationMs
            show {
              publisher
            }
          }
        }
      }
    }
  }
`);
