import { pruneAccessJob } from './sign-in/prune-access.job.js';
import { pruneCatalogCacheJob } from './catalog/prune-catalog-cache.job.js';
import type { Deps } from './deps.js';
import { verifyLibraryJob } from './downloads/verify-library.job.js';
import { writePlaylistsJob } from './downloads/write-playlists.job.js';
import type { RunnableJob } from './jobs/job.js';
import { scanLibraryJob } from './library/scan-library.job.js';
import { deleteUsersJob } from './users/delete-user.job.js';
import { runTaskJob } from './queue/run-task.job.js';
import { keepWatchFilesJob } from './watch-files/keep-files.job.js';
import { queueDueChecksJob } from './watches/queue-checks.job.js';

export const JOBS: readonly RunnableJob<Deps>[] = [
  runTaskJob,
  scanLibraryJob,
  verifyLibraryJob,
  pruneAccessJob,
  pruneCatalogCacheJob,
  writePlaylistsJob,
  deleteUsersJob,
  queueDueChecksJob,
  keepWatchFilesJob,
];
