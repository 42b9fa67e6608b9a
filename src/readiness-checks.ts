import { statfs } from 'node:fs/promises';
import type { Deps } from './deps.js';
import { nearestExisting } from './downloads/target-file.js';
import type { Check } from './http/readiness.js';

/** Less than this in the download directory and an album may not fit: 500 MB. */
const MIN_FREE_BYTES = 500_000_000;

/** What `/readyz` asks: everything without which a download cannot be made. */
export function readinessChecks(
  deps: Pick<Deps, 'db' | 'settings' | 'media'>,
  jobStore: { healthy(): Promise<boolean> },
): Record<string, Check> {
  return {
    database: async () => {
      await deps.db.$queryRaw`SELECT 1`;
      return { ok: true };
    },
    jobs: async () =>
      (await jobStore.healthy()) ? { ok: true } : { ok: false, detail: 'the job store does not answer' },
    ffmpeg: () =>
      Promise.resolve(
        deps.media.tools
          ? { ok: true, detail: deps.media.tools.version }
          : { ok: false, detail: deps.media.problem ?? 'ffmpeg cannot be run' },
      ),
    disk: async () => {
      const { bavail, bsize } = await statfs(await nearestExisting(deps.settings().downloadPath));
      const freeBytes = bavail * bsize;
      return { ok: freeBytes >= MIN_FREE_BYTES, detail: `${Math.floor(freeBytes / 1e6)} MB free` };
    },
  };
}
