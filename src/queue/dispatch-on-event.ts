import type { Platform } from '../platform.js';
import type { SettingsDeps } from '../settings/live-settings.js';
import { coalesce } from '../lib/async.js';
import { messageOf } from '../lib/errors.js';
import { dispatchTasks } from './dispatch-tasks.js';

/** Dispatches now, and as soon as the database says that a task was queued, put aside or has ended. Returns how to stop. */
export function dispatchOnNews(
  deps: Pick<Platform & SettingsDeps, 'db' | 'jobs' | 'settings' | 'log' | 'timing' | 'bus'>,
): () => void {
  const dispatch = coalesce(() =>
    dispatchTasks(deps).catch((thrown: unknown) => {
      deps.log.warn({ error: messageOf(thrown) }, 'could not dispatch; the next sweep will');
    }),
  );
  const offTask = deps.bus.on('task.changed', ({ state }) => {
    // Only a start frees no place and brings nothing that could have one.
    if (state !== 'RUNNING') void dispatch();
  });
  const offGap = deps.bus.on('bus.gap', () => void dispatch());
  // There may be more places now.
  const offSettings = deps.bus.on('settings.applied', () => void dispatch());
  void dispatch();
  return () => {
    offTask();
    offGap();
    offSettings();
  };
}
