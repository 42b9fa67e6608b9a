import { z } from 'zod';
import { defineJob } from '../jobs/job.js';
import { scanLibrary, type ScanDeps } from './scan-library.js';

/** Scans LIBRARY_DIRS every ten minutes. Idempotent: it compares folders with the index and reads only changes. */
export const scanLibraryJob = defineJob({
  name: 'scanLibrary',
  payload: z.object({}),
  concurrency: 1,
  everyMs: 10 * 60_000,
  lockLifetimeMs: 60_000,
  async run(deps: ScanDeps, _payload, run) {
    await scanLibrary(deps, run);
  },
});
