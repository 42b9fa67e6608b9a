import type { Deps } from '../deps.js';
import { implementJob } from '../jobs/kit.js';
import { pruneCatalogCache as job } from './prune-catalog-cache.job.js';
import { pruneCatalogCache } from './prune-catalog-cache.js';

export const pruneCatalogCacheHandler = implementJob(
  job,
  async (deps: Pick<Deps, 'db' | 'clock' | 'log'>, _payload, { signal }) => {
    await pruneCatalogCache(deps, { signal });
  },
);
