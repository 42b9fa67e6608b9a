import type pg from 'pg';

const IDLE_MS = 15_000;

/** The idle limit ends the session of a holder that vanished, which would keep all others out for hours. */
export async function takeSessionLock(client: pg.Client, key: number, idleMs = IDLE_MS): Promise<void> {
  await client.query(
    `SET idle_session_timeout = ${idleMs}; SET idle_in_transaction_session_timeout = ${idleMs}`,
  );
  await client.query('SELECT pg_advisory_lock($1)', [key]);
}
