import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPerson, PASSWORD } from '../kit/sign-in.js';
import { startApp, type TestApp } from '../kit/start-app.js';

let app: TestApp;
let open: TestApp;
let dataDir: string;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'reprise-login-'));
  app = await startApp({ env: { authEnabled: true, dataDir, tokenHours: 12 } });
  open = await startApp({ env: { authEnabled: false } });
});
afterAll(async () => {
  await Promise.all([app.stop(), open.stop()]);
  await rm(dataDir, { recursive: true });
});

async function call(on: TestApp, path: string, { body, token }: { body?: unknown; token?: string } = {}) {
  const response = await fetch(`${on.url}/api/auth/${path}`, {
    method: path === 'status' ? 'GET' : 'POST',
    headers: {
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const { status, headers } = response;
  return { status, headers, body: (await response.json()) as Record<string, unknown> };
}

describe('POST /auth/login', () => {
  it('answers with a token of TOKEN_HOURS and the user, and sets no cookie', async () => {
    const { username, createdAt } = await createPerson(app, { role: 'ADMIN' });
    const { status, headers, body } = await call(app, 'login', { body: { username, password: PASSWORD } });
    expect(status).toBe(200);
    expect(headers.getSetCookie()).toEqual([]);
    expect(headers.get('cache-control')).toBe('no-store');
    const { access_token: token, expires_in: expiresIn, user, ...rest } = body;
    expect(rest).toEqual({ token_type: 'bearer', token });
    expect(Number(expiresIn)).toBeGreaterThan(12 * 3_600 - 60);
    expect(Number(expiresIn)).toBeLessThanOrEqual(12 * 3_600);
    const { last_login: lastLogin, ...shown } = user as Record<string, unknown>;
    expect(Date.parse(String(lastLogin))).toBeGreaterThanOrEqual(createdAt.getTime());
    expect(shown).toEqual({
      ...{ username, email: null, role: 'admin', created_at: createdAt.toISOString() },
      ...{ sso_provider: null, is_sso_user: false },
    });
    const { body: who } = await call(app, 'status', { token: String(token) });
    expect(who).toMatchObject({ authenticated: true, user: { username } });
  });

  it('answers 401 in the same words for an unknown user, a wrong password and one without', async () => {
    const known = await createPerson(app);
    const without = await createPerson(app, { hasPassword: false });
    for (const username of ['nobody-here', known.username, without.username]) {
      const { status, headers, body } = await call(app, 'login', { body: { username, password: 'wrong' } });
      expect(status).toBe(401);
      expect(headers.get('www-authenticate')).toBe('Bearer');
      expect(body).toEqual({
        ...{ error: 'Invalid username or password', detail: 'Invalid username or password' },
        auth_enabled: true,
      });
    }
  });

  it('answers 429 with Retry-After after repeated failures', async () => {
    const { username } = await createPerson(app);
    const statuses = [];
    for (let n = 0; n < 5; n += 1) {
      statuses.push((await call(app, 'login', { body: { username, password: 'wrong' } })).status);
    }
    expect(statuses).toEqual([401, 401, 401, 401, 401]);
    const { status, headers, body } = await call(app, 'login', { body: { username, password: PASSWORD } });
    expect(status).toBe(429);
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    expect(body['retry_after']).toBe(Number(headers.get('retry-after')));
    expect(body['error']).toMatch(/^Too many failed sign-ins for this username or from this address/);
  });

  it('answers 400 to what is malformed, and while authentication is off', async () => {
    for (const body of [{}, { username: 'a' }, { password: 'b' }, { username: 1, password: 2 }, []]) {
      expect((await call(app, 'login', { body })).status).toBe(400);
    }
    const { status, body } = await call(open, 'login', { body: { username: 'a', password: 'b' } });
    expect(status).toBe(400);
    expect(body['error']).toContain('AUTH_ENABLED');
  });
});

describe('POST /auth/logout', () => {
  it('revokes the token, and answers alike without one', async () => {
    const { username } = await createPerson(app);
    const { body } = await call(app, 'login', { body: { username, password: PASSWORD } });
    const token = String(body['access_token']);
    expect(await call(app, 'logout', { token })).toMatchObject({
      status: 200,
      body: { message: 'Signed out.' },
    });
    expect((await call(app, 'status', { token })).body).toMatchObject({ authenticated: false, user: null });
    const message = 'Nobody was signed in.';
    for (const again of [{ token }, {}, { body: {} }]) {
      expect(await call(app, 'logout', again)).toMatchObject({ status: 200, body: { message } });
    }
    expect(await call(open, 'logout')).toMatchObject({ status: 200, body: { message } });
  });
});
