import { builder } from '../graphql/builder.js';
import { ErrorInterface } from '../graphql/error-types.js';
import { parseRowId } from '../graphql/node-id.js';
import { InvalidInputError } from '../lib/errors.js';
import { cancelTask } from './cancel-task.js';
import { DuplicateDownloadError, TaskNotFoundError, TaskStateConflictError } from './errors.js';
import { retryTask } from './retry-task.js';
import { TaskType } from './task-type.graphql.js';
import type { Task } from './task.js';

builder.objectType(TaskNotFoundError, {
  name: 'TaskNotFound',
  description: 'There is no such task, or you may not see it.',
  interfaces: [ErrorInterface],
});

builder.objectType(TaskStateConflictError, {
  name: 'TaskStateConflict',
  description: 'The task’s state does not allow this.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    task: t.field({ type: TaskType, description: 'The task as it is.', resolve: (error) => error.task }),
  }),
});

builder.objectType(DuplicateDownloadError, {
  name: 'DuplicateDownload',
  description: 'The same item with the same output is on its way already.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    existingTask: t.field({
      type: TaskType,
      description: 'The task that does it.',
      resolve: (error) => error.existing,
    }),
  }),
});

const payload = (name: string, description: string) =>
  builder.objectRef<Task>(name).implement({
    description,
    fields: (t) => ({ task: t.field({ type: TaskType, description: 'The task.', resolve: (task) => task }) }),
  });

const id = { required: true, description: '`Task:<uuid>` or the bare uuid.' } as const;

builder.mutationFields((t) => ({
  cancelTask: t.field({
    type: payload('TaskCancelled', 'The task was cancelled, and all that is part of it.'),
    description: 'Ends a live task and all its live parts. Work stops at once and leaves no file behind.',
    args: { id: t.arg.id(id) },
    errors: {
      types: [TaskNotFoundError, TaskStateConflictError, InvalidInputError],
      union: { name: 'CancelTaskResult', description: 'What came of it.' },
    },
    resolve: (_root, args, context) => cancelTask(context, context.viewer, parseRowId('Task', args.id)),
  }),
  retryTask: t.field({
    type: payload('TaskRetried', 'The task is queued again.'),
    description:
      'Queues a task that failed or was cancelled once more, under the same id; of a list only what failed or was cancelled.',
    args: { id: t.arg.id(id) },
    errors: {
      types: [TaskNotFoundError, TaskStateConflictError, DuplicateDownloadError, InvalidInputError],
      union: { name: 'RetryTaskResult', description: 'What came of it.' },
    },
    resolve: (_root, args, context) => retryTask(context, context.viewer, parseRowId('Task', args.id)),
  }),
}));
