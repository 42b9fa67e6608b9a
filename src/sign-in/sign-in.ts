import { inTransaction } from '../database/prisma.js';
import type { ContextRequest } from '../graphql/context-request.js';
import { InvalidInputError } from '../lib/errors.js';
import { recordAudit } from '../auth/audit-store.js';
import { AuthDisabledError, InvalidCredentialsError, SessionEndedError } from '../auth/errors.js';
import { verifyPassword } from '../auth/passwords.js';
import {
  clearRefreshCookie,
  issueTokens,
  nextExpiry,
  REFRESH_COOKIE,
  startSession,
  type SessionDeps,
  type SessionKind,
  type StartedSession,
} from './sessions.js';
import { endSession, endSessionsOf, findSession, takeGeneration } from './session-store.js';
import type { AuthDeps } from './tokens.js';
import { findUser, findUserByName } from '../auth/user-store.js';
import { ANONYMOUS, viewerOf, type Access, type Viewer } from '../auth/viewer.js';

type SignInDeps = SessionDeps & Pick<AuthDeps, 'signInLimits'>;

interface SignInInput {
  username: string;
  password: string;
  kind: SessionKind;
}

/** The work is the same whether the user does not exist, has no password, or has another. */
export async function signIn(
  deps: SignInDeps,
  request: ContextRequest,
  { username, password, kind }: SignInInput,
): Promise<StartedSession> {
  if (!deps.env.authEnabled) throw new AuthDisabledError();
  if (kind === 'REFRESHABLE' && request.transport === 'websocket') {
    throw new InvalidInputError(
      '"kind" is REFRESHABLE, which needs a cookie, and a WebSocket cannot set one; sign in over HTTP, or use SINGLE.',
      'kind',
    );
  }
  const { address, signal } = request;
  const attempt = await deps.signInLimits.admit({ username, address });
  const user = await findUserByName(deps.db, username);
  const isRight = await verifyPassword(user?.passwordHash ?? null, password, { key: address ?? '', signal });
  if (!user || !isRight) {
    const about = { id: user?.id ?? null, username: shownName(username) };
    await recordAudit(deps.db, { viewer: ANONYMOUS, request }, { action: 'SIGN_IN_FAILED', user: about });
    await attempt.fail();
    throw new InvalidCredentialsError();
  }
  await attempt.succeed();
  return startSession(deps, { user, kind, request });
}

/** What is typed as a name may be anything. */
const shownName = (username: string): string => username.slice(0, 64);

/** Replaces the refresh cookie. An old one ends the session: either its thief or its owner has the newer one. */
export async function refreshSession(deps: SessionDeps, request: ContextRequest): Promise<StartedSession> {
  const { db, clock, env, tokens } = deps;
  if (!env.authEnabled) throw new AuthDisabledError();
  const claims = await tokens.verifyRefresh(request.readCookie?.(REFRESH_COOKIE) ?? '');
  if (!claims) throw new SessionEndedError();
  const { sessionId: id, userId } = claims;
  const now = clock.now();
  const expiresAt = nextExpiry(deps, 'REFRESHABLE');
  const generation = await takeGeneration(db, id, { generation: claims.generation, now, expiresAt });
  const user = generation === null ? null : await findUser(db, userId, {});
  if (generation === null || !user) {
    await endReused(deps, id, request);
    clearRefreshCookie(request);
    throw new SessionEndedError();
  }
  return { ...(await issueTokens(deps, { id, userId, generation, expiresAt, request })), user };
}

async function endReused({ db, clock }: SessionDeps, id: string, request: ContextRequest): Promise<void> {
  await inTransaction(db, async (tx) => {
    const session = await findSession(tx, id, clock.now());
    if (!session || !(await endSession(tx, id))) return;
    const viewer = viewerOf({ ...session, id: session.userId });
    await recordAudit(tx, { viewer, request }, { action: 'SESSION_REUSED' });
  });
}

interface SigningOut {
  access: Access;
  request: ContextRequest;
  everywhere: boolean;
}

/** Ends the session of the token, else that of the refresh cookie. Returns how many have ended. */
export async function signOut(
  deps: SessionDeps,
  { access, request, everywhere }: SigningOut,
): Promise<number> {
  const { db } = deps;
  const session = await sessionOf(deps, access, request);
  if (request.readCookie?.(REFRESH_COOKIE) != null) clearRefreshCookie(request);
  if (!session) return 0;
  const { id, viewer } = session;
  return inTransaction(db, async (tx) => {
    const ended = everywhere ? await endSessionsOf(tx, viewer.id) : Number(await endSession(tx, id));
    if (ended > 0) await recordAudit(tx, { viewer, request }, { action: 'SIGNED_OUT' });
    return ended;
  });
}

/** Null for an API key too: it does not end its user's sessions. */
async function sessionOf(
  { db, clock, tokens }: SessionDeps,
  { credential, viewer }: Access,
  request: ContextRequest,
): Promise<{ id: string; viewer: Viewer } | null> {
  if (credential) return credential.kind === 'session' ? { id: credential.id, viewer } : null;
  const claims = await tokens.verifyRefresh(request.readCookie?.(REFRESH_COOKIE) ?? '');
  const found = claims && (await findSession(db, claims.sessionId, clock.now()));
  return found && { id: found.id, viewer: viewerOf({ ...found, id: found.userId }) };
}
