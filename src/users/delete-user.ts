import { recordAudit, type Actor } from '../auth/audit-store.js';
import { lockOut, lockUsers, removeUser, type User, type UserReference } from '../auth/user-store.js';
import { viewerOf } from '../auth/viewer.js';
import { inTransaction } from '../database/prisma.js';
import { deleteTasksOf } from '../history/history-store.js';
import { cancelAllTasks } from '../tasks/control-all-tasks.js';
import { changeOtherUser } from './manage-users.js';
import type { UserDeps } from './register.js';

/**
 * What lets the user in ends at once, then downloads that run, then the history goes, in small transactions; files stay.
 * Until the last step the user is still listed: after a crash in between, deleting again does the rest.
 */
export async function deleteUser(deps: UserDeps, actor: Actor, user: UserReference): Promise<User> {
  const target = await changeOtherUser(deps, actor, {
    user,
    refusal: 'You cannot delete your own account; another admin can.',
    endsAdmin: true,
    apply: async (tx, found) => {
      await lockOut(tx, found.id);
      await recordAudit(tx, actor, { action: 'USER_DELETED', target: found.username });
      return found;
    },
  });
  const owner = viewerOf({ ...target, role: 'USER' });
  await cancelAllTasks(deps, owner, { includeDismissed: true });
  while ((await inTransaction(deps.db, (tx) => deleteTasksOf(tx, target.id))) > 0);
  await inTransaction(deps.db, async (tx) => {
    // Whoever has found the user under the lock may count on the row.
    await lockUsers(tx);
    await removeUser(tx, target.id);
  });
  deps.log.info({ username: target.username, by: actor.viewer.username }, 'user deleted');
  return target;
}
