import { DomainError } from '../lib/errors.js';
import { createProcessPool } from '../lib/process-pool.js';
import { UnreadableTagsError, type RawTags } from './raw-tags.js';

export interface TagRequest {
  kind: 'tags' | 'cover';
  path: string;
}

export type TagReply =
  | { tags: RawTags | null }
  | { cover: Uint8Array | null }
  /** `fault`: the file is at fault. */
  | { failure: { message: string; code: string | null; fault: boolean } };

/** Two readers of a scan, and one for downloads. */
const MAX_PROCESSES = 3;
const TIME_LIMIT_MS = 60_000;

/** The process cannot be had; says nothing about the file. */
class TagProcessError extends DomainError {
  readonly code = 'SOURCE_FAILED';
  override readonly retryable = true;
}

export interface TagProcessOptions {
  timeLimitMs?: number;
  /** A module beside which the program of the processes is. */
  programUrl?: string;
}

export function createTagProcesses({
  timeLimitMs = TIME_LIMIT_MS,
  programUrl = import.meta.url,
}: TagProcessOptions = {}) {
  const pool = createProcessPool<TagRequest, TagReply>({
    script: { name: 'tag-worker', besideUrl: programUrl },
    maxProcesses: MAX_PROCESSES,
    timeLimitMs,
    errors: {
      tooSlow: (limitMs) => new UnreadableTagsError(`Reading its tags took longer than ${limitMs / 1000} s.`),
      ended: (how) =>
        new UnreadableTagsError(`Reading its tags took too much memory, or crashed the reader (${how}).`),
      unavailable: (message, options) => new TagProcessError(message, options),
    },
  });
  return {
    async readTags(path: string, signal: AbortSignal): Promise<RawTags | null> {
      const reply = await pool.ask({ kind: 'tags', path }, signal);
      return 'tags' in reply ? reply.tags : fail(reply);
    },
    async readCover(path: string, signal: AbortSignal): Promise<Uint8Array | null> {
      const reply = await pool.ask({ kind: 'cover', path }, signal);
      return 'cover' in reply ? reply.cover : fail(reply);
    },
    /** Rejects what runs and what waits. */
    stop: () => pool.stop(),
  };
}

function fail(reply: TagReply): never {
  if (!('failure' in reply)) throw new TagProcessError('An unexpected reply.');
  const { message, code, fault } = reply.failure;
  if (fault) throw new UnreadableTagsError(message);
  throw Object.assign(new Error(message), code === null ? {} : { code });
}
