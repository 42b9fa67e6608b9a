import type pg from 'pg';
import { Prisma } from '../generated/prisma/client.js';
import { inTransaction, type Database } from './prisma.js';

const IDLE_MS = 15_000;

/** The idle limit ends the session of a holder that vanished, which would keep all others out for hours. */
export async function takeSessionLock(client: pg.Client, key: number, idleMs = IDLE_MS): Promise<void> {
  await client.query(
    `SET idle_session_timeout = ${idleMs}; SET idle_in_transaction_session_timeout = ${idleMs}`,
  );
  await client.query('SELECT pg_advisory_lock($1)', [key]);
}

/**
 * Shows that a process lives for as long as its session does. Shared, because the server may take a while to end the
 * session that the next one replaces.
 */
export async function showAlive(client: pg.Client, instanceId: string): Promise<void> {
  await client.query('SELECT pg_advisory_lock_shared(hashtextextended($1, 0))', [instanceId]);
}

/** Over all processes, until `work` ends. It must be short, for it holds a connection, and do no harm when repeated. */
export function oneAtATime<T>(db: Database, name: string, work: () => Promise<T>): Promise<T> {
  return inTransaction(db, async (tx) => {
    await tx.$queryRaw`SELECT 1 FROM (SELECT pg_advisory_xact_lock(hashtext(${name}))) AS taken`;
    return work();
  });
}

/** Columns `key`, the `hashtextextended` of the instance's id, and `pid`. */
export const LIVE_INSTANCES = Prisma.sql`
  SELECT (classid::bigint << 32) | objid::bigint AS "key", pid FROM pg_locks
  WHERE locktype = 'advisory' AND objsubid = 1 AND granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
