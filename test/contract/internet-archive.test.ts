import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { buffer } from 'node:stream/consumers';
import type { Track } from '../../src/catalog/catalog-item.js';
import { ARCHIVE_FORMATS, type ArchiveFormat } from '../../src/env-outbound.js';
import type { Service } from '../../src/outbound/outbound.js';
import {
  openInternetArchive,
  type OpenedArchive,
} from '../../src/upstream/internet-archive/open-internet-archive.js';
import { openLicenceOf } from '../../src/upstream/open-licence.js';
import { PATH_TITLE, startArchiveServer, type ArchiveServer } from '../kit/archive-server.js';
import { makeAlbum, makeTrack } from '../kit/catalog-items.js';
import { createAdapterDeps, type AdapterDeps } from '../kit/open-music.js';
import { withoutLimits } from '../kit/open-deezer.js';
import { describeAudioSource } from './audio-source.js';
import { describeCatalogSource } from './catalog-source.js';

let server: ArchiveServer;
let deps: AdapterDeps;
let own: Track | null;
let opened: OpenedArchive;
beforeAll(async () => {
  [server, deps] = await Promise.all([startArchiveServer(), createAdapterDeps()]);
  opened = open({ cache: deps.cache });
  const { items } = await opened.catalog.listAlbumTracks(ALBUM, { offset: 0, limit: 1 }, signal());
  own = items[0] ?? null;
});
afterAll(async () => {
  await Promise.all([server?.stop(), deps?.close()]);
});
beforeEach(() => {
  server.requests.length = 0;
});

const signal = () => new AbortController().signal;
const ALBUM = 'internet-archive:kelp-slow-weather';
const kelp = [{ id: 'elsewhere:1', name: 'Kelp & Lantern' }];
const wanted = (own: Partial<Track>) =>
  makeTrack('elsewhere:2', { artists: kelp, durationMs: 5_000, ...own });
const byTitle = wanted({
  title: 'Slow Weather, 2',
  album: makeAlbum('elsewhere:3', { title: 'Slow Weather' }),
});

interface Options {
  cache?: AdapterDeps['cache'];
  formats?: readonly ArchiveFormat[];
}

/** Nothing is kept unless the test is about it. */
function open({ cache = deps.noCache, formats = ARCHIVE_FORMATS }: Options = {}): OpenedArchive {
  const outbound = withoutLimits(deps.outbound);
  return openInternetArchive({ outbound, cache, url: server.url, collections: ['netlabels'], formats });
}

describeCatalogSource('Internet Archive', () => ({
  catalog: opened.catalog,
  words: { TRACK: 'weather', ALBUM: 'kelp', ARTIST: 'lantern' },
  track: own?.id ?? '',
  album: ALBUM,
  playlist: null,
  artist: own?.artists[0]?.id ?? '',
  show: null,
  episode: null,
  missing: 'internet-archive:nothing.0123456789abcdef',
}));

describeAudioSource('Internet Archive', () => ({
  source: opened.source,
  byIsrc: null,
  byTitle,
  own,
  missing: wanted({ title: 'Nothing of the Kind', durationMs: 200_000 }),
  licence: /^https?:\/\/creativecommons\.org\/(?:licenses|publicdomain)\//,
}));

/** Of one request, before it fails. */
const TRIES = 3;

const messageOf = (request: Promise<unknown>) =>
  request.then(
    () => null,
    (thrown: unknown) => (thrown as Error).message,
  );

describe('a license of the Internet Archive', () => {
  it.each([
    ['http://creativecommons.org/licenses/by-nc-nd/3.0/us/'],
    ['https://www.creativecommons.org/publicdomain/mark/1.0/'],
    ['https://creativecommons.org/publicdomain/zero/1.0/'],
  ])('is accepted as %s', (url) => {
    expect(openLicenceOf([url])).toBe(url);
  });

  it.each([
    [[]],
    [['']],
    [['CC BY 4.0']],
    [['https://creativecommons.org/']],
    [['https://creativecommons.org/licenses/']],
    [['https://creativecommons.org.example.org/licenses/by/4.0/']],
    [['https://example.org/creativecommons.org/licenses/by/4.0/']],
    [['https://creativecommons.org@example.org/licenses/by/4.0/']],
    [['javascript://creativecommons.org/licenses/by/4.0/']],
    [['https://creativecommons.org/licenses/../terms']],
    [['https://creativecommons.org/licenses/by/4.0/', 'https://example.org/all-rights-reserved']],
  ])('is refused as %j', (stated) => {
    expect(openLicenceOf(stated)).toBeNull();
  });

  it('that is not stated refuses the recording, in words, for a title and for the own id', async () => {
    const { source, catalog } = open();
    const words =
      /^"Anchor" is in the item "kelp-anchor", whose license is not stated; only addresses of licenses below creativecommons\.org/;
    const anchor = wanted({ title: 'Anchor' });
    expect(await messageOf(source.find(anchor, signal()))).toMatch(words);
    expect(await source.listCandidates?.(anchor, signal())).toEqual([]);
    const page = { offset: 0, limit: 1 };
    const { items } = await catalog.listAlbumTracks('internet-archive:kelp-anchor', page, signal());
    expect(items[0] && (await messageOf(source.find(items[0], signal())))).toMatch(words);
  });
});

