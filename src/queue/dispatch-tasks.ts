import type { Platform } from '../platform.js';
import type { SettingsDeps } from '../settings/live-settings.js';
import { messageOf } from '../lib/errors.js';
import { inTransaction } from '../database/prisma.js';
import {
  clearDispatch,
  findLostTasks,
  forgetLostJobs,
  lockDispatch,
  queueDueRetries,
  takeNextParents,
  takeNextTracks,
  type Dispatched,
} from './dispatch-store.js';
import { changeTask } from './claimed-task.js';
import { runTaskJob } from './run-task.job.js';
import { moveTasks } from '../tasks/task-state-store.js';

export type DispatchDeps = Pick<Platform & SettingsDeps, 'db' | 'jobs' | 'settings' | 'log' | 'timing'>;

/** Parents turned into their tracks at once, over all workers; they wait for a catalogue, not for a disk. */
const EXPANSIONS_AT_ONCE = 4;
/** A task that outlives this many workers beyond its retries is what kills them. */
const LOST_WORKERS_ALLOWED = 3;

/** Fills the free places: hands the next tasks to the job runner. Safe to call at any time, from any process. */
export async function dispatchTasks(deps: DispatchDeps): Promise<void> {
  const taken = await inTransaction(deps.db, async (tx) => {
    await lockDispatch(tx);
    const parents = await takeNextParents(tx, EXPANSIONS_AT_ONCE);
    return [...parents, ...(await takeNextTracks(tx, deps.settings().maxConcurrentDownloads))];
  });
  await Promise.all(taken.map((task) => handOver(deps, task)));
}

/** What no news announces: due retries, dead workers, jobs that the job store lost. */
export async function sweepTasks(deps: DispatchDeps): Promise<void> {
  await queueDueRetries(deps.db);
  await forgetLostJobs(deps.db, deps.timing.jobLostAfterMs);
  for (const lost of await findLostTasks(deps.db)) {
    const hopeless = lost.failures >= deps.settings().maxRetries + LOST_WORKERS_ALLOWED;
    deps.log.warn({ taskId: lost.id, hopeless }, 'a worker stopped renewing its lease on this task');
    await changeTask(deps, lost.parentId, async (tx) => {
      const where = { id: lost.id, leaseUntil: lost.leaseUntil };
      const change = hopeless ? { state: 'FAILED' as const, ...WORKER_LOST } : { state: 'QUEUED' as const };
      return (await moveTasks(tx, where, { ...change, failures: { increment: 1 } })) === 1;
    });
  }
}

const WORKER_LOST = {
  errorCode: 'WORKER_LOST',
  errorMessage: 'The workers that ran this task died again and again, so it is not tried any more.',
  errorRetryable: true,
};

async function handOver(deps: DispatchDeps, task: Dispatched): Promise<void> {
  try {
    await deps.jobs.enqueue(runTaskJob, { taskId: task.id, attempt: task.attempt });
  } catch (thrown) {
    deps.log.warn({ taskId: task.id, error: messageOf(thrown) }, 'the job store took no job; the task waits');
    await clearDispatch(deps.db, [task.id]);
  }
}
