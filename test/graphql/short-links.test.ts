import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { graphql } from '../../src/generated/documents/gql.js';
import { ask } from '../kit/ask.js';
import { RESOLVE_ITEM } from '../kit/catalog-documents.js';
import { makeAlbum, makePlaylist, makeTrack } from '../kit/catalog-items.js';
import { startApp, type TestApp } from '../kit/start-app.js';
import { createStubCatalog } from '../kit/stub-catalog.js';
import { serveWeb, type WebProxy } from '../kit/web-proxy.js';

const S = '6rqhFgbbKwnb9MLmUQDhG6';

const QUEUE = graphql(`
  mutation QueueShortLink($item: String!) {
    queueDownload(input: { item: $item }) {
      __typename
      ... on DownloadQueued {
        task {
          title
        }
      }
      ... on Error {
        code
        message
      }
    }
  }
`);

/** What the shorteners answer, by host and path; a text is where they redirect to. */
const answers = new Map<string, string | ((response: ServerResponse) => unknown)>();
const requests: string[] = [];

function answer({ headers, url = '' }: IncomingMessage, response: ServerResponse): void {
  const key = `${headers.host}${url}`;
  requests.push(key);
  const found = answers.get(key);
  if (typeof found === 'string') response.writeHead(302, { location: found }).end();
  else if (found) found(response);
  else response.writeHead(404).end('<html>');
}

let web: WebProxy;
let app: TestApp;

beforeAll(async () => {
  web = await serveWeb(answer);
  const catalogs = ['spotify', 'deezer'].map((provider) =>
    createStubCatalog(provider, {
      findTrack: (id) => Promise.resolve(makeTrack(id)),
      findAlbum: (id) => Promise.resolve(makeAlbum(id)),
      findPlaylist: (id) => Promise.resolve(makePlaylist(id)),
    }),
  );
  app = await startApp({ env: { role: 'api', httpProxy: web.url }, overrides: { catalogs } });
});
afterAll(async () => {
  await app.stop();
  await web.stop();
});
beforeEach(() => {
  answers.clear();
  requests.length = 0;
  web.tunnels.length = 0;
});

/** Each has a path of its own: where a link leads is kept. */
let count = 0;
const linkAt = (host: string) => `${host}/s/${++count}`;

async function resolve(link: string) {
  const { data, errors } = await ask(app, RESOLVE_ITEM, { item: `http://${link}` });
  return { item: data?.resolveItem ?? null, error: errors[0] };
}

