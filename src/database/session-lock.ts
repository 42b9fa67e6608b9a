import type pg from 'pg';

/** How long its holder may say nothing: it only has a few statements to make in turn. */
const IDLE_MS = 15_000;

/**
 * Waits for a lock and keeps it until the client's session ends. The server ends the session of a holder that
 * vanished: it would not notice for hours that nobody is at the other end, and nobody else could start meanwhile.
 */
export async function takeSessionLock(client: pg.Client, key: number, idleMs = IDLE_MS): Promise<void> {
  await client.query(
    `SET idle_session_timeout = ${idleMs}; SET idle_in_transaction_session_timeout = ${idleMs}`,
  );
  await client.query('SELECT pg_advisory_lock($1)', [key]);
}
