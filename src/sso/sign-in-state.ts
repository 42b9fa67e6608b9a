import { createHash, timingSafeEqual } from 'node:crypto';
import { generateCodeVerifier, generateState } from 'arctic';
import { z } from 'zod';
import type { SecretDeps } from '../auth/secret-key.js';
import type { ContextRequest } from '../graphql/context-request.js';
import { REST_PATH } from '../http/router.js';
import { parseJson } from '../lib/parse-json.js';
import { seal, unseal } from '../lib/seal.js';
import type { Platform } from '../platform.js';
import { InvalidInputError } from '../lib/errors.js';
import { SignInExpiredError } from './errors.js';
import type { SignInFlow } from './provider.js';
import { takeState } from './identity-store.js';

/** Long enough to find a password and a second factor. */
const LIFETIME_MS = 10 * 60_000;
const COOKIE = 'reprise_sso';
const PURPOSE = 'sso-state';

const startedSchema = z.object({
  provider: z.string(),
  redirectUri: z.string(),
  state: z.string(),
  nonce: z.string(),
  codeVerifier: z.string(),
  expiresAtMs: z.number(),
  /** The signed-in user who asked to be linked; null for a sign-in. */
  link: z.object({ userId: z.uuid(), sessionId: z.uuid() }).nullable(),
});

/** A sign-in between start and callback. It is kept by the browser alone, sealed. */
export type StartedSignIn = z.infer<typeof startedSchema>;

type StateDeps = Pick<Platform, 'db' | 'clock'> & SecretDeps;

function callbackPath(provider: string): string {
  return `${REST_PATH}/auth/sso/callback/${provider}`;
}

/** Who begins, and where the provider sends the browser back to; by default the callback of sign-ins. */
type Start = Pick<StartedSignIn, 'provider' | 'link'> & { path?: string };

/** The cookie goes to the callback of this provider only, also from the provider's page: SameSite=Lax. */
export async function beginSignIn(
  { clock, secrets }: Omit<StateDeps, 'db'>,
  request: ContextRequest,
  { provider, link, path = callbackPath(provider) }: Start,
): Promise<SignInFlow> {
  if (!request.setCookie)
    throw new InvalidInputError('A sign-in at a provider starts over HTTP, because it needs a cookie.');
  const flow = {
    redirectUri: `${request.publicUrl}${path}`,
    state: generateState(),
    nonce: generateState(),
    codeVerifier: generateCodeVerifier(),
  };
  const expiresAtMs = clock.now().getTime() + LIFETIME_MS;
  const [key] = await secrets.keys();
  request.setCookie({
    name: COOKIE,
    value: seal(JSON.stringify({ ...flow, provider, link, expiresAtMs }), PURPOSE, key),
    maxAgeS: LIFETIME_MS / 1_000,
    sameSite: 'Lax',
    path,
  });
  return flow;
}

/** Each is taken once, over all processes. Throws SignInExpiredError. */
export async function takeSignIn(
  { db, clock, secrets }: StateDeps,
  request: ContextRequest,
  {
    provider,
    state,
    path = callbackPath(provider),
  }: { provider: string; state: string | null; path?: string },
): Promise<StartedSignIn> {
  const cookie = request.readCookie(COOKIE);
  const text = cookie && unseal(cookie, PURPOSE, await secrets.keys());
  const started = startedSchema.safeParse(text ? parseJson(text) : null).data;
  const isMine = started?.provider === provider && state !== null && isEqual(started.state, state);
  if (!isMine || started.expiresAtMs <= clock.now().getTime()) throw new SignInExpiredError();
  request.setCookie?.({ name: COOKIE, value: '', maxAgeS: 0, path });
  const isFirst = await takeState(db, {
    id: digest(state).toString('base64url'),
    expiresAt: new Date(started.expiresAtMs),
  });
  if (!isFirst) throw new SignInExpiredError();
  return started;
}

function isEqual(left: string, right: string): boolean {
  return timingSafeEqual(digest(left), digest(right));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
