import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { createLogger } from '../../src/lib/logger.js';
import { startEmbeddedPostgres } from '../../src/embedded-postgres/start-embedded-postgres.js';
import { migrate } from '../../src/database/migrate.js';
import { buildChildPrograms } from './child-programs.js';
import { runOn, withDatabase } from './database.js';
import { measureSlowness } from './slowness.js';
import { makeTemporaryDirectory } from './temporary-directory.js';

const log = createLogger('warn');

declare module 'vitest' {
  interface ProvidedContext {
    /** A directory of the run's, see kept-audio.ts. */
    keptAudio: string;
    /** Where they are, see child-programs.ts. */
    childPrograms: string;
    /** How much longer than on a quiet machine all may take, see slowness.ts. */
    slowness: number;
  }
}

/** One server for the whole run: the one DATABASE_URL names, else an embedded one. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const slowness = measureSlowness() * Math.max(1, project.config.maxWorkers / availableParallelism());
  project.provide('slowness', slowness);
  project.config.testTimeout *= slowness;
  project.config.hookTimeout *= slowness;
  const temporary = makeTemporaryDirectory();
  // For the tests and all that they start; tmpdir() reads it at each call.
  process.env['TMPDIR'] = temporary;
  project.provide('keptAudio', mkdtempSync(join(temporary, 'audio-')));
  const childPrograms = await buildChildPrograms();
  project.provide('childPrograms', childPrograms);
  // Not provided: the bench uses the kit without vitest.
  process.env['REPRISE_TEST_PROGRAMS'] = childPrograms;
  const server = await startServer();
  const maintenance = withDatabase(server.url, 'postgres');
  const template = `template_${randomBytes(8).toString('hex')}`;
  await runOn(maintenance, `CREATE DATABASE ${template}`);
  await migrate({ url: withDatabase(server.url, template), log });
  project.provide('databaseUrl', maintenance);
  project.provide('databaseTemplate', template);
  return async () => {
    await runOn(maintenance, `DROP DATABASE IF EXISTS ${template} WITH (FORCE)`);
    await server.stop();
    for (const each of [temporary, childPrograms]) rmSync(each, { recursive: true, force: true });
  };
}

async function startServer(): Promise<{ url: string; stop(): Promise<void> }> {
  const external = process.env['DATABASE_URL'];
  if (external) return { url: external, stop: () => Promise.resolve() };
  const dataDir = mkdtempSync(join(tmpdir(), 'reprise-test-'));
  const server = await startEmbeddedPostgres({ dataDir, log });
  // What is lost in a crash of this server is nobody's loss.
  await runOn(server.url, 'ALTER ROLE CURRENT_USER SET synchronous_commit = off');
  return {
    url: server.url,
    async stop() {
      await server.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
