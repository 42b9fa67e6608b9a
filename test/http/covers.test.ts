import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PicturedQuery } from '../../src/generated/documents/graphql.js';
import { graphql } from '../../src/generated/documents/gql.js';
import { sendRaw } from '../kit/raw-request.js';
import { sizeOfPicture } from '../kit/covers.js';
import { createToken, startApp, type TestApp } from '../kit/start-app.js';
import { SYSTEM_VIEWER } from '../../src/auth/viewer.js';
import { systemClock } from '../../src/lib/clock.js';

const PICTURED = graphql(`
  query Pictured($album: ID!, $playlist: ID!, $artist: ID!, $show: ID!, $episode: ID!, $track: ID!) {
    album(id: $album) {
      images {
        ...ServedImage
      }
    }
    playlist(id: $playlist) {
      images {
        ...ServedImage
      }
    }
    artist(id: $artist) {
      images {
        ...ServedImage
      }
    }
    show(id: $show) {
      images {
        ...ServedImage
      }
    }
    episode(id: $episode) {
      images {
        ...ServedImage
      }
    }
    track(id: $track) {
      album {
        images {
          ...ServedImage
        }
      }
    }
  }
  fragment ServedImage on Image {
    url
    widthPx
    heightPx
  }
`);

const IDS = {
  album: 'demo:night-ferry',
  playlist: 'demo:first-watch',
  artist: 'demo:saltglass-choir',
  show: 'demo:keepers-hours',
  episode: 'demo:keepers-hours-001',
  track: 'demo:night-ferry-1-03',
};
const ALBUM = '/covers/demo:album:night-ferry';
/** An empty header, because a suite may give each request a token. */
const nobody = { authorization: '' };

let app: TestApp;
let now = systemClock.now();
let token: string;

beforeAll(async () => {
  const clock = { now: () => now };
  app = await startApp({ env: { authEnabled: true, tokenHours: 10_000 }, overrides: { clock } });
  token = await createToken(app, SYSTEM_VIEWER);
});

afterAll(() => app.stop());

const get = (address: string, headers: Record<string, string> = {}) =>
  fetch(new URL(address, app.url), { headers: { ...nobody, ...headers } });

