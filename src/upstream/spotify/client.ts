import { createServiceTokens, tokenIdOf, type ServiceTokens } from '../../accounts/service-tokens.js';
import { SecretUnreadableError } from '../../accounts/errors.js';
import {
  findSpotifyAccess,
  replaceRefreshToken,
  userTokenIdOf,
  type SpotifyAccess,
  type SpotifyConnection,
} from '../../accounts/spotify-access.js';
import type { SecretDeps } from '../../auth/secret-key.js';
import { CatalogNotSetUpError } from '../../catalog/errors.js';
import { getOrAdd } from '../../lib/get-or-add.js';
import { UpstreamFailedError } from '../../lib/errors.js';
import type { ServiceClient } from '../../outbound/service-client.js';
import type { Platform } from '../../platform.js';
import type { SettingsDeps } from '../../settings/live-settings.js';
import { API_SERVICE, createSpotifyApi, type GetToken, type SpotifyApi } from './api.js';
import { createPageSizes, type PageSizes } from './page-sizes.js';
import { createTokenRequests, type TokenRequests } from './token-requests.js';

/** The Web API by the credentials that are stored now. */
export interface SpotifyClient {
  access: SpotifyAccess;
  /** As the app, which sees what is public. */
  app: SpotifyApi;
  /** As the connected user; null while none is connected. */
  user: SpotifyApi | null;
}

export interface Spotify {
  /** Throws CatalogNotSetUpError, UpstreamFailedError when the secrets cannot be decrypted. */
  open(): Promise<SpotifyClient>;
  /** Whether there were credentials a few seconds ago. */
  isSetUp(): boolean;
  requests: TokenRequests;
  /** With a token that is not kept: of the user who connects. */
  apiWith(access: SpotifyAccess, token: string): SpotifyApi;
}

/** What Spotify adds to Deps. */
export interface SpotifyDeps {
  spotify: Spotify;
}

type ClientDeps = Pick<Platform, 'db' | 'env' | 'clock' | 'log' | 'outbound' | 'bus'> &
  SecretDeps &
  Pick<SettingsDeps, 'settings'>;

/** @param available names of the other catalogs */
export function createSpotify(deps: ClientDeps, available: () => readonly string[]): Spotify {
  const { db, env, outbound } = deps;
  const url = `${env.spotifyApiUrl}/v1`;
  const requests = createTokenRequests(outbound, env.spotifyAccountsUrl);
  const tokens = createServiceTokens(deps);
  const presence = followPresence(deps);
  const apps = new Map<string, { service: ServiceClient; sizes: PageSizes }>();
  const appOf = ({ clientId }: SpotifyAccess) =>
    getOrAdd(apps, clientId, () => ({
      // Quotas are those of an app, whoever uses it.
      service: outbound.openService({
        ...API_SERVICE,
        account: tokenIdOf('app', [clientId]),
        trusted: [url],
      }),
      sizes: createPageSizes(db, tokenIdOf('spotify app', [clientId])),
    }));
  const apiBy = (access: SpotifyAccess, token: GetToken) =>
    createSpotifyApi({ ...appOf(access), url, token });
  return {
    requests,
    isSetUp: presence.isSetUp,
    apiWith: (access, token) => apiBy(access, () => Promise.resolve(token)),
    async open() {
      const access = await readAccess(deps);
      presence.note(access !== null);
      if (!access) throw new CatalogNotSetUpError('spotify', available());
      const { connection } = access;
      return {
        access,
        app: apiBy(access, appTokens({ tokens, requests }, access)),
        user: connection && apiBy(access, userTokens(deps, { tokens, requests }, { ...access, connection })),
      };
    },
  };
}

async function readAccess(deps: ClientDeps): Promise<SpotifyAccess | null> {
  try {
    return await findSpotifyAccess(deps);
  } catch (thrown) {
    if (!(thrown instanceof SecretUnreadableError)) throw thrown;
    throw new UpstreamFailedError(thrown.message, { cause: thrown, retryable: false });
  }
}

interface Tokens {
  tokens: ServiceTokens;
  requests: TokenRequests;
}

const appTokens = ({ tokens, requests }: Tokens, access: SpotifyAccess): GetToken => {
  const { clientId, clientSecret } = access;
  const source = {
    id: tokenIdOf('spotify token', [clientId, clientSecret]),
    displayName: API_SERVICE.displayName,
    issue: (signal: AbortSignal) => requests.forApp(access, signal),
  };
  return (signal, rejected) => tokens.get(source, signal, rejected);
};

type ConnectedAccess = SpotifyAccess & { connection: SpotifyConnection };

const userTokens = (
  deps: ClientDeps,
  { tokens, requests }: Tokens,
  { connection }: ConnectedAccess,
): GetToken => {
  const { id, userId, userName } = connection;
  const issue = async (signal: AbortSignal) => {
    // Another process may have replaced the refresh token since.
    const access = await readAccess(deps);
    if (access?.connection?.id !== id) {
      throw new UpstreamFailedError('The Spotify account was disconnected; try again.');
    }
    const { refreshToken } = access.connection;
    const issued = await requests.refresh(access, { refreshToken, userName: userName ?? userId }, signal);
    if (issued.refreshToken !== null) await replaceRefreshToken(deps, access.connection, issued.refreshToken);
    return issued;
  };
  const source = { id: userTokenIdOf(id), displayName: API_SERVICE.displayName, issue };
  return (signal, rejected) => tokens.get(source, signal, rejected);
};

const PRESENCE_MS = 5_000;

/** For those who cannot wait for the database: read at start, when accounts change, and again in the background. */
function followPresence(deps: ClientDeps) {
  const { bus, log } = deps;
  let known = { isSetUp: false, readAtMs: -Infinity };
  const note = (isSetUp: boolean) => {
    known = { isSetUp, readAtMs: performance.now() };
  };
  const read = () => {
    note(known.isSetUp);
    // Secrets that cannot be decrypted are there; whoever needs them gets the error.
    readAccess(deps).then(
      (access) => note(access !== null),
      (thrown: unknown) => {
        log.debug({ err: thrown }, 'spotify credentials unreadable');
        if (thrown instanceof UpstreamFailedError) note(true);
      },
    );
  };
  bus.on('settings.applied', read);
  read();
  return {
    note,
    isSetUp: () => {
      if (performance.now() - known.readAtMs > PRESENCE_MS) read();
      return known.isSetUp;
    },
  };
}
