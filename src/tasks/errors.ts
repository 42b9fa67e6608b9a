import { DomainError } from '../lib/errors.js';
import type { Task } from './task.js';

export class TaskNotFoundError extends DomainError {
  readonly code = 'TASK_NOT_FOUND';

  constructor(readonly taskId: string) {
    super(`There is no task ${taskId}.`);
  }
}

/** What was asked does not fit the state the task is in; nothing was changed. */
export class TaskStateConflictError extends DomainError {
  readonly code = 'TASK_STATE_CONFLICT';

  constructor(
    message: string,
    readonly task: Task,
  ) {
    super(message);
  }
}

/** The same item with the same output is already on its way for the same owner. */
export class DuplicateDownloadError extends DomainError {
  readonly code = 'DUPLICATE_DOWNLOAD';

  constructor(readonly existing: Task) {
    super(`"${existing.title}" is already on its way as task ${existing.id}.`);
  }
}
