import { prepareDatabaseUrl } from './database/prepare-database.js';
import { startEmbeddedPostgres } from './embedded-postgres/start-embedded-postgres.js';
import type { Env } from './env.js';
import type { Closers } from './lib/closers.js';
import type { Logger } from './lib/logger.js';

interface OpenOptions {
  log: Logger;
  closers: Closers;
  stop?: AbortSignal | undefined;
}

/** The URL of the database: one's own, checked, or that of the embedded server, started. */
export async function openDatabaseServer(
  { database, dataDir, jobStore }: Env,
  { log, closers, stop }: OpenOptions,
): Promise<string> {
  if (database.kind === 'external') {
    const keepsJobs = jobStore.kind === 'postgresql';
    return prepareDatabaseUrl({ ...database, keepsJobs, log, createsSchema: true });
  }
  const starting = startEmbeddedPostgres({ dataDir, log, stop });
  // Before it is up: closing waits for a start that was cut off, which ends what it had started.
  closers.add('embedded database', () =>
    starting.then(
      (embedded) => embedded.stop(),
      () => undefined,
    ),
  );
  return (await starting).url;
}
