import { z } from 'zod';
import { defineJob } from '../jobs/job.js';
import { foldTaskCounts } from '../tasks/task-count-store.js';
import { dispatchTasks, sweepTasks, type DispatchDeps } from './dispatch-tasks.js';

/**
 * Requeues tasks whose worker died and retries that are due, fills free places, and folds the deltas of the task
 * counts. An event of a task dispatches at once; this is for what no event announces. Idempotent: it reads the table.
 */
export const dispatchTasksJob = defineJob({
  name: 'dispatchTasks',
  payload: z.object({}),
  concurrency: 1,
  everyMs: 2_000,
  lockLifetimeMs: 10_000,
  async run(deps: DispatchDeps) {
    await sweepTasks(deps);
    await dispatchTasks(deps);
    await foldTaskCounts(deps.db);
  },
});
