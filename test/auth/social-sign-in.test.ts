import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Browser, cutOff } from '../kit/browser.js';
import { SOCIAL_CLIENT, startSocialServer, type SocialServer } from '../kit/social-server.js';
import { createToken, type TestApp } from '../kit/start-app.js';
import {
  callbackOf,
  callbackUrl,
  FRONTEND,
  loginUrl,
  signInBy,
  startLink,
  startSsoApp,
  viewerOf,
} from './sso-app.js';

let server: SocialServer;
let variables: Record<string, string>;
let app: TestApp;
beforeAll(async () => {
  server = await startSocialServer();
  variables = {
    GOOGLE_CLIENT_ID: SOCIAL_CLIENT.id,
    GOOGLE_CLIENT_SECRET: SOCIAL_CLIENT.secret,
    GOOGLE_URL: server.url,
    GITHUB_CLIENT_ID: SOCIAL_CLIENT.id,
    GITHUB_CLIENT_SECRET: SOCIAL_CLIENT.secret,
    GITHUB_URL: server.url,
  };
  app = await startSsoApp(variables);
});
afterAll(async () => {
  await Promise.all([app.stop(), server.stop()]);
});

let people = 1_000;
beforeEach(() => {
  people += 1;
  server.person = { id: people, login: `octo-${people}`, email: `p${people}@example.org`, verified: true };
  server.claims = {};
  server.callback = {};
  server.interfere = null;
});

const failed = (name: string) => ({ error: `${name} does not answer as it should; try again later.` });

async function createLocalUser(
  on: TestApp,
  user: { email?: string; emailVerified?: boolean; passwordHash?: string },
) {
  people += 1;
  const username = `local-${people}`;
  return on.deps.db.user.create({ data: { username, usernameKey: username, ...user } });
}

describe.each(['google', 'github'])('a sign-in by %s', (name) => {
  const shown = name === 'google' ? 'Google' : 'GitHub';

  it('makes a user, and is the same user the next time', async () => {
    const viewer = await viewerOf(app, (await signInBy(app, name))['token']);
    expect(viewer?.username).toBe(name === 'google' ? `p${people}` : `octo-${people}`);
    server.person.email = 'new@example.org';
    server.person.login = 'renamed';
    expect(await viewerOf(app, (await signInBy(app, name))['token'])).toEqual(viewer);
    const stored = await app.deps.db.user.findUniqueOrThrow({ where: { id: viewer?.id ?? '' } });
    expect(stored).toMatchObject({
      email: `p${people}@example.org`,
      emailVerified: true,
      passwordHash: null,
    });
  });

  it('gives a person whose name is taken another one', async () => {
    const taken = name === 'google' ? `p${people}` : `octo-${people}`;
    await app.deps.db.user.create({ data: { username: taken.toUpperCase(), usernameKey: taken } });
    const viewer = await viewerOf(app, (await signInBy(app, name))['token']);
    expect(viewer?.username).toBe(`${taken}-2`);
  });

  it('rejects a callback that another issuer says it is of', async () => {
    server.callback = { iss: 'https://evil.example' };
    expect(await signInBy(app, name)).toEqual(failed(shown));
  });

  it('rejects a code with another verifier, without the words of the provider', async () => {
    const browser = new Browser();
    const { url: authorize } = await browser.visit(loginUrl(app, name), server.url);
    authorize.searchParams.set('code_challenge', 'x'.repeat(43));
    const { url } = await browser.visit(authorize, FRONTEND);
    expect(Object.fromEntries(url.searchParams)).toEqual(failed(shown));
  });

  it('is no sign-in to an account that has the same address', async () => {
    const owner = await createLocalUser(app, { email: server.person.email, emailVerified: true });
    const viewer = await viewerOf(app, (await signInBy(app, name))['token']);
    expect(viewer?.id).not.toBe(owner.id);
    expect(viewer?.username).not.toBe(owner.username);
  });

  it('comes home with an error when the provider has gone', async () => {
    const browser = new Browser();
    const callback = await callbackOf(app, name, browser);
    server.interfere = cutOff;
    const { url } = await browser.visit(callback, FRONTEND);
    expect(Object.fromEntries(url.searchParams)).toEqual(failed(shown));
  });
});

describe('an ID token of Google', () => {
  it.each<[string, Record<string, unknown>]>([
    ['of another sign-in', { nonce: 'x'.repeat(43) }],
    ['for another client', { aud: 'somebody-else' }],
    ['of another issuer', { iss: 'https://evil.example' }],
    ['that has expired', { exp: 1_000_000 }],
    ['without a subject', { sub: '' }],
  ])('%s is rejected', async (_what, claims) => {
    server.claims = claims;
    expect(await signInBy(app, 'google')).toEqual(failed('Google'));
  });
});

