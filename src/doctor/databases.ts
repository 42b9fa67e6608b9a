import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findMissingMigrations } from '../database/migrate.js';
import { prepareDatabaseUrl } from '../database/prepare-database.js';
import { inspectDataDirectory, startEmbeddedPostgres } from '../embedded-postgres/start-embedded-postgres.js';
import type { Env } from '../env.js';
import { createLogger } from '../lib/logger.js';
import { check, type Finding } from './finding.js';

const log = createLogger('silent');

export async function checkDatabases(env: Env, stop: AbortSignal): Promise<Finding[]> {
  const { database, jobStore } = env;
  const own =
    database.kind === 'external'
      ? await check('DATABASE_URL', () => checkExternal(database.url, jobStore.kind === 'postgresql'))
      : await check('embedded database', () => checkEmbedded(env.dataDir, stop));
  const jobs = jobStore.kind === 'mongodb' ? await check('MONGODB_URL', () => checkMongo(jobStore.url)) : [];
  return [...own, ...jobs];
}

async function checkExternal(url: string, keepsJobs: boolean): Promise<string> {
  const ready = await prepareDatabaseUrl({ url, keepsJobs, log, createsSchema: false });
  if (ready === null) return 'The database answers; its schema is made by the first start.';
  const missing = await findMissingMigrations({ url: ready });
  if (missing.length === 0) return 'The database answers, and its tables are up to date.';
  return `The database answers; the next start applies ${missing.length} migrations.`;
}

async function checkEmbedded(dataDir: string, stop: AbortSignal): Promise<string> {
  const found = inspectDataDirectory(dataDir);
  if (found.pid !== null) return `It runs already, as process ${found.pid}.`;
  await tryEmbedded(stop);
  return found.hasCluster
    ? 'PostgreSQL runs here, and DATA_DIR has a database of its version.'
    : 'PostgreSQL runs here; the first start makes a database in DATA_DIR.';
}

/** With a database that is thrown away: only a start shows all that can be in its way. */
async function tryEmbedded(stop: AbortSignal): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), 'reprise-doctor-'));
  try {
    // The user that PostgreSQL runs as instead of root must get in.
    await chmod(dataDir, 0o711);
    await (await startEmbeddedPostgres({ dataDir, log, stop })).stop();
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

const OLDEST_MONGODB = 5;

async function checkMongo(url: string): Promise<string> {
  const { readMongoVersion } = await import('../jobs/mongo-jobs.js');
  const version = await readMongoVersion(url);
  if (Number.parseInt(version, 10) < OLDEST_MONGODB)
    throw new Error(`MONGODB_URL is a MongoDB ${version}; Reprise needs ${OLDEST_MONGODB} or newer.`);
  return `MongoDB ${version} answers.`;
}
