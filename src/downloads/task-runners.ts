import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { TaskRunner, TaskRunners } from '../queue/claimed-task.js';
import { optionsOf } from '../tasks/task-store.js';
import type { Task } from '../tasks/task.js';
import { removeLonelyCover } from './cover-file.js';
import { downloadTrack, type DownloadDeps } from './download-track.js';
import { expandParent } from './expand-parent.js';
import { rootOf } from './plan-track.js';
import { removeEmptyDirectories } from './target-file.js';

export function createDownloadRunners(deps: DownloadDeps): TaskRunners {
  const parent: TaskRunner = {
    async run(run) {
      await expandParent(deps, run);
      return null;
    },
  };
  return {
    TRACK: { run: (run) => downloadTrack(deps, run), discard: (task) => discardFile(deps, task) },
    ALBUM: parent,
    PLAYLIST: parent,
    ARTIST: parent,
  };
}

async function discardFile({ settings }: Pick<DownloadDeps, 'settings'>, task: Task): Promise<void> {
  const { filePath } = task;
  if (!filePath) return;
  await rm(filePath, { force: true });
  await removeLonelyCover(dirname(filePath));
  const root = rootOf({ downloadPath: optionsOf(task)?.downloadPath ?? null }, settings());
  await removeEmptyDirectories(root, dirname(filePath));
}
