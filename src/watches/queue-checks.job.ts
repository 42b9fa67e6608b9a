import { v7 as timeOrderedUuid } from 'uuid';
import { z } from 'zod';
import { findUser } from '../auth/user-store.js';
import { levelOf } from '../database/outage.js';
import { inTransaction, type Db } from '../database/prisma.js';
import { toFailure } from '../jobs/errors.js';
import { defineJob, type JobRun } from '../jobs/job.js';
import type { Platform } from '../platform.js';
import type { SettingsDeps } from '../settings/live-settings.js';
import { describeItem, type NewTask } from '../tasks/new-task.js';
import { queueTasks } from '../tasks/queue-task.js';
import type { Task } from '../tasks/task.js';
import { itemOf, listDueWatches, saveFailedCheck, saveQueuedChecks } from './watch-store.js';
import { resolveWatchOptions } from './watch-options.js';
import { intervalOf, secondsToNextCheck, type Watch } from './watch.js';

export type QueueCheckDeps = Pick<
  Platform & SettingsDeps,
  'db' | 'media' | 'settings' | 'watchSettings' | 'log'
>;

/** The check that is active already, if there is one: two checks of a watch never run at once. */
export async function queueCheck(deps: QueueCheckDeps, watch: Watch): Promise<Task> {
  const [task] = await queueChecks(deps, watch.ownerId, [watch]);
  if (!task) throw new Error(`The check of watch ${watch.id} was not queued.`);
  return task;
}

/** Checks queued by one transaction. */
const QUEUED_AT_ONCE = 250;

/** Of watches of one owner, as `queueCheck`. Nothing is queued when one of them cannot be. */
export async function queueChecks(
  deps: QueueCheckDeps,
  ownerId: string,
  watches: readonly Watch[],
): Promise<Task[]> {
  const owner = await findUser(deps.db, ownerId, {});
  const checks = watches.map((watch) => ({ watch, check: newCheck(deps, watch, owner?.username ?? '') }));
  const tasks: Task[] = [];
  for (let start = 0; start < checks.length; start += QUEUED_AT_ONCE) {
    const some = checks.slice(start, start + QUEUED_AT_ONCE);
    tasks.push(...(await inTransaction(deps.db, (tx) => insertChecks(deps, tx, some))));
  }
  return tasks;
}

interface NewCheck {
  watch: Watch;
  check: NewTask & { dedupeKey: string };
}

function newCheck(deps: QueueCheckDeps, watch: Watch, username: string): NewCheck['check'] {
  return {
    ...describeItem(itemOf(watch)),
    id: timeOrderedUuid(),
    kind: 'WATCH_CHECK',
    ownerId: watch.ownerId,
    options: resolveWatchOptions(deps, watch, { username }),
    priority: 0,
    dedupeKey: `watch:${watch.id}`,
  };
}

async function insertChecks(deps: QueueCheckDeps, tx: Db, checks: readonly NewCheck[]): Promise<Task[]> {
  const active = await queueTasks(
    tx,
    checks.map(({ check }) => check),
  );
  const queued = checks.flatMap(({ watch, check }) => {
    const task = active.get(check.dedupeKey);
    return task ? [{ watch, task, isNew: task.id === check.id }] : [];
  });
  const changed = queued.filter(({ watch, task, isNew }) => isNew || task.id !== watch.checkTaskId);
  await saveQueuedChecks(
    tx,
    changed.map(({ watch, task, isNew }) => {
      return { id: watch.id, taskId: task.id, seconds: isNew ? secondsUntilNext(deps, watch, 0) : null };
    }),
  );
  return queued.map(({ task }) => task);
}

function secondsUntilNext({ watchSettings }: QueueCheckDeps, watch: Watch, failures: number): number {
  const intervalSeconds = intervalOf(watch, watchSettings());
  return secondsToNextCheck({ failures, intervalSeconds, random: Math.random });
}

/** Due watches read at once. */
const BATCH = 100;

/**
 * Every 15 s. Idempotent: a watch that another worker has queued is not due any more, or its check is active. One that
 * was due while no server ran is due once.
 */
export const queueDueChecksJob = defineJob({
  name: 'queueDueChecks',
  payload: z.object({}),
  concurrency: 1,
  everyMs: 15_000,
  lockLifetimeMs: 60_000,
  run: (deps: QueueCheckDeps, _payload, run) => queueDueChecks(deps, run),
});

export async function queueDueChecks(deps: QueueCheckDeps, { signal }: JobRun): Promise<void> {
  for (let more = true; more && deps.watchSettings().enabled;) {
    const { watchPollIntervalSeconds: intervalSeconds } = deps.watchSettings();
    const due = await listDueWatches(deps.db, { intervalSeconds, limit: BATCH });
    for (const watch of due) {
      if (signal.aborted) return;
      await queueDue(deps, watch);
    }
    more = due.length === BATCH;
  }
}

async function queueDue(deps: QueueCheckDeps, watch: Watch): Promise<void> {
  try {
    await queueCheck(deps, watch);
  } catch (err) {
    deps.log[levelOf(err, 'warn')]({ watchId: watch.id, err }, 'could not queue the check of a watch');
    const { code, message } = toFailure(err);
    const failures = watch.failures + 1;
    const nextSeconds = secondsUntilNext(deps, watch, failures);
    await saveFailedCheck(deps.db, watch, { code, message, failures, nextSeconds });
  }
}
