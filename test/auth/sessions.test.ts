import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createIdentifier } from '../../src/sign-in/identify.js';
import { hashPassword } from '../../src/auth/passwords.js';
import { startSession } from '../../src/sign-in/sessions.js';
import { createContextRequest } from '../kit/context-request.js';
import { createTestDatabase, type TestDatabase } from '../kit/database.js';
import {
  createPerson,
  PASSWORD,
  REFRESH_SESSION,
  send,
  SIGN_OUT,
  signInAs,
  trySignIn,
  whoIs,
} from '../kit/sign-in.js';
import { startApp, type TestApp } from '../kit/start-app.js';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** Two apps stand for two processes: they share the database and the directory of the secret key, and no memory. */
let database: TestDatabase;
let dataDir: string;
let app: TestApp;
let other: TestApp;
let nowMs = Date.now();
const clock = { now: () => new Date(nowMs) };

beforeAll(async () => {
  database = await createTestDatabase();
  dataDir = await mkdtemp(join(tmpdir(), 'reprise-auth-'));
  const options = { database, env: { authEnabled: true, dataDir, tokenHours: 24 }, overrides: { clock } };
  [app, other] = await Promise.all([startApp(options), startApp(options)]);
});
afterAll(async () => {
  await Promise.all([app.stop(), other.stop()]);
  await database.drop();
  await rm(dataDir, { recursive: true });
});

const actionsOf = async (userId: string) => {
  const entries = await app.deps.db.auditEntry.findMany({ where: { userId }, orderBy: { id: 'asc' } });
  return entries.map(({ action }) => action);
};

describe('signing in', () => {
  it('accepts the name in any case, and every process accepts the token', async () => {
    const user = await createPerson(app);
    const { accessToken } = await signInAs(app, { username: user.username.toUpperCase() });
    expect(await whoIs(app, { token: accessToken })).toBe(user.username);
    expect(await whoIs(other, { token: accessToken })).toBe(user.username);
  });

  it('records when, and that, the user signed in', async () => {
    const user = await createPerson(app);
    await signInAs(app, user);
    const { lastSignInAt } = await app.deps.db.user.findUniqueOrThrow({ where: { id: user.id } });
    expect(lastSignInAt).toEqual(clock.now());
    expect(await actionsOf(user.id)).toEqual(['SIGNED_IN']);
  });

  it('answers alike for an unknown user, a wrong password and a user without one', async () => {
    const user = await createPerson(app);
    const withoutPassword = await createPerson(app, { hasPassword: false });
    const answers = await Promise.all([
      trySignIn(app, { username: 'nobody-of-this-name' }),
      trySignIn(app, { username: user.username, password: 'wrong' }),
      trySignIn(app, { username: user.username, password: `${PASSWORD} ` }),
      trySignIn(app, { username: withoutPassword.username }),
      trySignIn(app, { username: withoutPassword.username, password: '' }),
      trySignIn(app, { username: 'system', password: '' }),
    ]);
    const [first] = answers;
    expect(first.result).toMatchInlineSnapshot(`
      {
        "__typename": "InvalidCredentials",
        "code": "INVALID_CREDENTIALS",
        "message": "Invalid username or password",
      }
    `);
    for (const { result, status, setCookies } of answers) {
      expect({ result, status, setCookies }).toEqual({ result: first.result, status: 200, setCookies: [] });
    }
    expect(await actionsOf(user.id)).toEqual(['SIGN_IN_FAILED', 'SIGN_IN_FAILED']);
  });

  it('takes a password as it is, up to 512 characters of any alphabet, and no longer one that begins alike', async () => {
    const password = '𝄞'.repeat(512);
    const { username, id } = await createPerson(app);
    const passwordHash = await hashPassword(password);
    await app.deps.db.user.update({ where: { id }, data: { passwordHash } });
    expect((await trySignIn(app, { username, password })).result.__typename).toBe('SignedIn');
    expect((await trySignIn(app, { username, password: `${password}x` })).result.__typename).toBe(
      'InvalidCredentials',
    );
  });

  it('is refused for a user whose password is changed while it is checked', async () => {
    const user = await createPerson(app);
    await app.deps.db.user.update({ where: { id: user.id }, data: { passwordHash: 'another' } });
    const request = createContextRequest();
    await expect(startSession(app.deps, { user, kind: 'SINGLE', request })).rejects.toThrow('sign in again');
    expect(await app.deps.db.session.count({ where: { userId: user.id } })).toBe(0);
  });

  it('gives browsers a token of 15 minutes and a cookie that scripts and other sites cannot use', async () => {
    const { setCookies, accessToken } = await signInAs(app, await createPerson(app));
    expect(setCookies).toHaveLength(1);
    const [name = '', ...attributes] = setCookies[0]?.split('; ') ?? [];
    expect(name).toMatch(/^reprise_refresh=eyJ/);
    expect(attributes.sort()).toEqual([
      'HttpOnly',
      `Max-Age=${30 * 24 * 3_600}`,
      'Path=/graphql',
      'SameSite=Lax',
    ]);
    nowMs += 15 * MINUTE_MS + 1_000;
    expect(await whoIs(app, { token: accessToken })).toBeNull();
  });

  it('gives scripts one token of TOKEN_HOURS and no cookie', async () => {
    const user = await createPerson(app);
    const { result, setCookies } = await trySignIn(app, { username: user.username, kind: 'SINGLE' });
    const token = result.__typename === 'SignedIn' ? result.accessToken : '';
    expect(setCookies).toEqual([]);
    nowMs += DAY_MS - MINUTE_MS;
    expect(await whoIs(app, { token })).toBe(user.username);
    nowMs += 2 * MINUTE_MS;
    expect(await whoIs(app, { token })).toBeNull();
  });
});

