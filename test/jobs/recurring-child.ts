import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { createJobRunner } from '../../src/jobs/agenda.js';
import { defineJob } from '../../src/jobs/job.js';
import { delay } from '../../src/lib/async.js';
import { createLogger } from '../../src/lib/logger.js';

// A process to be killed: runs one recurring job, says so, and never ends it.
const [kind, url, name, lockLifetimeMs] = process.argv.slice(2) as [
  'postgresql' | 'mongodb',
  string,
  string,
  string,
];
const recurring = defineJob({
  name,
  payload: z.object({}),
  everyMs: 500,
  concurrency: 1,
  lockLifetimeMs: Number(lockLifetimeMs),
  async run() {
    console.log('running');
    await delay(3_600_000);
  },
});
const runner = await createJobRunner({
  store: { kind, url },
  log: createLogger('silent'),
  instanceId: randomUUID(),
  restoreEveryMs: 15_000,
});
await runner.start([recurring], {});
