import { z } from 'zod';
import { levelOf } from '../database/outage.js';
import { rootOf } from '../downloads/plan-track.js';
import { explainDiskError } from '../downloads/target-file.js';
import { logFieldsOf, toFailure } from '../jobs/errors.js';
import { defineJob } from '../jobs/job.js';
import { coalesce } from '../lib/async.js';
import { getOrAdd } from '../lib/get-or-add.js';
import type { Platform } from '../platform.js';
import type { SettingsDeps } from '../settings/live-settings.js';
import { listLeaving, type LeavingMember } from './leaving-store.js';
import { listUnsettledTasks, settleMembers } from '../watches/member-store.js';
import { settleMembersOnEvent } from '../watches/settle-on-event.js';
import { trashFiles } from './trash-files.js';
import { listChangedWatches, saveFileProblem } from '../watches/watch-file-store.js';
import { readWatch } from '../watches/watch-store.js';
import { writeList } from './write-list.js';

type KeepDeps = Pick<Platform & SettingsDeps, 'db' | 'env' | 'settings' | 'log'>;

/** Finished tasks that one run takes note of. */
const MAX_SETTLED = 1_000;

/**
 * Every 30 s, for killed workers, full disks, and lists that still download; events do it at once. Idempotent: what is
 * to be done are facts of the rows.
 */
export const keepWatchFilesJob = defineJob({
  name: 'keepWatchFiles',
  payload: z.object({}),
  concurrency: 1,
  everyMs: 30_000,
  lockLifetimeMs: 60_000,
  async run(deps: KeepDeps) {
    await settleMembers(deps.db, { taskIds: await listUnsettledTasks(deps.db, MAX_SETTLED) });
    await keepWatchFiles(deps, { timed: true });
  },
});

/** Returns how to stop, which waits for the file that is being written. */
export function keepWatchFilesOnEvent(deps: KeepDeps & Pick<Platform, 'bus'>): () => Promise<void> {
  const keep = coalesce(() =>
    keepWatchFiles(deps, { timed: false }).catch((err: unknown) => {
      deps.log[levelOf(err, 'warn')]({ err }, 'could not list the files of watches');
    }),
  );
  let latest = keep();
  const note = () => {
    latest = keep();
  };
  const stopSettling = settleMembersOnEvent(deps, note);
  const offWatch = deps.bus.on('watch.changed', note);
  return async () => {
    offWatch();
    await stopSettling();
    await latest;
  };
}

const BATCH = 100;

/** Safe to call at any time, from any process. */
async function keepWatchFiles(deps: KeepDeps, { timed }: { timed: boolean }): Promise<void> {
  const leaving = new Map<string, LeavingMember[]>();
  for (const each of await listLeaving(deps.db)) getOrAdd(leaving, each.watchId, () => []).push(each);
  const changed = await listChangedWatches(deps.db, { timed, limit: BATCH });
  for (const watchId of new Set([...leaving.keys(), ...changed.map(({ id }) => id)])) {
    const problems = new Map<string, unknown>();
    const attempt = async (work: () => Promise<void>) => {
      try {
        await work();
      } catch (thrown) {
        const watch = await readWatch(deps.db, watchId);
        const err = explainDiskError(
          thrown,
          rootOf({ downloadPath: watch?.downloadPath ?? null }, deps.settings()),
        );
        problems.set(toFailure(err).message, err);
      }
    };
    if (leaving.has(watchId)) await settleMembers(deps.db, { watchId });
    for (const member of leaving.get(watchId) ?? []) await attempt(() => trashFiles(deps, member));
    await attempt(() => writeList(deps, watchId));
    await report(deps, watchId, problems);
  }
}

/** Once in the log: the next attempt is in half a minute. */
async function report(
  { db, log }: KeepDeps,
  watchId: string,
  problems: ReadonlyMap<string, unknown>,
): Promise<void> {
  const isNew = await saveFileProblem(db, watchId, [...problems.keys()].join(' ') || null);
  if (!isNew) return;
  for (const err of problems.values()) {
    log[levelOf(err, 'warn')]({ watchId, ...logFieldsOf(err) }, 'could not keep the files of a watch');
  }
}
