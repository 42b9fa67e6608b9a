import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createCatalogCache } from '../../src/catalog/catalog-cache.js';
import { UpstreamFailedError, UpstreamLimitedError } from '../../src/lib/errors.js';
import { systemClock } from '../../src/lib/clock.js';
import { createLogger } from '../../src/lib/logger.js';
import { createDatabase, type Database } from '../../src/database/prisma.js';
import { parseEnv } from '../../src/env.js';
import { createOutbound, type Outbound, type Service } from '../../src/outbound/outbound.js';
import { createMusicBrainz } from '../../src/upstream/musicbrainz/musicbrainz.js';
import { errorOf } from '../kit/error-of.js';
import { makeAlbum, makeTrack } from '../kit/catalog-items.js';
import { createTestDatabase, type TestDatabase } from '../kit/database.js';
import { JPEG, MB, startMusicBrainzServer, type MusicBrainzServer } from '../kit/musicbrainz-server.js';
import { withoutLimits } from '../kit/open-deezer.js';

let server: MusicBrainzServer;
let database: TestDatabase;
let db: Database;
let closeDatabase: () => Promise<void>;
let outbound: Outbound;

beforeAll(async () => {
  server = await startMusicBrainzServer();
  database = await createTestDatabase();
  const log = createLogger('silent');
  ({ db, close: closeDatabase } = createDatabase({ url: database.url, log }));
  outbound = createOutbound({ env: parseEnv({}), db, clock: systemClock, log });
});
afterAll(async () => {
  await outbound.close();
  await closeDatabase();
  await database.drop();
  await server.stop();
});
beforeEach(async () => {
  await db.catalogCacheEntry.deleteMany();
  await db.requestLimit.deleteMany();
  server.requests.length = 0;
});

const signal = () => new AbortController().signal;

function open(change: (outbound: Outbound) => Outbound = withoutLimits) {
  const cache = createCatalogCache({ db, clock: systemClock, log: createLogger('silent') });
  return createMusicBrainz({
    outbound: change(outbound),
    cache,
    urls: { api: server.url, covers: server.url },
  });
}

const BY = [{ id: 'far:1', name: 'Kelp & Lantern' }];
const album = makeAlbum('far:album', { title: 'Slow Weather', artists: BY, upc: MB.upc.slice(1) });
const track = makeTrack('far:1', {
  title: 'Slack Water',
  artists: BY,
  album,
  durationMs: 181_400,
  isrc: 'XX-KEL-21-00001',
});

