import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ANONYMOUS, type Viewer } from '../../src/auth/viewer.js';
import { createUser, serveWith, signedIn } from '../kit/serve-as.js';
import { startApp, type TestApp } from '../kit/start-app.js';

const PASSWORD = 'correct horse battery';
const DATE = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string;

let app: TestApp;
let guest: TestApp;
let admin: TestApp;
let adminViewer: Viewer;
beforeAll(async () => {
  app = await startApp({ env: { authEnabled: true, registrationEnabled: true, role: 'api' } });
  adminViewer = await createUser(app, 'ADMIN');
  admin = await signedIn(app, adminViewer);
  guest = await serveWith(app, { viewer: ANONYMOUS });
});
afterAll(async () => {
  await guest.stop();
  await app.stop();
});

const newName = () => `u-${randomUUID()}`;

async function register(username = newName()): Promise<string> {
  const { status } = await guest.rest('POST', '/auth/register', { username, password: PASSWORD });
  expect(status).toBe(200);
  return username;
}

/** Requests of a registered user. */
async function serveAs(username: string): Promise<TestApp> {
  return signedIn(app, await app.deps.db.user.findUniqueOrThrow({ where: { username } }));
}

async function errorOf(reply: Promise<{ status: number; body: unknown }>) {
  const { status, body } = await reply;
  const { error, detail } = body as { error: unknown; detail: unknown };
  expect(typeof error).toBe('string');
  expect(detail).toBe(error);
  return { status, error: String(error) };
}

describe('GET /auth/status', () => {
  it('says that nobody is signed in, also to a token that is not valid', async () => {
    const expected = {
      auth_enabled: true,
      authenticated: false,
      user: null,
      registration_enabled: true,
      sso_enabled: false,
      sso_providers: [],
    };
    expect((await guest.rest('GET', '/auth/status')).body).toEqual(expected);
    for (const authorization of ['Bearer x.y.z', 'Bearer ', 'Basic dTpw', 'nonsense']) {
      const response = await fetch(`${app.url}/api/auth/status`, { headers: { authorization } });
      expect(response.status).toBe(200);
      expect(await response.json()).toEqual(expected);
    }
  });

  it('shows who is signed in', async () => {
    const { body } = await admin.rest('GET', '/auth/status');
    expect(body).toMatchObject({
      authenticated: true,
      user: { username: adminViewer.username, role: 'admin' },
    });
  });
});

