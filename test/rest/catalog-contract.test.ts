import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UpstreamLimitedError } from '../../src/lib/errors.js';
import { makeAlbum, makeArtist, makePlaylist } from '../kit/catalog-items.js';
import { createStubCatalog } from '../kit/stub-catalog.js';
import { startRest, type RestTestApp } from './rest-app.js';

/** The contract of every catalog route. */

let app: RestTestApp;
beforeAll(async () => {
  const limited = () => Promise.reject(new UpstreamLimitedError('half', 2_500));
  const half = createStubCatalog('half', {
    findAlbum: (id) => Promise.resolve(makeAlbum(id)),
    findArtist: (id) => Promise.resolve(makeArtist(id)),
    findPlaylist: (id) => Promise.resolve(makePlaylist(id)),
    listAlbumTracks: limited,
    listArtistAlbums: limited,
    listPlaylistEntries: limited,
  });
  app = await startRest({ overrides: { catalogs: [half] } });
});
afterAll(() => app.stop());

type Body = Record<string, unknown>;
interface Page {
  items: Body[];
  total: number;
  limit: number;
  offset: number;
  next: string | null;
  previous: string | null;
}

const BY_ID = [
  ['/track/info', 'night-ferry-1-03', 'Track not found', 'track'],
  ['/album/info', 'night-ferry', 'Album not found', 'album'],
  ['/playlist/info', 'first-watch', 'Playlist not found', 'playlist'],
  ['/playlist/metadata', 'first-watch', 'Playlist not found', 'playlist'],
  ['/playlist/tracks', 'first-watch', 'Playlist not found', 'playlist'],
  ['/artist/info', 'saltglass-choir', 'Artist not found', 'artist'],
] as const;

/** With the usual limit, the largest, and where in the answer the page is. */
const PAGED = [
  ['/album/info?id=demo:hull-frequencies', 20, 50, (body: Body) => body['tracks']],
  ['/playlist/tracks?id=demo:all-hands', 50, 100, (body: Body) => body],
  ['/artist/info?id=demo:otter-and-semaphore', 10, 50, (body: Body) => body['albums']],
] as const;

describe.each(BY_ID)('GET %s', (path, slug, notFound, type) => {
  it('accepts every form of an id that names its type', async () => {
    const { status, body } = await app.get(`${path}?id=demo:${slug}`);
    expect(status).toBe(200);
    for (const id of [slug, `${type}:demo:${slug}`, `demo:${type}:${slug}`, `%20demo:${slug}%20`]) {
      const reply = await app.get(`${path}?id=${id}`);
      expect(reply.status).toBe(200);
      expect(withoutAddresses(reply.body)).toEqual(withoutAddresses(body));
    }
  });

  it('responds 404 for a missing item or one of another type', async () => {
    const other = type === 'artist' ? 'Album:demo:night-ferry' : 'Artist:demo:saltglass-choir';
    for (const id of ['demo:no-such-thing', other]) {
      expect(await app.get(`${path}?id=${id}`)).toMatchObject({
        status: 404,
        body: { error: notFound, detail: notFound },
      });
    }
  });

  it.each(['', '?id=', '?id=%20'])('responds 400 to %j and names the field', async (query) => {
    const { status, body } = await app.get(`${path}${query}`);
    const error = 'id: required, 1 to 500 characters';
    expect({ status, body }).toEqual({
      status: 400,
      body: { error, detail: error, details: { field: 'id' } },
    });
  });

  it.each(['id=..', 'id=a/b', 'id=demo:%2e%2e', 'id=a%00b', 'id=spotify:x', 'id=nowhere:x', 'id=a&id=b'])(
    'responds 400 to %s',
    async (query) => {
      const { status, body } = await app.get(`${path}?${query}`);
      expect(status).toBe(400);
      expect(body['error']).toEqual(expect.any(String));
      expect(body['detail']).toBe(body['error']);
    },
  );
});

