import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withCoverPaths } from '../kit/covers.js';
import { startRest, type RestTestApp } from './rest-app.js';

let app: RestTestApp;
beforeAll(async () => {
  app = await startRest();
});
afterAll(() => app.stop());

interface PageOf<Item> {
  items: Item[];
  total: number;
  limit: number;
  offset: number;
  next: string | null;
  previous: string | null;
}
type Entry = { added_at: string; track: { id: string; name: string } | null };
type Listed = { id: string; album_group: string; release_date: string };

const entries = (body: Record<string, unknown>) => body['tracks'] as PageOf<Entry>;
const albumsOf = async (query: string) =>
  (await app.get(`/artist/info?${query}`)).body['albums'] as PageOf<Listed>;

describe('GET /playlist/info', () => {
  it('shows a playlist with every key that clients read, without its tracks', async () => {
    const { status, body } = await app.get('/playlist/info?id=demo:first-watch');
    expect(status).toBe(200);
    expect(withCoverPaths(body)).toMatchInlineSnapshot(`
      {
        "description": "Twelve to stay awake by.",
        "external_urls": {
          "spotify": "",
        },
        "followers": {
          "total": 0,
        },
        "id": "demo:first-watch",
        "images": [
          "/covers/demo:playlist:first-watch/640",
          "/covers/demo:playlist:first-watch/300",
          "/covers/demo:playlist:first-watch/64",
        ],
        "name": "First Watch",
        "owner": {
          "display_name": "Harbour Radio",
          "id": "demo:harbour-radio",
        },
        "snapshot_id": "5ab7806e",
        "tracks": {
          "total": 12,
        },
        "type": "playlist",
        "uri": "demo:playlist:first-watch",
      }
    `);
  });

  it('shows the first 100 tracks when requested, and where the rest is', async () => {
    const { body } = await app.get('/playlist/info?id=demo:all-hands&include_tracks=true');
    const { items, ...page } = entries(body);
    expect(items).toHaveLength(100);
    expect(page).toEqual({
      total: 137,
      limit: 100,
      offset: 0,
      next: `${app.url}/api/playlist/tracks?id=demo%3Aall-hands&limit=100&offset=100`,
      previous: null,
    });
    const rest = await fetch(page.next ?? '').then((reply) => reply.json() as Promise<PageOf<Entry>>);
    expect(rest.items).toHaveLength(37);
    expect(rest.next).toBeNull();
    const ids = [...items, ...rest.items].map(({ track }) => track?.id);
    expect(new Set(ids).size).toBe(137);
  });
});

describe('GET /playlist/metadata', () => {
  it('shows a playlist with its tracks, one of which is gone', async () => {
    const { body } = await app.get('/playlist/metadata?id=demo:first-watch');
    const { items, total } = entries(body);
    expect(body).toMatchObject({ name: 'First Watch', owner: { display_name: 'Harbour Radio' } });
    expect({ total, length: items.length }).toEqual({ total: 12, length: 12 });
    expect(items[6]).toEqual({ added_at: '2025-01-01T06:06:00.000Z', track: null });
    expect(items[0]?.track).toMatchObject({
      id: 'demo:night-ferry-1-01',
      name: 'Casting Off',
      type: 'track',
    });
  });

  it('shows an empty playlist', async () => {
    const { body } = await app.get('/playlist/metadata?id=demo:empty-quay');
    expect(entries(body)).toEqual({ items: [], total: 0, limit: 100, offset: 0, next: null, previous: null });
  });
});

describe('GET /playlist/tracks', () => {
  it('shows any page of the tracks', async () => {
    const { body } = await app.get('/playlist/tracks?id=demo:ten-thousand&limit=3&offset=9998');
    const page = body as unknown as PageOf<Entry>;
    expect(page.items.map(({ track }) => track !== null)).toEqual([true, true]);
    expect(page).toMatchObject({ total: 10_000, limit: 3, offset: 9_998, next: null });
    expect(page.previous).toBe(`${app.url}/api/playlist/tracks?id=demo%3Aten-thousand&limit=3&offset=9995`);
  });

  it('has 50 on a page, at most 100, and nothing beyond the end', async () => {
    const get = async (query: string) =>
      (await app.get(`/playlist/tracks?id=demo:all-hands${query}`)).body as unknown as PageOf<Entry>;
    expect((await get('')).items).toHaveLength(50);
    expect(await get('&limit=101')).toMatchObject({ limit: 100 });
    expect(await get('&offset=500')).toMatchObject({ items: [], total: 137, next: null });
  });
});

