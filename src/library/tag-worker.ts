import { Worker } from 'node:worker_threads';
import { messageOf, systemCodeOf } from '../lib/errors.js';
import { parseCover, parseTags } from './parse-tags.js';
import { UnreadableTagsError } from './raw-tags.js';
import type { TagReply, TagRequest } from './tag-processes.js';

/* A process of its own (tag-processes.ts): what a file makes of its memory and time ends here. */

/** Buffers are outside the heap, and so outside --max-old-space-size. */
const MAX_GROWTH_BYTES = 200 * 1024 * 1024;

/** In a thread, because a parser that allocates in a loop lets no timer run. Ends with the parent, too. */
const WATCH = `
  const { parentPid, limit } = require('node:worker_threads').workerData;
  setInterval(() => {
    if (process.memoryUsage.rss() > limit || process.ppid !== parentPid) process.kill(process.pid, 'SIGKILL');
  }, 20);
`;

const send = (message: TagReply): void => void process.send?.(message);

async function answer({ kind, path }: TagRequest): Promise<TagReply> {
  try {
    return kind === 'tags' ? { tags: await parseTags(path) } : { cover: await parseCover(path) };
  } catch (error) {
    const fault = error instanceof UnreadableTagsError;
    return { failure: { message: messageOf(error), code: systemCodeOf(error), fault } };
  }
}

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
process.on('message', (request: TagRequest) => void answer(request).then(send));
watch.once('online', () => send('ready'));
