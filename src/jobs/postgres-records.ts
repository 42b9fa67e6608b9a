import { Client, Pool, type ClientBase } from 'pg';
import { z } from 'zod';
import type { Logger } from '../lib/logger.js';
import type { JobRecords } from './job-records.js';
import { createPostgresListener } from './postgres-listener.js';

/** Agenda's table has a schema of its own: it is not part of our data model. */
const SCHEMA = 'agenda';
/** Agenda quotes this name whole, so that a schema cannot be part of it: the search path says where it is. */
export const JOBS_TABLE = 'jobs';
const CHANNEL = 'reprise_jobs';
/** Any constant number: the advisory lock under which the table is made. */
const SCHEMA_LOCK = 7_171_040;

export interface PostgresRecordsOptions {
  url: string;
  instanceId: string;
  log: Logger;
}

/** A few connections, apart from those of requests, that survive the server going away. */
export function createJobPool(url: string, log: Logger): Pool {
  const pool = new Pool({
    connectionString: url,
    max: 4,
    connectionTimeoutMillis: 3_000,
    query_timeout: 4_000,
    keepAlive: true,
    application_name: 'reprise jobs',
    ...eachConnection,
  });
  const note = (err: Error) => log.debug({ err }, 'A connection to the job store ended');
  pool.on('error', note);
  pool.on('connect', (client) => client.on('error', note));
  return pool;
}

const eachConnection = {
  /** The pool waits for the promise, though its type does not say so. */
  async onConnect(client: ClientBase): Promise<void> {
    await client.query(`SET search_path TO ${SCHEMA}`);
  },
};

/**
 * Makes the schema, then runs `createTable`, one process at a time: neither CREATE … IF NOT EXISTS nor CREATE OR
 * REPLACE is safe against itself. A schema that is already there needs no right to create one.
 */
export async function withJobSchema(url: string, createTable: () => Promise<void>): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query('SELECT pg_advisory_lock($1)', [SCHEMA_LOCK]);
    const found = await client.query('SELECT 1 FROM pg_namespace WHERE nspname = $1', [SCHEMA]);
    if (found.rowCount === 0) await client.query(`CREATE SCHEMA ${SCHEMA}`);
    await createTable();
  } finally {
    await client.end();
  }
}

export function createPostgresRecords(pool: Pool, options: PostgresRecordsOptions): JobRecords {
  const { url, instanceId, log } = options;
  let stopListening = () => Promise.resolve();

  return {
    pollEveryMs: 250,
    async restore(recurring) {
      for (const { name, everyMs } of recurring) await pool.query(KEEP_RECURRING, [name, String(everyMs)]);
      await pool.query(DELETE_LEFTOVERS);
    },
    async ping() {
      await pool.query('SELECT 1');
    },
    async announce(jobName) {
      const payload = JSON.stringify({ jobName, from: instanceId });
      await pool.query('SELECT pg_notify($1, $2)', [CHANNEL, payload]);
    },
    async listen(onDue) {
      const onMessage = (payload: string) => {
        const read = announcement.safeParse(parseJson(payload));
        if (read.success && read.data.from !== instanceId) onDue(read.data.jobName);
      };
      const listener = createPostgresListener({ url, channel: CHANNEL, onMessage, log });
      stopListening = () => listener.close();
      await listener.start();
    },
    async close() {
      await stopListening();
      await pool.end();
    },
  };
}

const announcement = z.object({ jobName: z.string(), from: z.string() });

/** Undefined when it is none: whoever may use the database may send on the channel. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The interval is kept in milliseconds, as text: Agenda reads '500 milliseconds' as 500 seconds, but '500' well. */
const KEEP_RECURRING = `
  INSERT INTO ${JOBS_TABLE} AS job (name, type, next_run_at, repeat_interval, data)
  VALUES ($1, 'single', now(), $2, '{}')
  ON CONFLICT (name) WHERE type = 'single' DO UPDATE
  SET repeat_interval = EXCLUDED.repeat_interval,
      next_run_at = LEAST(job.next_run_at, now() + EXCLUDED.repeat_interval::bigint * interval '1 millisecond')
  WHERE job.repeat_interval IS DISTINCT FROM EXCLUDED.repeat_interval`;

const DELETE_LEFTOVERS = `
  DELETE FROM ${JOBS_TABLE} WHERE type = 'normal' AND next_run_at IS NULL AND locked_at IS NULL`;
