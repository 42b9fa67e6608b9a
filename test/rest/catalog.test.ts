import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withCoverPaths } from '../kit/covers.js';
import { startRest, type RestTestApp } from './rest-app.js';

let app: RestTestApp;

beforeAll(async () => {
  app = await startRest();
});

afterAll(() => app.stop());

describe('GET /search', () => {
  it('takes 150 emoji, each of which is one character', async () => {
    for (const [emoji, total] of [
      ['🌊', 1],
      ['🧭', 0],
    ] as const) {
      const { status, body } = await app.get(`/search?q=${encodeURIComponent(emoji.repeat(150))}`);
      expect(status).toBe(200);
      expect(body).toMatchObject({ total });
    }
  });

  it('returns tracks in the format of Spotify’s Web API', async () => {
    const { status, headers, body } = await app.get('/search?q=night%20ferry&limit=1');
    expect(status).toBe(200);
    expect(headers.get('content-type')).toMatch(/^application\/json/);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(withCoverPaths(body)).toMatchInlineSnapshot(`
      {
        "items": [
          {
            "album": {
              "album_type": "album",
              "artists": [
                {
                  "external_urls": {
                    "spotify": "",
                  },
                  "id": "demo:saltglass-choir",
                  "name": "Saltglass Choir",
                  "type": "artist",
                  "uri": "demo:artist:saltglass-choir",
                },
              ],
              "copyrights": [
                {
                  "text": "℗ 2024 Harbour Light Recordings, which is invented; the audio is CC0",
                  "type": "C",
                },
              ],
              "external_ids": {
                "upc": "400000000015",
              },
              "external_urls": {
                "spotify": "",
              },
              "genres": [
                "Ambient",
              ],
              "id": "demo:night-ferry",
              "images": [
                "/covers/demo:album:night-ferry/640",
                "/covers/demo:album:night-ferry/300",
                "/covers/demo:album:night-ferry/64",
              ],
              "label": "Harbour Light Recordings",
              "name": "Night Ferry",
              "popularity": 0,
              "release_date": "2024-10-18",
              "release_date_precision": "day",
              "total_tracks": 9,
              "type": "album",
              "uri": "demo:album:night-ferry",
            },
            "artists": [
              {
                "external_urls": {
                  "spotify": "",
                },
                "id": "demo:saltglass-choir",
                "name": "Saltglass Choir",
                "type": "artist",
                "uri": "demo:artist:saltglass-choir",
              },
            ],
            "disc_number": 1,
            "duration_ms": 24000,
            "explicit": false,
            "external_ids": {
              "isrc": "XXDEM2401103",
            },
            "external_urls": {
              "spotify": "",
            },
            "id": "demo:night-ferry-1-03",
            "is_local": false,
            "name": "Night Ferry",
            "popularity": 0,
            "preview_url": null,
            "track_number": 3,
            "type": "track",
            "uri": "demo:track:night-ferry-1-03",
          },
        ],
        "total": 11,
      }
    `);
  });

  it.each([
    ['album', 'night', 'album'],
    ['artist', 'brass', 'artist'],
    ['playlist', 'hands', 'playlist'],
  ])('finds a %s', async (type, q, shown) => {
    const { status, body } = await app.get(`/search?q=${q}&search_type=${type}&limit=1`);
    expect(status).toBe(200);
    expect((body['items'] as { type: string }[]).map((item) => item.type)).toEqual([shown]);
  });

  it('shows artists and playlists with every key that clients read', async () => {
    const artist = await app.get('/search?q=brass&type=artist&limit=1');
    const playlist = await app.get('/search?q=hands&type=playlist&limit=1');
    expect(withCoverPaths([artist.body['items'], playlist.body['items']])).toMatchInlineSnapshot(`
      [
        [
          {
            "external_urls": {
              "spotify": "",
            },
            "followers": {
              "total": 0,
            },
            "genres": [
              "Brass",
              "Jazz",
            ],
            "id": "demo:brass-meridian-nine",
            "images": [
              "/covers/demo:artist:brass-meridian-nine/640",
              "/covers/demo:artist:brass-meridian-nine/300",
              "/covers/demo:artist:brass-meridian-nine/64",
            ],
            "name": "Brass Meridian Nine",
            "popularity": 0,
            "type": "artist",
            "uri": "demo:artist:brass-meridian-nine",
          },
        ],
        [
          {
            "description": "Everyone on deck.",
            "external_urls": {
              "spotify": "",
            },
            "followers": {
              "total": 0,
            },
            "id": "demo:all-hands",
            "images": [
              "/covers/demo:playlist:all-hands/640",
              "/covers/demo:playlist:all-hands/300",
              "/covers/demo:playlist:all-hands/64",
            ],
            "name": "All Hands",
            "owner": {
              "display_name": "Harbour Radio",
              "id": "demo:harbour-radio",
            },
            "snapshot_id": "248d3fb5",
            "tracks": {
              "total": 137,
            },
            "type": "playlist",
            "uri": "demo:playlist:all-hands",
          },
        ],
      ]
    `);
  });

  it('shows shows and episodes with every key that clients read', async () => {
    const show = await app.get('/search?q=kustenfunk&type=show&limit=1');
    const episode = await app.get('/search?q=fog%20signals&type=episode&limit=1');
    expect(withCoverPaths([show.body['items'], episode.body['items']])).toMatchInlineSnapshot(`
      [
        [
          {
            "description": "Drei Freunde, ein Mikrofon und Wind.",
            "explicit": true,
            "external_urls": {
              "spotify": "",
            },
            "id": "demo:kuestenfunk",
            "images": [
              "/covers/demo:show:kuestenfunk/640",
              "/covers/demo:show:kuestenfunk/300",
              "/covers/demo:show:kuestenfunk/64",
            ],
            "languages": [
              "de",
            ],
            "media_type": "audio",
            "name": "Küstenfunk",
            "publisher": "Möbel für Möwen",
            "total_episodes": 3,
            "type": "show",
            "uri": "demo:show:kuestenfunk",
          },
        ],
        [
          {
            "audio_preview_url": null,
            "description": "Bells, guns, reeds and the diaphone, loudest last.",
            "duration_ms": 1990000,
            "explicit": false,
            "external_urls": {
              "spotify": "",
            },
            "id": "demo:keepers-hours-004",
            "images": [
              "/covers/demo:episode:keepers-hours-004/640",
              "/covers/demo:episode:keepers-hours-004/300",
              "/covers/demo:episode:keepers-hours-004/64",
            ],
            "language": "en",
            "languages": [
              "en",
            ],
            "name": "Fog Signals, Ranked",
            "release_date": "2024-02-20",
            "release_date_precision": "day",
            "show": {
              "description": "Conversations about lighthouses and those who kept them.",
              "explicit": false,
              "external_urls": {
                "spotify": "",
              },
              "id": "demo:keepers-hours",
              "images": [
                "/covers/demo:show:keepers-hours/640",
                "/covers/demo:show:keepers-hours/300",
                "/covers/demo:show:keepers-hours/64",
              ],
              "languages": [
                "en",
              ],
              "media_type": "audio",
              "name": "Keeper’s Hours",
              "publisher": "Harbour Radio",
              "total_episodes": 7,
              "type": "show",
              "uri": "demo:show:keepers-hours",
            },
            "type": "episode",
            "uri": "demo:episode:keepers-hours-004",
          },
        ],
      ]
    `);
  });

  it('accepts a trailing slash, the type in any case, and either name of the parameter', async () => {
    const [plain, slash, upper, other] = await Promise.all(
      [
        '/search?q=night',
        '/search/?q=night',
        '/search?q=night&type=TRACK',
        '/search?q=night&search_type=track',
      ].map((path) => app.get(path)),
    );
    expect(plain?.status).toBe(200);
    for (const reply of [slash, upper, other]) expect(reply?.body).toEqual(plain?.body);
  });

  it('pages by limit and offset, and clamps a limit above 50', async () => {
    const first = await app.get('/search?q=a&limit=3');
    const second = await app.get('/search?q=a&limit=2&offset=1');
    const idsOf = (body: Record<string, unknown>) => (body['items'] as { id: string }[]).map(({ id }) => id);
    expect(idsOf(second.body)).toEqual(idsOf(first.body).slice(1));
    const most = await app.get('/search?q=a&limit=5000');
    expect(most.status).toBe(200);
    expect(idsOf(most.body).length).toBe(Math.min(50, most.body['total'] as number));
  });

  it.each([
    ['', 'q'],
    ['q=', 'q'],
    ['q=%20', 'q'],
    [`q=${'x'.repeat(201)}`, 'q'],
    ['q=a%00b', 'q'],
    ['q=a&type=podcast', 'type'],
    ['q=a&limit=0', 'limit'],
    ['q=a&limit=-1', 'limit'],
    ['q=a&limit=ten', 'limit'],
    ['q=a&limit=1.5', 'limit'],
    ['q=a&limit=99999999999', 'limit'],
    ['q=a&limit=99999999999999999999', 'limit'],
    ['q=a&offset=-1', 'offset'],
    ['q=a&offset=2147483648', 'offset'],
    ['q=a&q=b', 'q'],
  ])('responds 400 to ?%s and names the field', async (query, field) => {
    const { status, body } = await app.get(`/search?${query}`);
    expect(status).toBe(400);
    expect(body).toMatchObject({ error: expect.stringContaining(`${field}:`) as string, details: { field } });
    expect(body['detail']).toBe(body['error']);
  });
});

