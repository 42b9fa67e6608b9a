import { inTransaction } from '../database/prisma.js';
import type { ContextRequest } from '../graphql/context-request.js';
import { GRAPHQL_PATH } from '../graphql/server.js';
import type { Platform } from '../platform.js';
import { recordAudit } from '../auth/audit-store.js';
import { UnauthenticatedError } from '../auth/errors.js';
import { createSession } from './session-store.js';
import { REFRESH_DAYS } from './signing-keys.js';
import type { AuthDeps } from './tokens.js';
import { markSignedIn, type User } from '../auth/user-store.js';
import { ANONYMOUS } from '../auth/viewer.js';

/**
 * REFRESHABLE: short access tokens and a refresh cookie. SINGLE: one access token for the whole session, of TOKEN_HOURS.
 * LASTING: an access token of TOKEN_HOURS and a refresh cookie, for a client of which nobody knows what it can do.
 */
export type SessionKind = 'REFRESHABLE' | 'SINGLE' | 'LASTING';

export interface StartedSession {
  accessToken: string;
  expiresAt: Date;
  user: User;
}

export const REFRESH_COOKIE = 'reprise_refresh';

const ACCESS_MS = 15 * 60_000;
const HOUR_MS = 3_600_000;
const REFRESH_MS = REFRESH_DAYS * 24 * HOUR_MS;

export type SessionDeps = Pick<Platform, 'db' | 'clock' | 'env'> & Pick<AuthDeps, 'tokens'>;

/**
 * For a user whose identity has been proven, as it was read for that: a password that was changed meanwhile ends the
 * sign-in. Records it for the audit log, and sets the refresh cookie.
 */
export async function startSession(
  { db, clock, env, tokens }: SessionDeps,
  { user, kind, request }: { user: User; kind: SessionKind; request: ContextRequest },
): Promise<StartedSession> {
  const now = clock.now();
  const session = {
    userId: user.id,
    generation: kind === 'SINGLE' ? null : 0,
    expiresAt: nextExpiry({ clock, env }, kind),
  };
  const started = await inTransaction(db, async (tx) => {
    // Locks the user: whoever ends all sessions of the user then ends this one too.
    const current = await markSignedIn(tx, user, now);
    if (!current) throw new UnauthenticatedError('The user was changed or deleted meanwhile; sign in again.');
    const { id } = await createSession(tx, session);
    await recordAudit(tx, { viewer: ANONYMOUS, request }, { action: 'SIGNED_IN', user: current });
    return { id, user: current };
  });
  const { accessToken, expiresAt } = await issueTokens(
    { tokens, clock },
    {
      ...session,
      id: started.id,
      request,
      ...(kind === 'LASTING' && { accessMs: env.tokenHours * HOUR_MS }),
    },
  );
  return { accessToken, expiresAt, user: started.user };
}

/** Of a session that begins, or has just been refreshed. */
export function nextExpiry({ clock, env }: Pick<SessionDeps, 'clock' | 'env'>, kind: SessionKind): Date {
  const lifetimeMs = kind === 'SINGLE' ? env.tokenHours * HOUR_MS : REFRESH_MS;
  return new Date(clock.now().getTime() + lifetimeMs);
}

interface IssuedFor {
  id: string;
  userId: string;
  generation: number | null;
  expiresAt: Date;
  request: ContextRequest;
  /** How long the access token is valid. Default: 15 minutes. */
  accessMs?: number;
}

/** An access token and, if the session has them, its next refresh token as a cookie. */
export async function issueTokens(
  { tokens, clock }: Pick<SessionDeps, 'tokens' | 'clock'>,
  { id, userId, generation, expiresAt: endsAt, request, accessMs = ACCESS_MS }: IssuedFor,
): Promise<{ accessToken: string; expiresAt: Date }> {
  const claims = { userId, sessionId: id };
  if (generation === null) {
    return { accessToken: await tokens.signAccess({ ...claims, expiresAt: endsAt }), expiresAt: endsAt };
  }
  const expiresAt = new Date(clock.now().getTime() + accessMs);
  const [accessToken, refreshToken] = await Promise.all([
    tokens.signAccess({ ...claims, expiresAt }),
    tokens.signRefresh({ ...claims, generation, expiresAt: endsAt }),
  ]);
  setRefreshCookie(request, { value: refreshToken, maxAgeS: Math.floor(REFRESH_MS / 1_000) });
  return { accessToken, expiresAt };
}

export function clearRefreshCookie(request: ContextRequest): void {
  setRefreshCookie(request, { value: '', maxAgeS: 0 });
}

/** Browsers send it to GraphQL alone, where `refreshSession` reads it. */
function setRefreshCookie(request: ContextRequest, cookie: { value: string; maxAgeS: number }): void {
  request.setCookie?.({ ...cookie, name: REFRESH_COOKIE, path: GRAPHQL_PATH });
}
