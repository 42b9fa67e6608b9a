import type { DatabaseConnection } from '../database/prisma.js';
import type { Platform } from '../platform.js';
import { createSecretKeys } from './secret-key.js';
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
  const signingKeys = createSigningKeys({ ...platform, secrets });
  if (platform.env.authEnabled) await signingKeys.signer();
  const tokens = createTokens({ ...platform, signingKeys });
  return { secrets, signingKeys, tokens, signInLimits: createSignInLimits(pool, signInDelays) };
}
