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

export type DispatchDeps = Pick<
  Platform & SettingsDeps,
  'db' | 'jobs' | 'settings' | 'watchSettings' | 'log' | 'timing' | 'instanceId'
>;

/** They wait for a catalog, not for a disk. */
const EXPANSIONS_AT_ONCE = 4;

/** Safe to call at any time, from any process. */
export async function dispatchTasks(deps: DispatchDeps): Promise<void> {
  const dispatched = await inTransaction(deps.db, async (tx) => {
    await lockDispatch(tx);
    const parents = await markNext(tx, 'PARENTS', EXPANSIONS_AT_ONCE);
    const checks = await markNext(tx, 'CHECKS', deps.watchSettings().maxConcurrentChecks);
    const tracks = await markNext(tx, 'TRACKS', deps.settings().maxConcurrentDownloads);
    return [...parents, ...checks, ...tracks];
  });
  await Promise.all(dispatched.map((task) => enqueue(deps, task)));
}

async function enqueue(deps: DispatchDeps, { id, attempt, deaths }: DispatchedTask): Promise<void> {
  try {
    await deps.jobs.enqueue(runTaskJob, { taskId: id, attempt, alone: deaths >= SUSPECTED_AT });
  } catch (thrown) {
    // The job runner reports an outage of its store, once.
    const level = thrown instanceof JobStoreUnavailableError ? 'debug' : 'warn';
    deps.log[level]({ taskId: id, err: thrown }, 'job store rejected a job, the task stays queued');
    await revokeDispatch(deps.db, id);
  }
}

/** After so many deaths in a row a task may be what kills its workers: from then on it runs alone in its process. */
const SUSPECTED_AT = 3;
/** So many deaths, half of them alone, are taken for proof. */
const GIVEN_UP_AT = 6;
/** Whatever else kills workers may be over by then. */
const SUSPECT_DELAY_GROWTH = 4;

/** One may be late, or about to come. */
const MISSED_RENEWALS = 2;

export async function sweepTasks(deps: DispatchDeps): Promise<void> {
  await queueDueRetries(deps.db);
  await revokeStaleDispatches(deps.db, deps.timing.jobLostAfterMs);
  const { leaseMs, renewMs } = deps.timing;
  const terms = { instanceId: deps.instanceId, leaseMs, lostAfterMs: MISSED_RENEWALS * renewMs };
  for (const task of await listExpiredTasks(deps.db, terms)) {
    const deaths = task.deaths + 1;
    const change = afterDeath(deaths, { ...deps.timing, now: task.now });
    const moved = await changeTask(deps, task.parentId, async (tx) => {
      const where = { id: task.id, leaseUntil: task.leaseUntil };
      return (await moveTasks(tx, where, { ...change, deaths })) === 1;
    });
    // Every worker sweeps, and one of them is the first.
    if (moved) {
      deps.log.warn(
        { taskId: task.id, deaths, state: change.state },
        'task lease expired, its worker is lost',
      );
    }
  }
}

function afterDeath(deaths: number, { suspectDelayMs, now }: { suspectDelayMs: number; now: Date }) {
  if (deaths < SUSPECTED_AT) return { state: 'QUEUED' as const };
  if (deaths >= GIVEN_UP_AT) {
    const alone = deaths - SUSPECTED_AT;
    return {
      state: 'FAILED' as const,
      errorCode: 'WORKER_LOST',
      errorMessage:
        `${deaths} workers in a row died while they ran this task, ${alone} of them running nothing else, so it is ` +
        'not retried automatically. The log of the worker may say why; retry the task once the cause is fixed.',
      errorRetryable: true,
    };
  }
  const delayMs = suspectDelayMs * SUSPECT_DELAY_GROWTH ** (deaths - SUSPECTED_AT);
  return {
    state: 'RETRYING' as const,
    retryAt: new Date(now.getTime() + delayMs),
    errorCode: 'WORKER_LOST',
    errorMessage: `${deaths} workers in a row died while they ran this task. It will run alone.`,
    errorRetryable: true,
  };
}

/** Before a worker's first job. The embedded database serves one process, so no other worker can be alive. */
export async function recoverTasks(deps: DispatchDeps & Pick<Platform, 'env'>): Promise<void> {
  if (deps.env.database.kind === 'embedded') await expireAllLeases(deps.db);
  await sweepTasks(deps);
}
