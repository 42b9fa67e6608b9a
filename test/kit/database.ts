import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';

/** A database of a test's own, migrated and empty but for the system user. */
export interface TestDatabase {
  url: string;
  /** Cuts whoever is still connected. */
  drop(): Promise<void>;
}

declare module 'vitest' {
  interface ProvidedContext {
    /** The server's maintenance database. */
    databaseUrl: string;
    /** A migrated database that new ones are copied from. */
    databaseTemplate: string;
  }
}

/** Copies the template that global-setup.ts has migrated, which is much quicker than migrating. */
export async function createTestDatabase(): Promise<TestDatabase> {
  return createDatabaseFrom(inject('databaseTemplate'));
}

/** A database with nothing in it, for tests of the migrations themselves. */
export async function createEmptyDatabase(): Promise<TestDatabase> {
  return createDatabaseFrom('template0');
}

async function createDatabaseFrom(template: string): Promise<TestDatabase> {
  const name = `test_${randomBytes(8).toString('hex')}`;
  const server = inject('databaseUrl');
  await runOn(server, `CREATE DATABASE ${name} TEMPLATE ${template}`);
  return {
    url: withDatabase(server, name),
    drop: () => runOn(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  };
}

export async function runOn(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

/** The same server, another database. */
export function withDatabase(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}
