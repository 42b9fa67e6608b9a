import { LimitExceededError } from '../lib/errors.js';
import { createProcessPool } from '../lib/process-pool.js';
import { InvalidPictureError, type CoverFormat, type CoverSize } from './picture.js';

export interface PictureRequest {
  bytes: Uint8Array;
  /** Null: as large as it is, within limits. */
  sizePx: CoverSize | null;
  format: CoverFormat;
}

export type PictureReply = { picture: Uint8Array } | { failure: string };

export interface PictureProcesses {
  /** Throws InvalidPictureError. */
  convert(request: PictureRequest, signal: AbortSignal): Promise<Uint8Array>;
  stop(): void;
}

/** As many as most machines have cores. */
const MAX_PROCESSES = 2;
const TIME_LIMIT_MS = 15_000;

/**
 * Pictures are decoded by libvips in processes that end with the picture when that takes too much time or memory, and
 * after a while without work. The server itself never loads it.
 */
export function createPictureProcesses({ timeLimitMs = TIME_LIMIT_MS } = {}): PictureProcesses {
  const pool = createProcessPool<PictureRequest, PictureReply>({
    script: { name: 'picture-worker', besideUrl: import.meta.url },
    maxProcesses: MAX_PROCESSES,
    timeLimitMs,
    errors: {
      tooSlow: (limitMs) => new InvalidPictureError(`decoding it took longer than ${limitMs / 1000} s.`),
      ended: (how) => new InvalidPictureError(`decoding it took too much memory, or crashed (${how}).`),
      unavailable: (message) => new LimitExceededError(`Covers cannot be made now: ${message}`, 5_000),
    },
  });
  return {
    async convert(request, signal) {
      const reply = await pool.ask(request, signal);
      if ('picture' in reply) return reply.picture;
      throw new InvalidPictureError(`${reply.failure}.`);
    },
    stop: () => pool.stop(),
  };
}
