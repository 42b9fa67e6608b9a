import type { Platform } from '../platform.js';
import type { SettingsDeps } from '../settings/live-settings.js';
import { disownAll } from './dispatch-store.js';
import { sweepTasks } from './dispatch-tasks.js';

/**
 * Before a worker's first job: takes up what a killed worker was on. The embedded database serves one process, so
 * nobody else can be at it, and there is no need to wait for leases to run out.
 */
export async function recoverTasks(
  deps: Pick<Platform & SettingsDeps, 'db' | 'jobs' | 'settings' | 'log' | 'timing' | 'env'>,
): Promise<void> {
  if (deps.env.database.kind === 'embedded') await disownAll(deps.db);
  await sweepTasks(deps);
}
