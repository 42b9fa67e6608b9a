import { hostname } from 'node:os';
import pg from 'pg';
import { delay } from '../lib/async.js';
import { urlOf, type Address } from './address.js';

/** Any number of ours; held by the process that runs this data directory. */
const LOCK_KEY = 71_710_001;
/** A process that was killed a moment ago still seems to hold it until the kernel has closed its connection. */
const PATIENCE_MS = 2_000;
const RETRY_MS = 50;
/** Always there, unlike our own database. Advisory locks count for one database only. */
const MAINTENANCE_DATABASE = 'postgres';

export type LockResult = { client: pg.Client } | { heldBy: string | null };

/**
 * Takes the lock that makes this process the only one on the data directory. It lives as long as the
 * connection, so the kernel gives it back however the process ends. Rejects when there is no connection.
 */
export async function takeLock(address: Address): Promise<LockResult> {
  const client = new pg.Client({
    connectionString: urlOf(address, MAINTENANCE_DATABASE),
    application_name: `reprise, process ${process.pid} on ${hostname()}`.slice(0, 63),
    connectionTimeoutMillis: 10_000,
  });
  // Without a listener a connection that is cut would end the process; `end` follows and is listened to.
  client.on('error', () => undefined);
  try {
    await client.connect();
    if (await tryLock(client)) return { client };
    const heldBy = await findHolder(client);
    await client.end();
    return { heldBy };
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
}

async function tryLock(client: pg.Client): Promise<boolean> {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    const { rows } = await client.query<{ taken: boolean }>('SELECT pg_try_advisory_lock($1) AS taken', [
      LOCK_KEY,
    ]);
    if (rows[0]?.taken) return true;
    if (Date.now() > end) return false;
    await delay(RETRY_MS);
  }
}

async function findHolder(client: pg.Client): Promise<string | null> {
  const { rows } = await client.query<{ application_name: string }>(
    `SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a USING (pid)
      WHERE l.locktype = 'advisory' AND l.objid = $1 AND l.granted`,
    [LOCK_KEY],
  );
  return rows[0]?.application_name || null;
}

export async function ensureDatabase(client: pg.Client, name: string): Promise<void> {
  const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [name]);
  if (rowCount === 0) await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`);
}