describe('a short link', () => {
  it.each([
    ['link.deezer.com', 'https://www.deezer.com/track/3135556?utm_source=x', 'Track:deezer:3135556'],
    ['deezer.page.link', 'https://www.deezer.com/de/album/302127', 'Album:deezer:302127'],
    ['dzr.page.link', '//deezer.com/playlist/908', 'Playlist:deezer:908'],
    ['spotify.link', `https://open.spotify.com/track/${S}?si=1`, `Track:spotify:${S}`],
    ['spotify.app.link', `https://open.spotify.com/intl-de/album/${S}`, `Album:spotify:${S}`],
    ['spoti.fi', `https://open.spotify.com/playlist/${S}`, `Playlist:spotify:${S}`],
  ])('of %s is followed to its item, and the page itself is not requested', async (host, target, id) => {
    const link = linkAt(host);
    answers.set(link, target);
    expect((await resolve(link)).item).toMatchObject({ id });
    expect(requests).toEqual([link]);
    expect(web.tunnels.every((each) => each === `${host}:80`)).toBe(true);
  });

  it('is requested once, whoever opens it again, and is taken by queueDownload and REST too', async () => {
    const link = linkAt('link.deezer.com');
    answers.set(link, 'https://www.deezer.com/track/42');
    await resolve(link);
    expect((await app.execute(QUEUE, { item: `http://${link}` })).queueDownload).toEqual({
      __typename: 'DownloadQueued',
      task: { title: 'Track deezer:42' },
    });
    const { status, body } = await app.rest('GET', `/track/info?id=${encodeURIComponent(`http://${link}`)}`);
    expect({ status, body }).toMatchObject({ status: 200, body: { type: 'track' } });
    expect(requests).toEqual([link]);
  });

  it('may lead to another short link', async () => {
    const [first, second] = [linkAt('spoti.fi'), linkAt('spotify.link')];
    answers.set(first, `http://${second}`);
    answers.set(second, `https://open.spotify.com/track/${S}`);
    expect((await resolve(first)).item).toMatchObject({ id: `Track:spotify:${S}` });
    expect(requests).toEqual([first, second]);
  });

  it('that leads round in a circle is followed for a few steps', async () => {
    const link = linkAt('spotify.link');
    answers.set(link, `http://${link}`);
    const { error } = await resolve(link);
    expect(error?.code).toBe('INVALID_INPUT');
    expect(error?.message).toMatch(/redirects more than 4 times\. Open it in a browser/);
    expect(requests).toHaveLength(4);
  });

  it.each([
    'http://169.254.169.254/latest/meta-data/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::ffff:a9fe:a9fe]/',
    'http://2130706433/',
    'http://0x7f.1/',
    'http://0177.0.0.1/',
    'http://localhost:7171/',
    'http://10.0.0.1/track/1',
    'file:///etc/passwd',
    'ftp://open.spotify.com/track/1',
    'data:text/html,x',
    'javascript:alert(1)',
    'demo:album:night-ferry',
    'https://evil.example/track/1',
    `https://open.spotify.com.evil.example/track/${S}`,
    `https://open.spotify.com@evil.example/track/${S}`,
    'http://link.deezer.com:8080/s/1',
    'http://user:password@link.deezer.com/s/1',
    'https://www.deezer.com/login',
  ])('that leads to %s is refused in words, and nothing is requested there', async (target) => {
    const link = linkAt('link.deezer.com');
    answers.set(link, target);
    const { item, error } = await resolve(link);
    expect(item).toBeNull();
    expect(error).toMatchObject({ code: 'INVALID_INPUT', path: 'resolveItem' });
    expect(error?.message).toMatch(/leads to ".+", which is not a page of an item of Spotify, Deezer or/);
    expect(error?.message).not.toContain('password@');
    expect(requests).toEqual([link]);
    expect(web.tunnels.every((each) => each === 'link.deezer.com:80')).toBe(true);
  });

  it('is an error of its own when queued, too', async () => {
    const link = linkAt('link.deezer.com');
    answers.set(link, 'http://169.254.169.254/');
    const { queueDownload } = await app.execute(QUEUE, { item: `http://${link}` });
    expect(queueDownload).toMatchObject({ __typename: 'InvalidItem', code: 'INVALID_ITEM' });
  });

  it('that its service does not know is an item that does not exist', async () => {
    const link = linkAt('link.deezer.com');
    expect(await resolve(link)).toEqual({ item: null, error: undefined });
    const { queueDownload } = await app.execute(QUEUE, { item: `http://${link}` });
    expect(queueDownload).toMatchObject({
      __typename: 'CatalogItemNotFound',
      message: `"http://${link}" leads nowhere: link.deezer.com does not know it.`,
    });
  });

  it.each([
    ['a page', (response: ServerResponse) => response.end('<html>Get the app</html>')],
    ['a redirect without an address', (response: ServerResponse) => response.writeHead(302).end()],
    [
      'an address that is not one',
      (response: ServerResponse) => response.writeHead(302, { location: 'http://[' }).end(),
    ],
  ])('that is answered with %s has a remedy', async (_what, send) => {
    const link = linkAt('spotify.link');
    answers.set(link, send);
    const { error } = await resolve(link);
    expect(error?.code).toBe('INVALID_INPUT');
    expect(error?.message).toMatch(/does not say where it leads \(status \d+\)\. Open it in a browser/);
  });

  it('waits as long as its service says', async () => {
    const link = linkAt('spotify.link');
    answers.set(link, (response) => response.writeHead(429, { 'retry-after': '86400' }).end());
    const { error } = await resolve(link);
    expect(error?.code).toBe('UPSTREAM_LIMITED');
    const before = requests.length;
    expect((await resolve(linkAt('spotify.link'))).error?.code).toBe('UPSTREAM_LIMITED');
    expect(requests).toHaveLength(before);
    const other = linkAt('link.deezer.com');
    answers.set(other, 'https://www.deezer.com/track/1');
    expect((await resolve(other)).item).toMatchObject({ id: 'Track:deezer:1' });
  });
});
