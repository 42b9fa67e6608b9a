import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { unsealSecrets } from '../../src/accounts/account-secrets.js';
import { getSealedAccount } from '../../src/accounts/account-store.js';
import { CREDENTIAL_ROUTES } from '../../src/rest/credentials/routes.js';
import { createLogger } from '../../src/lib/logger.js';
import { serveOwnUser } from '../kit/serve-as.js';
import { startRest, type RestTestApp } from './rest-app.js';

const APP = { client_id: 'id-5f1c0e2b7d9a4e33', client_secret: 'secret-0b7e94d2c6a15f38' };
const OTHER_APP = { client_id: 'id-00aa11bb22cc33dd', client_secret: 'secret-99887766554433ff' };
const ARL = 'arl-9c41d07be52f8a6390c7';
const BLOB = '{"username":"somebody","credentials":"blob-QkxPQl9PRl9UV0VOVFk="}';
/** What no response and no log may hold. */
const SECRETS = [
  ...[APP.client_secret, OTHER_APP.client_secret, ARL, 'blob-QkxPQl9PRl9UV0VOVFk='],
  ...[APP.client_id, OTHER_APP.client_id],
];

let app: RestTestApp;
let log = '';
/** All that was sent to clients. */
let sent = '';
beforeAll(async () => {
  app = await startRest({
    overrides: { log: createLogger('trace', (text) => text, { write: (line) => void (log += line) }) },
  });
});
afterEach(async () => {
  await app.deps.db.account.deleteMany();
  await app.deps.db.settingsVersion.deleteMany();
  await app.deps.db.auditEntry.deleteMany();
  await app.deps.reloadSettings();
});
afterAll(() => app.stop());

async function send(method: string, path: string, body?: unknown) {
  const init = body === undefined ? {} : { body: JSON.stringify(body) };
  const headers = { 'content-type': 'application/json' };
  const reply = await app.send(method, `/credentials/${path}`, { headers, ...init });
  sent += JSON.stringify(reply.body);
  return { status: reply.status, body: reply.body };
}
const get = (path: string) => send('GET', path);
const post = (path: string, body: unknown) => send('POST', path, body);
const put = (path: string, body: unknown) => send('PUT', path, body);

const active = async () => {
  const { spotify, deezer } = (await app.get('/config')).body;
  return { spotify, deezer };
};

/** What is stored, decrypted. */
async function stored(service: string, name: string) {
  const account = await getSealedAccount(app.deps.db, { service, name });
  return unsealSecrets(account, await app.deps.secrets.keys());
}

const rows = () => app.deps.db.account.findMany({ orderBy: { id: 'asc' } });

const audited = async () =>
  (await app.deps.db.auditEntry.findMany({ orderBy: { id: 'asc' } })).map(
    ({ action, target, username }) => `${username}: ${action} ${target}`,
  );