describe('refreshing a session', () => {
  const refresh = (cookie: string, on = app) => send(on, REFRESH_SESSION, { cookie });

  it('gives a new token and a new cookie, in any process, long after the first token has ended', async () => {
    const user = await createPerson(app);
    let { cookie } = await signInAs(app, user);
    for (const on of [app, other, app]) {
      nowMs += 29 * DAY_MS;
      const { data, cookie: next } = await refresh(cookie, on);
      expect(next).not.toBe(cookie);
      if (data.refreshSession.__typename !== 'SignedIn') throw new Error(data.refreshSession.__typename);
      expect(await whoIs(app, { token: data.refreshSession.accessToken })).toBe(user.username);
      cookie = next;
    }
  });

  it('ends after 30 days without one', async () => {
    const { cookie } = await signInAs(app, await createPerson(app));
    nowMs += 30 * DAY_MS + 1_000;
    expect((await refresh(cookie)).data.refreshSession.__typename).toBe('SessionEnded');
  });

  it('ends the session when an old cookie is used, whoever has the new one', async () => {
    const user = await createPerson(app);
    const first = await signInAs(app, user);
    const second = await refresh(first.cookie);
    if (second.data.refreshSession.__typename !== 'SignedIn') throw new Error('not refreshed');
    const { accessToken } = second.data.refreshSession;
    expect(await whoIs(other, { token: accessToken })).toBe(user.username);

    const reused = await refresh(first.cookie, other);
    expect(reused.data.refreshSession).toMatchObject({ __typename: 'SessionEnded', code: 'SESSION_ENDED' });
    expect(reused.setCookies[0]).toContain('Max-Age=0');
    expect(await whoIs(app, { token: accessToken })).toBeNull();
    expect(await whoIs(other, { token: first.accessToken })).toBeNull();
    expect((await refresh(second.cookie)).data.refreshSession.__typename).toBe('SessionEnded');
    expect(await actionsOf(user.id)).toEqual(['SIGNED_IN', 'SESSION_REUSED']);
  });

  it('leaves the user’s other sessions alone when one was reused', async () => {
    const user = await createPerson(app);
    const [stolen, kept] = [await signInAs(app, user), await signInAs(app, user)];
    await refresh(stolen.cookie);
    await refresh(stolen.cookie);
    expect(await whoIs(app, { token: kept.accessToken })).toBe(user.username);
  });

  it('succeeds once for one cookie that is sent several times at once', async () => {
    const user = await createPerson(app);
    const { cookie } = await signInAs(app, user);
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, n) => refresh(cookie, n % 2 === 0 ? app : other)),
    );
    const names = answers.map(({ data }) => data.refreshSession.__typename).sort();
    expect(names).toEqual([...Array<string>(7).fill('SessionEnded'), 'SignedIn']);
    expect(await app.deps.db.session.count({ where: { userId: user.id } })).toBe(0);
    expect(await actionsOf(user.id)).toEqual(['SIGNED_IN', 'SESSION_REUSED']);
  });

  it('needs the cookie: neither an access token in its place nor none will do', async () => {
    const { accessToken } = await signInAs(app, await createPerson(app));
    for (const cookie of ['', `reprise_refresh=${accessToken}`, 'reprise_refresh=eyJ.e30.x']) {
      const { data } = await send(app, REFRESH_SESSION, { cookie, token: accessToken });
      expect(data.refreshSession.__typename).toBe('SessionEnded');
    }
    expect(await whoIs(app, { token: accessToken })).not.toBeNull();
  });
});

