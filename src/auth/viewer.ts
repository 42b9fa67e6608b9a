import type { ApiScope } from '../generated/prisma/enums.js';
import type { UnauthenticatedError } from './errors.js';

export type UserRole = 'USER' | 'ADMIN';

/** The user on whose behalf a request runs. */
export interface Viewer {
  id: string;
  username: string;
  /** USER too for an admin's API key without the scope ADMIN: it then sees what is its owner's. */
  role: UserRole;
  scopes: readonly ApiScope[];
}

/** Who a request comes from, and by what. */
export interface Access {
  viewer: Viewer;
  /** What is looked up again when the user's access changes; null for the user `system` and for nobody. */
  credential: { kind: 'session' | 'apiKey'; id: string } | null;
  /** When the token ends, or the session if that is sooner. */
  expiresAt: Date | null;
  /** Why a token or key that was sent is not accepted. */
  problem: UnauthenticatedError | null;
}

const ALL_SCOPES: readonly ApiScope[] = ['READ', 'DOWNLOAD', 'MANAGE', 'ADMIN'];
const USER_SCOPES: readonly ApiScope[] = ['READ', 'DOWNLOAD', 'MANAGE'];

/** Every caller while authentication is off. The first migration creates this user. */
export const SYSTEM_VIEWER: Viewer = {
  id: '00000000-0000-4000-8000-000000000001',
  username: 'system',
  role: 'ADMIN',
  scopes: ALL_SCOPES,
};

/** Who has not signed in: owns nothing, may do nothing. No row has this id. */
export const ANONYMOUS: Viewer = {
  id: '00000000-0000-4000-8000-000000000000',
  username: 'anonymous',
  role: 'USER',
  scopes: [],
};

interface Identified {
  id: string;
  username: string;
  role: UserRole;
}

/** A signed-in user may do all that the role allows. */
export function viewerOf({ id, username, role }: Identified): Viewer {
  return { id, username, role, scopes: role === 'ADMIN' ? ALL_SCOPES : USER_SCOPES };
}

/** An API key may do what both it and its owner may. */
export function viewerOfKey(owner: Identified, scopes: readonly ApiScope[]): Viewer {
  const { id, username, role } = owner;
  if (role === 'ADMIN' && scopes.includes('ADMIN')) return { id, username, role, scopes: ALL_SCOPES };
  return { id, username, role: 'USER', scopes: USER_SCOPES.filter((scope) => scopes.includes(scope)) };
}

export function hasSameRights(
  one: Pick<Viewer, 'role' | 'scopes'>,
  other: Pick<Viewer, 'role' | 'scopes'>,
): boolean {
  return one.role === other.role && one.scopes.join() === other.scopes.join();
}
