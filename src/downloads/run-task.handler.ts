import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Deps } from '../deps.js';
import { toFailure, retryDelayMs } from '../jobs/errors.js';
import { implementJob } from '../jobs/kit.js';
import { messageOf } from '../lib/errors.js';
import type { Logger } from '../lib/logger.js';
import { findCurrentTask } from '../tasks/find-tasks.js';
import {
  finishExpansion,
  finishTask,
  postponeTask,
  releaseTask,
  startTask,
  type Ending,
  type HeldTask,
} from '../queue/claimed-task.js';
import { TaskTakenAwayError } from '../queue/leases.js';
import { createProgressWriter } from '../queue/progress-writer.js';
import { runTask as job } from '../queue/run-task.job.js';
import { removeLonelyCover } from './cover-file.js';
import { downloadTrack } from './download-track.js';
import { expandParent } from './expand-parent.js';
import { removeEmptyDirectories } from './target-file.js';

/** One try of one task: claim, work, and whatever came of it. */
export const runTaskHandler = implementJob(job, async (deps: Deps, wanted, { signal: stopping }) => {
  const held = await startTask(deps, wanted);
  if (!held) return;
  const { task, claim } = held;
  const log = deps.log.child({ taskId: task.id, attempt: task.attempt });
  log.info({ kind: task.kind, item: task.itemId, title: task.title }, 'task started');
  const kept = deps.leases.hold(claim);
  try {
    await work(deps, { held, log, signal: AbortSignal.any([kept.signal, stopping]) });
  } catch (thrown) {
    if (kept.signal.aborted) log.info({ reason: messageOf(kept.signal.reason) }, 'task was taken away');
    else if (thrown instanceof TaskTakenAwayError)
      log.info({ reason: thrown.message }, 'task was taken away');
    else if (stopping.aborted) await giveBack(deps, held, log);
    else await fail(deps, { held, log, thrown });
  } finally {
    kept.release();
  }
});

interface Work {
  held: HeldTask;
  log: Logger;
  signal: AbortSignal;
}

async function work(deps: Deps, { held, log, signal }: Work): Promise<void> {
  if (held.task.kind !== 'TRACK') {
    await expandParent(deps, { held, signal });
    const expanded = await finishExpansion(deps, held);
    log.info({ expanded }, 'list expanded');
    return;
  }
  const progress = createProgressWriter(deps, held.claim);
  try {
    const ending = await downloadTrack(deps, {
      held,
      log,
      signal,
      onProgress: (percent) => progress.report(percent),
    });
    await progress.stop();
    await end(deps, { held, log, ending });
  } finally {
    await progress.stop();
  }
}

async function end(
  deps: Deps,
  { held, log, ending }: Omit<Work, 'signal'> & { ending: Ending },
): Promise<void> {
  if (await finishTask(deps, held, ending)) {
    log.info({ state: ending.state }, 'task ended');
    return;
  }
  // A SKIPPED task's file is someone else's.
  if (ending.state === 'COMPLETED') await discardIfCancelled(deps, held);
}

/** Cancelled between the file's move and the commit: then the file goes. Taken over by a worker: it is theirs. */
async function discardIfCancelled(deps: Deps, held: HeldTask): Promise<void> {
  const now = await findCurrentTask(deps, held.task.id);
  if (now?.state === 'CANCELLED' && now.attempt === held.claim.attempt && now.filePath) {
    await rm(now.filePath, { force: true });
    await removeLonelyCover(dirname(now.filePath));
    await removeEmptyDirectories(deps.settings().downloadPath, dirname(now.filePath));
  }
}

async function giveBack(deps: Deps, held: HeldTask, log: Logger): Promise<void> {
  await releaseTask(deps, held);
  log.info('task given back to the queue: this worker is stopping');
}

async function fail(
  deps: Deps,
  { held, log, thrown }: { held: HeldTask; log: Logger; thrown: unknown },
): Promise<void> {
  const failure = toFailure(thrown);
  const error = { code: failure.code, message: failure.message };
  const settings = deps.settings();
  if (failure.code === 'INTERNAL') log.error({ err: thrown }, 'unexpected failure');
  if (failure.retryable && held.task.failures < settings.maxRetries) {
    const failures = held.task.failures + 1;
    const { retryAfterMs } = failure;
    const delayMs = retryDelayMs({ failures, settings, retryAfterMs, random: Math.random });
    log.warn({ ...error, delayMs: Math.round(delayMs) }, 'task will be tried again');
    await postponeTask(deps, held, { delayMs, error });
    return;
  }
  log.warn(error, 'task failed');
  await finishTask(deps, held, { state: 'FAILED', error: { ...error, retryable: failure.retryable } });
}
