import pg from 'pg';
import type { Logger } from '../lib/logger.js';
import { CONNECTIONS_NEEDED, connectTo, DatabaseSetupError, NO_POOLER } from './connect.js';
import {
  jobSchemaOf,
  queryOf,
  SESSION_OPTIONS,
  USUAL_SCHEMA,
  withPlainTls,
  withSchema,
} from './database-url.js';

const OLDEST_SERVER = 150_000;

interface PrepareOptions {
  url: string;
  /** Whether jobs are kept there too. */
  keepsJobs: boolean;
  log: Logger;
  /** Whether a schema that `?schema=` names is made if it is missing; otherwise the URL is then null. */
  createsSchema: boolean;
}

/**
 * Throws DatabaseSetupError, before anything is written, for a database that Reprise cannot work in. Returns the URL for
 * all connections: it names the schema, which is the one that the server chooses unless `?schema=` names one.
 */
export async function prepareDatabaseUrl(options: PrepareOptions & { createsSchema: true }): Promise<string>;
export async function prepareDatabaseUrl(options: PrepareOptions): Promise<string | null>;
export async function prepareDatabaseUrl({
  url,
  keepsJobs,
  log,
  createsSchema,
}: PrepareOptions): Promise<string | null> {
  const plain = withPlainTls(url);
  const requested = queryOf(plain).get('schema');
  const chosen = requested && requested !== USUAL_SCHEMA ? withSchema(plain, requested, []) : plain;
  const client = await connectTo(chosen, SESSION);
  try {
    const found = await readFacts(client, requested);
    await checkSession(client, chosen, found);
    checkServer(found);
    const schema = findSchema(found, requested);
    if (requested && !found.requestedExists) {
      if (!createsSchema) return null;
      await client.query(`CREATE SCHEMA IF NOT EXISTS ${pg.escapeIdentifier(requested)}`);
    }
    const ready = schema === USUAL_SCHEMA ? plain : withSchema(plain, schema, [found.trigramSchema]);
    await checkRights(client, found, { schema, jobSchema: keepsJobs ? jobSchemaOf(ready) : null });
    if (schema !== USUAL_SCHEMA) log.info({ schema }, 'tables are kept in a schema of their own');
    return ready;
  } finally {
    await client.end();
  }
}

/** As the pools have it: a pooler that refuses one of these must do so here. */
const SESSION = {
  application_name: 'reprise start',
  options: SESSION_OPTIONS,
  statement_timeout: 30_000,
  idle_in_transaction_session_timeout: 10_000,
};

interface Facts {
  role: string;
  database: string;
  schema: string | null;
  path: string;
  versionNumber: number;
  version: string;
  encoding: string;
  readOnly: boolean;
  pid: number;
  connections: number;
  mayCreateSchemas: boolean;
  trigramSchema: string | null;
  hasTrigrams: boolean;
  requestedExists: boolean;
}

async function readFacts(client: pg.Client, requested: string | null): Promise<Facts> {
  const { rows } = await client.query<Facts>(
    `SELECT current_user AS role, current_database() AS database, current_schema() AS schema,
            current_setting('search_path') AS path, current_setting('server_version') AS version,
            current_setting('server_version_num')::int AS "versionNumber",
            pg_encoding_to_char(encoding) AS encoding, pg_backend_pid() AS pid,
            current_setting('transaction_read_only') = 'on' AS "readOnly",
            least(current_setting('max_connections')::int,
              CASE WHEN rolsuper THEN NULL ELSE current_setting('max_connections')::int
                - current_setting('superuser_reserved_connections')::int
                - coalesce(current_setting('reserved_connections', true)::int, 0) END,
              CASE WHEN NOT rolsuper THEN nullif(rolconnlimit, -1) END,
              CASE WHEN NOT rolsuper THEN nullif(datconnlimit, -1) END) AS connections,
            has_database_privilege(current_database(), 'CREATE') AS "mayCreateSchemas",
            (SELECT nspname FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace
              WHERE extname = 'pg_trgm') AS "trigramSchema",
            EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_trgm') AS "hasTrigrams",
            EXISTS (SELECT FROM pg_namespace WHERE nspname = $1) AS "requestedExists"
       FROM pg_roles, pg_database WHERE rolname = current_user AND datname = current_database()`,
    [requested],
  );
  const [facts] = rows;
  if (!facts) throw new Error('the catalogs of PostgreSQL have neither role nor database of the session');
  return facts;
}

/** Two sessions of a server are two processes there; a pool by transactions shows one to both. */
async function checkSession(client: pg.Client, url: string, { pid }: Facts): Promise<void> {
  const { processID } = client as pg.Client & { processID?: number };
  if (processID === pid) return;
  const other = await connectTo(url, SESSION);
  try {
    for (const each of [other, client, other]) {
      const { rows } = await each.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      const isOwn = rows[0]?.pid === pid;
      if (isOwn !== (each === client)) {
        throw new DatabaseSetupError(`DATABASE_URL leads to a pool in transaction mode. ${NO_POOLER}`);
      }
    }
  } finally {
    await other.end();
  }
}

