import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CatalogSource } from '../../src/catalog/catalog-source.js';
import { graphql } from '../../src/generated/documents/gql.js';
import type { AlbumTracksQuery, SearchAnythingQuery } from '../../src/generated/documents/graphql.js';
import { UpstreamFailedError, UpstreamLimitedError } from '../../src/lib/upstream-errors.js';
import { ask } from '../kit/ask.js';
import { startApp, type TestApp } from '../kit/start-app.js';

const SEARCH = graphql(`
  query SearchAnything($query: String!, $type: CatalogType, $catalog: String, $first: Int, $after: String) {
    search(query: $query, type: $type, catalog: $catalog, first: $first, after: $after) {
      totalCount
      pageInfo {
        hasNextPage
        hasPreviousPage
        startCursor
        endCursor
      }
      edges {
        cursor
        node {
          __typename
          ... on Track {
            id
            title
          }
          ... on Album {
            id
            title
          }
          ... on Playlist {
            id
            title
          }
          ... on Artist {
            id
            name
          }
        }
      }
    }
  }
`);

const TRACK_BY_ID = graphql(`
  query TrackById($id: ID!) {
    track(id: $id) {
      id
      title
      artists {
        name
        artist {
          id
          name
        }
      }
      album {
        id
        title
        artists {
          name
        }
        discTotal
        trackTotal
      }
      durationMs
      explicit
      trackNumber
      discNumber
      isrc
      genres
      url
      catalog
    }
  }
`);

const ALBUM_BY_ID = graphql(`
  query AlbumById($id: ID!) {
    album(id: $id) {
      id
      title
      artists {
        name
      }
      group
      releaseDate
      trackTotal
      discTotal
      upc
      label
      copyright
      genres
      images {
        url
        widthPx
        heightPx
      }
      url
      catalog
    }
  }
`);

const PLAYLIST_BY_ID = graphql(`
  query PlaylistById($id: ID!) {
    playlist(id: $id) {
      id
      title
      description
      ownerName
      total
      revision
      url
      catalog
    }
  }
`);

const ARTIST_BY_ID = graphql(`
  query ArtistById($id: ID!) {
    artist(id: $id) {
      id
      name
      genres
      url
      catalog
    }
  }
`);

const NODE = graphql(`
  query NodeById($id: ID!) {
    node(id: $id) {
      __typename
      id
    }
  }
`);

const RESOLVE_LINK = graphql(`
  query ResolveLink($url: String!) {
    resolveLink(url: $url) {
      __typename
      ... on Track {
        id
      }
      ... on Album {
        id
      }
      ... on Playlist {
        id
      }
      ... on Artist {
        id
      }
    }
  }
`);

const ALBUM_TRACKS = graphql(`
  query AlbumTracks($id: ID!, $first: Int, $after: String) {
    album(id: $id) {
      tracks(first: $first, after: $after) {
        totalCount
        pageInfo {
          hasNextPage
          endCursor
        }
        edges {
          cursor
          node {
            title
            discNumber
            trackNumber
          }
        }
      }
    }
  }
`);

const PLAYLIST_ITEMS = graphql(`
  query PlaylistItems($id: ID!, $first: Int, $after: String) {
    playlist(id: $id) {
      items(first: $first, after: $after) {
        totalCount
        pageInfo {
          hasNextPage
          hasPreviousPage
          endCursor
        }
        edges {
          cursor
          node {
            addedAt
            track {
              id
            }
          }
        }
      }
    }
  }
`);

const ARTIST_ALBUMS = graphql(`
  query ArtistAlbums($id: ID!, $groups: [AlbumGroup!], $first: Int, $after: String) {
    artist(id: $id) {
      albums(groups: $groups, first: $first, after: $after) {
        totalCount
        pageInfo {
          hasNextPage
          endCursor
        }
        edges {
          node {
            title
            group
            releaseDate
          }
        }
      }
    }
  }
`);

/** A catalogue that has nothing and never answers as it should. */
function createTroubledCatalog(provider: string, thrown: Error): CatalogSource {
  const fail = () => Promise.reject(thrown);
  return {
    provider,
    search: fail,
    findTrack: fail,
    findAlbum: fail,
    findPlaylist: fail,
    findArtist: fail,
    listAlbumTracks: fail,
    listPlaylistEntries: fail,
    listArtistAlbums: fail,
    fetchCover: fail,
  };
}

