import { Prisma } from '../generated/prisma/client.js';
import type { ApiScope } from '../generated/prisma/enums.js';
import { ForbiddenError, UnauthenticatedError } from './errors.js';
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

/** Which users the viewer may look up, for Prisma. */
export function usersVisibleTo(viewer: Viewer): { id?: string } {
  return viewer.role === 'ADMIN' ? {} : { id: viewer.id };
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

export function requireAdmin(viewer: Viewer): void {
  if (!mayUse(viewer, 'ADMIN')) throw refusalFor(viewer);
}

/** Why a field is refused that needs more than the viewer has. */
export function refusalFor(viewer: Viewer): UnauthenticatedError | ForbiddenError {
  if (!isSignedIn(viewer)) return new UnauthenticatedError();
  return new ForbiddenError('Your role, or the scopes of your API key, do not allow this.');
}
