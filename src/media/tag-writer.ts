import { createProcessPool } from '../lib/process-pool.js';
import { TranscodeFailedError, UnwritableTagsError } from './errors.js';
import type { WriteReply } from './tag-writer-process.js';
import type { TagWrite } from './write-tags.js';

export interface TagWriter {
  /** Edits the file in place. Throws UnwritableTagsError where the file's tags are at fault. */
  write(write: TagWrite, signal: AbortSignal): Promise<void>;
  stop(): void;
}

/** A file takes some ten milliseconds. */
const MAX_PROCESSES = 2;
/** Growing a tag at the start of a large file moves all of it. */
const TIME_LIMIT_MS = 120_000;

/** `programUrl`: a module beside which the program of the processes is. */
export function createTagWriter(programUrl: string = import.meta.url): TagWriter {
  const pool = createProcessPool<TagWrite, WriteReply>({
    script: { name: 'tag-writer-process', besideUrl: programUrl },
    maxProcesses: MAX_PROCESSES,
    timeLimitMs: TIME_LIMIT_MS,
    errors: {
      tooSlow: (limitMs) => new UnwritableTagsError(`Writing the tags took longer than ${limitMs / 1000} s.`),
      ended: (how) => new UnwritableTagsError(`Writing the tags took too much memory, or crashed (${how}).`),
      unavailable: (message, options) => new TranscodeFailedError(message, [], options),
    },
  });
  return {
    async write(write, signal) {
      const reply = await pool.ask(write, signal);
      if (!('failure' in reply)) return;
      const { message, code } = reply.failure;
      if (code !== null) throw Object.assign(new Error(message), { code });
      throw new UnwritableTagsError(`The tags cannot be written: ${message}`);
    },
    stop: () => pool.stop(),
  };
}