let app: TestApp;

beforeAll(async () => {
  const catalogs = [
    createTroubledCatalog('limited', new UpstreamLimitedError('limited', 12_300)),
    createTroubledCatalog('broken', new UpstreamFailedError('broken answered with a page of HTML.')),
    createTroubledCatalog('buggy', new TypeError('secrets of the database')),
  ];
  app = await startApp({ overrides: { catalogs } });
});
afterAll(() => app?.stop());

describe('search', () => {
  const found = async (variables: { query: string; type?: 'TRACK' | 'ALBUM' | 'PLAYLIST' | 'ARTIST' }) => {
    const { search } = await app.execute(SEARCH, { first: 3, ...variables });
    return search.edges.map(({ node }) => `${node.__typename} ${'name' in node ? node.name : node.title}`);
  };

  it('finds tracks when no type is named', async () => {
    expect(await found({ query: 'casting off' })).toEqual(['Track Casting Off']);
  });

  it('finds albums, playlists and artists', async () => {
    expect(await found({ query: 'night ferry', type: 'ALBUM' })).toEqual(['Album Night Ferry']);
    expect(await found({ query: 'first watch', type: 'PLAYLIST' })).toEqual(['Playlist First Watch']);
    expect(await found({ query: 'saltglass', type: 'ARTIST' })).toEqual(['Artist Saltglass Choir']);
  });

  it.each(['EPISODE', 'SHOW'] as const)(
    'finds nothing of type %s in a catalogue that has none',
    async (type) => {
      const { search } = await app.execute(SEARCH, { query: 'night', type });
      expect(search).toMatchObject({ totalCount: 0, edges: [] });
    },
  );

  it('does not mind case, accents and spaces around', async () => {
    expect(await found({ query: '  KÜSTENNEBEL ', type: 'ALBUM' })).toEqual(['Album Küstennebel']);
    expect(await found({ query: 'kustennebel', type: 'ALBUM' })).toEqual(['Album Küstennebel']);
  });

  it('answers an empty page where nothing fits', async () => {
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

  it('takes the words of a query for words, whatever they look like', async () => {
    for (const query of ['%', "' OR 1=1 --", '\\', '{"a":1}', '🌊', '\u0000']) {
      expect((await ask(app, SEARCH, { query })).errors).toEqual([]);
    }
  });

  it('is paged to the end by cursors, each entry once, in the order of one long page', async () => {
    const { search: whole } = await app.execute(SEARCH, { query: 'a', first: 100 });
    expect(whole.totalCount).toBeGreaterThan(20);
    const paged: string[] = [];
    let pages = 0;
    for (let after: string | null = null; pages === 0 || after; pages++) {
      const { search: page }: SearchAnythingQuery = await app.execute(SEARCH, {
        query: 'a',
        first: 7,
        after,
      });
      expect(page.totalCount).toBe(whole.totalCount);
      expect(page.pageInfo.hasPreviousPage).toBe(pages > 0);
      expect(page.pageInfo.endCursor).toBe(page.edges.at(-1)?.cursor);
      paged.push(...page.edges.map(({ node }) => ('id' in node ? node.id : '')));
      after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
    }
    expect(pages).toBe(Math.ceil(whole.totalCount / 7));
    expect(new Set(paged).size).toBe(whole.totalCount);
    const ids = whole.edges.map(({ node }) => ('id' in node ? node.id : ''));
    expect(paged.slice(0, ids.length)).toEqual(ids);
  });

  it('may be asked for a page behind the end', async () => {
    const { search } = await app.execute(SEARCH, { query: 'night ferry', after: 'offset:100000' });
    expect(search.edges).toEqual([]);
    expect(search.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true });
  });

  it.each([
    ['no page', { first: 0 }],
    ['a page of less than nothing', { first: -1 }],
    ['too large a page', { first: 101 }],
    ['a cursor of its own making', { after: 'offset:-5' }],
    ['a cursor of another list', { after: 'WyIyMDI2LTAxLTAxVDAwOjAwOjAwLjAwMFoiXQ' }],
    ['no words', { query: '' }],
    ['only spaces', { query: '  \n' }],
    ['more than 200 characters', { query: 'x'.repeat(201) }],
    ['a catalogue that is not here', { catalog: 'spotify' }],
    ['a catalogue by an odd name', { catalog: '__proto__' }],
  ])('refuses %s and says which argument it is', async (_what, variables) => {
    const { data, errors } = await ask(app, SEARCH, { query: 'night', ...variables });
    expect(data ?? null).toBeNull();
    expect(errors).toEqual([expect.objectContaining({ code: 'INVALID_INPUT', path: 'search' })]);
    expect(errors[0]?.message).toMatch(new RegExp(Object.keys(variables)[0] ?? '', 'i'));
  });

  it('takes 200 characters', async () => {
    expect((await ask(app, SEARCH, { query: 'x'.repeat(200) })).errors).toEqual([]);
  });

  it('says of a type that there is none such, before anything runs', async () => {
    const { errors, status } = await ask(app, SEARCH, { query: 'x', type: 'VIDEO' as 'TRACK' });
    expect(status).toBe(400);
    expect(errors[0]).toMatchObject({ code: 'BAD_USER_INPUT' });
    expect(errors[0]?.message).toContain('"VIDEO" does not exist in "CatalogType" enum');
  });

  it('passes on that a catalogue limits us or fails, and keeps to itself what is a bug', async () => {
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

describe('a track, an album, a playlist and an artist', () => {
  it('say all that their catalogue says of them', async () => {
    expect((await app.execute(TRACK_BY_ID, { id: 'night-ferry-1-05' })).track).toMatchInlineSnapshot(`
      {
        "album": {
          "artists": [
            {
              "name": "Saltglass Choir",
            },
          ],
          "discTotal": 1,
          "id": "Album:demo:night-ferry",
          "title": "Night Ferry",
          "trackTotal": 9,
        },
        "artists": [
          {
            "artist": {
              "id": "Artist:demo:saltglass-choir",
              "name": "Saltglass Choir",
            },
            "name": "Saltglass Choir",
          },
          {
            "artist": {
              "id": "Artist:demo:otter-and-semaphore",
              "name": "Otter & Semaphore",
            },
            "name": "Otter & Semaphore",
          },
        ],
        "catalog": "demo",
        "discNumber": 1,
        "durationMs": 21000,
        "explicit": false,
        "genres": [
          "Ambient",
        ],
        "id": "Track:demo:night-ferry-1-05",
        "isrc": "XXDEM2401105",
        "title": "All the Lifeboats Are Orange",
        "trackNumber": 5,
        "url": null,
      }
    `);
    expect((await app.execute(ALBUM_BY_ID, { id: 'night-ferry' })).album).toMatchInlineSnapshot(`
      {
        "artists": [
          {
            "name": "Saltglass Choir",
          },
        ],
        "catalog": "demo",
        "copyright": "℗ 2024 Harbour Light Recordings, which is invented; the audio is CC0",
        "discTotal": 1,
        "genres": [
          "Ambient",
        ],
        "group": "ALBUM",
        "id": "Album:demo:night-ferry",
        "images": [],
        "label": "Harbour Light Recordings",
        "releaseDate": "2024-10-18",
        "title": "Night Ferry",
        "trackTotal": 9,
        "upc": "400000000015",
        "url": null,
      }
    `);
    expect((await app.execute(PLAYLIST_BY_ID, { id: 'first-watch' })).playlist).toMatchInlineSnapshot(`
      {
        "catalog": "demo",
        "description": "Twelve to stay awake by.",
        "id": "Playlist:demo:first-watch",
        "ownerName": "Harbour Radio",
        "revision": "5ab7806e",
        "title": "First Watch",
        "total": 12,
        "url": null,
      }
    `);
    expect((await app.execute(ARTIST_BY_ID, { id: 'saltglass-choir' })).artist).toMatchInlineSnapshot(`
      {
        "catalog": "demo",
        "genres": [
          "Ambient",
          "Choral",
        ],
        "id": "Artist:demo:saltglass-choir",
        "name": "Saltglass Choir",
        "url": null,
      }
    `);
  });

  it.each([
    'night-ferry-1-03',
    'demo:night-ferry-1-03',
    'Track:demo:night-ferry-1-03',
    ' demo:night-ferry-1-03 ',
  ])('are found by an id in the form of "%s"', async (id) => {
    expect((await app.execute(TRACK_BY_ID, { id })).track).toMatchObject({
      id: 'Track:demo:night-ferry-1-03',
      title: 'Night Ferry',
    });
  });

  it('are found by the ids that they say', async () => {
    const album = (await app.execute(ALBUM_BY_ID, { id: 'Album:demo:night-ferry' })).album;
    const playlist = (await app.execute(PLAYLIST_BY_ID, { id: 'Playlist:demo:first-watch' })).playlist;
    const artist = (await app.execute(ARTIST_BY_ID, { id: 'Artist:demo:saltglass-choir' })).artist;
    expect([album?.id, playlist?.id, artist?.id]).toEqual([
      'Album:demo:night-ferry',
      'Playlist:demo:first-watch',
      'Artist:demo:saltglass-choir',
    ]);
  });

  it('are null where their catalogue has none', async () => {
    expect((await app.execute(TRACK_BY_ID, { id: 'no-such-track' })).track).toBeNull();
    expect((await app.execute(ALBUM_BY_ID, { id: 'demo:no-such-album' })).album).toBeNull();
    expect((await app.execute(PLAYLIST_BY_ID, { id: 'Playlist:demo:nothing' })).playlist).toBeNull();
    expect((await app.execute(ARTIST_BY_ID, { id: 'nobody' })).artist).toBeNull();
  });

  it('are null when the id is that of another type', async () => {
    expect((await app.execute(TRACK_BY_ID, { id: 'Album:demo:night-ferry' })).track).toBeNull();
    expect((await app.execute(ALBUM_BY_ID, { id: 'demo:night-ferry-1-03' })).album).toBeNull();
  });

  it.each([
    ['', 'track'],
    ['no good', 'track'],
    ['../../etc/passwd', 'track'],
    ['Track:', 'track'],
    ['x'.repeat(5_000), 'track'],
    ['spotify:track:6rqhFgbbKwnb9MLmUQDhG6', 'track'],
    ['deezer:3135556', 'track'],
  ])('are refused with what is allowed when the id is "%s"', async (id, path) => {
    const { data, errors } = await ask(app, TRACK_BY_ID, { id });
    expect(data).toEqual({ track: null });
    expect(errors).toEqual([expect.objectContaining({ code: 'INVALID_INPUT', path })]);
    expect(errors[0]?.message).toMatch(/allowed: |there is: /);
    expect(errors[0]?.message.length).toBeLessThan(400);
  });

  it('do not take the others of a query along when one is malformed', async () => {
    const response = await fetch(`${app.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        query: '{ good: track(id: "night-ferry-1-03") { title } bad: track(id: "no good") { title } }',
      }),
    });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      data: { good: { title: 'Night Ferry' }, bad: null },
      errors: [{ path: ['bad'] }],
    });
  });
});

describe('node', () => {
  it.each([
    'Track:demo:night-ferry-1-03',
    'Album:demo:night-ferry',
    'Playlist:demo:first-watch',
    'Artist:demo:saltglass-choir',
    'User:00000000-0000-4000-8000-000000000001',
  ])('finds %s', async (id) => {
    expect((await app.execute(NODE, { id })).node).toEqual({ __typename: id.split(':')[0], id });
  });

  it.each([
    'Track:demo:no-such-track',
    'Track:Album:demo:night-ferry',
    'Task:00000000-0000-4000-8000-000000000000',
  ])('is null for %s', async (id) => {
    expect((await app.execute(NODE, { id })).node).toBeNull();
  });

  it.each(['', 'nothing', ':', 'Track:no good', 'Task:42'])('refuses "%s" as malformed', async (id) => {
    const { data, errors } = await ask(app, NODE, { id });
    expect(data).toEqual({ node: null });
    expect(errors).toEqual([expect.objectContaining({ code: 'INVALID_INPUT', path: 'node' })]);
  });

  it.each(['Nothing:1', 'PageInfo:1'])('refuses %s, because there are no nodes of that type', async (id) => {
    const { errors } = await ask(app, NODE, { id });
    expect(errors).toEqual([expect.objectContaining({ code: 'BAD_USER_INPUT', path: 'node' })]);
  });

  it('is null for a user that does not exist', async () => {
    expect((await app.execute(NODE, { id: 'User:00000000-0000-4000-8000-000000000000' })).node).toBeNull();
  });

  it('refuses a malformed id of a user as malformed', async () => {
    const { errors } = await ask(app, NODE, { id: 'User:42' });
    expect(errors).toEqual([expect.objectContaining({ code: 'INVALID_INPUT', path: 'node' })]);
  });
});

describe('the tracks of an album', () => {
  it('come disc by disc, a page at a time', async () => {
    const seen: string[] = [];
    let after: string | null = null;
    do {
      const { album }: AlbumTracksQuery = await app.execute(ALBUM_TRACKS, {
        id: 'atlas-of-small-rain',
        first: 6,
        after,
      });
      if (!album) throw new Error('no album');
      expect(album.tracks.totalCount).toBe(16);
      seen.push(...album.tracks.edges.map(({ node }) => `${node.discNumber}-${node.trackNumber}`));
      after = album.tracks.pageInfo.hasNextPage ? album.tracks.pageInfo.endCursor : null;
    } while (after);
    expect(seen).toEqual(
      [1, 2].flatMap((disc) => [1, 2, 3, 4, 5, 6, 7, 8].map((track) => `${disc}-${track}`)),
    );
  });

  it('refuse a page that makes no sense', async () => {
    const { errors } = await ask(app, ALBUM_TRACKS, { id: 'night-ferry', first: 0 });
    expect(errors).toEqual([
      {
        message: '"first" is 0; allowed: a whole number from 1 to 100.',
        path: 'album.tracks',
        code: 'INVALID_INPUT',
      },
    ]);
  });
});

describe('the entries of a playlist', () => {
  it('are there deep inside a playlist of 10,000', async () => {
    const page = { id: 'ten-thousand', first: 3, after: 'offset:8999' };
    const { playlist } = await app.execute(PLAYLIST_ITEMS, page);
    expect(playlist?.items).toMatchInlineSnapshot(`
      {
        "edges": [
          {
            "cursor": "offset:9000",
            "node": {
              "addedAt": "2025-01-07T12:00:00.000Z",
              "track": {
                "id": "Track:demo:tide-09001",
              },
            },
          },
          {
            "cursor": "offset:9001",
            "node": {
              "addedAt": "2025-01-07T12:01:00.000Z",
              "track": {
                "id": "Track:demo:tide-09002",
              },
            },
          },
          {
            "cursor": "offset:9002",
            "node": {
              "addedAt": "2025-01-07T12:02:00.000Z",
              "track": {
                "id": "Track:demo:tide-09003",
              },
            },
          },
        ],
        "pageInfo": {
          "endCursor": "offset:9002",
          "hasNextPage": true,
          "hasPreviousPage": true,
        },
        "totalCount": 10000,
      }
    `);
  });

  it('end where the playlist does', async () => {
    const page = { id: 'ten-thousand', first: 100, after: 'offset:9989' };
    const { playlist } = await app.execute(PLAYLIST_ITEMS, page);
    expect(playlist?.items.edges.at(-1)?.node.track?.id).toBe('Track:demo:tide-10000');
    expect(playlist?.items.edges).toHaveLength(10);
    expect(playlist?.items.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true });
  });

  it('keep the place of one that is gone', async () => {
    const { playlist } = await app.execute(PLAYLIST_ITEMS, { id: 'first-watch' });
    expect(playlist?.items.totalCount).toBe(12);
    expect(playlist?.items.edges.map(({ node }) => node.track === null)).toEqual(
      Array.from({ length: 12 }, (_, place) => place === 6),
    );
  });

  it('may be none', async () => {
    const { playlist } = await app.execute(PLAYLIST_ITEMS, { id: 'empty-quay' });
    expect(playlist?.items).toMatchObject({ totalCount: 0, edges: [] });
  });
});

describe('the albums of an artist', () => {
  type Group = 'ALBUM' | 'SINGLE' | 'COMPILATION' | 'APPEARS_ON';
  const albumsOf = async (id: string, groups?: Group[]) => {
    const { artist } = await app.execute(ARTIST_ALBUMS, { id, ...(groups && { groups }) });
    return artist?.albums.edges.map(({ node }) => `${node.releaseDate} ${node.group} ${node.title}`);
  };

  it('are albums and singles, the newest first, when nothing is said', async () => {
    expect(await albumsOf('otter-and-semaphore')).toMatchInlineSnapshot(`
      [
        "2025-01-17 SINGLE Low Tide Radio",
        "2023-06-02 ALBUM Parking Lot Regatta",
        "2019 ALBUM Semaphore Love Songs",
        "2016 ALBUM Harbour Wall Demos",
      ]
    `);
  });

  it('are those of the groups that are asked for', async () => {
    expect(await albumsOf('otter-and-semaphore', ['APPEARS_ON'])).toMatchInlineSnapshot(`
      [
        "2025-03-28 APPEARS_ON Harbour Lights: A Sampler",
        "2024-10-18 APPEARS_ON Night Ferry",
        "2024-02-29 APPEARS_ON Hull Frequencies",
        "2020-07-31 APPEARS_ON Songs for Crossing Water",
      ]
    `);
    expect(await albumsOf('moebel-fuer-moewen', ['SINGLE'])).toMatchInlineSnapshot(`
      [
        "2022-09-23 SINGLE Überfahrt",
      ]
    `);
    expect(await albumsOf('various-artists', ['COMPILATION'])).toMatchInlineSnapshot(`
      [
        "2025-03-28 COMPILATION Harbour Lights: A Sampler",
        "2020-07-31 COMPILATION Songs for Crossing Water",
      ]
    `);
    expect(await albumsOf('otter-and-semaphore', [])).toEqual([]);
  });

  it('are paged', async () => {
    const first = await app.execute(ARTIST_ALBUMS, { id: 'otter-and-semaphore', first: 1 });
    expect(first.artist?.albums.pageInfo.hasNextPage).toBe(true);
    const after = first.artist?.albums.pageInfo.endCursor ?? null;
    const second = await app.execute(ARTIST_ALBUMS, { id: 'otter-and-semaphore', first: 1, after });
    expect(second.artist?.albums.edges[0]?.node.title).not.toBe(first.artist?.albums.edges[0]?.node.title);
  });
});

describe('a link', () => {
  it.each([
    ['demo:night-ferry-1-03', 'Track:demo:night-ferry-1-03'],
    ['night-ferry', 'Album:demo:night-ferry'],
    ['first-watch', 'Playlist:demo:first-watch'],
    ['Artist:demo:saltglass-choir', 'Artist:demo:saltglass-choir'],
  ])('or an id %s leads to the item, whatever its type', async (url, id) => {
    const [type] = id.split(':');
    expect((await app.execute(RESOLVE_LINK, { url })).resolveLink).toEqual({ __typename: type, id });
  });

  it('to what is not there is null', async () => {
    expect((await app.execute(RESOLVE_LINK, { url: 'demo:nothing' })).resolveLink).toBeNull();
  });

  it('elsewhere, or to a catalogue that is not set up, is refused', async () => {
    const errorsOf = async (url: string) => (await ask(app, RESOLVE_LINK, { url })).errors;
    expect(await errorsOf('https://example.com/track/1')).toMatchInlineSnapshot(`
      [
        {
          "code": "INVALID_INPUT",
          "message": ""https://example.com/track/1" is not a link to an item of Spotify or Deezer.",
          "path": "resolveLink",
        },
      ]
    `);
    expect(await errorsOf('https://open.spotify.com/track/6rqhFgbbKwnb9MLmUQDhG6')).toMatchInlineSnapshot(`
      [
        {
          "code": "INVALID_INPUT",
          "message": "No catalogue "spotify" is set up here; there is: demo, limited, broken, buggy.",
          "path": "resolveLink",
        },
      ]
    `);
    expect(await errorsOf('https://www.deezer.com/track/3135556')).toMatchInlineSnapshot(`
      [
        {
          "code": "INVALID_INPUT",
          "message": "No catalogue "deezer" is set up here; there is: demo, limited, broken, buggy.",
          "path": "resolveLink",
        },
      ]
    `);
  });
});
