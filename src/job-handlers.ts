import { pruneCatalogCacheHandler } from './catalog/prune-catalog-cache.handler.js';
import { scanLibraryHandler } from './library/scan-library.handler.js';
import type { Deps } from './deps.js';
import { runTaskHandler } from './downloads/run-task.handler.js';
import { writePlaylistsHandler } from './downloads/write-playlists.handler.js';
import { dispatchTasksHandler } from './queue/dispatch-tasks.handler.js';
import type { JobImplementation } from './jobs/kit.js';

/** Everything that a worker can run: only collects what the domains add. */
export const registry: readonly JobImplementation<Deps>[] = [
  dispatchTasksHandler,
  runTaskHandler,
  scanLibraryHandler,
  pruneCatalogCacheHandler,
  writePlaylistsHandler,
];
