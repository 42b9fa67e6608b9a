import type pg from 'pg';

const IDLE_MS = 15_000;

/**
 * Waits for an advisory lock and keeps it until the client's session ends. The idle limit makes the server end the
 * session of a holder that vanished, which would keep all others from starting for hours.
 */
export async function takeSessionLock(client: pg.Client, key: number, idleMs = IDLE_MS): Promise<void> {
  await client.query(
    `SET idle_session_timeout = ${idleMs}; SET idle_in_transaction_session_timeout = ${idleMs}`,
  );
  await client.query('SELECT pg_advisory_lock($1)', [key]);
}