describe('with SSO_LINK_BY_EMAIL', () => {
  let linking: TestApp;
  beforeAll(async () => {
    linking = await startSsoApp({ ...variables, SSO_LINK_BY_EMAIL: 'true' });
  });
  afterAll(() => linking.stop());

  it('an account with the same address is signed in to, if both are verified', async () => {
    const owner = await createLocalUser(linking, {
      email: server.person.email.toUpperCase(),
      emailVerified: true,
    });
    const viewer = await viewerOf(linking, (await signInBy(linking, 'google'))['token']);
    expect(viewer?.id).toBe(owner.id);
    const [entry] = await linking.deps.db.auditEntry.findMany({ where: { action: 'PROVIDER_LINKED' } });
    expect(entry).toMatchObject({ userId: owner.id, target: 'google' });
  });

  it.each([
    ['the account’s address is not verified', { emailVerified: false }, {}],
    ['the provider’s address is not verified', { emailVerified: true }, { verified: false }],
  ])('it is another account if %s', async (_why, own, theirs) => {
    Object.assign(server.person, theirs);
    const owner = await createLocalUser(linking, { email: server.person.email, ...own });
    for (const name of ['google', 'github']) {
      const viewer = await viewerOf(linking, (await signInBy(linking, name))['token']);
      expect(viewer?.id).not.toBe(owner.id);
    }
  });

  it('an address is not a pattern', async () => {
    const owner = await createLocalUser(linking, { email: 'ab.c@example.org', emailVerified: true });
    server.person.email = 'a_.c@example.org';
    const viewer = await viewerOf(linking, (await signInBy(linking, 'google'))['token']);
    expect(viewer?.id).not.toBe(owner.id);
  });
});

describe('without REGISTRATION_ENABLED', () => {
  it('unknown people get no account, and known ones sign in', async () => {
    const closed = await startSsoApp({ ...variables, REGISTRATION_ENABLED: 'false' });
    try {
      const owner = await createLocalUser(closed, {});
      expect(Object.keys(await signInBy(closed, 'github'))).toEqual(['error']);
      expect(await closed.deps.db.user.count({ where: { usernameKey: { not: null } } })).toBe(1);
      const subject = `${server.url}/login/oauth|${server.person.id}`;
      await closed.deps.db.identity.create({ data: { provider: 'github', subject, userId: owner.id } });
      expect((await viewerOf(closed, (await signInBy(closed, 'github'))['token']))?.id).toBe(owner.id);
    } finally {
      await closed.stop();
    }
  });
});

