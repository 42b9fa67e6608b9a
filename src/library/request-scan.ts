import type { Env } from '../env.js';
import { createLatestFeed, type LatestFeed } from '../events/latest-feed.js';
import { requireAdmin } from '../auth/access-rules.js';
import type { Viewer } from '../auth/viewer.js';
import { DomainError } from '../lib/errors.js';
import type { Platform } from '../platform.js';
import { deleteAwayFiles, readLibraryRows, type LibraryRow } from './library-scan-store.js';
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

/** Of files whose disk or folder is away. A scan follows, which reports what is still away. */
export async function forgetMissingFiles(deps: ForgetDeps, viewer: Viewer): Promise<number> {
  requireAdmin(viewer);
  if (deps.env.libraryDirs.length === 0) throw new LibraryNotConfiguredError();
  const count = await deleteAwayFiles(deps.db, null);
  deps.log.info({ count }, 'missing library files forgotten');
  await requestScan(deps, viewer);
  return count;
}

type ForgetDeps = ScanRequestDeps & Pick<Platform, 'db' | 'log'>;

export function createLibraryFeed(deps: Pick<Platform, 'db' | 'bus' | 'log'>): LatestFeed<LibraryRow> {
  return createLatestFeed(deps, { event: 'library.changed', read: () => readLibraryRows(deps.db) });
}
