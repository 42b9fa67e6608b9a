import type { Logger } from '../lib/logger.js';
import type { Task, TaskKind } from '../tasks/task.js';
import type { ClaimedTask, Ending } from './claimed-task.js';

export interface TaskRun {
  claimed: ClaimedTask;
  /** Aborts when the lease is lost or the process stops. */
  signal: AbortSignal;
  log: Logger;
  /** Percent of the whole task, 0–100. */
  onProgress(percent: number): void;
}

export interface TaskRunner {
  /** Null: the children are written, and the task finishes with the last of them. */
  run(run: TaskRun): Promise<Ending | null>;
  /** Undoes a COMPLETED ending that came too late, because the task had been cancelled. */
  discard?(task: Task): Promise<void>;
}

/** A kind without a runner is never queued. */
export type TaskRunners = Readonly<Partial<Record<TaskKind, TaskRunner>>>;
