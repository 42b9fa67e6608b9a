import type { Db } from '../database/prisma.js';
import type { User } from '../generated/prisma/client.js';

export function findUser(db: Db, id: string, query: object): Promise<User | null> {
  return db.user.findUnique({ ...query, where: { id } });
}
