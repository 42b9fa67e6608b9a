import { isInputObjectType } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CatalogItem } from '../../src/catalog/catalog-item.js';
import { ABOUT_REFERENCE } from '../../src/catalog/item-types.graphql.js';
import { graphql } from '../../src/generated/documents/gql.js';
import { UpstreamFailedError, UpstreamLimitedError } from '../../src/lib/errors.js';
import { schema } from '../../src/schema.js';
import { ask } from '../kit/ask.js';
import { RESOLVE_ITEM } from '../kit/catalog-documents.js';
import { makeAlbum, makeArtist, makePlaylist, makeTrack } from '../kit/catalog-items.js';
import { startApp, type TestApp } from '../kit/start-app.js';
import { createStubCatalog, createTroubledCatalog } from '../kit/stub-catalog.js';

const S = '6rqhFgbbKwnb9MLmUQDhG6';
const GONE = '0000000000000000000000';

let app: TestApp;
const asked: string[] = [];

/** Has an item of each type under every id, but for those that end in noughts. */
function createFullCatalog(provider: string) {
  const give =
    <Item extends CatalogItem>(make: (id: string) => Item) =>
    (id: string) => {
      asked.push(id);
      return Promise.resolve(id.endsWith('00') ? null : make(id));
    };
  return createStubCatalog(provider, {
    findTrack: give(makeTrack),
    findAlbum: give(makeAlbum),
    findPlaylist: give(makePlaylist),
    findArtist: give(makeArtist),
  });
}

beforeAll(async () => {
  const catalogs = [
    ...['spotify', 'deezer'].map(createFullCatalog),
    createTroubledCatalog('limited', new UpstreamLimitedError('limited', 12_300)),
    createTroubledCatalog('broken', new UpstreamFailedError('broken answered with a page of HTML.')),
  ];
  app = await startApp({ env: { role: 'api' }, overrides: { catalogs, settings: { catalog: 'demo' } } });
});
afterAll(() => app.stop());

describe('resolveItem', () => {
  it.each([
    [`https://open.spotify.com/track/${S}?si=abc`, `Track:spotify:${S}`],
    [`https://open.spotify.com/intl-de/album/${S}`, `Album:spotify:${S}`],
    [`https://open.spotify.com/user/someone/playlist/${S}`, `Playlist:spotify:${S}`],
    [`open.spotify.com/artist/${S}`, `Artist:spotify:${S}`],
    [`spotify:album:${S}`, `Album:spotify:${S}`],
    [`spotify:user:someone:playlist:${S}`, `Playlist:spotify:${S}`],
    [`spotify:${S}`, `Track:spotify:${S}`],
    [S, `Track:spotify:${S}`],
    ['https://www.deezer.com/en/track/3135556', 'Track:deezer:3135556'],
    ['https://deezer.com/album/302127', 'Album:deezer:302127'],
    ['https://www.deezer.com/playlist/908', 'Playlist:deezer:908'],
    ['deezer://www.deezer.com/artist/27', 'Artist:deezer:27'],
    ['deezer:playlist:908', 'Playlist:deezer:908'],
    ['demo:track:night-ferry-1-03', 'Track:demo:night-ferry-1-03'],
    ['demo:album:night-ferry', 'Album:demo:night-ferry'],
    ['demo:playlist:first-watch', 'Playlist:demo:first-watch'],
    ['demo:artist:saltglass-choir', 'Artist:demo:saltglass-choir'],
    ['demo:show:keepers-hours', 'Show:demo:keepers-hours'],
    ['demo:episode:keepers-hours-001', 'Episode:demo:keepers-hours-001'],
    ['keepers-hours', 'Show:demo:keepers-hours'],
  ])('resolves %s to %s, and REST agrees', async (url, id) => {
    const [type = '', ...rest] = id.split(':');
    expect((await app.execute(RESOLVE_ITEM, { item: url })).resolveItem).toEqual({ __typename: type, id });
    const path = type.toLowerCase();
    if (!['track', 'album', 'playlist', 'artist'].includes(path)) return;
    const { status, body } = await app.rest('GET', `/${path}/info?id=${encodeURIComponent(url)}`);
    const shown = rest.join(':').replace(/^spotify:/, '');
    expect({ status, body }).toMatchObject({ status: 200, body: { id: shown, type: path } });
  });

  it.each([
    `https://open.spotify.com/album/${GONE}`,
    'https://www.deezer.com/playlist/100',
    'demo:album:no-such-thing',
    // Of another type than the link says.
    'demo:track:night-ferry',
  ])('returns null for %s, which the catalog does not have', async (url) => {
    expect((await app.execute(RESOLVE_ITEM, { item: url })).resolveItem).toBeNull();
  });

  it.each([
    'https://example.com/track/1',
    'https://open.spotify.com/',
    'https://open.spotify.com/track/short',
    'https://spotify.link:8443/abc',
    'https://name@spotify.link/abc',
    'spotify:track:short',
    'deezer:abc',
    'demo:album:../../etc',
    'nowhere:1',
    '',
    ' ',
    '..',
    'a\0b',
    'x'.repeat(2_000),
  ])('rejects %j before any catalog request', async (url) => {
    asked.length = 0;
    const { data, errors } = await ask(app, RESOLVE_ITEM, { item: url });
    expect(data).toEqual({ resolveItem: null });
    expect(errors).toEqual([expect.objectContaining({ code: 'INVALID_INPUT', path: 'resolveItem' })]);
    expect(errors[0]?.message.length).toBeLessThan(300);
    expect(asked).toEqual([]);
  });

  it('answers to its former name, which is deprecated', async () => {
    const document = graphql(`
      query FormerName($url: String!) {
        resolveLink(url: $url) {
          __typename
        }
      }
    `);
    const former = schema.getQueryType()?.getFields()['resolveLink'];
    expect(former?.deprecationReason).toBe('Use resolveItem.');
    const { resolveLink } = await app.execute(document, { url: 'demo:album:night-ferry' });
    expect(resolveLink).toEqual({ __typename: 'Album' });
  });

  it('takes what every argument named item takes, in the same words', () => {
    const fields = Object.values(schema.getQueryType()?.getFields() ?? {}).flatMap(({ args }) => args);
    const input = schema.getType('QueueDownloadInput');
    const inputs = isInputObjectType(input) ? Object.values(input.getFields()) : [];
    const items = [...fields, ...inputs].filter(({ name }) => name === 'item');
    expect(items).toHaveLength(3);
    for (const { description } of items) expect(description?.startsWith(ABOUT_REFERENCE)).toBe(true);
  });

  it('reports a rate-limited or failing catalog', async () => {
    const errorOf = async (url: string) => (await ask(app, RESOLVE_ITEM, { item: url })).errors[0];
    expect(await errorOf('limited:album:x')).toMatchObject({ code: 'UPSTREAM_LIMITED' });
    expect(await errorOf('broken:album:x')).toMatchObject({ code: 'UPSTREAM_FAILED' });
  });
});
