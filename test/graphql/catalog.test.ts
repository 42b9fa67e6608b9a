import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { graphql } from '../../src/generated/documents/gql.js';
import type { AlbumTracksQuery } from '../../src/generated/documents/graphql.js';
import { ask, cursorAt } from '../kit/ask.js';
import {
  ALBUM_BY_ID,
  ALBUM_TRACKS,
  ARTIST_ALBUMS,
  ARTIST_BY_ID,
  NODE,
  PLAYLIST_BY_ID,
  PLAYLIST_ITEMS,
  RESOLVE_ITEM,
  TRACK_BY_ID,
} from '../kit/catalog-documents.js';
import { withCoverPaths } from '../kit/covers.js';
import { startApp, type TestApp } from '../kit/start-app.js';

const BY_ID_OF_ANY_TYPE = graphql(`
  query ByIdOfAnyType(
    $id: ID!
    $track: Boolean!
    $album: Boolean!
    $playlist: Boolean!
    $artist: Boolean!
    $show: Boolean!
    $episode: Boolean!
  ) {
    track(id: $id) @include(if: $track) {
      id
    }
    album(id: $id) @include(if: $album) {
      id
    }
    playlist(id: $id) @include(if: $playlist) {
      id
    }
    artist(id: $id) @include(if: $artist) {
      id
    }
    show(id: $id) @include(if: $show) {
      id
    }
    episode(id: $id) @include(if: $episode) {
      id
    }
  }
`);

const onlyType = (type: string) => ({
  ...{ track: type === 'Track', album: type === 'Album', playlist: type === 'Playlist' },
  ...{ artist: type === 'Artist', show: type === 'Show', episode: type === 'Episode' },
});

let app: TestApp;
beforeAll(async () => {
  app = await startApp({ env: { role: 'api' } });
});
afterAll(() => app?.stop());

