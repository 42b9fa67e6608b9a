import { implementJob } from '../jobs/kit.js';
import { scanLibrary as job } from './scan-library.job.js';
import { scanLibrary, type ScanDeps } from './scan-library.js';

export const scanLibraryHandler = implementJob(job, async (deps: ScanDeps, _payload, { signal }) => {
  await scanLibrary(deps, { signal });
});
