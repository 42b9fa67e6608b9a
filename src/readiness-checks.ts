import type { Deps } from './deps.js';
import { findWriteProblem } from './downloads/incoming.js';
import { describeFreeSpace } from './downloads/target-file.js';
import type { Check, CheckResult } from './http/readiness.js';
import type { AgendaJobs } from './jobs/agenda.js';
import { messageOf } from './lib/errors.js';
import type { Dispatcher } from './queue/dispatcher.js';
import { isWritable } from './settings/download-path.js';

function checkDispatcher(dispatcher: Dispatcher): CheckResult {
  const detail = dispatcher.problem();
  return detail === null ? { ok: true } : { ok: false, detail };
}

/** Writing at each request would keep the disks of a NAS awake. */
const WRITE_EVERY_MS = 60_000;

/** A process that only serves requests need not be able to write. */
function createDiskCheck({ settings }: Pick<Deps, 'settings'>, { writes }: { writes: boolean }): Check {
  let written = { directory: '', atMs: -Infinity };
  const findProblem = async (directory: string) => {
    const isKnown = written.directory === directory && performance.now() - written.atMs < WRITE_EVERY_MS;
    if (!writes || (isKnown && (await isWritable(directory)))) return null;
    const problem = await findWriteProblem(directory);
    if (problem === null) written = { directory, atMs: performance.now() };
    return problem;
  };
  return async () => {
    const directory = settings().downloadPath;
    const problem = await findProblem(directory);
    if (problem !== null) return { ok: false, detail: messageOf(problem) };
    return describeFreeSpace(directory);
  };
}

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
    disk: createDiskCheck(deps, { writes: dispatcher !== null }),
  };
}
