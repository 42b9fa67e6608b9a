import { createHash } from 'node:crypto';
import {
  removeSpotifyConnection,
  saveSpotifyConnection,
  type SpotifyConnection,
} from '../../accounts/spotify-access.js';
import { requireAdmin } from '../../auth/access-rules.js';
import { recordAudit, type Actor } from '../../auth/audit-store.js';
import { ForbiddenError, UnauthenticatedError } from '../../auth/errors.js';
import type { SecretDeps } from '../../auth/secret-key.js';
import { viewerOf, type Access, type Viewer } from '../../auth/viewer.js';
import type { Playlist } from '../../catalog/catalog-item.js';
import type { Page, PageRequest } from '../../catalog/catalog-source.js';
import { CatalogItemNotFoundError } from '../../catalog/errors.js';
import { inTransaction } from '../../database/prisma.js';
import type { ContextRequest } from '../../graphql/context-request.js';
import { REST_PATH } from '../../http/router.js';
import { DomainError, UpstreamFailedError } from '../../lib/errors.js';
import type { Platform } from '../../platform.js';
import { findSession } from '../../sign-in/session-store.js';
import { ProviderFailedError } from '../../sso/errors.js';
import type { CallbackParameters } from '../../sso/provider.js';
import { beginSignIn, takeSignIn, type StartedSignIn } from '../../sso/sign-in-state.js';
import type { SpotifyDeps } from './client.js';
import { toPlaylist } from './map.js';
import { playlistSchema, userSchema } from './schemas.js';

type ConnectDeps = Pick<Platform, 'db' | 'env' | 'clock' | 'log'> & SecretDeps & SpotifyDeps;
type Caller = Actor & { access: Access; request: ContextRequest };

/** No sign-in provider can have that name. */
const FLOW = { provider: 'catalog spotify', path: `${REST_PATH}/auth/spotify/callback` };
const SCOPES = 'playlist-read-private playlist-read-collaborative';

export class SpotifyNotConnectedError extends CatalogItemNotFoundError {
  constructor() {
    super(
      'No Spotify account is connected to this server; connect one with the mutation startSpotifyConnection.',
    );
  }
}

/** Where an admin's browser goes to let this server read their playlists: authorization code with PKCE (RFC 7636). */
export async function startSpotifyConnection(deps: ConnectDeps, caller: Caller): Promise<URL> {
  const { viewer, access, request } = caller;
  requireAdmin(viewer);
  const { clientId } = (await deps.spotify.open()).access;
  const link = linkOf(deps, { viewer, access });
  const flow = await beginSignIn(deps, request, { ...FLOW, link });
  const url = new URL(`${deps.env.spotifyAccountsUrl}/authorize`);
  url.search = new URLSearchParams({
    client_id: clientId,
    response_type: 'code',
    redirect_uri: flow.redirectUri,
    scope: SCOPES,
    state: flow.state,
    code_challenge_method: 'S256',
    code_challenge: createHash('sha256').update(flow.codeVerifier).digest('base64url'),
  }).toString();
  return url;
}

/** The session that the callback must find again; null while authentication is off. */
function linkOf(
  { env }: ConnectDeps,
  { viewer, access: { credential } }: Pick<Caller, 'viewer' | 'access'>,
): StartedSignIn['link'] {
  if (!env.authEnabled) return null;
  if (credential?.kind === 'session') return { userId: viewer.id, sessionId: credential.id };
  throw new ForbiddenError('An account is connected in a browser; sign in there with your password.');
}

/** Where the browser goes from the callback: a page of ours, with `?spotify=connected`, or `?error=` and our text. */
export async function finishSpotifyConnection(
  deps: ConnectDeps,
  caller: Caller,
  parameters: CallbackParameters,
): Promise<URL> {
  const home = new URL(deps.env.frontendUrl ?? caller.request.publicUrl);
  try {
    await finish(deps, caller, parameters);
    home.searchParams.set('spotify', 'connected');
  } catch (thrown) {
    if (!(thrown instanceof DomainError)) throw thrown;
    deps.log.warn({ err: thrown }, 'spotify account was not connected');
    home.searchParams.set('error', thrown.message);
  }
  return home;
}

async function finish(
  deps: ConnectDeps,
  caller: Caller,
  { code, state, error }: CallbackParameters,
): Promise<void> {
  const started = await takeSignIn(deps, caller.request, { ...FLOW, state });
  const viewer = await findAdmin(deps, caller, started);
  if (error !== null || code === null) {
    throw new ProviderFailedError('Spotify', { problem: 'did not let you connect' });
  }
  const { access } = await deps.spotify.open();
  const { signal } = caller.request;
  const { redirectUri, codeVerifier } = started;
  const issued = await deps.spotify.requests.exchange(access, { code, redirectUri, codeVerifier }, signal);
  const user = await deps.spotify.apiWith(access, issued.token).find('/me', userSchema, { signal });
  if (!user || issued.refreshToken === null) {
    throw new UpstreamFailedError('Spotify let you connect, and sent no lasting token; connect again.');
  }
  const { clientId } = access;
  const content = {
    clientId,
    userId: user.id,
    userName: user.display_name,
    refreshToken: issued.refreshToken,
  };
  const keys = await deps.secrets.keys();
  await inTransaction(deps.db, async (tx) => {
    await saveSpotifyConnection(tx, content, keys);
    await recordAudit(tx, { ...caller, viewer }, { action: 'SPOTIFY_CONNECTED', target: user.id });
  });
  deps.log.info({ spotifyUser: user.id, by: viewer.username }, 'spotify account connected');
}

/** Whoever began it, if they are still signed in, and still an admin. */
async function findAdmin(
  { db, env, clock }: ConnectDeps,
  { viewer }: Caller,
  { link }: StartedSignIn,
): Promise<Viewer> {
  if (!env.authEnabled) return viewer;
  const session = link && (await findSession(db, link.sessionId, clock.now()));
  if (!session || session.userId !== link.userId) {
    throw new UnauthenticatedError('You have signed out meanwhile; sign in again.');
  }
  const { userId: id, username, role } = session;
  const admin = viewerOf({ id, username, role });
  requireAdmin(admin);
  return admin;
}

export async function findSpotifyConnection(
  { spotify }: SpotifyDeps,
  viewer: Viewer,
): Promise<SpotifyConnection | null> {
  requireAdmin(viewer);
  return (await spotify.open()).access.connection;
}

/** The user is not forgotten by Spotify: its settings still list the app. Throws SpotifyNotConnectedError. */
export async function disconnectSpotify(deps: ConnectDeps, actor: Actor): Promise<void> {
  requireAdmin(actor.viewer);
  await inTransaction(deps.db, async (tx) => {
    const removed = await removeSpotifyConnection(tx);
    if (!removed) throw new SpotifyNotConnectedError();
    await recordAudit(tx, actor, { action: 'SPOTIFY_DISCONNECTED' });
  });
}

/** The connected user's own ones and those they follow, private ones included. Throws SpotifyNotConnectedError. */
export async function listSpotifyPlaylists(
  { spotify }: SpotifyDeps,
  viewer: Viewer,
  { signal, ...page }: PageRequest & { signal: AbortSignal },
): Promise<Page<Playlist>> {
  requireAdmin(viewer);
  const { user } = await spotify.open();
  if (!user) throw new SpotifyNotConnectedError();
  const found = await user.list('/me/playlists', playlistSchema, { kind: 'playlists', ...page, signal });
  const items = (found?.items ?? []).flatMap((each) => (each ? [toPlaylist(each)] : []));
  return { items, total: found?.total ?? 0 };
}
