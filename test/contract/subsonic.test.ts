import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { buffer } from 'node:stream/consumers';
import type { Track } from '../../src/catalog/catalog-item.js';
import type { SubsonicServer } from '../../src/env-subsonic.js';
import { UpstreamLimitedError } from '../../src/lib/errors.js';
import type { OpenedSubsonic } from '../../src/upstream/subsonic/open-subsonic.js';
import { errorOf } from '../kit/error-of.js';
import { makeTrack } from '../kit/catalog-items.js';
import { createSubsonicOpener, type SubsonicOpener } from '../kit/open-subsonic.js';
import {
  answerCut,
  answerError,
  answerStatus,
  configured,
  startSubsonicServer,
  SUBSONIC_KEY,
  SUBSONIC_USER,
  type StandInOptions,
  type SubsonicStandIn,
} from '../kit/subsonic-server.js';
import { serve } from '../kit/local-server.js';
import { describeAudioSource } from './audio-source.js';
import { describeCatalogSource } from './catalog-source.js';

let opener: SubsonicOpener;
beforeAll(async () => {
  opener = await createSubsonicOpener();
});
afterAll(() => opener.close());

const signal = () => new AbortController().signal;
const page = { offset: 0, limit: 50 };
const API_KEY: SubsonicServer['login'] = { kind: 'apiKey', apiKey: SUBSONIC_KEY };
const ALL = ['formPost', 'apiKeyAuthentication'];

const kelp = [{ id: 'elsewhere:1', name: 'Kelp & Lantern' }];
const SAMPLES = {
  byIsrc: makeTrack('elsewhere:1', {
    title: 'Anchor (Extended Mix)',
    artists: kelp,
    durationMs: 5_000,
    isrc: 'XX-KEL-70-01007',
  }),
  byTitle: makeTrack('elsewhere:2', { title: 'Slow Weather, 1', artists: kelp, durationMs: 5_000 }),
  missing: makeTrack('elsewhere:3', { title: 'Nothing of the Kind', artists: kelp }),
  licence: /^From your own server$/,
};

const KINDS: [string, StandInOptions, SubsonicServer['login'] | undefined][] = [
  ['an old server with tokens', { searchesTitles: true }, undefined],
  ['a server with API keys and forms', { extensions: ALL }, API_KEY],
];

for (const [kind, options, login] of KINDS) {
  let server: SubsonicStandIn;
  let opened: OpenedSubsonic;
  let own: Track | null;
  beforeAll(async () => {
    server = await startSubsonicServer(options);
    opened = opener.open(configured(server, login && { login }));
    own = await opened.catalog.findTrack('subsonic:tr-1', signal());
  });
  afterAll(() => server.stop());

  describeCatalogSource(`Subsonic, ${kind}`, () => ({
    catalog: opened.catalog,
    words: { TRACK: 'weather', ALBUM: 'slow', PLAYLIST: 'tide', ARTIST: 'kelp' },
    track: 'subsonic:tr-1',
    album: 'subsonic:al-1',
    playlist: 'subsonic:pl-1',
    artist: 'subsonic:ar-1',
    show: null,
    episode: null,
    missing: 'subsonic:nothing',
  }));
  describeAudioSource(`Subsonic, ${kind}`, () => ({ ...SAMPLES, source: opened.source, own }));
}

/** Nothing requested before. */
async function openAlone(options: StandInOptions = {}, own: Partial<SubsonicServer> = {}) {
  const server = await startSubsonicServer(options);
  onTestFinished(() => server.stop());
  return { ...server, ...opener.open(configured(server, own)) };
}

const findAlbum = ({ catalog }: Pick<OpenedSubsonic, 'catalog'>) =>
  catalog.findAlbum('subsonic:al-1', signal());

