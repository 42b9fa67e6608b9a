import type { Env } from '../env.js';
import { createLatestFeed, type LatestFeed } from '../events/latest-feed.js';
import { requireAdmin } from '../auth/access-rules.js';
import type { Viewer } from '../auth/viewer.js';
import { DomainError } from '../lib/errors.js';
import type { Platform } from '../platform.js';
import { readLibraryRows, type LibraryRow } from './library-scan-store.js';
import { scanLibraryJob } from './scan-library.job.js';

export class LibraryNotConfiguredError extends DomainError {
  readonly code = 'LIBRARY_NOT_CONFIGURED';

  constructor() {
    super('There is no library to scan: set LIBRARY_DIRS to the folders of your music and restart.');
  }
}

interface ScanRequestDeps extends Pick<Platform, 'jobs'> {
  env: Pick<Env, 'libraryDirs'>;
}

/** Returns before the scan. Throws ForbiddenError unless the viewer is an admin, or LibraryNotConfiguredError. */
export async function requestScan({ env, jobs }: ScanRequestDeps, viewer: Viewer): Promise<void> {
  requireAdmin(viewer);
  if (env.libraryDirs.length === 0) throw new LibraryNotConfiguredError();
  await jobs.enqueue(scanLibraryJob, {});
}

export function createLibraryFeed(deps: Pick<Platform, 'db' | 'bus' | 'log'>): LatestFeed<LibraryRow> {
  return createLatestFeed(deps, { event: 'library.changed', read: () => readLibraryRows(deps.db) });
}
