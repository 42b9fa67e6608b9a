import { requireSession } from '../auth/access-rules.js';
import { recordAudit, type Actor } from '../auth/audit-store.js';
import { AuthDisabledError, ForbiddenError, UnauthenticatedError } from '../auth/errors.js';
import { findSession } from '../sign-in/session-store.js';
import { startSession } from '../sign-in/sessions.js';
import type { AuthDeps } from '../sign-in/tokens.js';
import type { Access } from '../auth/viewer.js';
import type { ContextRequest } from '../graphql/context-request.js';
import { DomainError } from '../lib/errors.js';
import type { Platform } from '../platform.js';
import { ProviderFailedError } from './errors.js';
import { findOrMakeUser, linkIdentity } from './identities.js';
import type { CallbackParameters, SignInProvider } from './provider.js';
import { askProvider, getProvider, type SsoDeps } from './providers.js';
import { beginSignIn, takeSignIn, type StartedSignIn } from './sign-in-state.js';

type SignInDeps = Pick<Platform, 'db' | 'env' | 'clock' | 'log'> & AuthDeps & SsoDeps;

type Caller = Actor & { access: Access; request: ContextRequest };

/** Where the browser goes to sign in. Throws AuthDisabledError, and what getProvider and askProvider throw. */
export async function startProviderSignIn(
  deps: SignInDeps,
  { request }: Pick<Caller, 'request'>,
  name: string,
): Promise<URL> {
  if (!deps.env.authEnabled) throw new AuthDisabledError();
  return start(deps, request, { provider: getProvider(deps, name), link: null });
}

/** The same, to be linked to the account there. An API key must not make a way to sign in that outlives it. */
export async function startProviderLink(deps: SignInDeps, caller: Caller, name: string): Promise<URL> {
  requireSession(deps.env, caller);
  const { viewer, access, request } = caller;
  if (!access.credential) {
    throw new ForbiddenError(
      'The proxy in front of this server signs you in; sign in with a password to link.',
    );
  }
  const link = { userId: viewer.id, sessionId: access.credential.id };
  return start(deps, request, { provider: getProvider(deps, name), link });
}

async function start(
  deps: SignInDeps,
  request: ContextRequest,
  { provider, link }: { provider: SignInProvider; link: StartedSignIn['link'] },
): Promise<URL> {
  const flow = await beginSignIn(deps, request, { provider: provider.name, link });
  return askProvider(deps, provider, () => provider.authorizationUrl(flow));
}

interface Callback {
  provider: string;
  parameters: CallbackParameters;
}

/**
 * Where the browser goes from the callback, always a page of ours: `?token=` after a sign-in, `?linked=` with the
 * provider's name, or `?error=` with a text that is ours as well.
 */
export async function finishProviderSignIn(
  deps: SignInDeps,
  caller: Caller,
  callback: Callback,
): Promise<URL> {
  const home = new URL(deps.env.frontendUrl ?? caller.request.publicUrl);
  try {
    const [name, value] = await finish(deps, caller, callback);
    home.searchParams.set(name, value);
  } catch (thrown) {
    if (!(thrown instanceof DomainError)) throw thrown;
    home.searchParams.set('error', thrown.message);
  }
  return home;
}

async function finish(
  deps: SignInDeps,
  caller: Caller,
  { provider: name, parameters }: Callback,
): Promise<[name: string, value: string]> {
  if (!deps.env.authEnabled) throw new AuthDisabledError();
  const provider = getProvider(deps, name);
  const { state } = parameters;
  const started = await takeSignIn(deps, caller.request, { provider: name, state });
  try {
    return await complete(deps, caller, { provider, parameters, started });
  } catch (thrown) {
    if (thrown instanceof DomainError)
      await recordAudit(deps.db, caller, { action: 'SIGN_IN_FAILED', target: provider.name });
    throw thrown;
  }
}

interface Returned {
  provider: SignInProvider;
  parameters: CallbackParameters;
  started: StartedSignIn;
}

async function complete(
  deps: SignInDeps,
  caller: Caller,
  { provider, parameters, started }: Returned,
): Promise<[name: string, value: string]> {
  const { displayName } = provider;
  if (parameters.error !== null)
    throw new ProviderFailedError(displayName, { problem: 'did not let you sign in' });
  const profile = await askProvider(deps, provider, () => provider.readProfile(parameters, started));
  if (started.link) {
    const { userId, sessionId } = started.link;
    const session = await findSession(deps.db, sessionId, deps.clock.now());
    if (session?.userId !== userId)
      throw new UnauthenticatedError('You have signed out meanwhile; sign in again.');
    await linkIdentity(deps, caller, { provider, profile, userId });
    return ['linked', provider.name];
  }
  const user = await findOrMakeUser(deps, caller, { provider, profile });
  const { accessToken } = await startSession(deps, { user, kind: 'LASTING', request: caller.request });
  return ['token', accessToken];
}
