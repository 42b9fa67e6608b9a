import type { Platform } from '../platform.js';
import { createSecretKeys } from './secret-key.js';
import { createSigningKeys } from './signing-keys.js';
import { createTokens, type AuthDeps } from './tokens.js';

/** Throws EnvError when the database holds secrets that this process cannot decrypt. */
export async function openAuth(platform: Pick<Platform, 'env' | 'db' | 'clock'>): Promise<AuthDeps> {
  const secrets = createSecretKeys(platform.env);
  const signingKeys = createSigningKeys({ ...platform, secrets });
  if (platform.env.authEnabled) await signingKeys.signer();
  return { secrets, signingKeys, tokens: createTokens({ ...platform, signingKeys }) };
}