describe('audio of the Internet Archive', () => {
  it('is in the first of the formats that the owner wants', async () => {
    const refOf = async (...formats: ArchiveFormat[]) =>
      (await open({ formats }).source.find(byTitle, signal()))?.ref.replace(/^.*\./, '');
    expect(await refOf('flac', 'mp3')).toBe('flac');
    expect(await refOf('mp3', 'flac')).toBe('mp3');
    expect(await refOf('ogg')).toBeUndefined();
    const mp3 = await open({ formats: ['mp3'] }).source.find(byTitle, signal());
    expect(mp3).toMatchObject({ codec: 'mp3', bitrateKbps: 192 });
  });

  it('is searched only in the collections of the owner', async () => {
    const { source } = open();
    expect(await source.find(wanted({ title: 'Elsewhere' }), signal())).toBeNull();
    const searches = server.requests.filter((path) => path.startsWith('/advancedsearch.php'));
    expect(searches.length).toBeGreaterThan(0);
    for (const path of searches)
      expect(new URL(path, server.url).searchParams.get('q')).toMatch(/^collection:\("netlabels"\) AND /);
  });

  it('is searched by words that are no operators there', async () => {
    const { source } = open();
    const title = 'Buoy" OR mediatype:("software';
    expect(await source.find(wanted({ title }), signal())).toBeNull();
    const [first] = server.requests;
    const query = new URL(first ?? '', server.url).searchParams.get('q') ?? '';
    expect(query.match(/"/g)?.length).toBe(6);
  });

  it('is fetched from the data node that it redirects to, and continued there', async () => {
    const { source } = open();
    const found = await source.find(byTitle, signal());
    if (!found) throw new Error('not found');
    const rest = await buffer(await source.open(found, { offsetBytes: 70_000, signal: signal() }));
    expect(rest.equals(server.audio.subarray(70_000))).toBe(true);
    expect(server.fetched.at(-1)).toMatchObject({ range: 'bytes=70000-' });
  });

  it('is never an error document, a page, or another part of the file', async () => {
    const { source } = open();
    const found = await source.find(byTitle, signal());
    if (!found) throw new Error('not found');
    const request = (offsetBytes = 0) => messageOf(source.open(found, { offsetBytes, signal: signal() }));
    server.answerOnce('/0/items', (response) =>
      response
        .writeHead(200, { 'content-type': 'text/html; charset=UTF-8' })
        .end('<h1>Item not available</h1>'),
    );
    expect(await request()).toMatch(/^Internet Archive sent no audio \(status 200, text\/html/);
    server.answerOnce('/download', (response) => response.writeHead(403).end());
    expect(await request()).toMatch(/sent no audio \(status 403/);
    server.answerOnce(
      '/0/items',
      (response) =>
        response.writeHead(206, { 'content-type': 'audio/flac', 'content-range': 'bytes 0-9/99' }).end('x'),
      TRIES,
    );
    expect(await request(5)).toMatch(/another part of the file/);
  });

  it('keeps a path in its name, and asks for nothing outside the item', async () => {
    const { source, catalog } = open();
    const { items } = await catalog.listAlbumTracks(
      'internet-archive:kelp-buoy',
      { offset: 0, limit: 9 },
      signal(),
    );
    expect(items.map(({ title, trackNumber }) => [title, trackNumber])).toEqual([
      [PATH_TITLE, 1],
      ['Lamp?', 2],
    ]);
    const [, lamp] = items;
    const found = lamp && (await source.find(lamp, signal()));
    if (!found) throw new Error('not found');
    (await source.open(found, { offsetBytes: 0, signal: signal() })).destroy();
    expect(server.fetched.at(-1)?.path).toBe('/0/items/kelp-buoy/disc%201/10%20-%20Lamp%3F.flac');
  });
});

describe('requests to the Internet Archive', () => {
  it('are two in a second, of metadata and files together', () => {
    const services: Service[] = [];
    const outbound = {
      ...deps.outbound,
      openService: (service: Service) => {
        services.push(service);
        return deps.outbound.openService(service);
      },
    };
    openInternetArchive({
      ...{ outbound, cache: deps.noCache, url: server.url },
      ...{ collections: ['netlabels'], formats: ARCHIVE_FORMATS },
    });
    const own = services.filter(({ provider }) => provider === 'internet-archive');
    expect(own).toHaveLength(2);
    for (const { rules } of own) expect(rules).toMatchObject({ requests: 2, windowMs: 1_000 });
  });

  it('read an item once for all tracks of an album', async () => {
    const { source } = open({ cache: deps.cache });
    for (const n of [1, 2, 3, 4]) await source.find({ ...byTitle, title: `Slow Weather, ${n}` }, signal());
    expect(server.requests.filter((path) => path.startsWith('/metadata/')).length).toBeLessThanOrEqual(1);
  });

  it('that end in a page say so', async () => {
    const { catalog } = open();
    server.answerOnce('/metadata/', (response) => response.writeHead(200).end('<h1>Sign in</h1>'), TRIES);
    expect(await messageOf(catalog.findAlbum(ALBUM, signal()))).toMatch(
      /^Internet Archive sent something else than JSON \(status 200\)/,
    );
  });

  it('find no item where the answer is an empty object', async () => {
    const { catalog } = open();
    expect(await catalog.findAlbum('internet-archive:no-such-item', signal())).toBeNull();
    expect(server.requests).toEqual(['/metadata/no-such-item']);
  });
});
