import type { Db } from '../database/prisma.js';

export interface ExpiryTimes {
  now: Date;
  /** A signing key that retired before this has no valid token. */
  keysRetiredBefore: Date;
  auditBefore: Date;
}

/** At most `limit` rows, none that another process is deleting. Returns how many. */
type Deletion = (db: Db, limit: number) => Promise<number>;

/* By arrays: without statistics, the planner may compare each row with each of the subquery's. */

export function expiredAccess({ now, keysRetiredBefore, auditBefore }: ExpiryTimes) {
  return {
    sessions: (db, limit) => db.$executeRaw`
      DELETE FROM "Session" WHERE "id" = ANY (ARRAY(
        SELECT "id" FROM "Session" WHERE "expiresAt" <= ${now} LIMIT ${limit} FOR UPDATE SKIP LOCKED))`,
    usedStates: (db, limit) => db.$executeRaw`
      DELETE FROM "UsedState" WHERE "id" = ANY (ARRAY(
        SELECT "id" FROM "UsedState" WHERE "expiresAt" <= ${now} LIMIT ${limit} FOR UPDATE SKIP LOCKED))`,
    streamTickets: (db, limit) => db.$executeRaw`
      DELETE FROM "StreamTicket" WHERE "hash" = ANY (ARRAY(
        SELECT "hash" FROM "StreamTicket" WHERE "expiresAt" <= ${now} LIMIT ${limit} FOR UPDATE SKIP LOCKED))`,
    signInFailures: (db, limit) => db.$executeRaw`
      DELETE FROM "SignInFailure" WHERE "key" = ANY (ARRAY(
        SELECT "key" FROM "SignInFailure" WHERE "expire" <= ${now.getTime()}
        LIMIT ${limit} FOR UPDATE SKIP LOCKED))`,
    signingKeys: (db, limit) => db.$executeRaw`
      DELETE FROM "SigningKey" WHERE "id" = ANY (ARRAY(
        SELECT "id" FROM "SigningKey" WHERE "retiredAt" < ${keysRetiredBefore}
        LIMIT ${limit} FOR UPDATE SKIP LOCKED))`,
    auditEntries: (db, limit) => db.$executeRaw`
      DELETE FROM "AuditEntry" WHERE "id" = ANY (ARRAY(
        SELECT "id" FROM "AuditEntry" WHERE "createdAt" < ${auditBefore}
        ORDER BY "createdAt", "id" LIMIT ${limit} FOR UPDATE SKIP LOCKED))`,
  } satisfies Record<string, Deletion>;
}
