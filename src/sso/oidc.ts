import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  ClientSecretBasic,
  ClientSecretPost,
  customFetch,
  discovery,
  enableNonRepudiationChecks,
  fetchUserInfo,
  None,
  type ClientAuth,
  type Configuration,
  type CustomFetch,
} from 'openid-client';
import { z } from 'zod';
import type { ProviderSettings } from '../env-sign-in.js';
import type { Clock } from '../lib/clock.js';
import type { HttpClient } from '../outbound/http-client.js';
import type { Platform } from '../platform.js';
import {
  PROVIDER_LIMITS,
  subjectOf,
  type CallbackParameters,
  type ProviderProfile,
  type SignInFlow,
  type SignInProvider,
} from './provider.js';

type OidcSettings = Extract<ProviderSettings, { kind: 'oidc' }>;

/** After this long a provider that has moved or changed its keys is read again. */
const REDISCOVER_MS = 3_600_000;

/** Any OpenID Connect provider. It is first asked when somebody signs in: it may start later than this server. */
export function createOidc(
  settings: OidcSettings,
  { clock, outbound }: Pick<Platform, 'clock' | 'outbound'>,
): SignInProvider {
  const http = outbound.clientFor(settings.issuer);
  const configure = createConfigurations(clock, () => discover(settings, http));
  const { name, displayName, registration, issuer, adminClaim } = settings;
  return {
    name,
    displayName,
    registration,
    async authorizationUrl({ redirectUri, state, nonce, codeVerifier }) {
      const configuration = await configure();
      return buildAuthorizationUrl(configuration, {
        redirect_uri: redirectUri,
        scope: scopesFor(configuration, adminClaim).join(' '),
        state,
        nonce,
        code_challenge: await calculatePKCECodeChallenge(codeVerifier),
        code_challenge_method: 'S256',
      });
    },
    async readProfile(parameters, flow) {
      const configuration = await configure();
      const claims = claimsSchema.parse(await readClaims(configuration, parameters, flow));
      return toProfile(claims, { issuer, adminClaim });
    },
  };
}

/** `readClaims` has compared `sub` already. */
const claimsSchema = z.looseObject({
  sub: z.string().min(1),
  preferred_username: z.string().optional(),
  nickname: z.string().optional(),
  name: z.string().optional(),
  email: z.string().optional(),
  email_verified: z.boolean().optional(),
});

type Claims = z.infer<typeof claimsSchema>;

function toProfile(
  claims: Claims,
  { issuer, adminClaim }: Pick<OidcSettings, 'issuer' | 'adminClaim'>,
): ProviderProfile {
  const { sub, preferred_username: username = '', nickname = '', name = '', email = '' } = claims;
  return {
    subject: subjectOf(issuer, sub),
    names: [username, nickname, email.split('@')[0] ?? '', name],
    email: claims.email_verified === true && email !== '' ? email : null,
    isAdmin: adminClaim && hasClaim(claims, adminClaim),
  };
}

/** A claim is a text or a list of them; "realm_access.roles" is also looked for as `roles` in `realm_access`. */
function hasClaim(claims: Claims, { name, value }: { name: string; value: string }): boolean {
  const inside = name
    .split('.')
    .reduce<unknown>(
      (from, key) =>
        from instanceof Object ? Object.entries(from).find(([own]) => own === key)?.[1] : undefined,
      claims,
    );
  const found: unknown = claims[name] ?? inside;
  return Array.isArray(found) ? found.includes(value) : found === value;
}

/** Of the ID token, and of the user info where there is one: providers differ in what they put where. */
async function readClaims(
  configuration: Configuration,
  { code, state, iss, error }: CallbackParameters,
  flow: SignInFlow,
): Promise<object> {
  const url = new URL(flow.redirectUri);
  for (const [name, value] of Object.entries({ code, state, iss, error }))
    if (value !== null) url.searchParams.set(name, value);
  const tokens = await authorizationCodeGrant(configuration, url, {
    expectedState: flow.state,
    expectedNonce: flow.nonce,
    pkceCodeVerifier: flow.codeVerifier,
    idTokenExpected: true,
  });
  const claims = tokens.claims();
  if (!claims) throw new Error('The provider sent no ID token.');
  if (configuration.serverMetadata().userinfo_endpoint === undefined) return claims;
  return { ...(await fetchUserInfo(configuration, tokens.access_token, claims.sub)), ...claims };
}

/** Some put groups into claims only when they are asked for. */
function scopesFor(configuration: Configuration, adminClaim: OidcSettings['adminClaim']): string[] {
  const { scopes_supported: supported = [] } = configuration.serverMetadata();
  const forRoles = adminClaim && supported.includes(adminClaim.name) ? [adminClaim.name] : [];
  return ['openid', 'profile', 'email', ...forRoles];
}

/** Discovers once for all who sign in at the time; a failure is not kept. */
function createConfigurations(
  clock: Clock,
  read: () => Promise<Configuration>,
): () => Promise<Configuration> {
  let known: { reading: Promise<Configuration>; atMs: number } | null = null;
  return () => {
    const nowMs = clock.now().getTime();
    if (known && nowMs - known.atMs < REDISCOVER_MS) return known.reading;
    const reading = read();
    const mine = { reading, atMs: nowMs };
    known = mine;
    reading.catch(() => {
      if (known === mine) known = null;
    });
    return reading;
  };
}

function discover(
  { issuer, clientId, clientSecret }: OidcSettings,
  http: HttpClient,
): Promise<Configuration> {
  const isPlain = issuer.startsWith('http://');
  return discovery(new URL(issuer), clientId, undefined, clientAuth(clientSecret), {
    [customFetch]: fetchBy(http),
    // Only where its owner configured an address without TLS.
    execute: [enableNonRepudiationChecks, ...(isPlain ? [allowInsecureRequests] : [])],
  });
}

/** openid-client sends forms and no content, but its type allows more. */
const fetchBy =
  (http: HttpClient): CustomFetch =>
  (url, { method, headers, body, signal }) => {
    const isForm = typeof body === 'string' || body instanceof URLSearchParams;
    return http.request(url, { method, headers, body: isForm ? body : null }, { ...PROVIDER_LIMITS, signal });
  };

/** By header, as the standard has it, unless the provider says that it takes only the body. */
function clientAuth(secret: string | null): ClientAuth {
  if (secret === null) return None();
  const [basic, post] = [ClientSecretBasic(secret), ClientSecretPost(secret)];
  return (...call) => {
    const [{ token_endpoint_auth_methods_supported: supported = ['client_secret_basic'] }] = call;
    const authenticate = supported.includes('client_secret_basic') ? basic : post;
    authenticate(...call);
  };
}
