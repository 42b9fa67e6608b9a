import { z } from 'zod';
import { defineJob } from '../jobs/kit.js';

/**
 * Sweeps: tasks whose worker died go back to the queue, due retries too, free places are filled, and what
 * counts tasks is kept small. News of a task does the same at once; this is for what no news announces. Idempotent: it looks at the table anew.
 */
export const dispatchTasks = defineJob({
  name: 'dispatchTasks',
  payload: z.object({}),
  concurrency: 1,
  everyMs: 2_000,
  lockLifetimeMs: 10_000,
});
