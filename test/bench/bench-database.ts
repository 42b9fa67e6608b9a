import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { MongoClient } from 'mongodb';
import { createLogger } from '../../src/lib/logger.js';
import { startEmbeddedPostgres } from '../../src/embedded-postgres/start-embedded-postgres.js';
import { migrate } from '../../src/database/migrate.js';

/** A migrated database of a bench's own, for several processes: on DATABASE_URL's server, else on an embedded one. */
export interface BenchDatabase {
  url: string;
  /** What a server is given to work on it; with MONGODB_URL its jobs are in a database there of the same name. */
  env: Record<string, string>;
  /** For example `PostgreSQL 18.4`. */
  version: string;
  /** One connection for what the bench itself does. */
  client: pg.Client;
  drop(): Promise<void>;
}

const log = createLogger('warn');

export async function createBenchDatabase(): Promise<BenchDatabase> {
  const server = await openServer();
  const name = `bench_${randomBytes(6).toString('hex')}`;
  await runOn(server.url, `CREATE DATABASE ${name}`);
  const url = withDatabase(server.url, name);
  await migrate({ url, log });
  const client = new pg.Client({ connectionString: url, application_name: 'reprise bench' });
  await client.connect();
  const mongodb = process.env['MONGODB_URL'] && withDatabase(process.env['MONGODB_URL'], name);
  return {
    url,
    env: { DATABASE_URL: url, ...(mongodb && { MONGODB_URL: mongodb }) },
    version: `PostgreSQL ${await versionOf(client)} (${process.env['DATABASE_URL'] ? 'external' : 'embedded'})`,
    client,
    drop: async () => {
      await client.end();
      await runOn(server.url, `DROP DATABASE ${name} WITH (FORCE)`);
      if (mongodb) await dropMongo(mongodb);
      await server.stop();
    },
  };
}

async function openServer(): Promise<{ url: string; stop(): Promise<void> }> {
  const external = process.env['DATABASE_URL'];
  if (external) return { url: withDatabase(external, 'postgres'), stop: () => Promise.resolve() };
  const dataDir = await mkdtemp(join(tmpdir(), 'reprise-bench-db-'));
  const server = await startEmbeddedPostgres({ dataDir, log });
  return {
    url: server.url,
    stop: async () => {
      await server.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

async function versionOf(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ server_version: string }>('SHOW server_version');
  return rows[0]?.server_version ?? '?';
}

async function runOn(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

async function dropMongo(url: string): Promise<void> {
  const client = new MongoClient(url);
  try {
    await client.db().dropDatabase();
  } finally {
    await client.close();
  }
}

function withDatabase(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}