const find = (own: Partial<typeof track> = {}) => open().findRecording({ ...track, ...own }, signal());
describe('what MusicBrainz knows of a recording', () => {
  it('is found by ISRC, with the release that has the bar code of the album', async () => {
    expect(await find()).toEqual({
      recordingId: MB.recording,
      artistIds: [MB.artist, MB.guest],
      release: {
        id: MB.release,
        groupId: MB.group,
        trackId: MB.releaseTrack,
        artistIds: [MB.artist],
        date: '2021-05-14',
        label: 'Breakwater',
        upc: MB.upc,
      },
      genres: ['harbor pop', 'ambient'],
    });
  });

  it('costs one request for each further track of an album, and none for what was asked before', async () => {
    await find();
    expect(server.requests).toHaveLength(2);
    await find({ title: 'Neap', isrc: MB.otherIsrc });
    expect(server.requests).toHaveLength(3);
    await find();
    expect(server.requests).toHaveLength(3);
  });

  it('is that of the earliest official release with the title when there is no bar code', async () => {
    server.answerOnce(`/ws/2/release/${MB.reissue}`, (response) =>
      response.end(JSON.stringify({ id: MB.reissue, title: 'Slow Weather', date: '2024-02' })),
    );
    const found = await find({ album: { ...album, upc: null } });
    expect(found?.release).toMatchObject({ id: MB.reissue, date: '2024-02', label: null, trackId: null });
  });

  it('names no release when none is the album, rather than any of them', async () => {
    const found = await find({ album: { ...album, title: 'Best of the Coast', upc: '4006381333931' } });
    expect(found).toMatchObject({ recordingId: MB.recording, release: null });
    expect(server.requests).toHaveLength(1);
  });

  it('is nothing when the code stands on a recording of another length', async () => {
    expect(await find({ durationMs: 300_000 })).toBeNull();
  });

  it('is nothing for a code that it does not have', async () => {
    expect(await find({ isrc: 'XXKEL2199999' })).toBeNull();
    server.answerOnce('/ws/2/isrc', (response) => response.writeHead(400).end('{"error":"Invalid isrc."}'));
    expect(await find({ isrc: 'XXKEL2199998' })).toBeNull();
  });

  it('is not requested without a code, or with one in another form', async () => {
    for (const isrc of [null, '', 'nonsense', '../../etc/passwd', 'XXKEL21000011'])
      expect(await find({ isrc })).toBeNull();
    expect(server.requests).toEqual([]);
  });

  it('is requested by a program that says what it is', async () => {
    await find();
    expect(server.userAgents.at(-1)).toMatch(/^Reprise\/\d+\.\d+\.\d+\S* \(self-hosted music server/);
  });
});

describe('codes of a link', () => {
  it('are those of a recording, and the bar code of a release', async () => {
    const source = open();
    expect(await source.listIsrcs(MB.recording, signal())).toEqual([MB.isrc, 'XXKEL2100077']);
    expect(await source.listIsrcs(MB.looseRecording, signal())).toEqual([]);
    expect(await source.listIsrcs(MB.missing, signal())).toBeNull();
    expect(await source.findUpc(MB.release, signal())).toBe(MB.upc);
    expect(await source.findUpc(MB.missing, signal())).toBeNull();
  });
});

describe('the limit of MusicBrainz', () => {
  it('is one request a second, kept by all processes together', () => {
    const opened: Service[] = [];
    open((real) => ({
      ...real,
      openService: (service) => (opened.push(service), real.openService(service)),
    }));
    const { rules, account } = opened.find(({ provider }) => provider === 'musicbrainz') ?? {};
    expect(account).toBeUndefined();
    expect(rules?.requests).toBe(1);
    expect(rules?.windowMs).toBeGreaterThanOrEqual(1_000);
  });

  it.each([
    ['without a time', {}, 1],
    ['with a time', { 'retry-after': '3600' }, 3_000_000],
  ])(
    'is obeyed when it answers 503 %s: nothing is sent during the pause',
    async (_what, headers, atLeastMs) => {
      const impatient = (real: Outbound): Outbound => ({
        ...real,
        openService: (service) =>
          real.openService({ ...service, rules: { ...service.rules, patienceMs: 0, blockMs: 60_000 } }),
      });
      server.answerOnce('/ws/2/isrc', (response) =>
        response
          .writeHead(503, headers)
          .end('{"error":"Your requests are exceeding the allowable rate limit."}'),
      );
      const source = open(impatient);
      const error = await errorOf(source.findRecording(track, signal()));
      expect(error).toBeInstanceOf(UpstreamLimitedError);
      expect(error?.retryAfterMs).toBeGreaterThanOrEqual(atLeastMs);
      expect(server.requests).toHaveLength(1);
      expect(await errorOf(source.listIsrcs(MB.recording, signal()))).toBeInstanceOf(UpstreamLimitedError);
      expect(server.requests).toHaveLength(1);
    },
  );
});

describe('an answer of MusicBrainz', () => {
  const always = (answer: (response: ServerResponse) => unknown) => {
    for (let n = 0; n < 3; n++) server.answerOnce('/ws/2/isrc', answer);
  };

  it.each([
    ['HTML', (response: ServerResponse) => response.end('<html>Maintenance</html>')],
    ['nothing', (response: ServerResponse) => response.end()],
    ['a text', (response: ServerResponse) => response.end('"later"')],
    ['500', (response: ServerResponse) => response.writeHead(500).end('{}')],
  ])('may be %s, which is an error that names it', async (_what, answer) => {
    always(answer);
    const error = await errorOf(find());
    expect(error).toBeInstanceOf(UpstreamFailedError);
    expect(error?.message).toMatch(/^MusicBrainz /);
    expect(server.requests).toHaveLength(3);
  });

  it('may lack fields, or have them null or of another type', async () => {
    const odd = {
      recordings: [
        null,
        7,
        { id: 'not an id' },
        {
          id: MB.recording,
          title: null,
          length: 'long',
          video: null,
          genres: {},
          'artist-credit': [null, { name: 'x' }],
          releases: [{ id: MB.release, title: 'Slow Weather', date: '0000-00-00', barcode: 7 }, null],
        },
      ],
    };
    server.answerOnce('/ws/2/isrc', (response) => response.end(JSON.stringify(odd)));
    server.answerOnce('/ws/2/release', (response) =>
      response.end(
        JSON.stringify({ id: MB.release, date: '', 'label-info': [{ label: null }], media: null }),
      ),
    );
    expect(await find()).toEqual({
      recordingId: MB.recording,
      artistIds: [],
      release: {
        id: MB.release,
        groupId: null,
        trackId: null,
        artistIds: [],
        date: null,
        label: null,
        upc: null,
      },
      genres: [],
    });
  });

  it('without a list is no recording', async () => {
    server.answerOnce('/ws/2/isrc', (response) => response.end('{}'));
    expect(await find()).toBeNull();
  });
});

describe('a cover of the Cover Art Archive', () => {
  it('has addresses for each size, the largest first, which cost no request', () => {
    expect(
      open()
        .coverAddresses(MB.release)
        .map(({ url, widthPx }) => [url.replace(server.url, ''), widthPx]),
    ).toEqual([1_200, 500, 250].map((px) => [`/release/${MB.release}/front-${px}`, px]));
    expect(server.requests).toEqual([]);
  });

  it('is fetched where it redirects to; a release may have none', async () => {
    const cover = await open().fetchCover(MB.release, signal());
    expect(Buffer.from(cover ?? [])).toEqual(JPEG);
    expect(server.requests).toHaveLength(2);
    expect(await open().fetchCover(MB.missing, signal())).toBeNull();
  });

  it('that is a page is refused', async () => {
    for (let n = 0; n < 3; n++) server.answerOnce('/download', (response) => response.end('<html>'));
    const error = await errorOf(open().fetchCover(MB.release, signal()));
    expect(error?.message).toBe('The Cover Art Archive sent a cover that is not a picture.');
  });

  it('of 50 MB is not read', async () => {
    server.answerOnce('/download', (response) =>
      response.writeHead(200, { 'content-length': 50_000_000 }).write('x'),
    );
    expect((await errorOf(open().fetchCover(MB.release, signal())))?.message).toMatch(/more than \d+ bytes/);
  });

  it.each([
    'http://169.254.169.254/',
    'http://[::ffff:127.0.0.1]/',
    'http://2130706433/',
    'file:///etc/passwd',
  ])('is not fetched from %s', async (location) => {
    server.answerOnce('/release', (response) => response.writeHead(307, { location }).end());
    const error = await errorOf(open().fetchCover(MB.release, signal()));
    expect(error).toMatchObject({ code: 'UPSTREAM_FAILED', retryable: false });
    expect(error?.message).toMatch(/not a public address|are not requested/);
    expect(server.requests).toHaveLength(1);
  });

  it('ends with its caller', async () => {
    const controller = new AbortController();
    server.answerOnce('/release', () => controller.abort(new Error('left')));
    await expect(open().fetchCover(MB.release, controller.signal)).rejects.toThrow('left');
  });
});
