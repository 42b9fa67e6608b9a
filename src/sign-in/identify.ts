import type { ContextRequest } from '../graphql/context-request.js';
import type { Platform } from '../platform.js';
import { API_KEY_PREFIX, findKeyAccess } from './api-keys.js';
import { UnauthenticatedError } from '../auth/errors.js';
import { findProxyAccess } from './proxy-sign-in.js';
import { findSession } from './session-store.js';
import { isStreamTicket, redeemStreamTicket } from './stream-tickets.js';
import type { AuthDeps } from './tokens.js';
import { ANONYMOUS, SYSTEM_VIEWER, viewerOf, type Access } from '../auth/viewer.js';

const AUTH_OFF: Access = { viewer: SYSTEM_VIEWER, credential: null, expiresAt: null, problem: null };
const NOBODY: Access = { viewer: ANONYMOUS, credential: null, expiresAt: null, problem: null };

type IdentifyDeps = Pick<Platform, 'env' | 'db' | 'clock' | 'log'> & Pick<AuthDeps, 'tokens'>;

/** Once per request, however many documents it runs. */
export function createIdentifier(deps: IdentifyDeps): (request: ContextRequest) => Promise<Access> {
  if (!deps.env.authEnabled) return () => Promise.resolve(AUTH_OFF);
  // The documents of one request share its headers, and not more than those.
  const identified = new WeakMap<ContextRequest['headers'], Promise<Access>>();
  return (request) => {
    const known = identified.get(request.headers) ?? identify(deps, request);
    identified.set(request.headers, known);
    return known;
  };
}

/** By the first that the request has: a token or key, else what a trusted proxy says, else nothing. */
async function identify(deps: IdentifyDeps, request: ContextRequest): Promise<Access> {
  const token = tokenOf(request);
  if (token === null) return (await findProxyAccess(deps, request)) ?? NOBODY;
  if (token === request.streamToken && isStreamTicket(token)) {
    return (
      (await redeemStreamTicket(deps, token)) ?? rejected('The stream ticket has been used, or has expired.')
    );
  }
  if (token.startsWith(API_KEY_PREFIX)) {
    return (
      (await findKeyAccess(deps, token)) ??
      rejected('The API key is unknown, revoked or expired; create one.')
    );
  }
  return (
    (await findSessionAccess(deps, token)) ?? rejected('The token is invalid or has ended; sign in again.')
  );
}

function rejected(message: string): Access {
  return { ...NOBODY, problem: new UnauthenticatedError(message) };
}

/** The row is read each time, so that signing out, another role and deletion hold at once, over all processes. */
async function findSessionAccess({ db, clock, tokens }: IdentifyDeps, token: string): Promise<Access | null> {
  const claims = await tokens.verifyAccess(token);
  if (!claims) return null;
  const found = await findSession(db, claims.sessionId, clock.now());
  if (found?.userId !== claims.userId) return null;
  const { userId, username, role } = found;
  return {
    viewer: viewerOf({ id: userId, username, role }),
    credential: { kind: 'session', id: found.id },
    expiresAt: found.expiresAt < claims.expiresAt ? found.expiresAt : claims.expiresAt,
    problem: null,
  };
}

/** Of `connection_init`, of the header, or of an event stream's address. */
function tokenOf({ connectionParams = {}, headers, streamToken }: ContextRequest): string | null {
  for (const [name, value] of Object.entries(connectionParams)) {
    const isToken = ['authorization', 'token'].includes(name.toLowerCase());
    if (isToken && typeof value === 'string' && value !== '') return value.replace(BEARER, '');
  }
  const header = headers.get('authorization');
  // Another scheme is for a proxy in front of us.
  if (header !== null && BEARER.test(header)) return header.replace(BEARER, '');
  return streamToken;
}

const BEARER = /^Bearer +/i;