describe('GET /track/info', () => {
  it('shows a track', async () => {
    const { status, body } = await app.get('/track/info?id=demo:night-ferry-1-01');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      id: 'demo:night-ferry-1-01',
      type: 'track',
      album: { id: 'demo:night-ferry' },
    });
  });

  it('accepts any id that a response contained, and bare ids of the default catalog', async () => {
    const { body } = await app.get('/track/info?id=night-ferry-1-01');
    const again = await app.get(`/track/info?id=${String(body['id'])}`);
    expect(again.body).toEqual(body);
  });

  it('responds 404 for an unknown track', async () => {
    const { status, body } = await app.get('/track/info?id=demo:nothing');
    expect({ status, body }).toEqual({
      status: 404,
      body: { error: 'Track not found', detail: 'Track not found' },
    });
  });

  it.each(['', 'id=', 'id=a%20b', 'id=demo:a:b:c', `id=${'x'.repeat(501)}`, 'id=nowhere:1', 'id=../../etc'])(
    'responds 400 for ?%s',
    async (query) => {
      const { status, body } = await app.get(`/track/info?${query}`);
      expect(status).toBe(400);
      expect(body['error']).toEqual(expect.any(String));
    },
  );
});

describe('GET /album/info', () => {
  it('shows an album with a page of its tracks', async () => {
    const { status, body } = await app.get('/album/info?id=demo:night-ferry&limit=1');
    expect(status).toBe(200);
    const { tracks, ...album } = body as { tracks: { items: { id: string }[] } };
    expect(withCoverPaths(album)).toMatchInlineSnapshot(`
      {
        "album_type": "album",
        "artists": [
          {
            "external_urls": {
              "spotify": "",
            },
            "id": "demo:saltglass-choir",
            "name": "Saltglass Choir",
            "type": "artist",
            "uri": "demo:artist:saltglass-choir",
          },
        ],
        "copyrights": [
          {
            "text": "℗ 2024 Harbour Light Recordings, which is invented; the audio is CC0",
            "type": "C",
          },
        ],
        "external_ids": {
          "upc": "400000000015",
        },
        "external_urls": {
          "spotify": "",
        },
        "genres": [
          "Ambient",
        ],
        "id": "demo:night-ferry",
        "images": [
          "/covers/demo:album:night-ferry/640",
          "/covers/demo:album:night-ferry/300",
          "/covers/demo:album:night-ferry/64",
        ],
        "label": "Harbour Light Recordings",
        "name": "Night Ferry",
        "popularity": 0,
        "release_date": "2024-10-18",
        "release_date_precision": "day",
        "total_tracks": 9,
        "type": "album",
        "uri": "demo:album:night-ferry",
      }
    `);
    expect({ ...tracks, items: tracks.items.map(({ id }) => id), next: shorten(tracks) })
      .toMatchInlineSnapshot(`
      {
        "items": [
          "demo:night-ferry-1-01",
        ],
        "limit": 1,
        "next": "/album/info?id=demo%3Anight-ferry&limit=1&offset=1",
        "offset": 0,
        "previous": null,
        "total": 9,
      }
    `);
  });

  it('pages forth by next and back by previous, through all tracks', async () => {
    const seen: string[] = [];
    let path: string | null = '/album/info?id=demo:night-ferry&limit=2';
    let previous: string | null = null;
    while (path) {
      const reply = await app.get(path);
      const page = reply.body['tracks'] as TrackPage;
      seen.push(...page.items.map(({ id }) => id));
      path = page.next && page.next.replace(/^.*\/api/, '');
      previous = page.previous;
    }
    const { body } = await app.get('/album/info?id=demo:night-ferry&limit=50');
    expect(seen).toEqual((body['tracks'] as TrackPage).items.map(({ id }) => id));
    expect(previous).toMatch(
      /^http:\/\/127\.0\.0\.1:\d+\/api\/album\/info\?id=demo%3Anight-ferry&limit=2&offset=/,
    );
  });

  it('has an empty page beyond the end', async () => {
    const { status, body } = await app.get('/album/info?id=demo:night-ferry&offset=1000');
    expect(status).toBe(200);
    expect(body['tracks']).toMatchObject({ items: [], next: null, offset: 1000 });
  });

  it('responds 404 for an unknown album, and for a track’s id', async () => {
    const unknown = await app.get('/album/info?id=demo:nothing');
    expect(unknown).toMatchObject({
      status: 404,
      body: { error: 'Album not found', detail: 'Album not found' },
    });
    expect((await app.get('/album/info?id=demo:night-ferry-1-01')).status).toBe(404);
  });
});

interface TrackPage {
  items: { id: string }[];
  next: string | null;
  previous: string | null;
}

/** Addresses without the port, which differs from run to run. */
function shorten(page: unknown): string {
  return String((page as TrackPage).next).replace(/^.*\/api/, '');
}