describe('signing in to a Subsonic server', () => {
  it('asks for its extensions first, without any secret, and not again', async () => {
    const opened = await openAlone();
    await findAlbum(opened);
    await findAlbum(opened);
    expect(opened.requests.map(({ method }) => method)).toEqual([
      'getOpenSubsonicExtensions',
      'getAlbum',
      'getAlbum',
    ]);
    expect([...(opened.requests[0]?.parameters.keys() ?? [])]).toEqual(['f']);
  });

  it('sends a token with a salt of its own each time, never the password', async () => {
    const opened = await openAlone();
    await findAlbum(opened);
    await findAlbum(opened);
    const [, one, two] = opened.requests.map(({ parameters }) => parameters);
    expect(one?.get('s')).not.toBe(two?.get('s'));
    expect(one?.get('p')).toBeNull();
    expect(one?.toString()).not.toContain(encodeURIComponent(SUBSONIC_USER.password));
  });

  it('sends the API key alone, in a form where the server takes forms', async () => {
    const opened = await openAlone({ extensions: ALL }, { login: API_KEY });
    await findAlbum(opened);
    const { parameters, isForm } = opened.requests[1] ?? {};
    expect(isForm).toBe(true);
    expect(parameters?.get('apiKey')).toBe(SUBSONIC_KEY);
    for (const name of ['u', 'p', 't', 's']) expect(parameters?.get(name)).toBeNull();
  });

  it('sends the password to a server that takes no tokens, from then on at once', async () => {
    const opened = await openAlone({ takesTokens: false });
    expect(await findAlbum(opened)).toMatchObject({ title: 'Slow Weather' });
    expect(await findAlbum(opened)).toMatchObject({ title: 'Slow Weather' });
    expect(opened.requests.map(({ parameters }) => parameters.has('p'))).toEqual([false, false, true, true]);
  });

  it('is refused in words for a wrong password, and not repeated', async () => {
    const login = { kind: 'password' as const, username: 'tester', password: 'wrong one' };
    const opened = await openAlone({}, { login, suffix: '_2' });
    const refused = await errorOf(opened.catalog.findAlbum('subsonic2:al-1', signal()));
    expect(refused).toMatchObject({ code: 'UPSTREAM_FAILED', retryable: false });
    expect(refused?.message).toMatch(
      /^subsonic2 \(127\.0\.0\.1:\d+\) does not accept the user and password of SUBSONIC_USERNAME_2 and SUBSONIC_PASSWORD_2 \(code 40\)\.$/,
    );
    expect(refused?.message).not.toContain('wrong one');
    expect(opened.requests).toHaveLength(2);
  });

  it('says so where a server has no API keys', async () => {
    const opened = await openAlone({ extensions: ['formPost'] }, { login: API_KEY });
    expect((await errorOf(findAlbum(opened)))?.message).toMatch(
      /takes no API keys: set SUBSONIC_USERNAME and SUBSONIC_PASSWORD in place of SUBSONIC_API_KEY\.$/,
    );
    expect(opened.requests).toHaveLength(1);
  });

  it('would be refused with a user beside an API key, which it never sends', async () => {
    const { url, requests, ...opened } = await openAlone({ extensions: ALL }, { login: API_KEY });
    const response = await fetch(`${url}/rest/getAlbum.view?u=tester&apiKey=${SUBSONIC_KEY}&id=al-1`);
    expect(await response.text()).toContain('"code":43');
    await findAlbum(opened);
    expect(requests.at(-1)?.parameters.has('u')).toBe(false);
  });
});

describe('a refusal of a Subsonic server', () => {
  it.each([
    [0, /refused a request: "as the stand-in says" \(code 0\)/],
    [20, /newer client/],
    [30, /update the server/],
    [40, /SUBSONIC_USERNAME and SUBSONIC_PASSWORD/],
    [42, /does not support the way/],
    [43, /two ways to sign in/],
    [44, /SUBSONIC_API_KEY/],
    [50, /does not allow this to its user/],
    [77, /refused a request: "as the stand-in says" \(code 77\)/],
  ])('with code %i is said in words', async (code, words) => {
    const opened = await openAlone();
    opened.answerOnce('getAlbum', answerError(code));
    const refused = await errorOf(findAlbum(opened));
    expect(refused).toMatchObject({ code: 'UPSTREAM_FAILED', retryable: code === 0 });
    expect(refused?.message).toMatch(words);
  });

  it.each([10, 41])('with code %i of token and password both is said in words', async (code) => {
    const opened = await openAlone();
    opened.answerAlways('getAlbum', answerError(code));
    expect((await errorOf(findAlbum(opened)))?.message).toMatch(
      code === 10 ? /misses a parameter/ : /create an API key there and set SUBSONIC_API_KEY/,
    );
  });

  it('with code 70 means that it does not have it', async () => {
    const opened = await openAlone();
    opened.answerOnce('getAlbum', answerError(70));
    expect(await findAlbum(opened)).toBeNull();
  });

  it('in XML is read as well', async () => {
    const opened = await openAlone();
    opened.answerOnce('getAlbum', (response) =>
      response.end('<subsonic-response status="failed"><error code="50" message="no"/></subsonic-response>'),
    );
    expect((await errorOf(findAlbum(opened)))?.message).toMatch(/does not allow this to its user/);
  });

  it('that is a page points to the address', async () => {
    const opened = await openAlone();
    opened.answerAlways('getAlbum', answerStatus(404));
    expect((await errorOf(findAlbum(opened)))?.message).toMatch(
      /sent something else than a Subsonic response \(status 404\); check SUBSONIC_URL\.$/,
    );
  });

  it('with status 429 is obeyed, for as long as it says', async () => {
    const opened = await openAlone();
    opened.answerOnce('getAlbum', answerStatus(429, { 'retry-after': '60' }));
    const limited = await errorOf(findAlbum(opened));
    expect(limited).toBeInstanceOf(UpstreamLimitedError);
    expect(limited?.retryAfterMs).toBeGreaterThan(30_000);
    const before = opened.requests.length;
    expect(await errorOf(findAlbum(opened))).toBeInstanceOf(UpstreamLimitedError);
    expect(opened.requests).toHaveLength(before);
  });

  it('to connect names the server', async () => {
    const server = await startSubsonicServer();
    await server.stop();
    const refused = await errorOf(findAlbum(opener.open(configured(server))));
    expect(refused).toMatchObject({ code: 'UPSTREAM_FAILED', retryable: true });
    expect(refused?.message).toMatch(/^subsonic \(127\.0\.0\.1:\d+\) failed: .*not reachable/);
  });
});