describe('POST /credentials/{service}/{name}', () => {
  it('stores an app of Spotify, and shows its ends only', async () => {
    expect(await post('spotify/my.app-1', { ...APP, region: 'de' })).toEqual({
      status: 200,
      body: {
        message: expect.stringContaining('not used for audio') as string,
        details: { status: 'created', service: 'spotify', name: 'my.app-1', used_for_audio: false },
      },
    });
    expect(await get('spotify/my.app-1')).toEqual({
      status: 200,
      body: {
        ...{ name: 'my.app-1', service: 'spotify', region: 'DE', has_secret: true, is_active: true },
        ...{ used_for_audio: false, note: expect.stringContaining('not used for audio') as string },
        ...{ client_id: '…4e33', client_secret: '…5f38' },
        created_at: expect.stringMatching(/Z$/) as string,
        updated_at: expect.stringMatching(/Z$/) as string,
      },
    });
    expect(await stored('spotify', 'my.app-1')).toEqual({
      clientId: APP.client_id,
      clientSecret: APP.client_secret,
    });
  });

  it.each([
    ['as text', BLOB],
    ['as an object', JSON.parse(BLOB) as object],
  ])('stores the login file of existing clients, sent %s', async (_how, blob_content) => {
    const { status, body } = await post('spotify/web', { region: 'US', blob_content });
    expect({ status, message: body['message'] }).toEqual({
      status: 200,
      message: expect.stringContaining('not used for audio') as string,
    });
    expect((await get('spotify/web')).body).toMatchObject({ region: 'US', blob_content: '…' });
    expect(await stored('spotify', 'web')).toEqual({ blobContent: BLOB });
  });

  it('stores the arl of existing clients', async () => {
    const { status, body } = await post('deezer/web', { region: '', arl: ` ${ARL}\n`, blob_content: '' });
    expect({ status, message: body['message'] }).toEqual({
      status: 200,
      message: expect.stringContaining('never sent anywhere') as string,
    });
    expect((await get('deezer/web')).body).toMatchObject({ region: null, arl: '…90c7', has_secret: true });
    expect(await stored('deezer', 'web')).toEqual({ arl: ARL });
  });

  it('shows nothing of a short secret', async () => {
    await post('spotify/short', { client_id: 'abcdefghijklmno', client_secret: 'x' });
    expect((await get('spotify/short')).body).toMatchObject({ client_id: '…', client_secret: '…' });
  });

  it('refuses a name that is taken, and leaves what has it alone', async () => {
    await post('spotify/main', APP);
    const before = await rows();
    const { status, body } = await post('spotify/main', OTHER_APP);
    expect({ status, error: body['error'] }).toEqual({
      status: 409,
      error: 'There is already an account "main" for spotify; update it, or choose another name.',
    });
    expect(await rows()).toEqual(before);
    expect((await post('deezer/main', { arl: ARL })).status).toBe(200);
  });

  it('lets one of many win who want the same name at once', async () => {
    const secrets = Array.from({ length: 8 }, (_, index) => `racing-secret-number-${index}`);
    const replies = await Promise.all(
      secrets.map((client_secret) => post('spotify/main', { client_id: APP.client_id, client_secret })),
    );
    const statuses = replies.map(({ status }) => status);
    expect(statuses.toSorted()).toEqual([200, ...Array.from({ length: 7 }, () => 409)]);
    expect((await stored('spotify', 'main')).clientSecret).toBe(secrets[statuses.indexOf(200)]);
    expect(await audited()).toEqual(['system: ACCOUNT_CREATED spotify/main']);
  });

  it('makes one account the active one when several first ones are made at once', async () => {
    const names = ['a', 'b', 'c', 'd'];
    await Promise.all(names.map((name) => post(`deezer/${name}`, { arl: ARL })));
    const { body } = await get('all/deezer');
    const all = body as unknown as { name: string; details: { is_active: boolean } }[];
    expect(all.map(({ name }) => name)).toEqual(names);
    expect(all.filter(({ details }) => details.is_active).map(({ name }) => name)).toEqual([
      (await active()).deezer,
    ]);
  });

  it.each([
    ['%2e%2e', 404],
    ['...', 400],
    ['..%2fx', 400],
    ['a%2fb', 400],
    ['a%5cb', 400],
    ['%2fetc%2fpasswd', 400],
    ['a%00', 400],
    ['a%20b', 400],
    ['é', 400],
    ['x'.repeat(65), 400],
  ])('refuses the name %s', async (name, status) => {
    for (const method of ['POST', 'PUT', 'GET', 'DELETE']) {
      const reply = await send(method, `spotify/${name}`, method === 'GET' ? undefined : APP);
      expect(reply.status, method).toBe(status);
    }
    expect(await rows()).toEqual([]);
  });

  it.each(['x', '.x', '-', '_', 'x'.repeat(64), 'null', 'all', 'spotify_api_config'])(
    'accepts the name %s',
    async (name) => {
      expect((await post(`spotify/${name}`, APP)).status).toBe(200);
      expect((await get(`spotify/${name}`)).body['name']).toBe(name);
      expect((await send('DELETE', `spotify/${name}`)).status).toBe(200);
    },
  );

  it.each<[string, object, string, string]>([
    ['spotify', {}, 'client_id', '"client_id" is missing; an account at Spotify requires client_id and'],
    ['spotify', { client_id: 'x' }, 'client_secret', '"client_secret" is missing'],
    ['spotify', { client_secret: ARL }, 'client_id', '"client_id" is missing'],
    ['spotify', { ...APP, client_secret: ' ' }, 'client_secret', '"client_secret" is missing'],
    ['spotify', { ...APP, client_secret: `${ARL} x` }, 'client_secret', 'client_secret: must be 1 to 256'],
    ['spotify', { ...APP, client_secret: 'x'.repeat(257) }, 'client_secret', 'client_secret: must be 1'],
    ['spotify', { ...APP, client_secret: 17 }, 'client_secret', 'client_secret: must be 1 to 256'],
    ['spotify', { ...APP, arl: ARL }, 'arl', '"arl" is not a secret of Spotify; allowed are client_id,'],
    ['spotify', { blob_content: { username: 'x' } }, 'blob_content', 'blob_content: must be 1 to 2000'],
    ['spotify', { ...APP, region: 'DEU' }, 'region', 'region: must be a country in two letters'],
    ['spotify', { ...APP, region: 'QQ' }, 'region', '"region" is "QQ"; it must be a country of ISO 3166-1'],
    ['deezer', {}, 'arl', '"arl" is missing; an account at Deezer requires arl.'],
    ['deezer', APP, 'client_id', '"client_id" is not a secret of Deezer; allowed are arl.'],
  ])('refuses for %s the values %j', async (service, values, field, error) => {
    const { status, body } = await post(`${service}/main`, values);
    expect({ status, body }).toMatchObject({ status: 400, body: { details: { field } } });
    expect(body['error']).toContain(error);
    expect(await rows()).toEqual([]);
  });
});