describe('POST /auth/register', () => {
  it('creates a user with every field, and signs nobody in', async () => {
    const username = newName();
    const reply = await guest.rest('POST', '/auth/register', {
      ...{ username, password: PASSWORD, email: 'ana@example.org' },
    });
    expect(reply.status).toBe(200);
    expect(reply.body).toEqual({
      message: `User "${username}" registered.`,
      user: {
        ...{ username, email: 'ana@example.org', role: 'user', created_at: DATE },
        ...{ last_login: null, sso_provider: null, is_sso_user: false },
      },
    });
    expect(reply.headers.get('set-cookie')).toBeNull();
    expect(JSON.stringify(reply.body)).not.toMatch(/argon2|correct horse/);
  });

  it.each([
    ['ab', 'too short'],
    ['a'.repeat(65), 'too long'],
    ['a b c', 'a space'],
    ['../etc', 'a path'],
    ['ana/ben', 'a slash'],
    ['ana%2fben', 'an encoded slash'],
    ['anä', 'a letter beyond ASCII'],
    ['ana\u0430', 'a letter that looks like another'],
    ['User:1', 'a colon'],
    ['system', 'the name of the caller without authentication'],
    ['SYSTEM', 'the same in other case'],
    ['Anonymous', 'the name of nobody'],
  ])('rejects the username %s: %s', async (username) => {
    const reply = await errorOf(guest.rest('POST', '/auth/register', { username, password: PASSWORD }));
    expect(reply).toEqual({
      status: 400,
      error: expect.stringContaining('is not a valid username') as string,
    });
  });

  it.each([
    '...',
    '.a.',
    '---',
    '___',
    'create',
    'profile',
    'con',
    '__proto__',
    'constructor',
    'a'.repeat(64),
  ])('accepts the username %s, and its routes find it', async (username) => {
    await register(username);
    const path = `/auth/users/${encodeURIComponent(username)}`;
    expect(await admin.rest('PUT', `${path}/role`, { role: 'admin' })).toMatchObject({ status: 200 });
    expect(await admin.rest('PUT', `${path}/password`, { new_password: PASSWORD })).toMatchObject({
      status: 200,
    });
    const { body } = await admin.rest('GET', '/auth/users');
    expect(body).toContainEqual(expect.objectContaining({ username, role: 'admin' }));
    expect((await admin.rest('DELETE', path)).body).toEqual({ message: `User "${username}" deleted.` });
    expect(await admin.rest('DELETE', path)).toMatchObject({ status: 404 });
  });

  it('compares usernames without case: the later one gets 409', async () => {
    const username = await register();
    const taken = guest.rest('POST', '/auth/register', {
      username: username.toUpperCase(),
      password: PASSWORD,
    });
    expect(await errorOf(taken)).toMatchObject({
      status: 409,
      error: expect.stringContaining('is taken') as string,
    });
  });

  it.each(['1234567', 'x'.repeat(513), '🎵🎵🎵🎵🎵🎵🎵'])(
    'rejects the weak password %s',
    async (password) => {
      const reply = await errorOf(guest.rest('POST', '/auth/register', { username: newName(), password }));
      expect(reply).toEqual({ status: 400, error: 'New password must be 8 to 512 characters long.' });
    },
  );

  it('keeps the spaces of a password', async () => {
    const password = '        ';
    expect(await guest.rest('POST', '/auth/register', { username: newName(), password })).toMatchObject({
      status: 200,
    });
  });

  it.each(['nonsense', 'a@b', 'a b@example.org', `${'a'.repeat(250)}@example.org`])(
    'rejects the email address %s',
    async (email) => {
      const { status, body } = await guest.rest('POST', '/auth/register', {
        ...{ username: newName(), password: PASSWORD, email },
      });
      expect({ status, body }).toMatchObject({ status: 400, body: { details: { field: 'email' } } });
    },
  );

  it('of ten at once for one name lets one win, the others get 409', async () => {
    const username = newName();
    const variants = [username, username.toUpperCase()];
    const replies = await Promise.all(
      Array.from({ length: 10 }, (_, n) =>
        guest.rest('POST', '/auth/register', { username: variants[n % 2], password: PASSWORD }),
      ),
    );
    const statuses = replies.map(({ status }) => status).sort();
    expect(statuses).toEqual([200, ...Array.from({ length: 9 }, () => 409)]);
  });
});

describe('the routes of admins', () => {
  const routes: [string, string, object?][] = [
    ['GET', '/auth/users'],
    ['POST', '/auth/users/create', { username: 'nobody-yet', password: PASSWORD }],
    ['DELETE', '/auth/users/somebody'],
    ['PUT', '/auth/users/somebody/role', { role: 'admin' }],
    ['PUT', '/auth/users/somebody/password', { new_password: PASSWORD }],
  ];

  it.each(routes)('%s %s answers 401 to nobody, and 403 to a user', async (method, path, body) => {
    expect(await errorOf(guest.rest(method, path, body))).toMatchObject({ status: 401 });
    const user = await serveAs(await register());
    expect(await errorOf(user.rest(method, path, body))).toMatchObject({ status: 403 });
  });

  it.each(routes.slice(2))(
    '%s %s answers 404 to an admin when there is no such user',
    async (method, path, body) => {
      expect(await errorOf(admin.rest(method, path, body))).toEqual({
        status: 404,
        error: 'User "somebody" does not exist.',
      });
    },
  );

  it.each(['system', 'SYSTEM', '..%2f..%2fsystem', '%2e%2e', 'a%2fb', '%00', '*', "'%20OR%20'1'='1"])(
    'know no user %s',
    async (name) => {
      for (const [method, path, body] of routes.slice(2)) {
        const { status } = await admin.rest(method, path.replace('somebody', name), body);
        expect([400, 404]).toContain(status);
      }
      expect(await app.deps.db.user.count({ where: { username: 'system', role: 'ADMIN' } })).toBe(1);
    },
  );

  it('list all users but the user system, however many there are', async () => {
    const names = Array.from({ length: 510 }, (_, n) => `many-${String(n).padStart(3, '0')}`);
    await app.deps.db.user.createMany({
      data: names.map((username) => ({ username, usernameKey: username, role: 'USER' as const })),
    });
    const { status, body } = await admin.rest('GET', '/auth/users');
    expect(status).toBe(200);
    const listed = (body as { username: string }[]).map(({ username }) => username);
    expect(listed.filter((name) => name.startsWith('many-')).sort()).toEqual(names);
    expect(listed).toContain(adminViewer.username);
    expect(listed).not.toContain('system');
    expect(new Set(listed).size).toBe(listed.length);
    await app.deps.db.user.deleteMany({ where: { username: { startsWith: 'many-' } } });
  });
});

