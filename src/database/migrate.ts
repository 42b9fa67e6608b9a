import { createHash, randomUUID } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type pg from 'pg';
import { messageOf, systemCodeOf } from '../lib/errors.js';
import type { Logger } from '../lib/logger.js';
import { connectTo, DatabaseSetupError } from './connect.js';
import { takeSessionLock } from './session-lock.js';

export class MigrationError extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'MigrationError';
  }
}

interface MigrateOptions {
  url: string;
  log: Logger;
  directory?: string;
}

interface Migration {
  name: string;
  sql: string;
  checksum: string;
}

/** The package's root is two levels up from src/database and from dist/database alike. */
const OWN_MIGRATIONS = fileURLToPath(new URL('../../prisma/migrations', import.meta.url));
const LOCK_KEY = 71_710_002;
/** PostgreSQL's code. */
const NO_RIGHTS = '42501';

/** Any number of processes may call it at once: one applies, the others wait and find nothing to do. */
export async function migrate(options: MigrateOptions): Promise<{ applied: string[] }> {
  const known = readMigrations(options.directory ?? OWN_MIGRATIONS);
  const client = await connectTo(options.url, { application_name: 'reprise migrate' });
  client.on('error', (err) => options.log.warn({ err }, 'migration connection lost'));
  try {
    await takeSessionLock(client, LOCK_KEY);
    return { applied: await applyMissing(client, known, options.log) };
  } finally {
    await client.end();
  }
}

/** Those that `migrate` would apply. Changes nothing. */
export async function findMissingMigrations({ url }: { url: string }): Promise<string[]> {
  const known = readMigrations(OWN_MIGRATIONS);
  const client = await connectTo(url, { application_name: 'reprise doctor' });
  try {
    const { rows } = await client.query<{ table: string | null }>(
      `SELECT to_regclass('"_prisma_migrations"')::text AS table`,
    );
    const recorded = rows[0]?.table ? await readRecords(client) : new Map<string, string>();
    assertKnown(recorded, known);
    return known.flatMap(({ name }) => (recorded.has(name) ? [] : [name]));
  } finally {
    await client.end();
  }
}

function readMigrations(directory: string): Migration[] {
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort()
    .map((name) => {
      const sql = readFileSync(join(directory, name, 'migration.sql'), 'utf8');
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    });
}

async function applyMissing(client: pg.Client, known: Migration[], log: Logger): Promise<string[]> {
  await createRecords(client);
  const recorded = await readRecords(client);
  assertKnown(recorded, known);
  const missing = known.filter(({ name }) => !recorded.has(name));
  for (const migration of missing) {
    await apply(client, migration);
    log.info({ migration: migration.name }, 'migration applied');
  }
  return missing.map(({ name }) => name);
}

async function createRecords(client: pg.Client): Promise<void> {
  await client.query(`
    CREATE TABLE IF NOT EXISTS "_prisma_migrations" (
      "id"                  VARCHAR(36) NOT NULL PRIMARY KEY,
      "checksum"            VARCHAR(64) NOT NULL,
      "finished_at"         TIMESTAMPTZ,
      "migration_name"      VARCHAR(255) NOT NULL,
      "logs"                TEXT,
      "rolled_back_at"      TIMESTAMPTZ,
      "started_at"          TIMESTAMPTZ NOT NULL DEFAULT now(),
      "applied_steps_count" INTEGER NOT NULL DEFAULT 0
    )`);
}

async function readRecords(client: pg.Client): Promise<Map<string, string>> {
  const { rows } = await client.query<{ migration_name: string; checksum: string }>(
    `SELECT migration_name, checksum FROM "_prisma_migrations"
      WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL`,
  );
  return new Map(rows.map((row) => [row.migration_name, row.checksum]));
}

function assertKnown(recorded: Map<string, string>, known: Migration[]): void {
  const byName = new Map(known.map((migration) => [migration.name, migration]));
  for (const [name, checksum] of recorded) {
    const migration = byName.get(name);
    if (!migration) {
      throw new MigrationError(
        `The database has the migration "${name}", which this version of Reprise does not know: a newer version ` +
          'has used it. Start that version or a newer one, or use another database.',
      );
    }
    if (migration.checksum !== checksum) {
      throw new MigrationError(
        `The migration "${name}" was changed after it had been applied. Undo the change and put it into a new ` +
          'migration.',
      );
    }
  }
}

async function apply(client: pg.Client, { name, sql, checksum }: Migration): Promise<void> {
  try {
    await client.query('BEGIN');
    await client.query(sql);
    await client.query(
      `INSERT INTO "_prisma_migrations"
         ("id", "checksum", "migration_name", "started_at", "finished_at", "applied_steps_count")
       VALUES ($1, $2, $3, now(), clock_timestamp(), 1)`,
      [randomUUID(), checksum, name],
    );
    await client.query('COMMIT');
  } catch (cause) {
    await client.query('ROLLBACK').catch(() => undefined);
    if (systemCodeOf(cause) === NO_RIGHTS) {
      throw new DatabaseSetupError(
        `DATABASE_URL: the migration "${name}" needs rights that its role lacks (${messageOf(cause)}); make it the owner of the database: ALTER DATABASE … OWNER TO …;`,
      );
    }
    throw new MigrationError(`The migration "${name}" failed: ${messageOf(cause)}`, { cause });
  }
}
