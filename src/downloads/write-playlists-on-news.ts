import type { Platform } from '../platform.js';
import type { SettingsDeps } from '../settings/live-settings.js';
import { coalesce } from '../lib/async.js';
import { messageOf } from '../lib/errors.js';
import { isFinished } from '../tasks/task.js';
import { writePlaylists } from './write-playlists.js';

/** Writes playlists now, and as soon as one has ended. Returns how to stop. */
export function writePlaylistsOnNews(
  deps: Pick<Platform & SettingsDeps, 'db' | 'settings' | 'log' | 'bus'>,
): () => void {
  const write = coalesce(() =>
    writePlaylists(deps).catch((thrown: unknown) => {
      deps.log.warn({ error: messageOf(thrown) }, 'could not look for playlists to write');
    }),
  );
  const offTask = deps.bus.on('task.changed', ({ state, parentId }) => {
    if (parentId === null && isFinished(state)) void write();
  });
  const offGap = deps.bus.on('bus.gap', () => void write());
  void write();
  return () => {
    offTask();
    offGap();
  };
}