describe('linking', () => {
  async function signedInUser() {
    const user = await createLocalUser(app, { passwordHash: 'of a password' });
    return { user, token: await createToken(app, user), browser: new Browser() };
  }

  const unlink = (name: string, token: string) =>
    fetch(`${app.url}/api/auth/sso/unlink/${name}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
    });

  it('is asked for by the owner of the account, signed in, who then signs in by it', async () => {
    const { user, token, browser } = await signedInUser();
    const { url = '' } = await startLink(app, 'github', { token, browser });
    const { url: home } = await browser.visit(url, FRONTEND);
    expect(Object.fromEntries(home.searchParams)).toEqual({ linked: 'github' });
    expect((await viewerOf(app, (await signInBy(app, 'github'))['token']))?.id).toBe(user.id);
  });

  it('does not take an account at the provider from another user', async () => {
    await signInBy(app, 'github');
    const { token, browser } = await signedInUser();
    const { url = '' } = await startLink(app, 'github', { token, browser });
    const { url: home } = await browser.visit(url, FRONTEND);
    expect(home.searchParams.get('error')).toBe(
      'Your account at GitHub already belongs to another user of this server.',
    );
  });

  it('cannot be finished by another browser, such as one that follows a link to it', async () => {
    const { user, token, browser } = await signedInUser();
    const { url = '' } = await startLink(app, 'github', { token, browser });
    const { url: home } = await new Browser().visit(url, FRONTEND);
    expect(Object.keys(Object.fromEntries(home.searchParams))).toEqual(['error']);
    expect(await app.deps.db.identity.count({ where: { userId: user.id } })).toBe(0);
  });

  it('ends with the session that asked for it', async () => {
    const { user, token, browser } = await signedInUser();
    const { url = '' } = await startLink(app, 'github', { token, browser });
    await app.deps.db.session.deleteMany({ where: { userId: user.id } });
    const { url: home } = await browser.visit(url, FRONTEND);
    expect(home.searchParams.get('error')).toBe('You have signed out meanwhile; sign in again.');
    expect(await app.deps.db.identity.count({ where: { userId: user.id } })).toBe(0);
  });

  it('takes one account at a provider', async () => {
    const { token, browser } = await signedInUser();
    const link = async () => {
      const { url = '' } = await startLink(app, 'github', { token, browser });
      return Object.fromEntries((await browser.visit(url, FRONTEND)).url.searchParams);
    };
    expect(await link()).toEqual({ linked: 'github' });
    expect(await link()).toEqual({ linked: 'github' });
    server.person.id += 500_000;
    expect(await link()).toEqual({
      error: 'You are linked to another account at GitHub; unlink that first.',
    });
  });

  it('is undone, unless the user could then sign in no more', async () => {
    const { user, token, browser } = await signedInUser();
    const { url = '' } = await startLink(app, 'github', { token, browser });
    await browser.visit(url, FRONTEND);
    await app.deps.db.user.update({ where: { id: user.id }, data: { passwordHash: null } });
    const refused = await unlink('github', token);
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({
      error:
        '"github" is your only way to sign in; set a password, or link another provider, before you unlink it.',
    });
    await app.deps.db.user.update({ where: { id: user.id }, data: { passwordHash: 'again' } });
    const done = await unlink('github', token);
    expect({ status: done.status, body: (await done.json()) as unknown }).toEqual({
      status: 200,
      body: { message: 'Provider "github" was unlinked.' },
    });
    expect((await unlink('github', token)).status).toBe(400);
    expect((await unlink('nobody', token)).status).toBe(404);
    const entries = await app.deps.db.auditEntry.findMany({
      where: { userId: user.id, action: { in: ['PROVIDER_LINKED', 'PROVIDER_UNLINKED'] } },
      orderBy: { createdAt: 'asc' },
    });
    expect(entries.map(({ action, target }) => [action, target])).toEqual([
      ['PROVIDER_LINKED', 'github'],
      ['PROVIDER_UNLINKED', 'github'],
    ]);
  });

  it('is undone once by two requests at once that would leave no way to sign in', async () => {
    const { user, token, browser } = await signedInUser();
    for (const name of ['github', 'google']) {
      const { url = '' } = await startLink(app, name, { token, browser });
      await browser.visit(url, FRONTEND);
    }
    await app.deps.db.user.update({ where: { id: user.id }, data: { passwordHash: null } });
    const responses = await Promise.all(['github', 'google'].map((name) => unlink(name, token)));
    expect(responses.map(({ status }) => status).sort()).toEqual([200, 400]);
    expect(await app.deps.db.identity.count({ where: { userId: user.id } })).toBe(1);
  });
});

describe('the same person twice at once', () => {
  it('is one user', async () => {
    const browsers = [new Browser(), new Browser(), new Browser()];
    const callbacks = await Promise.all(browsers.map((browser) => callbackOf(app, 'github', browser)));
    const ends = await Promise.all(
      browsers.map((browser, at) => browser.visit(callbacks[at] ?? '', FRONTEND)),
    );
    const viewers = await Promise.all(
      ends.map(({ url }) => viewerOf(app, url.searchParams.get('token') ?? '')),
    );
    expect(new Set(viewers.map((viewer) => viewer?.id)).size).toBe(1);
    expect(viewers[0]).not.toBeNull();
  });
});

describe('GET /auth/sso/status', () => {
  it('lists what is configured, for anybody', async () => {
    const response = await new Browser().send(`${app.url}/api/auth/sso/status`);
    expect(await response.json()).toEqual({
      sso_enabled: true,
      providers: [
        {
          name: 'google',
          display_name: 'Google',
          enabled: true,
          login_url: '/api/auth/sso/login/google',
        },
        {
          name: 'github',
          display_name: 'GitHub',
          enabled: true,
          login_url: '/api/auth/sso/login/github',
        },
      ],
      registration_enabled: true,
    });
  });
});

describe('a login or callback', () => {
  it('of an unknown provider is 404, of one without a client id 400', async () => {
    const some = await startSsoApp({ GOOGLE_CLIENT_ID: 'x', GOOGLE_CLIENT_SECRET: 'y' });
    try {
      const statusOf = async (name: string) => (await new Browser().send(loginUrl(some, name))).status;
      expect(await statusOf('nobody')).toBe(404);
      expect(await statusOf('github')).toBe(400);
    } finally {
      await some.stop();
    }
  });

  it('goes to the server’s own address without FRONTEND_URL', async () => {
    const own = await startSsoApp({ ...variables, FRONTEND_URL: '' });
    try {
      const browser = new Browser();
      const { url } = await browser.visit(callbackUrl(own, 'google'), `${own.url}/?`);
      expect(url.href).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?error=/);
    } finally {
      await own.stop();
    }
  });
});
