import { once } from 'node:events';
import type { ChildProcess } from 'node:child_process';
import { onTestFinished } from 'vitest';
import { spawnProgram } from '../kit/child-programs.js';
import { startApp, TEST_CATALOG, type TestApp, type TestAppOptions } from '../kit/start-app.js';

/**
 * Another process's worth of an app beside the first: the same database, job store and download directory, which
 * are the first one's to remove. `url` is another way to the database.
 */
export function joinApp(
  first: TestApp,
  { url = databaseUrlOf(first), env, ...options }: Omit<TestAppOptions, 'database'> & { url?: string } = {},
): Promise<TestApp> {
  return startApp({
    ...options,
    database: { url, drop: () => Promise.resolve() },
    env: { downloadDir: first.env.downloadDir, ...env },
  });
}

export function databaseUrlOf({ env: { database } }: TestApp): string {
  if (database.kind === 'embedded') throw new Error('A test app is given its database');
  return database.url;
}

/** A worker beside this app, in a process of its own; killed at the end of the test. */
export function spawnWorker(
  app: TestApp,
  program: 'worker-child' | 'deezer-child' | 'expanding-child' | 'watching-child',
  own: NodeJS.ProcessEnv,
): ChildProcess {
  const { jobStore, downloadDir } = app.env;
  const child = spawnProgram(program, [], {
    stdio: ['pipe', 'ignore', 'inherit'],
    env: {
      ...process.env,
      ...TEST_CATALOG,
      ROLE: 'worker',
      LOG_LEVEL: 'silent',
      DATABASE_URL: databaseUrlOf(app),
      MONGODB_URL: jobStore.kind === 'mongodb' ? jobStore.url : '',
      DOWNLOAD_DIR: downloadDir,
      ...own,
    },
  });
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  return child;
}
