import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLocalJWKSet, jwtVerify, type JSONWebKeySet } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSecretKeys } from '../../src/auth/secret-key.js';
import { rotateSigningKey } from '../../src/sign-in/signing-keys.js';
import { createSession } from '../../src/sign-in/session-store.js';
import { seal, sealingKeyOf } from '../../src/lib/seal.js';
import { createTestDatabase, type TestDatabase } from '../kit/database.js';
import { runServer } from '../kit/server-process.js';
import { createPerson, signInAs, whoIs } from '../kit/sign-in.js';
import { startApp, type TestApp, type TestAppOptions } from '../kit/start-app.js';

const [OLD, NEW] = ['an old key of thirty-two characters', 'a new key of thirty-two characters'];
const DAY_MS = 24 * 3_600_000;

let dataDir: string;
let database: TestDatabase;
const apps: TestApp[] = [];

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'reprise-keys-'));
  database = await createTestDatabase();
});
afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.stop()));
  await database.drop();
  await rm(dataDir, { recursive: true });
});

async function start(env: TestAppOptions['env'] = {}, overrides: TestAppOptions['overrides'] = {}) {
  const app = await startApp({
    database,
    env: { authEnabled: true, dataDir, secretKey: null, ...env },
    overrides,
  });
  apps.push(app);
  return app;
}

const secretKeys = (env: { secretKey?: string; previousSecretKey?: string } = {}) =>
  createSecretKeys({ secretKey: null, previousSecretKey: null, dataDir, ...env });

describe('the secret key', () => {
  it('is made once by all who need it at the same time, readable by its owner alone', async () => {
    const made = await Promise.all(Array.from({ length: 20 }, () => secretKeys().keys()));
    expect(new Set(made.map(([{ id }]) => id)).size).toBe(1);
    expect(await readdir(dataDir)).toEqual(['secret.key']);
    const path = join(dataDir, 'secret.key');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readFile(path, 'utf8')).toMatch(/^[0-9a-f]{64}\n$/);
  });

  it('is not used when others may read it, or when it is incomplete', async () => {
    await secretKeys().keys();
    const path = join(dataDir, 'secret.key');
    await chmod(path, 0o640);
    await expect(secretKeys().keys()).rejects.toThrow(`"${path}" may be read by other users (mode 640)`);
    await chmod(path, 0o600);
    await writeFile(path, 'abc');
    await expect(secretKeys().keys()).rejects.toThrow(`"${path}" is incomplete`);
  });

  it('opens what the key before has sealed, from the environment and from the file', async () => {
    const [ofFile] = await secretKeys().keys();
    const keys = await secretKeys({ secretKey: NEW, previousSecretKey: OLD }).keys();
    expect(keys.map(({ id }) => id)).toEqual([sealingKeyOf(NEW).id, sealingKeyOf(OLD).id, ofFile.id]);
  });
});

describe('keys that sign tokens', () => {
  it('are made once by servers that start together, are kept sealed, and sign for each other', async () => {
    const [one, other] = await Promise.all([start(), start()]);
    const rows = await one.deps.db.signingKey.findMany();
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(rows[0]?.publicKey)).not.toContain('"d"');
    expect(rows[0]?.sealed).toMatch(/^[0-9a-f]{8}\.[\w-]+$/);
    const user = await createPerson(one);
    expect(await whoIs(other, { token: (await signInAs(one, user)).accessToken })).toBe(user.username);
    expect(await whoIs(one, { token: (await signInAs(other, user)).accessToken })).toBe(user.username);
  });

  it('are published for other programs, without their secret', async () => {
    const app = await start();
    const { accessToken } = await signInAs(app, await createPerson(app));
    const response = await fetch(`${app.url}/.well-known/jwks.json`);
    expect(response.headers.get('cache-control')).toBe('public, max-age=60');
    const set = (await response.json()) as JSONWebKeySet;
    expect(Object.keys(set.keys[0] ?? {}).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x']);
    const { payload } = await jwtVerify(accessToken, createLocalJWKSet(set), { issuer: 'reprise' });
    expect(payload.sub).toBeDefined();
  });

  it('are not published while authentication is off', async () => {
    const app = await start({ authEnabled: false });
    expect((await fetch(`${app.url}/.well-known/jwks.json`)).status).toBe(404);
    expect(await readdir(dataDir)).toEqual([]);
  });

  it('overlap when they are rotated: tokens of the old key stay valid, in servers that had it in memory too', async () => {
    let nowMs = Date.now();
    const clock = { now: () => new Date(nowMs) };
    const app = await start({}, { clock });
    const user = await createPerson(app);
    const before = (await signInAs(app, user)).accessToken;
    await rotateSigningKey(app.deps);
    const fresh = await start({}, { clock });
    const after = (await signInAs(fresh, user)).accessToken;
    for (const on of [app, fresh]) {
      expect(await whoIs(on, { token: before })).toBe(user.username);
      expect(await whoIs(on, { token: after })).toBe(user.username);
    }
    expect(await fresh.deps.signingKeys.published()).toHaveLength(2);

    // No refresh token lives longer.
    nowMs += 31 * DAY_MS;
    const later = await start({}, { clock });
    expect(await later.deps.signingKeys.published()).toHaveLength(1);
    const session = { userId: user.id, generation: null, expiresAt: new Date(nowMs + DAY_MS) };
    const { id } = await createSession(app.deps.db, session);
    const claims = { userId: user.id, sessionId: id, expiresAt: session.expiresAt };
    expect(await whoIs(later, { token: await later.deps.tokens.signAccess(claims) })).toBe(user.username);
  });
});