/** Those of following pages repeat the id as it was given. */
function withoutAddresses(body: Body): unknown {
  return JSON.parse(JSON.stringify(body).replaceAll(/"http:[^"]*"/g, '""'));
}

describe.each(PAGED)('GET %s', (path, usual, largest, pick) => {
  const page = async (query: string) => pick((await app.get(`${path}${query}`)).body) as Page;

  it('has a default page size, and clamps larger ones to a maximum', async () => {
    expect(await page('')).toMatchObject({ limit: usual, offset: 0, previous: null });
    for (const limit of [largest, largest + 1, 2_147_483_647]) {
      expect((await page(`&limit=${limit}`)).limit).toBe(largest);
    }
    expect((await page('&limit=1')).items).toHaveLength(1);
  });

  it('is paged forwards and backwards by its links', async () => {
    const whole: Body[] = [];
    for (let offset = 0, total = 1; offset < total; offset += largest) {
      const part = await page(`&limit=${largest}&offset=${offset}`);
      whole.push(...part.items);
      total = part.total;
    }
    const limit = Math.ceil(whole.length / 3);
    const seen: Body[] = [];
    let last = await page(`&limit=${limit}`);
    seen.push(...last.items);
    const follow = async (address: string) => pick((await (await fetch(address)).json()) as Body) as Page;
    while (last.next) {
      last = await follow(last.next);
      seen.push(...last.items);
    }
    expect(seen).toEqual(whole);
    expect(last.offset).toBe(2 * limit);
    const back = await follow(last.previous ?? '');
    expect(back.items).toEqual(whole.slice(limit, 2 * limit));
    expect((await follow(back.previous ?? '')).previous).toBeNull();
  });

  it('has an empty page beyond the end', async () => {
    const offset = 100_000;
    const { items, total, next, ...rest } = await page(`&offset=${offset}`);
    expect({ items, next, offset: rest.offset }).toEqual({ items: [], next: null, offset });
    expect(total).toBeGreaterThan(0);
  });

  it.each(['limit=0', 'limit=-1', 'limit=x', 'limit=', 'limit=1.5', 'limit=2147483648', 'limit=5&limit=6'])(
    'responds 400 to %s',
    async (query) => {
      const { status, body } = await app.get(`${path}&${query}`);
      expect({ status, details: body['details'] }).toEqual({ status: 400, details: { field: 'limit' } });
    },
  );

  it.each(['offset=-1', 'offset=x', 'offset=1e3', 'offset=2147483648', 'offset=99999999999999999999'])(
    'responds 400 to %s',
    async (query) => {
      const { status, body } = await app.get(`${path}&${query}`);
      expect({ status, details: body['details'] }).toEqual({ status: 400, details: { field: 'offset' } });
    },
  );

  it('responds 503 with the seconds to wait when only its page is limited, not with half a response', async () => {
    const { status, headers, body } = await app.get(`${path.replace(/\?.*/, '')}?id=half:x`);
    expect({ status, retry: body['retry_after'] }).toEqual({ status: 503, retry: 3 });
    expect(headers.get('retry-after')).toBe('3');
  });
});

describe('the REST document', () => {
  it('describes a track', async () => {
    const { body } = await app.get('/track/info?id=demo:night-ferry-1-03');
    const { album, ...track } = body;
    expect(track).toMatchInlineSnapshot(`
      {
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
      }
    `);
    const { body: whole } = await app.get('/album/info?id=demo:night-ferry');
    const { tracks, ...shown } = whole;
    expect(album).toEqual(shown);
    expect((tracks as Page).items[2]).toEqual(body);
  });

  it('has every field that clients read for a track without an album', async () => {
    const { body } = await app.get('/track/info?id=demo:tide-00001');
    expect(body['album']).toMatchInlineSnapshot(`
      {
        "artists": [],
        "id": null,
        "images": [],
        "name": "",
        "release_date": "",
        "total_tracks": 0,
        "type": "album",
      }
    `);
  });

  it('lists playlist entries, one of which is gone', async () => {
    const { body } = await app.get('/playlist/tracks?id=demo:first-watch&limit=2&offset=5');
    const { items, ...page } = body as unknown as Page;
    const [kept, lost] = items;
    const { body: track } = await app.get(`/track/info?id=${String((kept?.['track'] as Body)['id'])}`);
    expect(kept).toEqual({ added_at: '2025-01-01T06:05:00.000Z', track });
    expect(lost).toEqual({ added_at: '2025-01-01T06:06:00.000Z', track: null });
    const base = `${app.url}/api/playlist/tracks?id=demo%3Afirst-watch&limit=2&offset=`;
    expect(page).toEqual({ total: 12, limit: 2, offset: 5, next: `${base}7`, previous: `${base}3` });
  });

  it('is the same in every route for a playlist with its tracks', async () => {
    const { body } = await app.get('/playlist/metadata?id=demo:first-watch');
    const info = await app.get('/playlist/info?id=demo:first-watch&include_tracks=true');
    expect(info.body).toEqual(body);
    const { tracks, ...playlist } = body;
    const plain = await app.get('/playlist/info?id=demo:first-watch&include_tracks=false');
    expect(plain.body).toEqual({ ...playlist, tracks: { total: 12 } });
    const listed = await app.get('/playlist/tracks?id=demo:first-watch&limit=100');
    expect(tracks).toEqual(listed.body);
  });

  it('describes an album in an artist’s list', async () => {
    const { body } = await app.get('/artist/info?id=demo:saltglass-choir&limit=50');
    const { items } = body['albums'] as Page;
    const { body: whole } = await app.get('/album/info?id=demo:night-ferry');
    const { tracks, ...album } = whole;
    expect(tracks).toBeDefined();
    expect(items.find(({ id }) => id === 'demo:night-ferry')).toEqual({ ...album, album_group: 'album' });
  });
});

describe('GET /search', () => {
  const find = async (query: string) =>
    (await app.get(`/search?${query}`)).body as unknown as Pick<Page, 'items' | 'total'>;

  it.each([
    ['track', 'night', '/track/info'],
    ['album', 'night', '/album/info'],
    ['artist', 'brass', '/artist/info'],
    ['playlist', 'hands', '/playlist/info'],
    ['show', 'hours', null],
    ['episode', 'fog', null],
  ])('returns items of type %s as their own route does', async (type, q, path) => {
    const { items, total } = await find(`q=${q}&search_type=${type}`);
    expect(items.length).toBeGreaterThan(0);
    expect(total).toBeGreaterThanOrEqual(items.length);
    for (const item of items)
      expect(item).toMatchObject({ type, id: expect.stringMatching(/^demo:/) as string });
    if (!path) return;
    const { body } = await app.get(`${path}?id=${String(items[0]?.['id'])}`);
    // A page of what belongs to it is shown with it there.
    const shown = type === 'playlist' ? body : { ...body, tracks: undefined, albums: undefined };
    expect(shown).toEqual(items[0]);
  });

  it('has 20 on a page, at most 50, and nothing beyond the end', async () => {
    expect((await find('q=a')).items).toHaveLength(20);
    expect((await find('q=a&limit=50')).items).toHaveLength(50);
    expect((await find('q=a&limit=51')).items).toHaveLength(50);
    const { total } = await find('q=a');
    expect(await find(`q=a&offset=${total}`)).toEqual({ items: [], total });
    expect(await find('q=a&offset=100000')).toEqual({ items: [], total });
  });

  it('pages to the end of the list, each item once', async () => {
    const { total } = await find('q=a');
    const offsets = Array.from({ length: Math.ceil(total / 50) }, (_, at) => at * 50);
    const pages = await Promise.all(offsets.map((offset) => find(`q=a&limit=50&offset=${offset}`)));
    const ids = pages.flatMap(({ items }) => items.map(({ id }) => id));
    expect(total).toBeGreaterThan(50);
    expect(ids).toHaveLength(total);
    expect(new Set(ids).size).toBe(total);
  });

  it('accepts an account, and prefers search_type to type', async () => {
    const plain = await find('q=night&type=album');
    expect(await find('q=night&type=album&main=anyone')).toEqual(plain);
    expect(await find('q=night&type=track&search_type=album')).toEqual(plain);
    expect((await app.get('/search?q=night&type=nonsense&search_type=album')).status).toBe(400);
  });
});
