import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { serveOwnUser } from '../kit/serve-as.js';
import { startRest, type RestTestApp } from './rest-app.js';

const REFUSED = 'Your role, or the scopes of your API key, do not allow this.';
let root: string;
let app: RestTestApp;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'reprise-config-'));
  app = await startRest({ env: { downloadDir: join(root, 'music'), downloadRoots: [join(root, 'music')] } });
});
afterEach(() => app.deps.db.settingsVersion.deleteMany());
afterAll(async () => {
  await app.stop();
  await rm(root, { recursive: true, force: true });
});

const send = (method: string, path: string, body: unknown) =>
  app.send(method, path, { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
const put = (body: unknown) => send('PUT', '/config', body);
const validate = async (body: unknown) => (await send('POST', '/config/validate', body)).body;
const stored = async () => (await app.get('/config')).body;
const versions = () => app.deps.db.settingsVersion.count();

/** In the order of the reference: the names and forms of the REST API do not follow the table. */
const DEFAULTS = {
  service: 'spotify',
  fallback: false,
  sourceOrder: null,
  spotify: '',
  deezer: '',
  spotifyQuality: 'NORMAL',
  deezerQuality: 'MP3_128',
  realTime: false,
  realTimeMultiplier: 0,
  maxConcurrentDownloads: 3,
  maxRetries: 3,
  retryDelaySeconds: 5,
  retryDelayIncrease: 5,
  maxTrackSeconds: 86_400,
  convertTo: null,
  fileFormat: null,
  bitrate: null,
  customDirFormat: '%ar_album%/%album%',
  customTrackFormat: '%tracknum%. %music%',
  tracknumPadding: true,
  padNumberWidth: 3,
  saveCover: true,
  artistSeparator: '; ',
  recursiveQuality: false,
  spotifyMetadata: true,
  musicBrainz: false,
  separateTracksByUser: false,
};
const WATCH_DEFAULTS = {
  enabled: false,
  watchPollIntervalSeconds: 3_600,
  check_interval: 3_600,
  maxItemsPerRun: 50,
  max_concurrent_checks: 2,
  retry_failed_after: 1_800,
  watchedArtistAlbumGroup: ['album', 'single'],
  delayBetweenPlaylistsSeconds: 2,
  delayBetweenArtistsSeconds: 5,
  useSnapshotIdChecking: true,
};

describe('settings in a query', () => {
  it.each(['/config', '/config/watch', '/config/validate', '/config/watch/validate'])(
    'are rejected by %s, which reads the body only',
    async (path) => {
      const before = await stored();
      for (const method of path.endsWith('validate') ? ['POST'] : ['POST', 'PUT']) {
        for (const init of [
          {},
          { headers: { 'content-type': 'application/json' }, body: '{"maxRetries":4}' },
        ]) {
          const { status, body } = await app.send(method, `${path}?customDirFormat=.incoming`, init);
          expect(status).toBe(400);
          expect(body['error']).toBe('customDirFormat: is read from the JSON body only, not from the query');
        }
      }
      expect(await stored()).toEqual(before);
    },
  );
});

describe('GET /config', () => {
  it('shows every key with its default', async () => {
    const { status, body } = await app.get('/config');
    expect(status).toBe(200);
    const downloadPath = join(root, 'music');
    const expected = { ...DEFAULTS, downloadPath, explicitFilter: false, watch: WATCH_DEFAULTS, version: 0 };
    expect(JSON.stringify(body)).toBe(JSON.stringify(expected));
  });

  it('accepts a trailing slash, and any user', async () => {
    const { own: theirs } = await serveOwnUser(app);
    const { status, body } = await theirs.rest('GET', '/config/');
    expect({ status, body }).toEqual({ status: 200, body: await stored() });
  });
});

describe('PUT and POST /config', () => {
  it.each(['PUT', 'POST'])('%s changes the provided keys and returns all of them', async (method) => {
    const { status, body } = await send(method, '/config', { maxRetries: 7, saveCover: false });
    expect(status).toBe(200);
    expect(body).toMatchObject({ maxRetries: 7, saveCover: false, maxConcurrentDownloads: 3 });
    expect(body).not.toHaveProperty('ignored_keys');
    expect(await stored()).toEqual(body);
    expect(app.deps.settings()).toMatchObject({ maxRetries: 7, saveCover: false });
  });

  it.each<[object, object]>([
    [{ max_concurrent_downloads: 5 }, { maxConcurrentDownloads: 5 }],
    [
      { real_time: true, real_time_multiplier: '2.5' },
      { realTime: true, realTimeMultiplier: 2.5 },
    ],
    [
      { fileFormat: 'mp3', bitrate: '320k' },
      { convertTo: 'MP3', fileFormat: 'mp3', bitrate: '320k' },
    ],
    [
      { convert_to: 'opus', bitrate: 128 },
      { convertTo: 'OPUS', fileFormat: 'opus', bitrate: '128k' },
    ],
    [{ convertTo: null }, { convertTo: null, fileFormat: null }],
    [{ spotifyQuality: 'very_high' }, { spotifyQuality: 'VERY_HIGH' }],
    [{ spotifyQuality: 'Low' }, { spotifyQuality: 'NORMAL' }],
    [{ deezer_quality: 'flac' }, { deezerQuality: 'FLAC' }],
    [{ padNumberWidth: 'auto' }, { padNumberWidth: 'auto' }],
    [{ pad_number_width: '2' }, { padNumberWidth: 2 }],
    [{ service: 'Deezer' }, { service: 'deezer' }],
    [{ custom_dir_format: '%artist%/%year%' }, { customDirFormat: '%artist%/%year%' }],
    [{ fallback: 'true' }, { fallback: true }],
    [{ spotify: null }, { spotify: '' }],
    [
      { spotify: 'me', deezer: '' },
      { spotify: 'me', deezer: '' },
    ],
    [
      { tracknum_padding: false, recursiveQuality: true },
      { tracknumPadding: false, recursiveQuality: true },
    ],
  ])('accepts %j', async (body, expected) => {
    const reply = await put(body);
    expect(reply).toMatchObject({ status: 200, body: expected });
  });

  it('accepts the whole object that it returned, and changes nothing', async () => {
    await put({ maxRetries: 9 });
    const before = await stored();
    const { status, body } = await put(before);
    expect({ status, body }).toEqual({ status: 200, body: before });
    expect(await versions()).toBe(1);
  });

  it('uses the one of two names whose value differs from the stored one', async () => {
    await put({ convertTo: 'MP3' });
    const back = await stored();
    expect((await put({ ...back, convertTo: 'FLAC' })).body['convertTo']).toBe('FLAC');
    expect((await put({ ...(await stored()), fileFormat: 'opus' })).body['convertTo']).toBe('OPUS');
    const { status, body } = await put({ convertTo: 'MP3', fileFormat: 'flac' });
    expect(status).toBe(400);
    expect(body['details']).toEqual([expect.stringContaining('convertTo and fileFormat')]);
    expect((await stored())['convertTo']).toBe('OPUS');
  });

  it('reports unknown keys, except those that clients send back', async () => {
    const { body } = await put({ maxRetries: 1, colour: 'red', version: 9, watch: {}, explicitFilter: true });
    expect(body).toMatchObject({ maxRetries: 1, ignored_keys: ['colour'], explicitFilter: false });
  });

  it('changes the version with every change', async () => {
    const first = await put({ maxRetries: 1 });
    const second = await put({ maxRetries: 2 });
    expect((await stored())['version']).toBe(second.body['version']);
    expect(Number(second.body['version'])).toBeGreaterThan(Number(first.body['version']));
  });

  it.each<[object, string]>([
    [{ maxConcurrentDownloads: 0 }, 'maxConcurrentDownloads'],
    [{ maxConcurrentDownloads: 501 }, 'maxConcurrentDownloads'],
    [{ maxConcurrentDownloads: 'many' }, 'maxConcurrentDownloads'],
    [{ maxConcurrentDownloads: 1e99 }, 'maxConcurrentDownloads'],
    [{ max_concurrent_downloads: [] }, 'max_concurrent_downloads'],
    [{ maxRetries: -1 }, 'maxRetries'],
    [{ realTimeMultiplier: 11 }, 'realTimeMultiplier'],
    [{ realTimeMultiplier: 'constructor' }, 'realTimeMultiplier'],
    [{ padNumberWidth: 0 }, 'padNumberWidth'],
    [{ padNumberWidth: 'wide' }, 'padNumberWidth'],
    [{ convertTo: 'mp4' }, 'convertTo'],
    [{ convertTo: 'FLAC', bitrate: '320k' }, 'bitrate'],
    [{ bitrate: '320k' }, 'bitrate'],
    [{ convertTo: 'MP3', bitrate: '321k' }, 'bitrate'],
    [{ convertTo: 'MP3', bitrate: 'loud' }, 'bitrate'],
    [{ spotifyQuality: 'LOSSLESS' }, 'spotifyQuality'],
    [{ service: 'a b' }, 'service'],
    [{ service: null }, 'service'],
    [{ fallback: 'perhaps' }, 'fallback'],
    [{ fallback: 'constructor' }, 'fallback'],
    [{ fallback: ['true'] }, 'fallback'],
    [{ realTime: null }, 'realTime'],
    [{ customDirFormat: '../%album%' }, 'customDirFormat'],
    [{ customDirFormat: '%artist%/../..' }, 'customDirFormat'],
    [{ customDirFormat: '/etc/%album%' }, 'customDirFormat'],
    [{ customDirFormat: 'C:\\music' }, 'customDirFormat'],
    [{ customDirFormat: '%genius%' }, 'customDirFormat'],
    [{ customTrackFormat: '' }, 'customTrackFormat'],
    [{ customTrackFormat: '%musik%' }, 'customTrackFormat'],
    [{ customTrackFormat: 'a\nb' }, 'customTrackFormat'],
    [{ customTrackFormat: 'x'.repeat(501) }, 'customTrackFormat'],
    [{ artistSeparator: '' }, 'artistSeparator'],
    [{ artistSeparator: 'x'.repeat(21) }, 'artistSeparator'],
    [{ spotify: '..' }, 'spotify'],
    [{ downloadPath: 'music' }, 'downloadPath'],
    [{ downloadPath: '/etc' }, 'downloadPath'],
    [{ downloadPath: 17 }, 'downloadPath'],
    [{ downloadPath: '/x'.repeat(501) }, 'downloadPath'],
    [{ downloadPath: '/tmp/a\nb' }, 'downloadPath'],
  ])('rejects %j, names the setting, and stores nothing', async (body, field) => {
    const before = await stored();
    const reply = await put(body);
    expect(reply.status).toBe(400);
    expect(reply.body).toMatchObject({
      error: 'Configuration validation failed',
      detail: 'Configuration validation failed',
      details: [expect.stringMatching(new RegExp(`^${field}: `))],
    });
    expect(await stored()).toEqual(before);
    expect(await versions()).toBe(0);
    expect(await validate(body)).toMatchObject({ valid: false, details: reply.body['details'] as string[] });
  });

  it('reports all problems at once', async () => {
    const { body } = await put({ maxRetries: 'x', fallback: 3, service: 'ok' });
    expect(body['details']).toHaveLength(2);
    const later = await put({ maxRetries: -1, padNumberWidth: 99, customTrackFormat: '' });
    expect(later.body['details']).toHaveLength(3);
  });

  it('validates the merged settings, not only the provided ones', async () => {
    await put({ convertTo: 'MP3', bitrate: '320k' });
    expect((await put({ convertTo: 'AAC' })).status).toBe(400);
    expect((await put({ convertTo: 'AAC', bitrate: '256k' })).status).toBe(200);
    expect((await put({ convertTo: 'FLAC', bitrate: null })).status).toBe(200);
  });

  it('accepts only a download directory inside the roots, links followed', async () => {
    const inside = join(root, 'music', 'here', 'and there');
    expect((await put({ downloadPath: inside })).body['downloadPath']).toBe(inside);
    const out = await mkdtemp(join(tmpdir(), 'reprise-outside-'));
    onTestFinished(() => rm(out, { recursive: true }));
    await app.deps.db.settingsVersion.deleteMany();
    await symlink(out, join(root, 'music-link'));
    await mkdir(join(root, 'music'), { recursive: true });
    await symlink(join(out, 'not', 'there'), join(root, 'music', 'nowhere'));
    for (const path of [
      out,
      join(root, 'music-link'),
      join(root, 'music', 'nowhere', 'x'),
      join(root, 'music', '..', 'x'),
      `${join(root, 'music')}al`,
    ]) {
      expect((await put({ downloadPath: path })).body['details'], path).toEqual([
        expect.stringMatching(path.includes('nowhere') ? /leads nowhere/ : /DOWNLOAD_ROOTS/),
      ]);
    }
  });

  it.each(['..', '../..', 'not there/../../../x', './x', 'x/.'])(
    'rejects a download directory that continues with %s',
    async (rest) => {
      const { status, body } = await put({ downloadPath: `${join(root, 'music')}/${rest}` });
      expect({ status, details: body['details'] }).toEqual({
        status: 400,
        details: ['downloadPath: must be an absolute path without "." and "..".'],
      });
    },
  );

  it('ignores trailing slashes of a download directory', async () => {
    const { body } = await put({ downloadPath: `${join(root, 'music', 'x')}//` });
    expect(body['downloadPath']).toBe(join(root, 'music', 'x'));
  });

  it('rejects a number that JSON allows but no type can hold', async () => {
    const headers = { 'content-type': 'application/json' };
    for (const key of ['realTimeMultiplier', 'retryDelaySeconds', 'maxRetries']) {
      const { status, body } = await app.send('PUT', '/config', { headers, body: `{"${key}":1e999}` });
      expect({ status, details: body['details'] }).toMatchObject({
        status: 400,
        details: [expect.stringContaining(`${key}: must be a `)],
      });
    }
  });

  it.each(['[]', '"x"', '17', 'null', '{', '{"a":1'])('rejects the body %s', async (body) => {
    const reply = await app.send('PUT', '/config', { headers: { 'content-type': 'application/json' }, body });
    expect(reply.status).toBe(400);
    expect(reply.body['error']).toBe(reply.body['detail']);
  });

  it('is for admins', async () => {
    const { own: theirs } = await serveOwnUser(app);
    for (const [method, path] of [
      ['PUT', '/config'],
      ['POST', '/config'],
      ['PUT', '/config/watch'],
      ['POST', '/config/watch'],
      ['POST', '/config/validate'],
      ['POST', '/config/watch/validate'],
      ['GET', '/config/check'],
    ] as const) {
      const change = method === 'GET' ? undefined : { maxRetries: 1, enabled: true };
      const { status, body } = await theirs.rest(method, path, change);
      expect({ status, body }).toEqual({
        status: 403,
        body: { error: REFUSED, detail: REFUSED },
      });
    }
    expect(await versions()).toBe(0);
  });

  it('loses no key when two change others at once', async () => {
    const keys = ['maxRetries', 'retryDelaySeconds', 'retryDelayIncrease', 'maxConcurrentDownloads'];
    const replies = await Promise.all(keys.map((key) => put({ [key]: 11 })));
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(await stored()).toMatchObject(Object.fromEntries(keys.map((key) => [key, 11])));
  });
});

describe('GET /config/check', () => {
  it('warns of settings that are allowed but will not work', async () => {
    const { body } = await app.get('/config/check');
    expect(body).toMatchObject({ valid: true, message: 'Configuration is valid', config: await stored() });
    expect(body['warnings']).toEqual([expect.stringContaining('service: the catalog spotify is not set up')]);
    await put({ service: 'demo' });
    expect((await app.get('/config/check')).body['warnings']).toEqual([]);
  });
});

describe('POST /config/validate', () => {
  it('reports valid settings and changes nothing', async () => {
    expect(await validate({ maxRetries: 4 })).toEqual({
      valid: true,
      message: 'Configuration is valid',
      details: null,
    });
    expect(await versions()).toBe(0);
  });
});

describe('a name that only GraphQL has', () => {
  it.each([
    ['/config', ['catalog', 'askAllSources', 'spotifyAccount', 'format', 'padNumbers', 'acceptLowerQuality']],
    ['/config/watch', ['pageSize', 'watchedAlbumGroups', 'skipUnchangedPlaylists']],
  ])('is unknown to PUT %s', async (path, names) => {
    const { status, body } = await send('PUT', path, Object.fromEntries(names.map((name) => [name, null])));
    expect({ status, ignored: body['ignored_keys'] }).toEqual({ status: 200, ignored: names });
    expect(await versions()).toBe(0);
  });
});

describe('the service', () => {
  it('is the catalog of bare ids as soon as it is set up', async () => {
    await put({ service: 'deezer' });
    expect((await app.get('/track/info?id=night-ferry-1-03')).body['id']).toBe('demo:night-ferry-1-03');
    await put({ service: 'demo' });
    expect((await app.get('/search?q=ferry')).status).toBe(200);
  });
});

describe('/config/watch', () => {
  const putWatch = (body: unknown) => send('PUT', '/config/watch', body);

  it('shows every key with its default, and both names', async () => {
    expect((await app.get('/config/watch')).body).toEqual(WATCH_DEFAULTS);
    expect((await stored())['watch']).toEqual((await app.get('/config/watch')).body);
  });

  it.each<[object, object]>([
    [{ enabled: true }, { enabled: true }],
    [{ check_interval: 60 }, { watchPollIntervalSeconds: 60, check_interval: 60 }],
    [{ watchPollIntervalSeconds: 61 }, { check_interval: 61 }],
    [
      { max_concurrent_checks: 5, retry_failed_after: 0 },
      { max_concurrent_checks: 5, retry_failed_after: 0 },
    ],
    [
      { maxConcurrentChecks: 3, retryFailedAfter: 7 },
      { max_concurrent_checks: 3, retry_failed_after: 7 },
    ],
    [{ watchedArtistAlbumGroup: ['compilation'] }, { watchedArtistAlbumGroup: ['compilation'] }],
    [{ delayBetweenArtistsSeconds: '0' }, { delayBetweenArtistsSeconds: 0 }],
  ])('accepts %j', async (body, expected) => {
    const reply = await putWatch(body);
    expect(reply.status).toBe(200);
    expect(reply.body).toMatchObject({ message: 'Watch configuration updated', ...expected });
    expect((await app.get('/config/watch')).body).toMatchObject(expected);
  });

  it('uses the one of two names that differs from the stored value', async () => {
    const back = (await app.get('/config/watch')).body;
    expect((await putWatch({ ...back, check_interval: 120 })).body['watchPollIntervalSeconds']).toBe(120);
    expect((await putWatch({ check_interval: 90, watchPollIntervalSeconds: 100 })).status).toBe(400);
  });

  it.each<[object, string]>([
    [{ check_interval: 59 }, 'check_interval'],
    [{ watch_poll_interval_seconds: 59 }, 'watch_poll_interval_seconds'],
    [{ maxItemsPerRun: 51 }, 'maxItemsPerRun'],
    [{ maxItemsPerRun: 1.5 }, 'maxItemsPerRun'],
    [{ watchedArtistAlbumGroup: [] }, 'watchedArtistAlbumGroup'],
    [{ watchedArtistAlbumGroup: ['album', 'album'] }, 'watchedArtistAlbumGroup'],
    [{ watchedArtistAlbumGroup: ['boxset'] }, 'watchedArtistAlbumGroup'],
    [{ watchedArtistAlbumGroup: 'album' }, 'watchedArtistAlbumGroup'],
    [{ enabled: 'sometimes' }, 'enabled'],
    [{ retry_failed_after: -1 }, 'retry_failed_after'],
    [{ retry_failed_after: null }, 'retry_failed_after'],
  ])('rejects %j and stores nothing', async (body, field) => {
    const reply = await putWatch(body);
    expect(reply).toMatchObject({ status: 400, body: { error: 'Configuration validation failed' } });
    expect(reply.body['details']).toEqual([expect.stringMatching(new RegExp(`^${field}: `))]);
    expect(await versions()).toBe(0);
    const checked = await send('POST', '/config/watch/validate', body);
    expect(checked).toMatchObject({ status: 200, body: { valid: false, details: reply.body['details'] } });
  });
});