describe('GET /artist/info', () => {
  it('shows an artist with a page of albums, newest first', async () => {
    const { status, body } = await app.get('/artist/info?id=demo:saltglass-choir&limit=1');
    expect(status).toBe(200);
    const { albums, ...artist } = body;
    expect(withCoverPaths(artist)).toMatchInlineSnapshot(`
      {
        "external_urls": {
          "spotify": "",
        },
        "followers": {
          "total": 0,
        },
        "genres": [
          "Ambient",
          "Choral",
        ],
        "id": "demo:saltglass-choir",
        "images": [
          "/covers/demo:artist:saltglass-choir/640",
          "/covers/demo:artist:saltglass-choir/300",
          "/covers/demo:artist:saltglass-choir/64",
        ],
        "name": "Saltglass Choir",
        "popularity": 0,
        "type": "artist",
        "uri": "demo:artist:saltglass-choir",
      }
    `);
    const { items, ...page } = albums as PageOf<Listed>;
    expect(items).toHaveLength(1);
    expect(page).toMatchObject({ limit: 1, offset: 0, previous: null });
    expect(page.next).toBe(`${app.url}/api/artist/info?id=demo%3Asaltglass-choir&limit=1&offset=1`);
  });

  it('shows albums of all groups, each with its group', async () => {
    const found = await Promise.all(
      ['saltglass-choir', 'brass-meridian-nine', 'otter-and-semaphore', 'various-artists'].map((slug) =>
        albumsOf(`id=demo:${slug}&limit=50`),
      ),
    );
    const groups = found.flatMap(({ items }) => items.map((album) => album.album_group));
    expect([...new Set(groups)].sort()).toEqual(['album', 'appears_on', 'compilation', 'single']);
    for (const { items, total } of found) {
      expect(items).toHaveLength(total);
      const dates = items.map((album) => album.release_date);
      expect(dates).toEqual([...dates].sort().reverse());
    }
  });

  it('has 10 albums on a page, at most 50', async () => {
    expect(await albumsOf('id=demo:saltglass-choir')).toMatchObject({ limit: 10, offset: 0 });
    expect(await albumsOf('id=demo:saltglass-choir&limit=51')).toMatchObject({ limit: 50 });
  });
});

describe.each(['/playlist/info', '/playlist/metadata', '/playlist/tracks', '/artist/info'])(
  'GET %s',
  (path) => {
    it('responds 404 for what the catalog does not have', async () => {
      const { status, body } = await app.get(`${path}?id=demo:no-such-thing`);
      const error = path.startsWith('/artist') ? 'Artist not found' : 'Playlist not found';
      expect({ status, body }).toEqual({ status: 404, body: { error, detail: error } });
    });

    it.each([
      '',
      '?id=',
      '?id=..',
      '?id=a%2Fb',
      '?id=demo:%2e%2e',
      '?id=a%00b',
      `?id=${'x'.repeat(501)}`,
      '?id=nowhere:x',
    ])('rejects %s before any catalog request', async (query) => {
      const { status, body } = await app.get(`${path}${query}`);
      expect(status).toBe(400);
      expect(body['detail']).toBe(body['error']);
    });
  },
);

describe('the page of a list', () => {
  it.each([
    ['/artist/info?id=demo:saltglass-choir&limit=0', 'limit'],
    ['/artist/info?id=demo:saltglass-choir&offset=-1', 'offset'],
    ['/playlist/tracks?id=demo:all-hands&limit=x', 'limit'],
    ['/playlist/tracks?id=demo:all-hands&offset=1e3', 'offset'],
    ['/playlist/info?id=demo:all-hands&include_tracks=perhaps', 'include_tracks'],
  ])('rejects %s and names the field', async (path, field) => {
    const { status, body } = await app.get(path);
    expect({ status, details: body['details'] }).toEqual({ status: 400, details: { field } });
  });
});
