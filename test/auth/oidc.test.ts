import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Browser, cutOff } from '../kit/browser.js';
import { startOidcServer, type OidcServer } from '../kit/oidc-server.js';
import type { TestApp } from '../kit/start-app.js';
import { callbackOf, callbackUrl, FRONTEND, loginUrl, signInBy, startSsoApp, viewerOf } from './sso-app.js';

let app: TestApp;
let server: OidcServer;
/** Another issuer that the same server accepts. */
let other: OidcServer;

beforeAll(async () => {
  [server, other] = await Promise.all([startOidcServer(), startOidcServer()]);
  app = await startSsoApp({
    OIDC_ISSUER: server.issuer,
    OIDC_CLIENT_ID: server.clientId,
    OIDC_CLIENT_SECRET: server.clientSecret,
    OIDC_NAME: 'My ID',
    OIDC_ADMIN_CLAIM: 'groups=reprise-admins',
    OIDC_ISSUER_2: other.issuer,
    OIDC_CLIENT_ID_2: other.clientId,
    OIDC_CLIENT_SECRET_2: other.clientSecret,
  });
  server.open(callbackUrl(app, 'my-id'));
  other.open(callbackUrl(app, 'oidc-2'));
});
afterAll(async () => {
  await Promise.all([app.stop(), server.stop(), other.stop()]);
});

beforeEach(() => {
  server.interfere = null;
});

let people = 0;
const somebody = () => ({ sub: `person-${++people}`, preferred_username: `person-${people}` });

const EXPIRED = 'This sign-in has expired, or it was begun elsewhere or used before; start again.';
const FAILED = 'My ID does not answer as it should; try again later.';

describe('a sign-in by OpenID Connect', () => {
  it('makes a user, and is the same user the next time', async () => {
    server.person = somebody();
    const first = await signInBy(app, 'my-id');
    const viewer = await viewerOf(app, first['token']);
    expect(viewer).toMatchObject({ username: server.person.preferred_username, role: 'USER' });
    server.person.preferred_username = 'renamed';
    const second = await signInBy(app, 'my-id');
    expect(await viewerOf(app, second['token'])).toEqual(viewer);
  });

  it('sends state, nonce, PKCE and the exact redirect URI', async () => {
    server.person = somebody();
    const browser = new Browser();
    await callbackOf(app, 'my-id', browser);
    const sent = browser.visited.find(({ searchParams }) => searchParams.has('client_id'))?.searchParams;
    expect(sent?.get('redirect_uri')).toBe(callbackUrl(app, 'my-id'));
    expect(sent?.get('code_challenge_method')).toBe('S256');
    for (const name of ['state', 'nonce', 'code_challenge']) expect(sent?.get(name)).toMatch(/^[\w-]{43}$/);
    expect(sent?.get('scope')).toBe('openid profile email groups');
  });

  it('keeps its state in a cookie for the callback alone, and deletes it there', async () => {
    server.person = somebody();
    const browser = new Browser();
    const response = await browser.send(loginUrl(app, 'my-id'));
    expect(response.status).toBe(302);
    expect(response.headers.getSetCookie()).toEqual([
      expect.stringMatching(
        /^reprise_sso=[^;]+; Max-Age=600; Path=\/api\/auth\/sso\/callback\/my-id; HttpOnly; SameSite=Lax$/,
      ),
    ]);
    await browser.visit(response.headers.get('location') ?? '', FRONTEND);
    const kept = browser.cookies.map(({ name, path }) => `${name} ${path}`);
    expect(kept).not.toContain('reprise_sso /api/auth/sso/callback/my-id');
    expect(kept).toContain('reprise_refresh /graphql');
  });

  it('takes each callback once', async () => {
    server.person = somebody();
    const browser = new Browser();
    const callback = await callbackOf(app, 'my-id', browser);
    const before = browser.cookies;
    expect((await browser.visit(callback, FRONTEND)).url.searchParams.get('token')).not.toBeNull();
    browser.cookies = before;
    const again = await browser.visit(callback, FRONTEND);
    expect(Object.fromEntries(again.url.searchParams)).toEqual({ error: EXPIRED });
  });

  it('rejects a callback with another state, or in another browser', async () => {
    server.person = somebody();
    const browser = new Browser();
    const callback = await callbackOf(app, 'my-id', browser);
    const changed = new URL(callback);
    changed.searchParams.set('state', 'x'.repeat(43));
    for (const [each, url] of [
      [browser, changed],
      [new Browser(), callback],
    ] as const) {
      const { url: end } = await each.visit(url, FRONTEND);
      expect(Object.fromEntries(end.searchParams)).toEqual({ error: EXPIRED });
    }
    expect((await browser.visit(callback, FRONTEND)).url.searchParams.get('token')).not.toBeNull();
  });

  it('rejects the callback of another issuer: by its path, and by what it says', async () => {
    server.person = somebody();
    other.person = somebody();
    const browser = new Browser();
    const mine = await callbackOf(app, 'my-id', browser);
    const theirs = await callbackOf(app, 'oidc-2', browser);
    const mixed = new URL(theirs);
    mixed.pathname = mine.pathname;
    const byPath = await browser.visit(mixed, FRONTEND);
    expect(Object.fromEntries(byPath.url.searchParams)).toEqual({ error: EXPIRED });
    const wrongIssuer = new URL(mine);
    wrongIssuer.searchParams.set('iss', other.issuer);
    const byIssuer = await browser.visit(wrongIssuer, FRONTEND);
    expect(Object.fromEntries(byIssuer.url.searchParams)).toEqual({ error: FAILED });
  });

  it('rejects an ID token for another sign-in', async () => {
    server.person = somebody();
    const browser = new Browser();
    const { url: authorize } = await browser.visit(loginUrl(app, 'my-id'), server.issuer);
    authorize.searchParams.set('nonce', 'x'.repeat(43));
    const { url } = await browser.visit(authorize, FRONTEND);
    expect(Object.fromEntries(url.searchParams)).toEqual({ error: FAILED });
  });

  it('rejects a code that was begun with another verifier', async () => {
    server.person = somebody();
    const browser = new Browser();
    const { url: authorize } = await browser.visit(loginUrl(app, 'my-id'), server.issuer);
    authorize.searchParams.set('code_challenge', 'x'.repeat(43));
    const { url } = await browser.visit(authorize, FRONTEND);
    expect(Object.fromEntries(url.searchParams)).toEqual({ error: FAILED });
  });

  it('follows the claim for admins at each sign-in, but leaves the last admin one', async () => {
    await app.deps.db.user.updateMany({ where: { usernameKey: { not: null } }, data: { role: 'USER' } });
    server.person = { ...somebody(), groups: ['reprise-admins', 'others'] };
    const roleNow = async () => (await viewerOf(app, (await signInBy(app, 'my-id'))['token']))?.role;
    expect(await roleNow()).toBe('ADMIN');
    server.person.groups = ['others'];
    expect(await roleNow()).toBe('ADMIN');
    await app.deps.db.user.create({ data: { username: 'keeper', usernameKey: 'keeper', role: 'ADMIN' } });
    expect(await roleNow()).toBe('USER');
    server.person.groups = ['reprise-admins'];
    expect(await roleNow()).toBe('ADMIN');
    const changes = await app.deps.db.auditEntry.count({
      where: { action: 'USER_ROLE_CHANGED', target: server.person.preferred_username ?? '' },
    });
    expect(changes).toBe(2);
  });

  it('says in words of ours that the provider said no, and never its own', async () => {
    const browser = new Browser();
    const callback = await callbackOf(app, 'my-id', browser);
    callback.searchParams.delete('code');
    callback.searchParams.set('error', 'access_denied');
    callback.searchParams.set('error_description', 'call 555-1234 for help');
    const { url } = await browser.visit(callback, FRONTEND);
    expect(Object.fromEntries(url.searchParams)).toEqual({
      error: 'My ID did not let you sign in; try again later.',
    });
  });

  it.each(['//evil.example', 'https://evil.example/', '/\\evil.example'])(
    'goes to the frontend only, whatever address comes in as %s',
    async (evil) => {
      const names = ['redirect', 'redirect_uri', 'next', 'return_to', 'url', 'FRONTEND_URL'];
      const query = new URLSearchParams(names.map((name) => [name, evil]));
      const browser = new Browser();
      const start = `${loginUrl(app, 'my-id')}?${query.toString()}`;
      server.person = somebody();
      const { url } = await browser.visit(start, callbackUrl(app, 'my-id'));
      for (const [name, value] of query) url.searchParams.set(name, value);
      const { url: end } = await browser.visit(url, FRONTEND);
      expect(end.href).toMatch(/^http:\/\/front\.example\/music\?token=[\w.-]+$/);
      expect(browser.visited.filter(({ host }) => host.includes('evil'))).toEqual([]);
    },
  );
});