describe('an unknown service', () => {
  it.each(['tidal', 'Spotify', 'spotify_api', '..%2fspotify', 'constructor', '__proto__'])(
    'is refused by every route: %s',
    async (service) => {
      const calls = [
        ...[get(`${service}`), get(`all/${service}`)],
        get(`${service}/main`),
        ...[post(`${service}/main`, APP), put(`${service}/main`, APP), send('DELETE', `${service}/main`)],
      ];
      for (const { status, body } of await Promise.all(calls)) {
        expect({ status, error: body['error'] }).toEqual({
          status: 400,
          error: 'service: allowed are spotify, deezer',
        });
      }
    },
  );
});

describe('GET /credentials/{service} and /credentials/all/{service}', () => {
  it('list the accounts of that service by name', async () => {
    expect(await get('spotify')).toEqual({ status: 200, body: [] });
    expect(await get('all/deezer')).toEqual({ status: 200, body: [] });
    for (const name of ['b', 'a']) await post(`spotify/${name}`, APP);
    await post('deezer/c', { arl: ARL });
    expect((await get('spotify')).body).toEqual(['a', 'b']);
    expect((await get('all/spotify')).body).toEqual([
      { name: 'a', details: (await get('spotify/a')).body },
      { name: 'b', details: (await get('spotify/b')).body },
    ]);
    expect((await get('all/deezer')).body).toMatchObject([{ name: 'c', details: { arl: '…90c7' } }]);
  });
});

describe('PUT /credentials/{service}/{name}', () => {
  it('changes what is provided, and keeps the rest', async () => {
    await post('spotify/main', { ...APP, region: 'DE' });
    expect(await put('spotify/main', { client_secret: OTHER_APP.client_secret })).toEqual({
      status: 200,
      body: {
        message: expect.stringContaining('updated') as string,
        details: { status: 'updated', service: 'spotify', name: 'main', used_for_audio: false },
      },
    });
    expect((await get('spotify/main')).body).toMatchObject({ region: 'DE', client_secret: '…33ff' });
    expect(await stored('spotify', 'main')).toEqual({
      clientId: APP.client_id,
      clientSecret: OTHER_APP.client_secret,
    });
    await put('spotify/main', { region: 'fr' });
    expect((await get('spotify/main')).body['region']).toBe('FR');
    await put('spotify/main', { region: null });
    expect((await get('spotify/main')).body['region']).toBeNull();
    expect((await stored('spotify', 'main')).clientSecret).toBe(OTHER_APP.client_secret);
  });

  it('changes no secret when a client sends back what it was shown, or nothing', async () => {
    await post('spotify/main', APP);
    const before = await stored('spotify', 'main');
    for (const body of [(await get('spotify/main')).body, { client_id: '', client_secret: '' }, {}]) {
      expect((await put('spotify/main', body)).status).toBe(200);
    }
    expect(await stored('spotify', 'main')).toEqual(before);
  });

  it('refuses what no account may have, and an account that does not exist', async () => {
    await post('deezer/main', { arl: ARL });
    const before = await rows();
    expect((await put('deezer/main', APP)).status).toBe(400);
    expect((await put('deezer/main', { region: 'QQ' })).status).toBe(400);
    expect(await put('deezer/main', { arl: '…4f2a' })).toMatchObject({
      status: 400,
      body: { error: '"arl" must be 1 to 1000 ASCII characters without spaces.', details: { field: 'arl' } },
    });
    expect(await put('deezer/other', { arl: ARL })).toMatchObject({
      status: 404,
      body: { error: 'There is no account "deezer/other".' },
    });
    expect(await rows()).toEqual(before);
  });

  it('keeps the secrets of two changes at once', async () => {
    await post('spotify/main', APP);
    await Promise.all([
      put('spotify/main', { client_id: OTHER_APP.client_id }),
      put('spotify/main', { client_secret: OTHER_APP.client_secret }),
    ]);
    expect(await stored('spotify', 'main')).toEqual({
      clientId: OTHER_APP.client_id,
      clientSecret: OTHER_APP.client_secret,
    });
  });
});

