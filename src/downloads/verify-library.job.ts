import { stat } from 'node:fs/promises';
import { z } from 'zod';
import type { Env } from '../env.js';
import { defineJob, type JobRun } from '../jobs/job.js';
import { delay } from '../lib/async.js';
import { DomainError } from '../lib/errors.js';
import { createLibraryRoots } from '../library/library-roots.js';
import type { LibraryFile } from '../library/library-file.js';
import { findUnverifiedFile, saveVerified } from '../library/library-scan-store.js';
import { FfmpegMissingError } from '../media/errors.js';
import type { Verified } from '../media/media.js';
import type { Platform } from '../platform.js';

type VerifyDeps = Pick<Platform, 'db' | 'log' | 'media'> & {
  env: Pick<Env, 'libraryDirs' | 'libraryVerify'>;
};

/** Until the file changes, or a download that decodes it finds it whole. */
const NOT_VERIFIED: Verified = { sha256: '', decodedMs: 0, probe: null };

/**
 * Every minute. Decodes files of the library one after the other, half of the time, so that a copy of one need not be.
 * Idempotent: what was decoded is in the index.
 */
export const verifyLibraryJob = defineJob({
  name: 'verifyLibrary',
  payload: z.object({}),
  concurrency: 1,
  everyMs: 60_000,
  lockLifetimeMs: 60_000,
  async run(deps: VerifyDeps, _payload, run) {
    const { libraryDirs, libraryVerify } = deps.env;
    if (!libraryVerify || libraryDirs.length === 0 || deps.media.tools === null) return;
    await verifyLibrary(deps, run);
  },
});

export async function verifyLibrary(deps: VerifyDeps, { signal }: JobRun): Promise<void> {
  for (let file = await findUnverifiedFile(deps.db); file; file = await findUnverifiedFile(deps.db)) {
    const startedAtMs = performance.now();
    await saveVerified(deps.db, file.id, (await verify(deps, file, signal)) ?? NOT_VERIFIED);
    await delay(performance.now() - startedAtMs, signal);
  }
}

async function verify(
  { env, media, log }: VerifyDeps,
  file: LibraryFile,
  signal: AbortSignal,
): Promise<Verified | null> {
  try {
    const { path, handle } = await createLibraryRoots(env.libraryDirs).open(file.path);
    await handle.close();
    const before = await stat(path);
    const verified = await media.verify(path, signal);
    const after = await stat(path);
    if (before.size !== after.size || before.ctimeMs !== after.ctimeMs) return null;
    if (!verified) log.warn({ path }, 'a file of the library cannot be decoded without an error');
    return verified;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof FfmpegMissingError || !(error instanceof DomainError)) throw error;
    log.debug({ err: error, path: file.path }, 'could not verify a file of the library');
    return null;
  }
}
