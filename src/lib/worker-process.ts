import type { Serializable } from 'node:child_process';
import { Worker } from 'node:worker_threads';

/** What a process of a pool (process-pool.ts) sends. */
export type WorkerMessage<Reply> = { ready: true } | { reply: Reply };

/** Buffers are outside the heap, and so outside --max-old-space-size. */
const MAX_GROWTH_BYTES = 200 * 1024 * 1024;

/** In a thread, because a parser that allocates in a loop lets no timer run. Ends with the parent, too. */
const WATCH = `
  const { parentPid, limit } = require('node:worker_threads').workerData;
  setInterval(() => {
    if (process.memoryUsage.rss() > limit || process.ppid !== parentPid) process.kill(process.pid, 'SIGKILL');
  }, 20);
`;

/** The whole program of a process of a pool: what a file makes of its memory and time ends here. */
export function serveRequests<Request, Reply extends Serializable>(
  answer: (request: Request) => Promise<Reply>,
): void {
  const send = (message: WorkerMessage<Reply>): void => void process.send?.(message);
  // Sent to a whole group of processes; this one ends with its parent, which may still finish its work.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
  process.on('disconnect', () => process.exit());
  if (!process.connected) process.exit();

  const watch = new Worker(WATCH, {
    eval: true,
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 2 },
    workerData: { parentPid: process.ppid, limit: process.memoryUsage.rss() + MAX_GROWTH_BYTES },
  });
  process.on('message', (request: Request) => void answer(request).then((reply) => send({ reply })));
  watch.once('online', () => send({ ready: true }));
}