describe('signing out', () => {
  it('ends the session at once in every process, and no other', async () => {
    const user = await createPerson(app);
    const [left, kept] = [await signInAs(app, user), await signInAs(other, user)];
    const { data, setCookies } = await send(app, SIGN_OUT, { token: left.accessToken, cookie: left.cookie });
    expect(data.signOut).toEqual({ sessions: 1 });
    expect(setCookies[0]).toMatch(/^reprise_refresh=;.*Max-Age=0/);
    expect(await whoIs(other, { token: left.accessToken })).toBeNull();
    expect((await send(other, REFRESH_SESSION, { cookie: left.cookie })).data.refreshSession.__typename).toBe(
      'SessionEnded',
    );
    expect(await whoIs(app, { token: kept.accessToken })).toBe(user.username);
    expect(await actionsOf(user.id)).toEqual(['SIGNED_IN', 'SIGNED_IN', 'SIGNED_OUT']);
  });

  it('ends all sessions of the user on request, and nobody else’s', async () => {
    const [user, stranger] = [await createPerson(app), await createPerson(app)];
    const sessions = [await signInAs(app, user), await signInAs(other, user)];
    const theirs = await signInAs(app, stranger);
    const { data } = await send(app, SIGN_OUT, {
      token: sessions[0]?.accessToken,
      variables: { everywhere: true },
    });
    expect(data.signOut).toEqual({ sessions: 2 });
    for (const { accessToken } of sessions) expect(await whoIs(other, { token: accessToken })).toBeNull();
    expect(await whoIs(other, { token: theirs.accessToken })).toBe(stranger.username);
  });

  it('works with the cookie alone, once the access token has ended', async () => {
    const { cookie } = await signInAs(app, await createPerson(app));
    nowMs += 20 * MINUTE_MS;
    expect((await send(app, SIGN_OUT, { cookie })).data.signOut).toEqual({ sessions: 1 });
    expect((await send(app, SIGN_OUT, { cookie })).data.signOut).toEqual({ sessions: 0 });
  });

  it('does nothing for nobody', async () => {
    const { data, codes } = await send(app, SIGN_OUT);
    expect({ data, codes }).toEqual({ data: { signOut: { sessions: 0 } }, codes: [] });
  });
});

describe('who the viewer is', () => {
  it('follows the user’s role and name with the next request, in every process', async () => {
    const user = await createPerson(app, { role: 'ADMIN' });
    const { accessToken: token } = await signInAs(app, user);
    await app.deps.db.user.update({ where: { id: user.id }, data: { role: 'USER' } });
    const headers = new Headers({ authorization: `Bearer ${token}` });
    const { viewer } = await createIdentifier(other.deps)(createContextRequest({ headers }));
    expect(viewer).toMatchObject({ id: user.id, role: 'USER' });
    expect(viewer.scopes).not.toContain('ADMIN');
  });
});
