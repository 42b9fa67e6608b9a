import type { Db } from '../database/prisma.js';
import type { Session } from '../generated/prisma/client.js';
import type { UserRole } from '../auth/viewer.js';

export interface SessionOfUser {
  id: string;
  expiresAt: Date;
  userId: string;
  username: string;
  role: UserRole;
}

interface NewSession {
  userId: string;
  /** 0 for one with refresh tokens, null for one with a single access token. */
  generation: number | null;
  expiresAt: Date;
}

export function createSession(db: Db, session: NewSession): Promise<Session> {
  return db.session.create({ data: session });
}

/** The session and its user, in one query; null after its time too. */
export async function findSession(db: Db, id: string, now: Date): Promise<SessionOfUser | null> {
  const [found] = await db.$queryRaw<SessionOfUser[]>`
    SELECT s."id", s."expiresAt", u."id" AS "userId", u."username", u."role"::text AS "role"
    FROM "Session" s JOIN "User" u ON u."id" = s."userId"
    WHERE s."id" = ${id}::uuid AND s."expiresAt" > ${now}`;
  return found ?? null;
}

/** The next refresh token's number; null if the token of this number is not the newest one. */
export async function takeGeneration(
  db: Db,
  id: string,
  { generation, now, expiresAt }: { generation: number; now: Date; expiresAt: Date },
): Promise<number | null> {
  const [taken] = await db.session.updateManyAndReturn({
    where: { id, generation, expiresAt: { gt: now } },
    data: { generation: { increment: 1 }, expiresAt },
    select: { generation: true },
  });
  return taken?.generation ?? null;
}

/** False if it has ended before. */
export async function endSession(db: Db, id: string): Promise<boolean> {
  const { count } = await db.session.deleteMany({ where: { id } });
  return count > 0;
}

/** A trigger tells all processes, so that open connections end too. Returns how many have ended. */
export async function endSessionsOf(
  db: Db,
  userId: string,
  { except }: { except?: string | undefined } = {},
): Promise<number> {
  const others = except !== undefined && { id: { not: except } };
  const { count } = await db.session.deleteMany({ where: { userId, ...others } });
  return count;
}
