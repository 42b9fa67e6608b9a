import type { Env } from '../env.js';
import { DomainError, requireAdmin } from '../lib/errors.js';
import type { Platform } from '../platform.js';
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
export async function requestScan({ env, jobs }: ScanRequestDeps, viewer: { role: string }): Promise<void> {
  requireAdmin(viewer);
  if (env.libraryDirs.length === 0) throw new LibraryNotConfiguredError();
  await jobs.enqueue(scanLibraryJob, {});
}