async function picturesOf(target: TestApp, headers: Record<string, string> = {}) {
  const response = await fetch(`${target.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, ...headers },
    body: JSON.stringify({ query: PICTURED.toString(), variables: IDS }),
  });
  const { data } = (await response.json()) as { data: PicturedQuery };
  const { track, ...items } = data;
  return Object.entries({ ...items, track: track?.album }).map(([name, item]) => ({
    name,
    images: item?.images ?? [],
  }));
}

const addressOf = async (): Promise<string> => (await picturesOf(app))[0]?.images[0]?.url ?? '';

describe('the pictures of an item', () => {
  it('have addresses that show them without a token, in each size that is stated', async () => {
    for (const { name, images } of await picturesOf(app)) {
      expect(images.map(({ widthPx }) => widthPx)).toEqual([640, 300, 64]);
      for (const { url, widthPx, heightPx } of images) {
        const response = await get(url);
        expect([name, response.status, response.headers.get('content-type')]).toEqual([
          name,
          200,
          'image/jpeg',
        ]);
        const bytes = new Uint8Array(await response.arrayBuffer());
        expect(await sizeOfPicture(bytes)).toEqual({ format: 'jpeg', size: `${widthPx}x${heightPx}` });
      }
    }
  });

  it('are WebP for who accepts it, and caches keep both apart', async () => {
    const address = await addressOf();
    const types = ['image/avif,image/webp,image/*;q=0.8', 'image/webp;q=0, image/png', '*/*', ''].map(
      async (accept) => (await get(address, { accept })).headers.get('content-type'),
    );
    expect(await Promise.all(types)).toEqual(['image/webp', 'image/jpeg', 'image/jpeg', 'image/jpeg']);
    const { headers } = await get(address, { accept: 'image/webp' });
    expect(headers.get('vary')).toMatch(/accept/);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toMatch(/default-src 'none'/);
  });

  it('may be kept for a day, and are not sent again to who has them', async () => {
    const address = await addressOf();
    const { headers } = await get(address);
    expect(headers.get('cache-control')).toBe('private, max-age=86400, stale-while-revalidate=604800');
    const etag = headers.get('etag') ?? '';
    const again = await get(address, { 'if-none-match': `W/"old", ${etag}` });
    expect([again.status, await again.text(), again.headers.get('etag')]).toEqual([304, '', etag]);
    expect((await get(address, { 'if-none-match': '"other"' })).status).toBe(200);
    const webp = await get(address, { accept: 'image/webp', 'if-none-match': etag });
    expect(webp.status).toBe(200);
  });

  it('have the same address all day, which ends after three', async () => {
    const start = Date.UTC(2026, 10, 28);
    now = new Date(start);
    const address = await addressOf();
    now = new Date(start + 86_399_000);
    expect(await addressOf()).toBe(address);
    now = new Date(start + 86_400_000);
    expect(await addressOf()).not.toBe(address);
    now = new Date(start + 3 * 86_400_000 - 1_000);
    expect((await get(address)).status).toBe(200);
    now = new Date(start + 3 * 86_400_000);
    expect((await get(address)).status).toBe(401);
    now = systemClock.now();
  });

  it('are not shown to others: without a signature, with that of another item, or a changed one', async () => {
    const url = new URL(await addressOf());
    const signed = url.search;
    const changed = [
      `${ALBUM}/300`,
      `${ALBUM}/300?expires=99999999999`,
      `/covers/demo:album:kuestennebel/300${signed}`,
      `/covers/demo:artist:night-ferry/300${signed}`,
      `${ALBUM}/300${signed.replace(/expires=\d/, 'expires=9')}`,
      `${ALBUM}/300${signed.slice(0, -1)}`,
      `${ALBUM}/300${signed.replace(/signature=..../, 'signature=AAAA')}`,
      `${ALBUM}/300?expires=1e99&signature=${url.searchParams.get('signature')}`,
    ];
    for (const address of changed) {
      const response = await get(address);
      expect([address, response.status]).toEqual([address, 401]);
      expect(response.headers.get('cache-control')).toBe('no-store');
    }
    expect((await get(`${ALBUM}/300${signed}`)).status).toBe(200);
  });

  it('are shown to who sends a token', async () => {
    expect((await get(`${ALBUM}/64`, { authorization: `Bearer ${token}` })).status).toBe(200);
    expect((await get(`${ALBUM}/64`, { authorization: `Bearer ${token}x` })).status).toBe(401);
  });

  it('are only what an address of an item names', async () => {
    const paths = [
      '/covers/demo:album:night-ferry/128',
      '/covers/demo:album:night-ferry/64.jpg',
      '/covers/demo:album:night-ferry/64/64',
      '/covers/demo:album:night-ferry',
      '/covers/demo:album:no-such-album/64',
      '/covers/demo:track:tide-00001/64',
      '/covers/deezer:album:302127/64',
      '/covers/http:%2f%2f169.254.169.254%2flatest/64',
      '/covers/..%2f..%2fetc%2fpasswd/64',
      '/covers/%2e%2e/%2e%2e/etc/passwd',
      '/covers/demo:album:..%5c..%5csecret.key/64',
      '/covers/demo:album:%00/64',
      '/covers/%/64',
      '/covers//64',
    ];
    for (const path of paths) {
      const { status, headers } = await sendRaw(app.url, {
        method: 'GET',
        path,
        headers: { authorization: `Bearer ${token}` },
      });
      expect([path, status]).toEqual([path, 404]);
      expect(headers['content-type']).toMatch(/^application\/json/);
    }
  });

  it('are read only, and HEAD returns what GET would without the picture', async () => {
    const headers = { authorization: `Bearer ${token}` };
    const head = await sendRaw(app.url, { method: 'HEAD', path: `${ALBUM}/64`, headers });
    expect([head.status, head.headers['content-type'], head.text]).toEqual([200, 'image/jpeg', '']);
    expect(Number(head.headers['content-length'])).toBeGreaterThan(100);
    const post = await sendRaw(app.url, { method: 'POST', path: `${ALBUM}/64`, headers });
    expect(post.status).toBe(404);
  });
});

describe('pictures without authentication', () => {
  it('have plain addresses below the public one, which any cache may keep', async () => {
    const open = await startApp({ env: { authEnabled: false, publicUrl: 'https://example.org/music' } });
    try {
      const headers = { host: 'example.org' };
      const reply = await sendRaw(open.url, {
        method: 'GET',
        path: '/music/api/album/info?id=demo:night-ferry&limit=1',
        headers,
      });
      const { images } = JSON.parse(reply.text) as {
        images: { url: string; width: number; height: number }[];
      };
      expect(images[1]).toEqual({
        url: 'https://example.org/music/covers/demo:album:night-ferry/300',
        width: 300,
        height: 300,
      });
      const cover = await sendRaw(open.url, {
        method: 'GET',
        path: '/music/covers/demo:album:night-ferry/300',
        headers,
      });
      expect([cover.status, cover.headers['cache-control']]).toEqual([
        200,
        'public, max-age=86400, stale-while-revalidate=604800',
      ]);
    } finally {
      await open.stop();
    }
  });
});
