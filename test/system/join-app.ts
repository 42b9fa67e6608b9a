import { startApp, type TestApp, type TestAppOptions } from '../kit/start-app.js';

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