describe('POST /auth/users/create', () => {
  it('creates users and admins', async () => {
    const [username, boss] = [newName(), newName()];
    const user = await admin.rest('POST', '/auth/users/create', { username, password: PASSWORD });
    expect(user).toMatchObject({ status: 200, body: { user: { username, role: 'user', email: null } } });
    const reply = await admin.rest('POST', '/auth/users/create', {
      ...{ username: boss, password: PASSWORD, role: 'admin', email: 'boss@example.org' },
    });
    expect(reply.body).toMatchObject({
      message: `User "${boss}" created.`,
      user: { username: boss, role: 'admin', email: 'boss@example.org' },
    });
  });

  it('answers 400 to a bad name, password or role, and 409 to a name that is taken', async () => {
    const create = (body: object) => admin.rest('POST', '/auth/users/create', body);
    const username = newName();
    expect(await create({ username: 'a/b', password: PASSWORD })).toMatchObject({ status: 400 });
    expect(await create({ username, password: 'short' })).toMatchObject({ status: 400 });
    expect(await create({ username, password: PASSWORD, role: 'root' })).toMatchObject({ status: 400 });
    expect(await create({ username: adminViewer.username, password: PASSWORD })).toMatchObject({
      status: 409,
    });
    expect(await app.deps.db.user.count({ where: { username } })).toBe(0);
  });
});

describe('an admin’s own account', () => {
  it('can be neither deleted nor given another role by itself', async () => {
    const path = `/auth/users/${adminViewer.username.toUpperCase()}`;
    expect(await errorOf(admin.rest('DELETE', path))).toMatchObject({ status: 400 });
    expect(await errorOf(admin.rest('PUT', `${path}/role`, { role: 'user' }))).toMatchObject({ status: 400 });
    expect(await admin.rest('GET', '/auth/profile')).toMatchObject({ body: { role: 'admin' } });
  });
});

describe('PUT /auth/users/{username}/role', () => {
  it('makes a user an admin and an admin a user', async () => {
    const username = await register();
    const reply = await admin.rest('PUT', `/auth/users/${username}/role`, { role: 'admin' });
    expect(reply.body).toEqual({ message: `User "${username}" has the role admin.` });
    expect(await admin.rest('PUT', `/auth/users/${username}/role`, { role: 'user' })).toMatchObject({
      status: 200,
    });
    expect(await app.deps.db.user.findUnique({ where: { username } })).toMatchObject({ role: 'USER' });
  });

  it.each([undefined, 'root', '', null, 1])('answers 400 to the role %j', async (role) => {
    const username = await register();
    expect(await errorOf(admin.rest('PUT', `/auth/users/${username}/role`, { role }))).toMatchObject({
      status: 400,
    });
  });
});