describe('the active account', () => {
  it('is the first of its service, until that is deleted', async () => {
    await post('spotify/first', APP);
    await post('spotify/second', OTHER_APP);
    await post('deezer/third', { arl: ARL });
    expect(await active()).toEqual({ spotify: 'first', deezer: 'third' });
    await send('DELETE', 'spotify/second');
    expect(await active()).toEqual({ spotify: 'first', deezer: 'third' });
    expect(await send('DELETE', 'spotify/first')).toMatchObject({
      status: 200,
      body: { details: { status: 'deleted', service: 'spotify', name: 'first' } },
    });
    expect(await active()).toEqual({ spotify: '', deezer: 'third' });
    expect((await send('DELETE', 'spotify/first')).status).toBe(404);
    expect((await get('spotify/first')).status).toBe(404);
  });

  it('is another one when the configuration says so', async () => {
    await post('spotify/first', APP);
    await post('spotify/second', OTHER_APP);
    const headers = { 'content-type': 'application/json' };
    await app.send('PUT', '/config', { headers, body: JSON.stringify({ spotify: 'second' }) });
    expect((await get('spotify/second')).body['is_active']).toBe(true);
    await send('DELETE', 'spotify/first');
    expect((await active()).spotify).toBe('second');
    await send('DELETE', 'spotify/second');
    expect((await active()).spotify).toBe('');
  });

  it('stays none while other accounts of the service are left', async () => {
    await post('deezer/a', { arl: ARL });
    await post('deezer/b', { arl: ARL });
    await send('DELETE', 'deezer/a');
    await post('deezer/c', { arl: ARL });
    expect((await active()).deezer).toBe('');
  });
});