describe('a provider that is down', () => {
  it('is named in the response to a login, and is asked again the next time', async () => {
    const late = await startOidcServer();
    const variables = { OIDC_ISSUER: late.issuer, OIDC_CLIENT_ID: late.clientId, OIDC_NAME: 'Late' };
    const second = await startSsoApp({ ...variables, OIDC_CLIENT_SECRET: late.clientSecret });
    try {
      late.interfere = cutOff;
      const login = await new Browser().send(loginUrl(second, 'late'));
      expect(login.status).toBe(502);
      expect(await login.json()).toMatchObject({
        error: 'Late does not answer as it should; try again later.',
      });
      late.interfere = null;
      late.open(callbackUrl(second, 'late'));
      late.person = somebody();
      expect(await signInBy(second, 'late')).toHaveProperty('token');
    } finally {
      await Promise.all([second.stop(), late.stop()]);
    }
  });

  it.each<[string, OidcServer['interfere']]>([
    ['cuts the connection', cutOff],
    ['fails with a page of its own', (_request, response) => !!response.writeHead(500).end('<h1>Oops</h1>')],
    [
      'sends more than anybody needs',
      (_request, response) => !!response.writeHead(200).end('x'.repeat(600_000)),
    ],
    ['leads elsewhere', (_request, response) => !!response.writeHead(307, { location: other.issuer }).end()],
  ])('when it %s: the browser comes home with an error', async (_how, interfere) => {
    server.person = somebody();
    const browser = new Browser();
    const callback = await callbackOf(app, 'my-id', browser);
    server.interfere = interfere;
    const { url } = await browser.visit(callback, FRONTEND);
    expect(Object.fromEntries(url.searchParams)).toEqual({ error: FAILED });
  });
});
