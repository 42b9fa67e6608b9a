import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Platform } from '../platform.js';
import type { SettingsDeps } from '../settings/live-settings.js';
import { messageOf } from '../lib/errors.js';
import { listRunning } from '../tasks/find-tasks.js';
import { incomingDirectory } from './target-file.js';
import { listUnfinished, taskOf } from './unfinished-files.js';

/** Removes what killed workers left unfinished, when a worker starts; another worker's running task keeps its own. */
export async function sweepUnfinishedFiles(
  deps: Pick<Platform & SettingsDeps, 'db' | 'env' | 'log' | 'settings'>,
): Promise<void> {
  const roots = new Set([deps.env.downloadDir, deps.settings().downloadPath]);
  for (const root of roots) await sweep(deps, incomingDirectory(root));
}

async function sweep(deps: Pick<Platform, 'db' | 'log'>, directory: string): Promise<void> {
  try {
    const names = await listUnfinished(directory);
    const ids = [...new Set(names.map(taskOf).filter((id) => id !== null))];
    const running = await listRunning(deps, ids);
    const left = names.filter((name) => !running.has(taskOf(name) ?? ''));
    for (const name of left) await rm(join(directory, name), { force: true, recursive: true });
    if (left.length > 0) deps.log.info({ files: left.length }, 'removed unfinished files of a killed worker');
  } catch (thrown) {
    deps.log.warn({ error: messageOf(thrown) }, 'could not sweep unfinished files');
  }
}
