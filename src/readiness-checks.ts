import { statfs } from 'node:fs/promises';
import type { Deps } from './deps.js';
import { nearestExisting } from './downloads/target-file.js';
import type { Check, CheckResult } from './http/readiness.js';
import type { AgendaJobs } from './jobs/agenda.js';
import type { Dispatcher } from './queue/dispatcher.js';

function checkDispatcher(dispatcher: Dispatcher): CheckResult {
  const detail = dispatcher.problem();
  return detail === null ? { ok: true } : { ok: false, detail };
}

const MIN_FREE_BYTES = 500_000_000;

/** What /readyz reports. */
export function readinessChecks(
  deps: Pick<Deps, 'db' | 'settings' | 'media'>,
  { jobs, dispatcher }: { jobs: Pick<AgendaJobs, 'healthy'>; dispatcher: Dispatcher | null },
): Record<string, Check> {
  return {
    ...(dispatcher && { dispatch: () => Promise.resolve(checkDispatcher(dispatcher)) }),
    database: async () => {
      await deps.db.$queryRaw`SELECT 1`;
      return { ok: true };
    },
    jobs: async () =>
      (await jobs.healthy()) ? { ok: true } : { ok: false, detail: 'the job store does not answer' },
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
