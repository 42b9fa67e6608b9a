import { z } from 'zod';
import type { IssuedToken } from '../../accounts/service-tokens.js';
import { UpstreamFailedError } from '../../lib/errors.js';
import { parseJson } from '../../lib/parse-json.js';
import type { Outbound, Service } from '../../outbound/outbound.js';
import { UnexpectedResponse, type ServiceClient } from '../../outbound/service-client.js';
import { DISPLAY_NAME } from './api.js';
import { tokenSchema } from './schemas.js';

const ACCOUNTS_SERVICE: Omit<Service, 'trusted'> = {
  provider: 'spotify-accounts',
  displayName: DISPLAY_NAME,
  limits: { timeoutMs: 8_000, maxBytes: 64 * 1024 },
  rules: { requests: 20, windowMs: 10_000, patienceMs: 4_000 },
};

export interface AppCredentials {
  clientId: string;
  clientSecret: string;
}

export interface UserToken extends IssuedToken {
  /** Null when the one before stays valid. */
  refreshToken: string | null;
}

/** Requests of RFC 6749 to the accounts service. Throw Upstream… errors; a refusal for good is not retryable. */
export interface TokenRequests {
  forApp(app: AppCredentials, signal: AbortSignal): Promise<IssuedToken>;
  /** @param userName in the message of a refusal */
  refresh(
    app: AppCredentials,
    grant: { refreshToken: string; userName: string },
    signal: AbortSignal,
  ): Promise<UserToken>;
  exchange(
    app: AppCredentials,
    grant: { code: string; redirectUri: string; codeVerifier: string },
    signal: AbortSignal,
  ): Promise<UserToken>;
}

export function createTokenRequests(outbound: Outbound, url: string): TokenRequests {
  const service = outbound.openService({ ...ACCOUNTS_SERVICE, trusted: [url] });
  const request =
    (app: AppCredentials, form: Record<string, string>, refusals: Refusals) => (signal: AbortSignal) =>
      send(service, `${url}/api/token`, { app, form, refusals, signal });
  return {
    forApp: (app, signal) => request(app, { grant_type: 'client_credentials' }, {})(signal),
    refresh: (app, { refreshToken, userName }, signal) =>
      request(
        app,
        { grant_type: 'refresh_token', refresh_token: refreshToken },
        {
          invalid_grant: `The Spotify account ${JSON.stringify(userName)} no longer lets this server read its playlists; connect it again with the mutation startSpotifyConnection.`,
        },
      )(signal),
    exchange: (app, { code, redirectUri, codeVerifier }, signal) =>
      request(
        app,
        {
          ...{ grant_type: 'authorization_code', code },
          ...{ redirect_uri: redirectUri, code_verifier: codeVerifier },
        },
        { invalid_grant: 'Spotify does not accept the code that it sent with the browser; connect again.' },
      )(signal),
  };
}

type Refusals = Readonly<Record<string, string>>;

const WRONG_APP =
  'Spotify does not accept the client id or the client secret; enter them again with the mutation setSpotifyApp or PUT /api/credentials/spotify_api_config.';
const APP_REFUSALS: Refusals = { invalid_client: WRONG_APP, unauthorized_client: WRONG_APP };

const refusalSchema = z.object({ error: z.string() });

interface Request {
  app: AppCredentials;
  form: Record<string, string>;
  refusals: Refusals;
  signal: AbortSignal;
}

function send(
  service: ServiceClient,
  url: string,
  { app: { clientId, clientSecret }, form, refusals, signal }: Request,
): Promise<UserToken> {
  const credentials = [clientId, clientSecret].map(encodeURIComponent).join(':');
  return service.get(url, {
    headers: {
      authorization: `Basic ${Buffer.from(credentials).toString('base64')}`,
      accept: 'application/json',
    },
    form: new URLSearchParams(form),
    signal,
    read: async (response) => {
      const body = parseJson(await response.text());
      const { data: token } = tokenSchema.safeParse(body);
      if (response.ok && token) {
        const { access_token, expires_in, refresh_token: refreshToken } = token;
        return { token: access_token, lifetimeMs: expires_in * 1_000, refreshToken };
      }
      const code = refusalSchema.safeParse(body).data?.error ?? '';
      const refusal = { ...APP_REFUSALS, ...refusals }[code];
      if (refusal !== undefined) throw new UpstreamFailedError(refusal, { retryable: false });
      throw new UnexpectedResponse(`issued no token (status ${response.status})`);
    },
  });
}
