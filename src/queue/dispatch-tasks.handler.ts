import type { Deps } from '../deps.js';
import { implementJob } from '../jobs/kit.js';
import { dispatchTasks as job } from './dispatch-tasks.job.js';
import { dispatchTasks, sweepTasks } from './dispatch-tasks.js';
import { foldTaskCounts } from '../tasks/task-count-store.js';

export const dispatchTasksHandler = implementJob(job, async (deps: Deps) => {
  await sweepTasks(deps);
  await dispatchTasks(deps);
  await foldTaskCounts(deps.db);
});
