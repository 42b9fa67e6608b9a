import { inTransaction } from '../database/prisma.js';
import { JobStoreUnavailableError } from '../jobs/errors.js';
import type { Platform } from '../platform.js';
import type { SettingsDeps } from '../settings/live-settings.js';
import { moveTasks } from '../tasks/task-state-store.js';
import { changeTask } from './claimed-task.js';
import {
  expireAllLeases,
  listExpiredTasks,
  lockDispatch,
  markNext,
  queueDueRetries,
  revokeDispatch,
  revokeStaleDispatches,
  type DispatchedTask,
} from './dispatch-store.js';
import { runTaskJob } from './run-task.job.js';

export type DispatchDeps = Pick<Platform & SettingsDeps, 'db' | 'jobs' | 'settings' | 'log' | 'timing'>;

/** They wait for a catalog, not for a disk. */
const EXPANSIONS_AT_ONCE = 4;

/** Safe to call at any time, from any process. */
export async function dispatchTasks(deps: DispatchDeps): Promise<void> {
  const dispatched = await inTransaction(deps.db, async (tx) => {
    await lockDispatch(tx);
    const parents = await markNext(tx, 'PARENTS', EXPANSIONS_AT_ONCE);
    return [...parents, ...(await markNext(tx, 'TRACKS', deps.settings().maxConcurrentDownloads))];
  });
  await Promise.all(dispatched.map((task) => enqueue(deps, task)));
}

async function enqueue(deps: DispatchDeps, { id, attempt }: DispatchedTask): Promise<void> {
  try {
    await deps.jobs.enqueue(runTaskJob, { taskId: id, attempt });
  } catch (thrown) {
    // The job runner reports an outage of its store, once.
    const level = thrown instanceof JobStoreUnavailableError ? 'debug' : 'warn';
    deps.log[level]({ taskId: id, err: thrown }, 'job store rejected a job, the task stays queued');
    await revokeDispatch(deps.db, [id]);
  }
}

/** A task that loses this many workers beyond its retries is taken to be what kills them. */
const LOST_WORKERS_ALLOWED = 3;

export async function sweepTasks(deps: DispatchDeps): Promise<void> {
  await queueDueRetries(deps.db);
  await revokeStaleDispatches(deps.db, deps.timing.jobLostAfterMs);
  for (const task of await listExpiredTasks(deps.db)) {
    const final = task.failures >= deps.settings().maxRetries + LOST_WORKERS_ALLOWED;
    const moved = await changeTask(deps, task.parentId, async (tx) => {
      const where = { id: task.id, leaseUntil: task.leaseUntil };
      const change = final ? WORKER_LOST : { state: 'QUEUED' as const };
      return (await moveTasks(tx, where, { ...change, failures: { increment: 1 } })) === 1;
    });
    // Every worker sweeps, and one of them is the first.
    if (moved) deps.log.warn({ taskId: task.id, final }, 'task lease expired, its worker is lost');
  }
}

const WORKER_LOST = {
  state: 'FAILED' as const,
  errorCode: 'WORKER_LOST',
  errorMessage: 'Every worker that ran this task died, so it is not retried automatically.',
  errorRetryable: true,
};

/** Before a worker's first job. The embedded database serves one process, so no other worker can be alive. */
export async function recoverTasks(deps: DispatchDeps & Pick<Platform, 'env'>): Promise<void> {
  if (deps.env.database.kind === 'embedded') await expireAllLeases(deps.db);
  await sweepTasks(deps);
}
