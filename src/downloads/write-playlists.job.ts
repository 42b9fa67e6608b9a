import { z } from 'zod';
import { defineJob } from '../jobs/job.js';
import { writePlaylists, type WritePlaylistsDeps } from './write-playlists.js';

/**
 * Writes the m3u8 of finished playlists. An event does the same at once; this is for a worker that was killed in
 * between, and for a disk that was full. Idempotent: a file is replaced as a whole.
 */
export const writePlaylistsJob = defineJob({
  name: 'writePlaylists',
  payload: z.object({}),
  concurrency: 1,
  everyMs: 30_000,
  lockLifetimeMs: 60_000,
  run: (deps: WritePlaylistsDeps) => writePlaylists(deps),
});
