import { levelOf } from '../database/outage.js';
import { coalesce } from '../lib/async.js';
import type { Platform } from '../platform.js';
import { isFinished } from '../tasks/task.js';
import { settleMembers } from './member-store.js';

/** Tasks whose members are settled at once. */
const BATCH = 1_000;

/**
 * So that a member is known as soon as it has been downloaded. What is missed, in an outage, is settled by the next
 * check of the watch. Calls back when members changed. Returns how to stop.
 */
export function settleMembersOnEvent(
  { db, bus, log }: Pick<Platform, 'db' | 'bus' | 'log'>,
  onChange: () => void,
): () => Promise<void> {
  const finished = new Set<string>();
  const settle = coalesce(async () => {
    while (finished.size > 0) {
      const taskIds = [...finished].slice(0, BATCH);
      taskIds.forEach((id) => finished.delete(id));
      if ((await settleMembers(db, { taskIds })) > 0) onChange();
    }
  });
  let latest = Promise.resolve();
  const off = bus.on('task.changed', ({ taskId, state }) => {
    if (!isFinished(state)) return;
    finished.add(taskId);
    latest = settle().catch((err: unknown) => {
      log[levelOf(err, 'warn')]({ err }, 'could not settle members of watches');
    });
  });
  return async () => {
    off();
    await latest;
  };
}
