import type { Db } from '../database/prisma.js';
import type { Session, User } from '../generated/prisma/client.js';

interface NewSession {
  userId: string;
  /** 0 for one with refresh tokens, null for one with a single access token. */
  generation: number | null;
  expiresAt: Date;
}

export function createSession(db: Db, session: NewSession): Promise<Session> {
  return db.session.create({ data: session });
}

/** Also after its time: callers compare `expiresAt`. */
export function findSession(db: Db, id: string): Promise<(Session & { user: User }) | null> {
  return db.session.findUnique({ where: { id }, include: { user: true } });
}

export async function endSession(db: Db, id: string): Promise<void> {
  await db.session.deleteMany({ where: { id } });
}

/** A trigger tells all processes, so that open connections end too. */
export async function endSessionsOf(
  db: Db,
  userId: string,
  { except }: { except?: string | undefined } = {},
): Promise<void> {
  await db.session.deleteMany({ where: { userId, ...(except !== undefined && { id: { not: except } }) } });
}
