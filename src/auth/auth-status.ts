import type { Platform } from '../platform.js';
import { hasUsers } from './user-store.js';

/** Where people have an account that they sign in by. */
export interface ProviderInfo {
  /** In paths: `google`. */
  name: string;
  /** On a button: `Google`. */
  displayName: string;
}

/** What `signInProviders` adds to Deps. */
export interface ProviderDeps {
  /** Those that are configured, in the order of the sign-in page. */
  signInProviders: readonly ProviderInfo[];
}

export interface AuthStatus {
  enabled: boolean;
  registrationEnabled: boolean;
  ssoProviders: string[];
}

/** Without users, registration is open to the first admin whatever REGISTRATION_ENABLED says. */
export async function getAuthStatus({
  env,
  db,
  signInProviders,
}: Pick<Platform, 'env' | 'db'> & ProviderDeps): Promise<AuthStatus> {
  if (!env.authEnabled) return { enabled: false, registrationEnabled: false, ssoProviders: [] };
  return {
    enabled: true,
    registrationEnabled: env.registrationEnabled || !(await hasUsers(db)),
    ssoProviders: signInProviders.map(({ name }) => name),
  };
}
