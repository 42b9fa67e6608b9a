import type { Platform } from '../platform.js';
import { messageOf } from '../lib/errors.js';
import { writeProgress, type Claim } from '../tasks/task-state-store.js';

/** Progress is news at most twice a second a task: more is not seen, and every write is a commit. */
const INTERVAL_MS = 500;
/** Percent. A smaller step is not worth a write. */
const STEP = 0.5;

export interface ProgressWriter {
  /** Percent, 0–100. Cheap: the latest value is written when its turn comes. */
  report(percent: number): void;
  /** Writes nothing more; waits for a write under way. May be called twice. */
  stop(): Promise<void>;
}

export function createProgressWriter(deps: Pick<Platform, 'db' | 'log'>, claim: Claim): ProgressWriter {
  let latest = 0;
  let written = 0;
  let writing: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    if (latest - written < STEP) return;
    written = latest;
    writing = writeProgress(deps.db, claim, Math.round(written * 10) / 10).catch((thrown: unknown) => {
      deps.log.debug({ taskId: claim.taskId, error: messageOf(thrown) }, 'progress not written');
    });
  }, INTERVAL_MS);
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
