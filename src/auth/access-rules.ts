import type { Env } from '../env.js';
import { Prisma } from '../generated/prisma/client.js';
import type { ApiScope } from '../generated/prisma/enums.js';
import { AuthDisabledError, ForbiddenError, UnauthenticatedError } from './errors.js';
import { ANONYMOUS, type Viewer } from './viewer.js';

/* Every rule about who may see or do what. Users see what is their own, admins everything. */

export function maySee(viewer: Viewer, owned: { ownerId: string }): boolean {
  return viewer.role === 'ADMIN' || viewer.id === owned.ownerId;
}

/** The same for Prisma. */
export function visibleTo(viewer: Viewer): { ownerId?: string } {
  return viewer.role === 'ADMIN' ? {} : { ownerId: viewer.id };
}

/** The same in SQL. */
export function ownedBy(viewer: Viewer): Prisma.Sql {
  return viewer.role === 'ADMIN' ? Prisma.sql`true` : Prisma.sql`"ownerId" = ${viewer.id}::uuid`;
}

/** Of users, for Prisma: oneself, and for admins everyone. */
export function visibleUsers(viewer: Viewer): { AND?: { id: string } } {
  return viewer.role === 'ADMIN' ? {} : { AND: { id: viewer.id } };
}

/** Whose tasks are counted for the viewer; null for everybody’s. */
export function countedOwnerOf(viewer: Viewer): string | null {
  return viewer.role === 'ADMIN' ? null : viewer.id;
}

export function isSignedIn(viewer: Viewer): boolean {
  return viewer.id !== ANONYMOUS.id;
}

export function mayUse(viewer: Viewer, scope: ApiScope): boolean {
  return viewer.scopes.includes(scope);
}

/** The same for API keys. */
export function keysVisibleTo(viewer: Viewer): { userId?: string } {
  return viewer.role === 'ADMIN' ? {} : { userId: viewer.id };
}

interface SignedIn {
  viewer: Viewer;
  access: { credential: { kind: 'session' | 'apiKey' } | null };
}

/**
 * For what outlives the credential it is done with, such as a new password or key: whoever finds an API key must not
 * keep access when it is revoked.
 */
export function requireSession(env: Pick<Env, 'authEnabled'>, { viewer, access }: SignedIn): void {
  if (!env.authEnabled) throw new AuthDisabledError();
  if (!isSignedIn(viewer)) throw new UnauthenticatedError();
  // Who signs in by a proxy has none.
  if (access.credential?.kind === 'apiKey') {
    throw new ForbiddenError('An API key may not do this; sign in with your password.');
  }
}

export function requireAdmin(viewer: Viewer): void {
  if (!mayUse(viewer, 'ADMIN')) throw refusalFor(viewer);
}

/** Why a field is refused that needs more than the viewer has. */
export function refusalFor(viewer: Viewer): UnauthenticatedError | ForbiddenError {
  if (!isSignedIn(viewer)) return new UnauthenticatedError();
  return new ForbiddenError('Your role, or the scopes of your API key, do not allow this.');
}
