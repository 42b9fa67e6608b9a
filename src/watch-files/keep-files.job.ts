import { z } from 'zod';
import { levelOf, toDatabaseError } from '../database/outage.js';
import { rootOf } from '../downloads/plan-track.js';
import { explainDiskError } from '../downloads/target-file.js';
import { logFieldsOf, toFailure } from '../jobs/errors.js';
import { defineJob } from '../jobs/job.js';
import { coalesce } from '../lib/async.js';
import type { Platform } from '../platform.js';
import type { SettingsDeps } from '../settings/live-settings.js';
import { listLeaving, listWatchesWithLeaving } from './leaving-store.js';
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
  async run(deps: KeepDeps, _payload, { signal }) {
    await settleMembers(deps.db, { taskIds: await listUnsettledTasks(deps.db, MAX_SETTLED) });
    await keepWatchFiles(deps, { timed: true, signal });
  },
});

/** Returns how to stop, which waits for the one file that is being moved or written. */
export function keepWatchFilesOnEvent(deps: KeepDeps & Pick<Platform, 'bus'>): () => Promise<void> {
  const stopping = new AbortController();
  const keep = coalesce(() =>
    keepWatchFiles(deps, { timed: false, signal: stopping.signal }).catch((err: unknown) => {
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
    stopping.abort();
    offWatch();
    await stopSettling();
    await latest;
  };
}

/** Watches whose lists one round writes. */
const MAX_LISTS = 100;
/** Items whose files one round moves for each watch, so that the lists of others need not wait for all of them. */
const MAX_MOVED = 25;

interface Leaving {
  /** The item that was moved last. */
  after: string;
  hasMore: boolean;
  problems: Problems;
}

interface Run {
  timed: boolean;
  signal: AbortSignal;
}

/** Safe to call at any time, from any process. */
async function keepWatchFiles(deps: KeepDeps, { timed, signal }: Run): Promise<void> {
  if (signal.aborted) return;
  const leaving = new Map<string, Leaving>();
  for (const watchId of await listWatchesWithLeaving(deps.db)) {
    leaving.set(watchId, { after: '', hasMore: true, problems: createProblems() });
  }
  do {
    const unfinished = [...leaving].flatMap(([watchId, { hasMore }]) => (hasMore ? [watchId] : []));
    const changed = await listChangedWatches(deps.db, { timed, limit: MAX_LISTS });
    const others = changed.map(({ id }) => id).filter((id) => !unfinished.includes(id));
    for (const watchId of [...others, ...unfinished]) {
      if (signal.aborted) return;
      await keepFilesOf(deps, { watchId, leaving: leaving.get(watchId), signal });
    }
  } while ([...leaving.values()].some(({ hasMore }) => hasMore));
}

interface Keeping {
  watchId: string;
  leaving: Leaving | undefined;
  signal: AbortSignal;
}

/** The list is written in the first round, because it has lost the items by now, and when all are moved. */
async function keepFilesOf(deps: KeepDeps, { watchId, leaving, signal }: Keeping): Promise<void> {
  const isFirst = leaving?.after === '';
  if (leaving?.hasMore) await moveSome(deps, { watchId, leaving, signal });
  if (signal.aborted || (leaving?.hasMore && !isFirst)) return;
  const problems = createProblems(leaving?.problems);
  await attempt(deps, { watchId, problems }, () => writeList(deps, watchId));
  if (!leaving?.hasMore) await report(deps, watchId, problems);
}

async function moveSome(
  deps: KeepDeps,
  { watchId, leaving, signal }: Keeping & { leaving: Leaving },
): Promise<void> {
  if (leaving.after === '') await settleMembers(deps.db, { watchId });
  const itemIds = await listLeaving(deps.db, watchId, { after: leaving.after, limit: MAX_MOVED });
  for (const itemId of itemIds) {
    if (signal.aborted) return;
    await attempt(deps, { watchId, problems: leaving.problems }, () =>
      trashFiles(deps, { watchId, itemId }, signal),
    );
    leaving.after = itemId;
  }
  leaving.hasMore = itemIds.length === MAX_MOVED;
}

interface Problems {
  byMessage: Map<string, unknown>;
  /** Whether the database left open what else there is. */
  isIncomplete: boolean;
}

function createProblems(from?: Problems): Problems {
  return { byMessage: new Map(from?.byMessage), isIncomplete: from?.isIncomplete ?? false };
}

/** A problem of the database says nothing of the files: it is logged, and tried again. */
async function attempt(
  { db, log, settings }: KeepDeps,
  { watchId, problems }: { watchId: string; problems: Problems },
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (thrown) {
    const failed = toDatabaseError(thrown);
    if (failed?.code === 'DATABASE_UNAVAILABLE') throw thrown;
    if (failed) {
      problems.isIncomplete = true;
      log.warn({ watchId, ...logFieldsOf(thrown) }, 'files of a watch took the database too long');
      return;
    }
    const watch = await readWatch(db, watchId);
    const err = explainDiskError(thrown, rootOf({ downloadPath: watch?.downloadPath ?? null }, settings()));
    problems.byMessage.set(toFailure(err).message, err);
  }
}

/** Once in the log: the next attempt is in half a minute. */
async function report({ db, log }: KeepDeps, watchId: string, problems: Problems): Promise<void> {
  const messages = [...problems.byMessage.keys()];
  if (problems.isIncomplete && messages.length === 0) return;
  const isNew = await saveFileProblem(db, watchId, messages.join(' ') || null);
  if (!isNew) return;
  for (const err of problems.byMessage.values()) {
    log[levelOf(err, 'warn')]({ watchId, ...logFieldsOf(err) }, 'could not keep the files of a watch');
  }
}
