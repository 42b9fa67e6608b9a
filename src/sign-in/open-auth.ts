import type { DatabaseConnection, Db } from '../database/prisma.js';
import type { SealingKey } from '../lib/seal.js';
import type { Platform } from '../platform.js';
import { createSecretKeys, keyMismatch } from '../auth/secret-key.js';
import { listSealed } from './signing-key-store.js';
import { createSigningKeys } from './signing-keys.js';
import { createSignInLimits, type SignInDelays } from './sign-in-limits.js';
import { createTokens, type AuthDeps } from './tokens.js';

interface AuthOptions {
  pool: DatabaseConnection['pool'];
  signInDelays?: SignInDelays | undefined;
}

/** Throws EnvError when the database holds secrets that this process cannot decrypt. */
export async function openAuth(
  platform: Pick<Platform, 'env' | 'db' | 'clock'>,
  { pool, signInDelays }: AuthOptions,
): Promise<AuthDeps> {
  const secrets = createSecretKeys(platform.env);
  await checkSecrets(platform.db, await secrets.existing());
  const signingKeys = createSigningKeys({ ...platform, secrets });
  if (platform.env.authEnabled) await signingKeys.signer();
  const tokens = createTokens({ ...platform, signingKeys });
  return { secrets, signingKeys, tokens, signInLimits: createSignInLimits(pool, signInDelays) };
}

/** Throws EnvError if none of the keys opens what is needed. */
export async function checkSecrets(db: Db, keys: readonly SealingKey[]): Promise<void> {
  const known = new Set(keys.map(({ id }) => id));
  const unreadable = (await listSealed(db)).filter(({ keyId }) => !known.has(keyId));
  if (unreadable.length > 0) throw keyMismatch(unreadable.map(({ what }) => what));
}
