import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { SecretDeps } from '../auth/secret-key.js';
import type { Db } from '../database/prisma.js';
import { parseJson } from '../lib/parse-json.js';
import { seal, unseal, type SealingKey } from '../lib/seal.js';
import type { Platform } from '../platform.js';
import type { SettingsDeps } from '../settings/live-settings.js';
import { purposeOf, unsealSecrets } from './account-secrets.js';
import {
  findSealedAccount,
  insertAccount,
  removeAccount,
  replaceSealed,
  type Account,
  type SealedAccount,
} from './account-store.js';
import { deleteToken } from './service-token-store.js';
import { tokenIdOf } from './service-tokens.js';
import { SecretUnreadableError } from './errors.js';
import { SPOTIFY_APP, SPOTIFY_APP_NAME } from './services.js';

/** By what this server reads the catalog of Spotify. */
export interface SpotifyAccess {
  clientId: string;
  clientSecret: string;
  /** Country of the active account; null when it has none. */
  market: string | null;
  connection: SpotifyConnection | null;
}

/** Spotify's user who has let this server read playlists. */
export interface SpotifyConnection {
  /** Another one after each connecting. */
  id: string;
  userId: string;
  userName: string | null;
  refreshToken: string;
  connectedAt: Date;
}

type AccessDeps = Pick<Platform & SettingsDeps & SecretDeps, 'db' | 'settings' | 'secrets'>;

/** The app of the server, else that of the active account; null without either. */
export async function findSpotifyAccess({
  db,
  settings,
  secrets,
}: AccessDeps): Promise<SpotifyAccess | null> {
  const { spotifyAccount } = settings();
  const [app, active, connection] = await Promise.all([
    findSealedAccount(db, { service: SPOTIFY_APP.name, name: SPOTIFY_APP_NAME }),
    spotifyAccount === null ? null : findSealedAccount(db, { service: 'spotify', name: spotifyAccount }),
    findSealedAccount(db, CONNECTION),
  ]);
  const keys = await secrets.existing();
  const own = [app, active].find((account) => account?.hints['clientSecret'] !== undefined);
  const { clientId, clientSecret } = own ? unsealSecrets(own, keys) : {};
  if (clientId === undefined || clientSecret === undefined) return null;
  return {
    ...{ clientId, clientSecret },
    market: active?.region ?? null,
    connection: connection && openConnection(connection, { clientId, keys }),
  };
}

/** Beside the accounts, like the app; there is one at most. */
const CONNECTION = { service: 'spotify_user', name: 'connected' };

const contentSchema = z.object({
  clientId: z.string(),
  userId: z.string(),
  userName: z.string().nullable(),
  refreshToken: z.string(),
});

/** Null for one that was made with another app, whose refresh token Spotify would refuse. */
function openConnection(
  account: SealedAccount,
  { clientId, keys }: { clientId: string; keys: readonly SealingKey[] },
): SpotifyConnection | null {
  const text = unseal(account.sealed, purposeOf(account), keys);
  if (text === null) throw new SecretUnreadableError(account, 'OTHER_KEY');
  const { clientId: own, ...content } = contentSchema.parse(parseJson(text));
  return own === clientId ? { ...content, id: account.id, connectedAt: account.createdAt } : null;
}

type Content = z.infer<typeof contentSchema>;

/** In place of the connection before. */
export async function saveSpotifyConnection(
  tx: Db,
  content: Content,
  [key]: readonly [SealingKey, ...SealingKey[]],
): Promise<Account> {
  await removeSpotifyConnection(tx);
  const account = { ...CONNECTION, id: randomUUID(), region: null, hints: {} };
  return insertAccount(tx, { ...account, sealed: seal(JSON.stringify(content), purposeOf(account), key) });
}

/** Of the connected user's access token. */
export const userTokenIdOf = (connectionId: string): string => tokenIdOf('spotify user', [connectionId]);

/** With its token. Null if there was none. */
export async function removeSpotifyConnection(tx: Db): Promise<Account | null> {
  const found = await findSealedAccount(tx, CONNECTION);
  if (!found) return null;
  await removeAccount(tx, found.id);
  await deleteToken(tx, userTokenIdOf(found.id));
  return found;
}

/** Spotify may issue another refresh token with an access token; the one before is void then. */
export async function replaceRefreshToken(
  { db, secrets }: Pick<AccessDeps, 'db' | 'secrets'>,
  { id, refreshToken: before }: SpotifyConnection,
  refreshToken: string,
): Promise<void> {
  const [key, ...others] = await secrets.keys();
  const account = await findSealedAccount(db, { id });
  const text = account && unseal(account.sealed, purposeOf(account), [key, ...others]);
  if (!account || text === null) return;
  const content = contentSchema.parse(parseJson(text));
  if (content.refreshToken !== before) return;
  const sealed = seal(JSON.stringify({ ...content, refreshToken }), purposeOf(account), key);
  await replaceSealed(db, account, sealed);
}