describe('audio of a Subsonic server', () => {
  const byTitle = SAMPLES.byTitle;

  it('is the original, by `download`', async () => {
    const { source, requests } = await openAlone();
    const found = await source.find(byTitle, signal());
    if (!found) throw new Error('not found');
    await buffer(await source.open(found, { offsetBytes: 0, signal: signal() }));
    expect(requests.at(-1)).toMatchObject({ method: 'download' });
    expect(requests.at(-1)?.parameters.get('format')).toBe('raw');
  });

  it('prefers the better copy of the same recording', async () => {
    const { source } = await openAlone();
    const buoy = { ...byTitle, title: 'Buoy' };
    const candidates = (await source.listCandidates?.(buoy, signal())) ?? [];
    expect(candidates.map(({ title, isSame, reason }) => [title, isSame, reason])).toEqual([
      ['Buoy', true, 'equal: title, artist, length, version (live, remix, …)'],
      ['Buoy (Live)', false, 'differs: title, version (live, remix, …)'],
    ]);
  });

  it('is refused where an error document comes in its place', async () => {
    const { source, answerOnce } = await openAlone();
    const found = await source.find(byTitle, signal());
    if (!found) throw new Error('not found');
    const open = () => source.open(found, { offsetBytes: 0, signal: signal() });
    answerOnce('download', answerError(50));
    expect((await errorOf(open()))?.message).toMatch(/does not allow this to its user/);
    answerOnce('download', answerError(70));
    expect((await errorOf(open()))?.message).toMatch(/does not have what was requested/);
    answerOnce('download', (response) =>
      response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Sign in</h1>'),
    );
    expect((await errorOf(open()))?.message).toMatch(/sent no audio \(status 200, text\/html\)/);
  });

  it('of a server that ignores the offset is continued at the right byte', async () => {
    const { source, answerOnce, audio } = await openAlone();
    const found = await source.find(byTitle, signal());
    if (!found) throw new Error('not found');
    answerOnce('download', (response) =>
      response.writeHead(200, { 'content-type': 'audio/flac' }).end(audio),
    );
    const rest = await buffer(await source.open(found, { offsetBytes: 70_000, signal: signal() }));
    expect(rest.equals(audio.subarray(70_000))).toBe(true);
  });

  it('that begins elsewhere than requested is refused', async () => {
    const { source, answerAlways, audio } = await openAlone();
    const found = await source.find(byTitle, signal());
    if (!found) throw new Error('not found');
    answerAlways('download', (response) =>
      response
        .writeHead(206, { 'content-type': 'audio/flac', 'content-range': `bytes 0-99/${audio.length}` })
        .end(audio.subarray(0, 100)),
    );
    expect((await errorOf(source.open(found, { offsetBytes: 500, signal: signal() })))?.message).toMatch(
      /another part of the file/,
    );
  });

  it('that is cut fails in the stream, and not as its end', async () => {
    const { source, answerOnce, audio } = await openAlone();
    const found = await source.find(byTitle, signal());
    if (!found) throw new Error('not found');
    answerOnce('download', answerCut(audio));
    const body = await source.open(found, { offsetBytes: 0, signal: signal() });
    await expect(buffer(body)).rejects.toMatchObject({ code: 'UND_ERR_SOCKET' });
  });
});

describe('addresses of Subsonic servers', () => {
  it('may be below a path', async () => {
    const real = await startSubsonicServer();
    onTestFinished(() => real.stop());
    const front = await serve((request, response) => {
      const path = request.url?.replace(/^\/music/, '') ?? '';
      void fetch(`${real.url}${path}`).then(async (answered) =>
        response
          .writeHead(answered.status, { 'content-type': 'application/json' })
          .end(await answered.text()),
      );
    });
    expect(await findAlbum(opener.open(configured({ url: `${front}/music` })))).toMatchObject({
      title: 'Slow Weather',
    });
  });

  it('keep what is encoded in ids: paths and spaces', async () => {
    const { catalog, source } = await openAlone();
    const { items } = await catalog.listPlaylistEntries('subsonic:pl-1', page, signal());
    const [{ track } = { track: null }] = items;
    expect(track?.id).toMatch(/^subsonic:x\.[\w-]+$/);
    const found = track && (await source.find(track, signal()));
    expect(found).toMatchObject({ ref: track?.id, source: 'subsonic' });
  });
});
