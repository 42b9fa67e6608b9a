import type { Db } from '../database/prisma.js';
import type { User } from '../generated/prisma/client.js';

export type { User };

export function findUser(db: Db, id: string, query: object): Promise<User | null> {
  return db.user.findUnique({ ...query, where: { id } });
}

/** The user as it then is; null if it has gone, or its password has changed since it was read. */
export async function markSignedIn(db: Db, { id, passwordHash }: User, now: Date): Promise<User | null> {
  const [user] = await db.user.updateManyAndReturn({
    where: { id, passwordHash },
    data: { lastSignInAt: now },
  });
  return user ?? null;
}
