export type UserRole = 'USER' | 'ADMIN';

/** Who is asking. */
export interface Viewer {
  id: string;
  username: string;
  role: UserRole;
}

/** With authentication off every caller is this user, who is in the database from the first migration on. */
export const SYSTEM_VIEWER: Viewer = {
  id: '00000000-0000-4000-8000-000000000001',
  username: 'system',
  role: 'ADMIN',
};