describe('a server with another secret key', () => {
  const env = () => ({ DATABASE_URL: database.url, AUTH_ENABLED: 'true', DATA_DIR: dataDir });

  it('does not start, exits with 78, and says what to do without a part of any key', async () => {
    await start({ secretKey: OLD });
    const { status, stderr, stdout } = await runServer({ ...env(), SECRET_KEY: NEW }).ended;
    expect(status).toBe(78);
    expect(stderr).toContain('SECRET_KEY: the database holds secrets that this process cannot decrypt');
    expect(stderr).toContain('All processes that share a database need the same SECRET_KEY');
    expect(stderr + stdout).not.toMatch(/thirty-two/);
  });

  it('starts once the old one is SECRET_KEY_PREVIOUS, and alone once the secrets were encrypted again', async () => {
    const app = await start({ secretKey: OLD });
    const user = await createPerson(app);
    const { accessToken: token } = await signInAs(app, user);
    const account = { id: user.id, service: 'spotify', name: 'main', hints: {} };
    const sealed = seal('{"blobContent":"x"}', `account spotify ${user.id}`, sealingKeyOf(OLD));
    await app.deps.db.account.create({ data: { ...account, sealed } });
    expect(await whoIs(await start({ secretKey: NEW, previousSecretKey: OLD }), { token })).toBe(
      user.username,
    );

    const keys = { SECRET_KEY: NEW, SECRET_KEY_PREVIOUS: OLD };
    const rotated = await runServer({ ...env(), ...keys }, ['rotate-secret-key']).ended;
    expect(rotated).toMatchObject({ status: 0, stderr: '' });
    expect(rotated.stdout).toBe(
      'Secrets encrypted again with SECRET_KEY: 2. SECRET_KEY_PREVIOUS is not needed any more.\n',
    );
    expect(await whoIs(await start({ secretKey: NEW }), { token })).toBe(user.username);
  });

  it('deletes on request what no key opens any more', async () => {
    const app = await start({ secretKey: OLD });
    const { accessToken: token } = await signInAs(app, await createPerson(app));
    const refused = await runServer({ ...env(), SECRET_KEY: NEW }, ['rotate-secret-key']).ended;
    expect(refused).toMatchObject({ status: 78, stdout: '' });
    expect(refused.stderr).toMatch(/no key decrypts signing key [0-9a-f-]+\. Set SECRET_KEY_PREVIOUS/);
    const discarded = await runServer({ ...env(), SECRET_KEY: NEW }, ['rotate-secret-key', '--discard'])
      .ended;
    expect(discarded.status).toBe(0);
    expect(await whoIs(await start({ secretKey: NEW }), { token })).toBeNull();
  });
});

describe('the commands', () => {
  it('rotate the keys of a running server, which goes on', async () => {
    const app = await start();
    const user = await createPerson(app);
    const { accessToken: token } = await signInAs(app, user);
    const env = { DATABASE_URL: database.url, AUTH_ENABLED: 'true', DATA_DIR: dataDir };
    const signing = await runServer(env, ['rotate-signing-key']).ended;
    expect(signing.stdout).toMatch(/^Tokens are now signed with the key "[0-9a-f-]{36}"/);
    const secret = await runServer(env, ['rotate-secret-key']).ended;
    expect(secret.stdout).toBe('A new key was made in DATA_DIR. Secrets encrypted again with it: 2.\n');
    expect((await readdir(dataDir)).sort()).toEqual(['secret.key', 'secret.previous.key']);
    for (const file of await readdir(dataDir))
      expect((await stat(join(dataDir, file))).mode & 0o777).toBe(0o600);
    expect(await whoIs(app, { token })).toBe(user.username);
    const fresh = await start();
    expect(await whoIs(fresh, { token })).toBe(user.username);
    await rm(join(dataDir, 'secret.previous.key'));
    expect(await whoIs(await start(), { token: (await signInAs(fresh, user)).accessToken })).toBe(
      user.username,
    );
  });

  it('work on the embedded database, while no server runs on it', async () => {
    const run = (command: string) => runServer({ DATA_DIR: dataDir, AUTH_ENABLED: 'true' }, [command]).ended;
    const results = [await run('rotate-signing-key'), await run('rotate-secret-key')];
    expect(results.map(({ status, stderr }) => ({ status, stderr }))).toEqual([
      { status: 0, stderr: '' },
      { status: 0, stderr: '' },
    ]);
    expect(results[1]?.stdout).toContain('Secrets encrypted again with it: 1.');
  });

  it('are named when the command line has another word, which starts no server', async () => {
    const { status, stderr, stdout } = await runServer({ DATA_DIR: dataDir }, ['rotate']).ended;
    expect({ status, stdout }).toEqual({ status: 64, stdout: '' });
    expect(stderr).toContain('rotate-signing-key');
    expect(stderr).toContain('rotate-secret-key [--discard]');
  });
});
