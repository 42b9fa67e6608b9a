import { z } from 'zod';
import { defineJob } from '../jobs/kit.js';

/** Forgets old answers of catalogues every hour. Idempotent: what is gone is not there to be deleted again. */
export const pruneCatalogCache = defineJob({
  name: 'pruneCatalogCache',
  payload: z.object({}),
  concurrency: 1,
  everyMs: 3_600_000,
  lockLifetimeMs: 60_000,
});
