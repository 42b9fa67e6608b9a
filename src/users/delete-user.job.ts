import { z } from 'zod';
import { listDeletedUsers, removeUser, type User } from '../auth/user-store.js';
import { viewerOf } from '../auth/viewer.js';
import { levelOf } from '../database/outage.js';
import { inTransaction } from '../database/prisma.js';
import { deleteTasksOf } from '../history/history-store.js';
import { defineJob, type JobRun } from '../jobs/job.js';
import type { Platform } from '../platform.js';
import { cancelAllTasks } from '../tasks/control-all-tasks.js';

type DeleteDeps = Pick<Platform, 'db' | 'log'>;

/** Finishes what deleteUser has begun, also what a process that died has left. Idempotent: it reads the table. */
export const deleteUsersJob = defineJob({
  name: 'deleteUsers',
  payload: z.object({}),
  concurrency: 1,
  everyMs: 60_000,
  lockLifetimeMs: 60_000,
  async run(deps: DeleteDeps, _payload, { signal }: JobRun) {
    for (const user of await listDeletedUsers(deps.db)) {
      if (signal.aborted) return;
      await finishDeletion(deps, user, signal).catch((err: unknown) => {
        deps.log[levelOf(err, 'warn')](
          { userId: user.id, err },
          'could not delete a user, trying again later',
        );
      });
    }
  },
});

/** Downloads that run end first, then the history goes, in small transactions; files stay. */
async function finishDeletion(deps: DeleteDeps, user: User, signal: AbortSignal): Promise<void> {
  await cancelAllTasks(deps, viewerOf({ ...user, role: 'USER' }), { includeDismissed: true });
  for (let deleted = 1; deleted > 0;) {
    if (signal.aborted) return;
    deleted = await inTransaction(deps.db, (tx) => deleteTasksOf(tx, user.id));
  }
  await removeUser(deps.db, user.id);
  deps.log.info({ userId: user.id }, 'tasks of a deleted user deleted');
}
