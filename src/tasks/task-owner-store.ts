import type { User } from '../generated/prisma/client.js';
import type { Db } from '../database/prisma.js';

/** The users with these ids, in any order. */
export function listOwners(db: Db, ids: readonly string[]): Promise<User[]> {
  return db.user.findMany({ where: { id: { in: [...ids] } } });
}
