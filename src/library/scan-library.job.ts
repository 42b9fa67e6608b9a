import { z } from 'zod';
import { defineJob } from '../jobs/kit.js';

/**
 * Looks for changes in LIBRARY_DIRS every ten minutes. Idempotent: it compares the folders with the index anew,
 * and reads only what has changed.
 */
export const scanLibrary = defineJob({
  name: 'scanLibrary',
  payload: z.object({}),
  concurrency: 1,
  everyMs: 10 * 60_000,
  lockLifetimeMs: 60_000,
});
