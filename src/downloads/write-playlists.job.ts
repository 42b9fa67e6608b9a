import { z } from 'zod';
import { defineJob } from '../jobs/kit.js';

/**
 * Writes the m3u8 of playlists that have ended. News of their end does the same at once; this is for a worker that
 * was killed in between, and for a disk that was full. Idempotent: a file is replaced as a whole.
 */
export const writePlaylists = defineJob({
  name: 'writePlaylists',
  payload: z.object({}),
  concurrency: 1,
  everyMs: 30_000,
  lockLifetimeMs: 60_000,
});