function checkServer(found: Facts): void {
  const { version, database, connections } = found;
  if (found.versionNumber < OLDEST_SERVER) {
    throw new DatabaseSetupError(`DATABASE_URL is a PostgreSQL ${version}; Reprise needs 15 or newer.`);
  }
  if (found.encoding !== 'UTF8') {
    throw new DatabaseSetupError(
      `The database "${database}" of DATABASE_URL has the encoding ${found.encoding}; Reprise needs UTF8. Create another one: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0;`,
    );
  }
  if (found.readOnly) {
    throw new DatabaseSetupError(
      `The database "${database}" of DATABASE_URL is read-only: a standby, or "default_transaction_read_only" is on. Let DATABASE_URL name the primary server.`,
    );
  }
  if (connections < CONNECTIONS_NEEDED) {
    throw new DatabaseSetupError(
      `DATABASE_URL allows ${connections} connections; each process of Reprise needs up to ${CONNECTIONS_NEEDED}. Raise max_connections, or the CONNECTION LIMIT of the role "${found.role}" or the database "${database}".`,
    );
  }
}

function findSchema(found: Facts, requested: string | null): string {
  const { schema, path, role } = found;
  if (!requested) {
    if (schema !== null) return schema;
    throw new DatabaseSetupError(
      `The search path of DATABASE_URL (${path}) names no schema that exists and that the role "${role}" may use. Create one: CREATE SCHEMA … AUTHORIZATION ${pg.escapeIdentifier(role)};`,
    );
  }
  if (found.requestedExists || found.mayCreateSchemas) return requested;
  throw new DatabaseSetupError(
    `The schema "${requested}" of DATABASE_URL does not exist, and the role "${role}" may not create it: CREATE SCHEMA ${pg.escapeIdentifier(requested)} AUTHORIZATION ${pg.escapeIdentifier(role)};`,
  );
}

interface Rights {
  /** Null while there are no tables. */
  owner: string | null;
  mayUseTables: boolean | null;
  mayCreateTables: boolean;
  jobSchemaExists: boolean;
  mayUseJobSchema: boolean;
}

async function checkRights(
  client: pg.Client,
  { role, database, mayCreateSchemas, trigramSchema, hasTrigrams }: Facts,
  { schema, jobSchema }: { schema: string; jobSchema: string | null },
): Promise<void> {
  const { rows } = await client.query<Rights>(
    `SELECT pg_get_userbyid(relowner) AS owner,
            pg_has_role(relowner, 'USAGE') OR has_table_privilege(c.oid, 'SELECT')
              AND has_table_privilege(c.oid, 'INSERT') AND has_table_privilege(c.oid, 'UPDATE')
              AND has_table_privilege(c.oid, 'DELETE') AS "mayUseTables",
            has_schema_privilege($1, 'CREATE') AND has_schema_privilege($1, 'USAGE') AS "mayCreateTables",
            EXISTS (SELECT FROM pg_namespace WHERE nspname = $2) AS "jobSchemaExists",
            coalesce((SELECT has_schema_privilege(oid, 'USAGE') FROM pg_namespace WHERE nspname = $2), true)
              AS "mayUseJobSchema"
       FROM (SELECT 1) AS one LEFT JOIN pg_class c ON c.relname = 'Task' AND c.relkind = 'r'
         AND c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = $1)`,
    [schema, jobSchema],
  );
  const [rights] = rows;
  if (!rights) throw new Error('SELECT without WHERE gave no row');
  const own = `make it the owner of the database: ALTER DATABASE ${pg.escapeIdentifier(database)} OWNER TO ${pg.escapeIdentifier(role)};`;
  const refuse = (what: string, remedy: string) => {
    throw new DatabaseSetupError(`DATABASE_URL: the role "${role}" may not ${what}; ${remedy}`);
  };
  if (rights.owner !== null && !rights.mayUseTables) {
    refuse(
      `use the tables in the schema "${schema}", which belong to "${rights.owner}"`,
      'use that role, or restore them without owners.',
    );
  }
  const isNew = rights.owner === null;
  if (isNew && !rights.mayCreateTables) {
    const grant = `GRANT ALL ON SCHEMA ${pg.escapeIdentifier(schema)} TO ${pg.escapeIdentifier(role)};`;
    refuse(
      `create tables in the schema "${schema}"`,
      schema === USUAL_SCHEMA ? own : `${own.slice(0, -1)}, or ${grant}`,
    );
  }
  if (isNew && trigramSchema === null && !hasTrigrams) {
    throw new DatabaseSetupError(
      'The PostgreSQL of DATABASE_URL lacks the extension "pg_trgm"; install it there (postgresql-contrib).',
    );
  }
  if (isNew && trigramSchema === null && !mayCreateSchemas) refuse('create the extension "pg_trgm"', own);
  if (jobSchema === null) return;
  if (!rights.jobSchemaExists && !mayCreateSchemas) refuse(`create the schema "${jobSchema}"`, own);
  if (!rights.mayUseJobSchema)
    refuse(`use the schema "${jobSchema}"`, 'use the role that owns it, or drop it.');
}
