import { recordAudit } from '../auth/audit-store.js';
import { lockOut, type User, type UserReference } from '../auth/user-store.js';
import type { Platform } from '../platform.js';
import { deleteUsersJob } from './delete-user.job.js';
import { changeOtherUser, type Manager } from './manage-users.js';
import type { UserDeps } from './register.js';

/** What lets the user in ends at once, and the name is free; running downloads and the history follow. */
export async function deleteUser(
  deps: UserDeps & Pick<Platform, 'clock' | 'jobs'>,
  actor: Manager,
  user: UserReference,
): Promise<User> {
  const target = await changeOtherUser(deps, actor, {
    user,
    refusal: 'You cannot delete your own account; another admin can.',
    endsAdmin: true,
    apply: async (tx, found) => {
      await lockOut(tx, found.id, deps.clock.now());
      await recordAudit(tx, actor, { action: 'USER_DELETED', target: found.username });
      return found;
    },
  });
  deps.log.info({ userId: target.id, username: target.username, by: actor.viewer.username }, 'user deleted');
  await deps.jobs.enqueue(deleteUsersJob, {});
  return target;
}