describe('PUT /auth/users/{username}/password', () => {
  it('answers 400 to a weak password, and to a user who signs in by a provider', async () => {
    const username = await register();
    const path = `/auth/users/${username}/password`;
    expect(await errorOf(admin.rest('PUT', path, { new_password: 'short' }))).toEqual({
      status: 400,
      error: 'New password must be 8 to 512 characters long.',
    });
    await app.deps.db.user.update({ where: { username }, data: { passwordHash: null } });
    expect(await errorOf(admin.rest('PUT', path, { new_password: PASSWORD }))).toMatchObject({
      status: 400,
      error: expect.stringContaining('by a provider') as string,
    });
  });
});

describe('GET /auth/profile', () => {
  it('shows one’s own account, and 401 to nobody', async () => {
    const username = await register();
    const { status, body } = await (await serveAs(username)).rest('GET', '/auth/profile');
    expect({ status, body }).toMatchObject({
      status: 200,
      body: { username, role: 'user', is_sso_user: false },
    });
    expect(await errorOf(guest.rest('GET', '/auth/profile'))).toMatchObject({ status: 401 });
  });

  it('names the provider of a user who has no password', async () => {
    const username = await register();
    const { id } = await app.deps.db.user.update({ where: { username }, data: { passwordHash: null } });
    await app.deps.db.identity.create({ data: { provider: 'google', subject: id, userId: id } });
    const { body } = await (await serveAs(username)).rest('GET', '/auth/profile');
    expect(body).toMatchObject({ sso_provider: 'google', is_sso_user: true });
  });
});

describe('PUT /auth/profile/password', () => {
  it('changes the password only of who knows the current one', async () => {
    const user = await serveAs(await register());
    const change = (current_password: string, new_password: string) =>
      user.rest('PUT', '/auth/profile/password', { current_password, new_password });
    expect(await errorOf(change('wrong', 'another password'))).toEqual({
      status: 400,
      error: 'Current password is incorrect',
    });
    expect(await errorOf(change(PASSWORD, 'short'))).toEqual({
      status: 400,
      error: 'New password must be 8 to 512 characters long.',
    });
    expect(await change(PASSWORD, 'another password')).toMatchObject({
      status: 200,
      body: { message: 'Password changed.' },
    });
    expect(await change(PASSWORD, 'a third password')).toMatchObject({ status: 400 });
    expect(await change('another password', 'a third password')).toMatchObject({ status: 200 });
  });

  it('answers 401 to nobody', async () => {
    const body = { current_password: PASSWORD, new_password: PASSWORD };
    expect(await errorOf(guest.rest('PUT', '/auth/profile/password', body))).toMatchObject({ status: 401 });
  });
});

describe('with authentication off', () => {
  let off: TestApp;
  beforeAll(async () => {
    off = await startApp({ env: { authEnabled: false, role: 'api' } });
  });
  afterAll(() => off.stop());

  it.each<[string, string, object]>([
    ['POST', '/auth/register', { username: 'ana', password: PASSWORD }],
    ['POST', '/auth/users/create', { username: 'ana', password: PASSWORD }],
    ['DELETE', '/auth/users/ana', {}],
    ['PUT', '/auth/users/ana/role', { role: 'admin' }],
    ['PUT', '/auth/users/ana/password', { new_password: PASSWORD }],
    ['PUT', '/auth/profile/password', { current_password: PASSWORD, new_password: PASSWORD }],
  ])('%s %s answers 400 and names AUTH_ENABLED', async (method, path, body) => {
    const reply = await errorOf(off.rest(method, path, body));
    expect(reply).toMatchObject({ status: 400, error: expect.stringContaining('AUTH_ENABLED') as string });
  });

  it('everyone is the user system, who is then in the list', async () => {
    expect(await off.rest('GET', '/auth/profile')).toMatchObject({
      status: 200,
      body: { username: 'system', role: 'admin', is_sso_user: false, sso_provider: null },
    });
    expect((await off.rest('GET', '/auth/users')).body).toMatchObject([{ username: 'system' }]);
  });
});
