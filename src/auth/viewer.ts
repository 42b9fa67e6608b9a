export type UserRole = 'USER' | 'ADMIN';

/** The user on whose behalf a request runs. */
export interface Viewer {
  id: string;
  username: string;
  role: UserRole;
}

/** Every caller while authentication is off. The first migration creates this user. */
export const SYSTEM_VIEWER: Viewer = {
  id: '00000000-0000-4000-8000-000000000001',
  username: 'system',
  role: 'ADMIN',
};

/** Users see what is their own, admins everything. */
export function maySee(viewer: Viewer, owned: { ownerId: string }): boolean {
  return viewer.role === 'ADMIN' || viewer.id === owned.ownerId;
}
