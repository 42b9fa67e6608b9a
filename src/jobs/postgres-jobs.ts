import { PostgresBackend } from '@agendajs/postgres-backend';
import { Client, escapeIdentifier, Pool, type ClientBase } from 'pg';
import { z } from 'zod';
import type { Logger } from '../lib/logger.js';
import { createListeningConnection } from '../database/listening-connection.js';
import { jobSchemaOf, SESSION_OPTIONS } from '../database/database-url.js';
import { takeSessionLock } from '../database/session-lock.js';
import { JobStoreUnavailableError } from './errors.js';
import type { JobRecords, JobStore } from './job-store.js';
import { parseJson } from '../lib/parse-json.js';

/** Agenda quotes this name whole, so the search path names the schema. */
const JOBS_TABLE = 'jobs';
const CHANNEL = 'reprise_jobs';
const APPLICATION = 'reprise jobs';
const SCHEMA_LOCK = 7_171_040;

interface PostgresJobsOptions {
  url: string;
  instanceId: string;
  log: Logger;
}

export async function openPostgresJobs(options: PostgresJobsOptions): Promise<JobStore> {
  const pool = createJobPool(options.url, options.log);
  const { repository } = new PostgresBackend({ pool, tableName: JOBS_TABLE, disableNotifications: true });
  try {
    await withJobSchema(options.url, () => repository.connect());
  } catch (thrown) {
    await pool.end();
    throw new JobStoreUnavailableError(thrown);
  }
  return { repository, records: createPostgresRecords(pool, options) };
}

function createJobPool(url: string, log: Logger): Pool {
  const pool = new Pool({
    connectionString: url,
    max: 4,
    connectionTimeoutMillis: 3_000,
    query_timeout: 4_000,
    keepAlive: true,
    application_name: APPLICATION,
    options: SESSION_OPTIONS,
    ...eachConnection(jobSchemaOf(url)),
  });
  const note = (err: Error) => log.debug({ err }, 'job store connection lost');
  pool.on('error', note);
  pool.on('connect', (client) => client.on('error', note));
  return pool;
}

const eachConnection = (schema: string) => ({
  /** The pool waits for the promise, though its type does not say so. */
  async onConnect(client: ClientBase): Promise<void> {
    await client.query(`SET search_path TO ${escapeIdentifier(schema)}`);
  },
});

/** One at a time: CREATE … IF NOT EXISTS is not safe against itself. CREATE SCHEMA needs a privilege. */
async function withJobSchema(url: string, createTable: () => Promise<void>): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await takeSessionLock(client, SCHEMA_LOCK);
    const schema = jobSchemaOf(url);
    const found = await client.query('SELECT 1 FROM pg_namespace WHERE nspname = $1', [schema]);
    if (found.rowCount === 0) await client.query(`CREATE SCHEMA ${escapeIdentifier(schema)}`);
    await createTable();
  } finally {
    await client.end();
  }
}

function createPostgresRecords(pool: Pool, options: PostgresJobsOptions): JobRecords {
  const { url, instanceId, log } = options;
  let stopListening = () => Promise.resolve();

  return {
    pollEveryMs: 250,
    async restore(recurring) {
      for (const { name, everyMs } of recurring) await pool.query(KEEP_RECURRING, [name, String(everyMs)]);
      await pool.query(CLAMP_LOCKS);
      await pool.query(DELETE_LEFTOVERS);
    },
    async readTime() {
      const { rows } = await pool.query<{ now: Date }>('SELECT clock_timestamp() AS now');
      return rows[0]?.now ?? new Date();
    },
    async ping() {
      await pool.query('SELECT 1');
    },
    async announce(jobName) {
      const payload = JSON.stringify({ jobName, from: instanceId });
      await pool.query('SELECT pg_notify($1, $2)', [CHANNEL, payload]);
    },
    async listen(onDue) {
      const onNotification = (text: string) => {
        const read = announcement.safeParse(parseJson(text));
        if (read.success && read.data.from !== instanceId) onDue(read.data.jobName);
      };
      const connection = createListeningConnection({
        url,
        channel: CHANNEL,
        applicationName: APPLICATION,
        log,
        onNotification,
      });
      stopListening = () => connection.close();
      await connection.opened.catch(() => undefined);
    },
    async close() {
      await stopListening();
      await pool.end();
    },
  };
}

/** Any database user may send on the channel. */
const announcement = z.object({ jobName: z.string(), from: z.string() });

/** In milliseconds, without a unit: Agenda reads '500 milliseconds' as 500 seconds. */
const KEEP_RECURRING = `
  INSERT INTO ${JOBS_TABLE} AS job (name, type, next_run_at, repeat_interval, data)
  VALUES ($1, 'single', now(), $2, '{}')
  ON CONFLICT (name) WHERE type = 'single' DO UPDATE
  SET repeat_interval = EXCLUDED.repeat_interval,
      next_run_at = LEAST(job.next_run_at, now() + EXCLUDED.repeat_interval::bigint * interval '1 millisecond')
  WHERE job.repeat_interval IS DISTINCT FROM EXCLUDED.repeat_interval
    OR job.next_run_at > now() + EXCLUDED.repeat_interval::bigint * interval '1 millisecond' + interval '1 second'`;

/** Set by a clock that was wrong, they would outlast their holder by as much. */
const CLAMP_LOCKS = `
  UPDATE ${JOBS_TABLE} SET locked_at = now() WHERE locked_at > now() + interval '1 second'`;

const DELETE_LEFTOVERS = `
  DELETE FROM ${JOBS_TABLE} WHERE type = 'normal' AND next_run_at IS NULL AND locked_at IS NULL`;