describe('a track, an album, a playlist and an artist', () => {
  it('have all the fields that their catalog provides', async () => {
    expect((await app.execute(TRACK_BY_ID, { id: 'night-ferry-1-05' })).track).toMatchInlineSnapshot(`
      {
        "album": {
          "artists": [
            {
              "name": "Saltglass Choir",
            },
          ],
          "discCount": 1,
          "id": "Album:demo:night-ferry",
          "title": "Night Ferry",
          "trackCount": 9,
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
    const { album } = await app.execute(ALBUM_BY_ID, { id: 'night-ferry' });
    expect(withCoverPaths(album)).toMatchInlineSnapshot(`
      {
        "artists": [
          {
            "name": "Saltglass Choir",
          },
        ],
        "catalog": "demo",
        "copyright": "℗ 2024 Harbour Light Recordings, which is invented; the audio is CC0",
        "discCount": 1,
        "genres": [
          "Ambient",
        ],
        "group": "ALBUM",
        "id": "Album:demo:night-ferry",
        "images": [
          "/covers/demo:album:night-ferry/640",
          "/covers/demo:album:night-ferry/300",
          "/covers/demo:album:night-ferry/64",
        ],
        "label": "Harbour Light Recordings",
        "releaseDate": "2024-10-18",
        "title": "Night Ferry",
        "trackCount": 9,
        "upc": "400000000015",
        "url": null,
      }
    `);
    expect((await app.execute(PLAYLIST_BY_ID, { id: 'first-watch' })).playlist).toMatchInlineSnapshot(`
      {
        "catalog": "demo",
        "description": "Twelve to stay awake by.",
        "entryCount": 12,
        "id": "Playlist:demo:first-watch",
        "ownerName": "Harbour Radio",
        "revision": "5ab7806e",
        "title": "First Watch",
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

  it('are found by the ids that they return', async () => {
    const album = (await app.execute(ALBUM_BY_ID, { id: 'Album:demo:night-ferry' })).album;
    const playlist = (await app.execute(PLAYLIST_BY_ID, { id: 'Playlist:demo:first-watch' })).playlist;
    const artist = (await app.execute(ARTIST_BY_ID, { id: 'Artist:demo:saltglass-choir' })).artist;
    expect([album?.id, playlist?.id, artist?.id]).toEqual([
      'Album:demo:night-ferry',
      'Playlist:demo:first-watch',
      'Artist:demo:saltglass-choir',
    ]);
  });

  it('are null when the catalog does not have them', async () => {
    expect((await app.execute(TRACK_BY_ID, { id: 'no-such-track' })).track).toBeNull();
    expect((await app.execute(ALBUM_BY_ID, { id: 'demo:no-such-album' })).album).toBeNull();
    expect((await app.execute(PLAYLIST_BY_ID, { id: 'Playlist:demo:nothing' })).playlist).toBeNull();
    expect((await app.execute(ARTIST_BY_ID, { id: 'nobody' })).artist).toBeNull();
  });

  it.each(['Track', 'Album', 'Playlist', 'Artist', 'Show', 'Episode'])(
    'are rejected with an id that names another type than %s, which the message names',
    async (type) => {
      const other = type === 'Album' ? 'Track:demo:night-ferry-1-03' : 'Album:demo:night-ferry';
      for (const id of [other, other.replace(/^(\w+):demo/, (_, name: string) => `demo:${name}`)]) {
        const { data, errors } = await ask(app, BY_ID_OF_ANY_TYPE, { id, ...onlyType(type) });
        expect(data).toEqual({ [type.toLowerCase()]: null });
        expect(errors).toEqual([
          {
            message: `"${id}" is not an id of the type ${type}; expected: ${type}:<provider>:<id>.`,
            path: type.toLowerCase(),
            code: 'INVALID_INPUT',
          },
        ]);
      }
    },
  );

  it('are null when the catalog has the id under another type', async () => {
    expect((await app.execute(ALBUM_BY_ID, { id: 'demo:night-ferry-1-03' })).album).toBeNull();
  });

  it.each([
    ['', 'track'],
    ['no good', 'track'],
    ['../../etc/passwd', 'track'],
    ['Track:', 'track'],
    ['x'.repeat(2_000), 'track'],
    ['nowhere:3135556', 'track'],
  ])('reject the id "%s" and say what is allowed', async (id, path) => {
    const { data, errors } = await ask(app, TRACK_BY_ID, { id });
    expect(data).toEqual({ track: null });
    expect(errors).toEqual([expect.objectContaining({ code: 'INVALID_INPUT', path })]);
    expect(errors[0]?.message).toMatch(/allowed: |available: /);
    expect(errors[0]?.message.length).toBeLessThan(400);
  });

  it('do not fail the other fields of a query when one id is malformed', async () => {
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

  it.each(['Track:demo:no-such-track', 'Task:00000000-0000-4000-8000-000000000000'])(
    'is null for %s',
    async (id) => {
      expect((await app.execute(NODE, { id })).node).toBeNull();
    },
  );

  it.each(['', 'nothing', ':', 'Track:no good', 'Track:Album:demo:night-ferry', 'Task:42'])(
    'rejects "%s" as malformed',
    async (id) => {
      const { data, errors } = await ask(app, NODE, { id });
      expect(data).toEqual({ node: null });
      expect(errors).toEqual([expect.objectContaining({ code: 'INVALID_INPUT', path: 'node' })]);
    },
  );

  it.each(['Nothing:1', 'PageInfo:1'])('rejects %s, which is not the id of a node type', async (id) => {
    const { errors } = await ask(app, NODE, { id });
    expect(errors).toEqual([
      {
        message: expect.stringMatching(
          /^"\w+:1" is not the id of a node; expected: .* Album, .* Task, /,
        ) as string,
        ...{ code: 'INVALID_INPUT', path: 'node' },
      },
    ]);
  });

  it('is null for a user that does not exist', async () => {
    expect((await app.execute(NODE, { id: 'User:00000000-0000-4000-8000-000000000000' })).node).toBeNull();
  });

  it('rejects a malformed user id', async () => {
    const { errors } = await ask(app, NODE, { id: 'User:42' });
    expect(errors).toEqual([expect.objectContaining({ code: 'INVALID_INPUT', path: 'node' })]);
  });
});

describe('the tracks of an album', () => {
  it('are paged disc by disc', async () => {
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

  it('reject an invalid page', async () => {
    const { errors } = await ask(app, ALBUM_TRACKS, { id: 'night-ferry', first: -1 });
    expect(errors).toEqual([
      {
        message: '"first" is -1; it must be between 0 and 100.',
        path: 'album.tracks',
        code: 'INVALID_INPUT',
      },
    ]);
  });
});

describe('the entries of a playlist', () => {
  it('are there deep inside a playlist of 10,000', async () => {
    const page = { id: 'ten-thousand', first: 3, after: cursorAt(8999) };
    const { playlist } = await app.execute(PLAYLIST_ITEMS, page);
    expect(playlist?.items).toMatchInlineSnapshot(`
      {
        "edges": [
          {
            "cursor": "b2Zmc2V0OjkwMDA",
            "node": {
              "addedAt": "2025-01-07T12:00:00.000Z",
              "track": {
                "id": "Track:demo:tide-09001",
              },
            },
          },
          {
            "cursor": "b2Zmc2V0OjkwMDE",
            "node": {
              "addedAt": "2025-01-07T12:01:00.000Z",
              "track": {
                "id": "Track:demo:tide-09002",
              },
            },
          },
          {
            "cursor": "b2Zmc2V0OjkwMDI",
            "node": {
              "addedAt": "2025-01-07T12:02:00.000Z",
              "track": {
                "id": "Track:demo:tide-09003",
              },
            },
          },
        ],
        "pageInfo": {
          "endCursor": "b2Zmc2V0OjkwMDI",
          "hasNextPage": true,
          "hasPreviousPage": true,
        },
        "totalCount": 10000,
      }
    `);
  });

  it('end where the playlist does', async () => {
    const page = { id: 'ten-thousand', first: 100, after: cursorAt(9989) };
    const { playlist } = await app.execute(PLAYLIST_ITEMS, page);
    expect(playlist?.items.edges.at(-1)?.node.track?.id).toBe('Track:demo:tide-10000');
    expect(playlist?.items.edges).toHaveLength(10);
    expect(playlist?.items.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true });
  });

  it('keep the position of an entry that is gone', async () => {
    const { playlist } = await app.execute(PLAYLIST_ITEMS, { id: 'first-watch' });
    expect(playlist?.items.totalCount).toBe(12);
    expect(playlist?.items.edges.map(({ node }) => node.track === null)).toEqual(
      Array.from({ length: 12 }, (_, place) => place === 6),
    );
  });

  it('may be empty', async () => {
    const { playlist } = await app.execute(PLAYLIST_ITEMS, { id: 'empty-quay' });
    expect(playlist?.items).toMatchObject({ totalCount: 0, edges: [] });
  });
});

describe('the albums of an artist', () => {
  type Group = 'ALBUM' | 'SINGLE' | 'COMPILATION' | 'APPEARS_ON';
  const albumsOf = async (id: string, groups?: Group[] | null) => {
    const { artist } = await app.execute(ARTIST_ALBUMS, { id, ...(groups !== undefined && { groups }) });
    return artist?.albums.edges.map(({ node }) => `${node.releaseDate} ${node.group} ${node.title}`);
  };

  it('are albums and singles, newest first, by default', async () => {
    expect(await albumsOf('otter-and-semaphore')).toMatchInlineSnapshot(`
      [
        "2025-01-17 SINGLE Low Tide Radio",
        "2023-06-02 ALBUM Parking Lot Regatta",
        "2019 ALBUM Semaphore Love Songs",
        "2016 ALBUM Harbour Wall Demos",
      ]
    `);
  });

  it('are limited to the requested groups', async () => {
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

  it('are albums and singles with null in place of groups', async () => {
    expect(await albumsOf('otter-and-semaphore', null)).toEqual(await albumsOf('otter-and-semaphore'));
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
  ])('or an id %s resolves to the item, whatever its type', async (url, id) => {
    const [type] = id.split(':');
    expect((await app.execute(RESOLVE_ITEM, { item: url })).resolveItem).toEqual({ __typename: type, id });
  });

  it('to a missing item is null', async () => {
    expect((await app.execute(RESOLVE_ITEM, { item: 'demo:nothing' })).resolveItem).toBeNull();
  });

  it('to another site, or to a catalog that is not set up, is rejected', async () => {
    const errorsOf = async (url: string) => (await ask(app, RESOLVE_ITEM, { item: url })).errors;
    expect(await errorsOf('https://example.com/track/1')).toMatchInlineSnapshot(`
      [
        {
          "code": "INVALID_INPUT",
          "message": ""https://example.com/track/1" is not a link to an item of Spotify, Deezer or MusicBrainz.",
          "path": "resolveItem",
        },
      ]
    `);
    expect(await errorsOf('https://open.spotify.com/track/6rqhFgbbKwnb9MLmUQDhG6')).toMatchInlineSnapshot(`
      [
        {
          "code": "CATALOG_ITEM_NOT_FOUND",
          "message": "The catalog "spotify" is not set up here: enter the client id and secret of an app with the mutation setSpotifyApp or PUT /api/credentials/spotify_api_config. Until then, use an item of: demo.",
          "path": "resolveItem",
        },
      ]
    `);
    expect(await errorsOf('https://www.deezer.com/track/3135556')).toMatchInlineSnapshot(`
      [
        {
          "code": "CATALOG_ITEM_NOT_FOUND",
          "message": "The catalog "deezer" is not set up here: it is off with CATALOG=demo; set CATALOG to deezer and start Reprise again. Until then, use an item of: demo.",
          "path": "resolveItem",
        },
      ]
    `);
  });
});
