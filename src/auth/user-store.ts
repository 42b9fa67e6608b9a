import type { Db } from '../database/prisma.js';
import type { User } from '../generated/prisma/client.js';

export type { User };

/** As names compare: they differ by more than case. */
export const usernameKeyOf = (username: string): string => username.toLowerCase();

/** By the name that people sign in with, in upper or lower case. */
export function findUserByName(db: Db, username: string): Promise<User | null> {
  return db.user.findUnique({ where: { usernameKey: usernameKeyOf(username) } });
}

export function findUser(db: Db, id: string, query: object): Promise<User | null> {
  return db.user.findUnique({ ...query, where: { id } });
}

/** In the order of the ids; null for one that is gone. */
export async function findUsers(db: Db, ids: readonly string[]): Promise<(User | null)[]> {
  const users = await db.user.findMany({ where: { id: { in: [...ids] } } });
  const byId = new Map(users.map((user) => [user.id, user]));
  return ids.map((id) => byId.get(id) ?? null);
}

/** The user as it then is; null if it has gone, or its password has changed since it was read. */
export async function markSignedIn(db: Db, { id, passwordHash }: User, now: Date): Promise<User | null> {
  const [user] = await db.user.updateManyAndReturn({
    where: { id, passwordHash },
    data: { lastSignInAt: now },
  });
  return user ?? null;
}