describe('/credentials/spotify_api_config', () => {
  const none = { client_id: '', client_secret: '', has_secret: false };
  const shown = { client_id: APP.client_id, client_secret: '', has_secret: true };

  it('shows the id, and never the secret', async () => {
    expect(await get('spotify_api_config')).toEqual({ status: 200, body: none });
    const reply = await app.send('PUT', '/credentials/spotify_api_config', {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(APP),
    });
    expect(reply).toMatchObject({ status: 200 });
    expect(reply.body).toEqual({ message: 'The Spotify app was updated.', ...shown });
    expect((await app.get('/credentials/spotify_api_config')).body).toEqual(shown);
    expect((await stored('spotify_api', 'config')).clientSecret).toBe(APP.client_secret);
  });

  it('keeps a secret that is unchanged, empty or omitted', async () => {
    const change = (body: object) =>
      app.send('PUT', '/credentials/spotify_api_config', {
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    await change(APP);
    for (const body of [shown, { client_id: APP.client_id }, APP, { client_secret: '…' }, {}]) {
      expect((await change(body)).status).toBe(200);
      expect(await stored('spotify_api', 'config')).toEqual({
        clientId: APP.client_id,
        clientSecret: APP.client_secret,
      });
    }
    await change({ client_id: OTHER_APP.client_id, client_secret: '' });
    expect(await stored('spotify_api', 'config')).toEqual({
      clientId: OTHER_APP.client_id,
      clientSecret: APP.client_secret,
    });
  });

  it('requires both the first time', async () => {
    for (const body of [{}, none, { client_id: 'x' }, { client_secret: 'x' }]) {
      expect((await put('spotify_api_config', body)).status).toBe(400);
    }
    expect(await rows()).toEqual([]);
  });

  it('is no account of Spotify', async () => {
    await Promise.all([1, 2, 3].map(() => put('spotify_api_config', { ...APP, client_id: 'not-secret-1' })));
    expect((await get('spotify')).body).toEqual([]);
    expect(await active()).toEqual({ spotify: '', deezer: '' });
    expect(await rows()).toHaveLength(1);
  });
});

describe('GET /credentials/markets', () => {
  it('lists all countries, those of accounts first', async () => {
    const plain = (await get('markets')).body as Record<string, string[]>;
    expect(plain['markets']).toHaveLength(250);
    expect(new Set(plain['markets']).size).toBe(250);
    expect(plain['markets']?.slice(0, 2)).toEqual(['AD', 'AE']);
    await post('spotify/a', { ...APP, region: 'SE' });
    await post('spotify/b', { ...APP, region: 'SE' });
    await post('deezer/a', { arl: ARL, region: 'FR' });
    const { spotify, deezer, markets } = (await get('markets')).body as Record<string, string[]>;
    expect(spotify?.slice(0, 2)).toEqual(['SE', 'AD']);
    expect(deezer?.slice(0, 2)).toEqual(['FR', 'AD']);
    expect(markets?.slice(0, 3)).toEqual(['SE', 'FR', 'AD']);
    for (const list of [spotify, deezer, markets]) expect(list?.toSorted()).toEqual(plain['markets']);
  });
});

describe('every route of credentials', () => {
  it('is for admins', async () => {
    await post('spotify/main', APP);
    const before = await rows();
    const { own: theirs } = await serveOwnUser(app);
    const calls = CREDENTIAL_ROUTES.flatMap(({ methods, path }) =>
      methods.map((method) => ({ method, path })),
    );
    expect(calls).toHaveLength(9);
    for (const { method, path } of calls) {
      const concrete = path.replace('{service}', 'spotify').replace('{name}', 'main');
      const { status, body } = await theirs.rest(method, concrete, method === 'GET' ? undefined : APP);
      expect({ path, status }).toEqual({ path, status: 403 });
      expect(JSON.stringify(body)).not.toContain('…');
    }
    expect(await rows()).toEqual(before);
  });

  it('leaves an entry in the audit log for every change, and for nothing else', async () => {
    await post('spotify/main', APP);
    await post('spotify/main', APP);
    await put('spotify/main', { region: 'DE' });
    await put('spotify/none', { region: 'DE' });
    await put('spotify_api_config', { ...APP, client_id: 'not-secret-1' });
    await get('all/spotify');
    await send('DELETE', 'spotify/main');
    expect(await audited()).toEqual([
      'system: ACCOUNT_CREATED spotify/main',
      'system: ACCOUNT_UPDATED spotify/main',
      'system: ACCOUNT_UPDATED spotify_api/config',
      'system: ACCOUNT_DELETED spotify/main',
    ]);
  });

  it('reads no secret from a URL', async () => {
    await post('deezer/main', { arl: ARL });
    const before = await rows();
    const query = new URLSearchParams({ ...APP, arl: ARL }).toString();
    for (const [method, path] of [
      ['POST', 'spotify/main'],
      ['PUT', 'deezer/main'],
      ['PUT', 'spotify_api_config'],
    ] as const) {
      expect(await send(method, `${path}?${query}`)).toMatchObject({
        status: 400,
        body: { error: 'client_id: is read from the JSON body only, not from the query' },
      });
    }
    expect(await rows()).toEqual(before);
  });

  it('keeps secrets out of the database’s text', async () => {
    await post('spotify/main', APP);
    await post('spotify/web', { blob_content: BLOB });
    await post('deezer/web', { arl: ARL });
    const [accounts] = await app.deps.db.$queryRaw<{ text: string }[]>`
      SELECT string_agg(to_json(a)::text, '') AS text FROM "Account" a`;
    const text = `${accounts?.text} ${(await audited()).join()}`;
    expect(text).toContain('…4e33');
    const forms = SECRETS.flatMap((secret) => [
      secret,
      ...(['hex', 'base64url'] as const).map((form) => Buffer.from(secret).toString(form)),
    ]);
    expect(forms.filter((form) => text.includes(form))).toEqual([]);
  });
});

it('no secret was in any response or log', () => {
  expect(log).toContain('account changed');
  expect(sent).toContain('…4e33');
  expect(SECRETS.filter((secret) => sent.includes(secret) || log.includes(secret))).toEqual([]);
});
