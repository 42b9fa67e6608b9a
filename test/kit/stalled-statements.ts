import pg from 'pg';
import { waitFor } from './wait-for.js';

/** Statements that wait in the middle of what they do. */
export interface StalledStatements {
  /** Resolves once one waits. */
  reached(): Promise<void>;
  /** Ends the sessions that wait, which undoes their transactions, as the server does for a client that is gone. */
  abort(): Promise<void>;
  /** All go on, also those that come later. */
  release(): Promise<void>;
}

const KEY = 20_181_127;

/**
 * Holds every statement on this database that comes to one of the rows: `at` is a trigger's event with its table and,
 * with WHEN, a condition on the row, such as `INSERT ON "Task"`.
 */
export async function stallStatements(
  url: string,
  {
    at: [event, table, condition = 'true'],
  }: { at: readonly [event: string, table: string, condition?: string] },
): Promise<StalledStatements> {
  const holder = new pg.Client({ connectionString: url });
  await holder.connect();
  await holder.query(`SELECT pg_advisory_lock(${KEY})`);
  await holder.query(`
    CREATE FUNCTION stall() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN PERFORM pg_advisory_xact_lock_shared(${KEY}); RETURN NEW; END $$;
    CREATE TRIGGER stall BEFORE ${event} ON "${table}" FOR EACH ROW WHEN (${condition}) EXECUTE FUNCTION stall()`);
  const waiting = `
    SELECT pid FROM pg_locks
    WHERE "locktype" = 'advisory' AND "objid" = ${KEY} AND NOT "granted"
      AND "database" = (SELECT oid FROM pg_database WHERE datname = current_database())`;
  const count = async () => (await holder.query(waiting)).rowCount;
  return {
    reached: async () => {
      await waitFor(count, { what: `a statement at ${event} on ${table}`, timeoutMs: 60_000 });
    },
    abort: async () => {
      await holder.query(`SELECT pg_terminate_backend(pid) FROM (${waiting}) AS waiting`);
      await waitFor(async () => (await count()) === 0, { what: 'the sessions to end' });
    },
    release: () => holder.end(),
  };
}
