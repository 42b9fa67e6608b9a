import type { ProviderSettings } from '../env-sign-in.js';
import { withTimeout } from '../lib/async.js';
import { DomainError } from '../lib/errors.js';
import type { Platform } from '../platform.js';
import { ProviderDisabledError, ProviderFailedError, ProviderNotFoundError } from './errors.js';
import { createOidc } from './oidc.js';
import type { SignInProvider } from './provider.js';
import { createGithub, createGoogle } from './social-providers.js';

/** What single sign-on adds to Deps. */
export interface SsoDeps {
  signInProviders: readonly SignInProvider[];
}

export function openProviders(deps: Pick<Platform, 'env' | 'clock' | 'outbound'>): SsoDeps {
  const { env, clock, outbound } = deps;
  const open = (settings: ProviderSettings) => {
    if (settings.kind === 'oidc') return createOidc(settings, { clock, outbound });
    const http = outbound.clientFor(...(settings.url === null ? [] : [settings.url]));
    return settings.kind === 'google'
      ? createGoogle(settings, { clock, http })
      : createGithub(settings, { http });
  };
  return { signInProviders: env.signInProviders.map(open) };
}

/** Providers that may be missing from the configuration. */
const KNOWN = ['google', 'github'];

/** Throws ProviderNotFoundError, ProviderDisabledError. */
export function getProvider({ signInProviders }: SsoDeps, name: string): SignInProvider {
  const found = signInProviders.find((each) => each.name === name);
  if (found) return found;
  throw KNOWN.includes(name) ? new ProviderDisabledError(name) : new ProviderNotFoundError(name);
}

/** Several requests to the provider in all; a client gives up after 10 s. */
const LIMIT_MS = 7_500;

/** Whatever the provider or its network does wrong is logged, and is a ProviderFailedError without its words. */
export async function askProvider<T>(
  { log }: Pick<Platform, 'log'>,
  { name, displayName }: SignInProvider,
  ask: () => Promise<T>,
): Promise<T> {
  const tooSlow = () => new ProviderFailedError(displayName, { problem: 'takes too long to answer' });
  try {
    return await withTimeout(ask(), LIMIT_MS, tooSlow);
  } catch (thrown) {
    log.warn({ err: thrown, provider: name }, 'sign-in provider failed');
    throw thrown instanceof DomainError ? thrown : new ProviderFailedError(displayName, { cause: thrown });
  }
}
