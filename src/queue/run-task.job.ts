import { z } from 'zod';
import { levelOf } from '../database/outage.js';
import { logFieldsOf, maxWaitOf, retryDelayMs, toFailure } from '../jobs/errors.js';
import { defineJob } from '../jobs/job.js';
import type { Logger } from '../lib/logger.js';
import type { Platform } from '../platform.js';
import type { SettingsDeps } from '../settings/live-settings.js';
import {
  releaseClaimedTask,
  retryClaimedTask,
  waitClaimedTask,
  writeProgress,
  type Claim,
  type Ending,
} from '../tasks/task-state-store.js';
import { findTaskById } from '../tasks/task-store.js';
import { finishExpansion, finishTask, startTask, type ClaimedTask, type TaskRunner } from './claimed-task.js';
import { LeaseLostError, type QueueDeps } from './leases.js';

type RunTaskDeps = Pick<
  Platform & SettingsDeps & QueueDeps,
  'db' | 'log' | 'timing' | 'instanceId' | 'settings' | 'leases' | 'turns' | 'runners'
>;

/** Enqueued by the dispatcher. Idempotent: acts only on a dispatched task that is QUEUED at this attempt. */
export const runTaskJob = defineJob({
  name: 'runTask',
  payload: z.object({
    taskId: z.uuid(),
    attempt: z.number().int().nonnegative(),
    alone: z.boolean().default(false),
  }),
  // More than the dispatcher ever dispatches: it decides how many run.
  concurrency: 500,
  lockLifetimeMs: 30_000,
  async run(deps: RunTaskDeps, payload, { signal: stopping }) {
    const leave = await deps.turns.take(payload, stopping);
    if (!leave) return;
    try {
      const claimed = await startTask(deps, payload);
      if (claimed) await runClaimed(deps, claimed, { alone: payload.alone, stopping });
    } finally {
      leave();
    }
  },
});

async function runClaimed(
  deps: RunTaskDeps,
  claimed: ClaimedTask,
  { alone, stopping }: { alone: boolean; stopping: AbortSignal },
): Promise<void> {
  const { task, claim } = claimed;
  const log = deps.log.child({ taskId: task.id, attempt: task.attempt });
  log.info({ kind: task.kind, item: task.itemId, title: task.title, alone }, 'task started');
  const lease = deps.leases.keep(claim);
  try {
    await attempt(deps, { claimed, log, signal: AbortSignal.any([lease.signal, stopping]) });
  } catch (thrown) {
    const lost: unknown = lease.signal.aborted ? lease.signal.reason : thrown;
    if (lost instanceof LeaseLostError) log.info({ err: lost }, 'lease lost');
    else if (stopping.aborted) await release(deps, { claimed, log });
    else await fail(deps, { claimed, log }, thrown);
  } finally {
    lease.release();
  }
}

interface Attempt {
  claimed: ClaimedTask;
  log: Logger;
}

async function attempt(deps: RunTaskDeps, run: Attempt & { signal: AbortSignal }): Promise<void> {
  const { kind } = run.claimed.task;
  const runner = deps.runners[kind];
  if (!runner) throw new Error(`no runner for tasks of kind ${kind}`);
  const progress = createProgressWriter(deps, run.claimed.claim);
  try {
    const ending = await runner.run({ ...run, onProgress: (percent) => progress.report(percent) });
    await progress.stop();
    if (ending) await finish(deps, run, { runner, ending });
    else run.log.info({ expanded: await finishExpansion(deps, run.claimed) }, 'children inserted');
  } finally {
    await progress.stop();
  }
}

async function finish(
  deps: RunTaskDeps,
  { claimed, log }: Attempt,
  { runner, ending }: { runner: TaskRunner; ending: Ending },
): Promise<void> {
  if (await finishTask(deps, claimed, ending)) {
    log.info({ state: ending.state }, 'task finished');
    return;
  }
  // Cancelled after the file's move. After another attempt, or when SKIPPED, the file is another task's.
  const now = await findTaskById(deps.db, claimed.task.id);
  const cancelled = now?.state === 'CANCELLED' && now.attempt === claimed.claim.attempt;
  if (ending.state === 'COMPLETED' && cancelled) await runner.discard?.(now);
}

async function release(deps: RunTaskDeps, { claimed, log }: Attempt): Promise<void> {
  await releaseClaimedTask(deps.db, claimed.claim);
  log.info('task released, this worker is stopping');
}

async function fail(deps: RunTaskDeps, { claimed, log }: Attempt, thrown: unknown): Promise<void> {
  const { code, message, retryable, retryAfterMs } = toFailure(thrown);
  const settings = deps.settings();
  const level = levelOf(thrown, code === 'INTERNAL' ? 'error' : 'warn');
  if (await waits({ ...deps, log }, claimed.claim, thrown)) return;
  if (retryable && claimed.task.failures < settings.maxRetries) {
    const failures = claimed.task.failures + 1;
    const delayMs = retryDelayMs({ failures, settings, retryAfterMs, random: Math.random });
    log[level]({ ...logFieldsOf(thrown), delayMs: Math.round(delayMs) }, 'task will be retried');
    await retryClaimedTask(deps.db, claimed.claim, { delayMs, error: { code, message } });
    return;
  }
  log[level](logFieldsOf(thrown), 'task failed');
  await finishTask(deps, claimed, { state: 'FAILED', error: { code, message, retryable } });
}

/** What has to wait for a provider keeps its retries, for as long as its error allows. */
async function waits(
  { db, log }: Pick<RunTaskDeps, 'db' | 'log'>,
  claim: Claim,
  thrown: unknown,
): Promise<boolean> {
  const { code, message, retryAfterMs: delayMs } = toFailure(thrown);
  const maxWaitMs = maxWaitOf(thrown);
  if (maxWaitMs === null || delayMs === null) return false;
  const isWaiting = await waitClaimedTask(db, claim, { delayMs, maxWaitMs, error: { code, message } });
  if (isWaiting) log.info({ ...logFieldsOf(thrown), delayMs: Math.round(delayMs) }, 'task waits');
  return isWaiting;
}

/** More is not seen, and every write is a commit. */
const PROGRESS_INTERVAL_MS = 500;
/** Percent. */
const PROGRESS_STEP = 0.5;

interface ProgressWriter {
  report(percent: number): void;
  /** Writes nothing more, and waits for a write in progress. May be called twice. */
  stop(): Promise<void>;
}

function createProgressWriter(deps: Pick<Platform, 'db' | 'log'>, claim: Claim): ProgressWriter {
  let latest = 0;
  let written = 0;
  let writing: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    if (latest - written < PROGRESS_STEP) return;
    written = latest;
    writing = writeProgress(deps.db, claim, Math.round(written * 10) / 10).catch((thrown: unknown) => {
      deps.log.debug({ taskId: claim.taskId, err: thrown }, 'progress not written');
    });
  }, PROGRESS_INTERVAL_MS);
  return {
    report: (percent) => {
      latest = Math.max(latest, Math.min(100, percent));
    },
    stop: () => {
      clearInterval(timer);
      return writing;
    },
  };
}
