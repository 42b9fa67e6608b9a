import { DomainError } from '../lib/errors.js';
import type { Task } from './task.js';

export class TaskNotFoundError extends DomainError {
  readonly code = 'TASK_NOT_FOUND';

  constructor(readonly taskId: string) {
    super(`There is no task ${taskId}.`);
  }
}

export class TaskStateConflictError extends DomainError {
  readonly code = 'TASK_STATE_CONFLICT';

  constructor(
    message: string,
    readonly task: Task,
  ) {
    super(message);
  }
}

export class DuplicateDownloadError extends DomainError {
  readonly code = 'DUPLICATE_DOWNLOAD';

  constructor(readonly existing: Task) {
    super(`"${existing.title}" is already being downloaded by task ${existing.id}.`);
  }
}
