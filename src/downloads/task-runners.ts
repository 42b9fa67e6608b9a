import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { TaskRunner, TaskRunners } from '../queue/claimed-task.js';
import type { Task } from '../tasks/task.js';
import { removeLonelyCover } from './cover-file.js';
import { downloadTrack, type DownloadDeps } from './download-track.js';
import { expandParent } from './expand-parent.js';
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

async function discardFile({ settings }: Pick<DownloadDeps, 'settings'>, { filePath }: Task): Promise<void> {
  if (!filePath) return;
  await rm(filePath, { force: true });
  await removeLonelyCover(dirname(filePath));
  await removeEmptyDirectories(settings().downloadPath, dirname(filePath));
}
