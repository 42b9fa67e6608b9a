import { parseEnv, type Env } from '../../src/env.js';
import type { Overrides } from '../../src/app.js';
import { Browser } from '../kit/browser.js';
import { startApp, type TestApp } from '../kit/start-app.js';

export const FRONTEND = 'http://front.example/music';

/** The members of Env that these variables set. */
export function signInEnv(variables: Record<string, string>): Partial<Env> {
  const { signInProviders, frontendUrl, ssoLinkByEmail, authProxy, trustedProxies, registrationEnabled } =
    parseEnv(variables);
  return { signInProviders, frontendUrl, ssoLinkByEmail, authProxy, trustedProxies, registrationEnabled };
}

/** With authentication on. */
export function startSsoApp(variables: Record<string, string>, overrides: Overrides = {}): Promise<TestApp> {
  const env = signInEnv({ REGISTRATION_ENABLED: 'true', FRONTEND_URL: FRONTEND, ...variables });
  return startApp({
    env: { authEnabled: true, secretKey: 'a key of these tests, long enough', role: 'api', ...env },
    overrides,
  });
}

export const loginUrl = (app: TestApp, provider: string) => `${app.url}/api/auth/sso/login/${provider}`;
export const callbackUrl = (app: TestApp, provider: string) => `${app.url}/api/auth/sso/callback/${provider}`;

/** What the frontend gets. */
export async function signInBy(
  app: TestApp,
  provider: string,
  browser = new Browser(),
): Promise<Record<string, string>> {
  const { url, response } = await browser.visit(loginUrl(app, provider), FRONTEND);
  if (response) throw new Error(`no way back from ${url.href}: ${response.status} ${await response.text()}`);
  return Object.fromEntries(url.searchParams);
}

/** Opens the sign-in at the provider and stops before it comes back: the callback, not yet called. */
export async function callbackOf(app: TestApp, provider: string, browser: Browser): Promise<URL> {
  const { url } = await browser.visit(loginUrl(app, provider), callbackUrl(app, provider));
  return url;
}

interface Signed {
  id: string;
  username: string;
  role: string;
}

export async function viewerOf(app: TestApp, token: string | undefined): Promise<Signed | null> {
  const response = await fetch(`${app.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query: '{ viewer { id username role } }' }),
  });
  const { viewer } = ((await response.json()) as { data: { viewer: Signed | null } }).data;
  return viewer && { ...viewer, id: viewer.id.replace('User:', '') };
}

/** The mutation of a signed-in browser: its answer, the cookies kept. */
export async function startLink(
  app: TestApp,
  provider: string,
  { token, browser }: { token: string; browser: Browser },
): Promise<{ __typename: string; url?: string; message?: string }> {
  const query = `mutation Link($provider: String!) {
    startProviderLink(provider: $provider) { __typename ... on ProviderRedirect { url } ... on Error { message } }
  }`;
  const response = await browser.send(`${app.url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'sec-fetch-site': 'same-origin',
      authorization: `Bearer ${token}`,
    },
    body: JSON.stringify({ query, variables: { provider } }),
  });
  const { data } = (await response.json()) as {
    data: { startProviderLink: { __typename: string; url?: string; message?: string } };
  };
  return data.startProviderLink;
}
