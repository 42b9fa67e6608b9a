import { CodeChallengeMethod, decodeIdToken, OAuth2Client, OAuth2Tokens } from 'arctic';
import { z } from 'zod';
import type { ProviderSettings } from '../env-sign-in.js';
import type { Clock } from '../lib/clock.js';
import type { HttpClient } from '../outbound/http-client.js';
import {
  PROVIDER_LIMITS,
  subjectOf,
  type CallbackParameters,
  type ProviderProfile,
  type SignInFlow,
  type SignInProvider,
} from './provider.js';

/* The only file that knows arctic, Google and GitHub. */

type SocialSettings = Extract<ProviderSettings, { kind: 'google' | 'github' }>;

interface Endpoints {
  /** As `iss` of the callback and of ID tokens. */
  issuer: string;
  authorize: string;
  token: string;
  scopes: string[];
}

export function createGoogle(
  settings: SocialSettings,
  { clock, http }: { clock: Clock; http: HttpClient },
): SignInProvider {
  const { url } = settings;
  const endpoints = {
    issuer: url ?? 'https://accounts.google.com',
    authorize: `${url ?? 'https://accounts.google.com'}/o/oauth2/v2/auth`,
    token: `${url ?? 'https://oauth2.googleapis.com'}/token`,
    scopes: ['openid', 'email', 'profile'],
  };
  return createSocialProvider({ ...settings, http }, endpoints, async (tokens, { nonce }) => {
    // It came from Google itself over TLS, which stands for its signature (OpenID Connect Core 3.1.3.7, 6).
    const claims = z
      .object({
        iss: z.literal([endpoints.issuer, endpoints.issuer.replace('https://', '')]),
        aud: z.literal(settings.clientId),
        exp: z.number().min(clock.now().getTime() / 1_000),
        nonce: z.literal(nonce),
        sub: z.string().min(1),
        email: z.string().optional(),
        email_verified: z.boolean().optional(),
        name: z.string().optional(),
      })
      .parse(decodeIdToken(tokens.idToken()));
    const { sub, email = '', email_verified: isVerified = false, name = '' } = claims;
    return Promise.resolve({
      subject: subjectOf(endpoints.issuer, sub),
      names: [email.split('@')[0] ?? '', name],
      email: isVerified && email !== '' ? email : null,
      isAdmin: null,
    });
  });
}

export function createGithub(settings: SocialSettings, { http }: { http: HttpClient }): SignInProvider {
  const site = settings.url ?? 'https://github.com';
  const api = settings.url === null ? 'https://api.github.com' : `${site}/api/v3`;
  const issuer = `${site}/login/oauth`;
  const endpoints = {
    issuer,
    authorize: `${issuer}/authorize`,
    token: `${issuer}/access_token`,
    scopes: ['read:user', 'user:email'],
  };
  return createSocialProvider({ ...settings, http }, endpoints, async (tokens) => {
    const read = (path: string) => readGithub(http, `${api}${path}`, tokens.accessToken());
    const user = z.object({ id: z.int(), login: z.string() }).parse(await read('/user'));
    return {
      subject: subjectOf(issuer, String(user.id)),
      names: [user.login],
      email: primaryEmail(await read('/user/emails')),
      isAdmin: null,
    };
  });
}

function primaryEmail(emails: unknown): string | null {
  const all = z
    .array(z.object({ email: z.string(), primary: z.boolean(), verified: z.boolean() }))
    .parse(emails);
  return all.find(({ primary, verified }) => primary && verified)?.email ?? null;
}

async function readGithub(http: HttpClient, url: string, token: string): Promise<unknown> {
  const headers = {
    accept: 'application/vnd.github+json',
    authorization: `Bearer ${token}`,
  };
  return readJson(await http.request(url, { headers }, PROVIDER_LIMITS));
}

function createSocialProvider(
  { name, displayName, clientId, clientSecret, http }: SocialSettings & { http: HttpClient },
  { issuer, authorize, token, scopes }: Endpoints,
  toProfile: (tokens: OAuth2Tokens, flow: SignInFlow) => Promise<ProviderProfile>,
): SignInProvider {
  const clientFor = ({ redirectUri }: SignInFlow) => new OAuth2Client(clientId, clientSecret, redirectUri);
  return {
    name,
    displayName,
    registration: null,
    authorizationUrl(flow) {
      const { state, codeVerifier, nonce } = flow;
      const s256 = CodeChallengeMethod.S256;
      const client = clientFor(flow);
      const url = client.createAuthorizationURLWithPKCE(authorize, state, s256, codeVerifier, scopes);
      if (scopes.includes('openid')) url.searchParams.set('nonce', nonce);
      return Promise.resolve(url);
    },
    async readProfile({ code, iss, error }: CallbackParameters, flow) {
      if (iss !== null && iss !== issuer) throw new Error('The callback is of another issuer.');
      if (error !== null || code === null) throw new Error('The callback has no code.');
      const body = new URLSearchParams({
        grant_type: 'authorization_code',
        code,
        redirect_uri: flow.redirectUri,
        code_verifier: flow.codeVerifier,
        client_id: clientId,
        client_secret: clientSecret,
      });
      return toProfile(await exchange(http, token, body), flow);
    },
  };
}

/** arctic's own request has no limit of time or size. */
async function exchange(http: HttpClient, url: string, body: URLSearchParams): Promise<OAuth2Tokens> {
  const headers = { accept: 'application/json' };
  const response = await http.request(url, { method: 'POST', headers, body }, PROVIDER_LIMITS);
  return new OAuth2Tokens(z.looseObject({}).parse(await readJson(response)));
}

async function readJson(response: Response): Promise<unknown> {
  if (!response.ok) throw new Error(`The provider answered with status ${response.status}.`);
  return response.json();
}
