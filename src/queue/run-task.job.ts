import { z } from 'zod';
import { defineJob } from '../jobs/kit.js';

/**
 * Runs one try of one task. Enqueued by the dispatcher only. Idempotent: the handler does nothing unless the task
 * is still QUEUED at this attempt and handed out, so a job that comes twice or late is harmless.
 */
export const runTask = defineJob({
  name: 'runTask',
  payload: z.object({ taskId: z.uuid(), attempt: z.number().int().nonnegative() }),
  // The dispatcher decides how many run; this only has to be more than it ever hands out.
  concurrency: 500,
  lockLifetimeMs: 30_000,
});
