import { builder } from '../graphql/builder.js';
import { ErrorInterface } from '../graphql/error-types.js';
import { parseRowId } from '../graphql/node-id.js';
import { InvalidInputError } from '../lib/errors.js';
import { cancelAllTasks } from './cancel-all-tasks.js';
import { cancelTask } from './cancel-task.js';
import { dismissTask } from './dismiss-task.js';
import { DuplicateDownloadError, TaskNotFoundError, TaskStateConflictError } from './errors.js';
import { pauseTask, resumeTask } from './pause-task.js';
import { prioritizeTask } from './prioritize-task.js';
import { retryTask } from './retry-task.js';
import { TaskType } from './task-type.graphql.js';
import { PRIORITY_LIMIT, type Task } from './task.js';

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

const TasksCancelled = builder.objectRef<{ count: number }>('TasksCancelled').implement({
  description: 'The tasks were cancelled, and all that is part of them.',
  fields: (t) => ({
    count: t.exposeInt('count', { description: 'How many were cancelled, each list counted once.' }),
  }),
});

const id = { required: true, description: '`Task:<uuid>` or the bare uuid.' } as const;

/** How a mutation on one task may go; `name` is the mutation's with a capital. */
const outcome = (name: string) => ({
  types: [TaskNotFoundError, TaskStateConflictError, InvalidInputError],
  union: { name: `${name}Result`, description: 'What came of it.' },
});

builder.mutationFields((t) => ({
  cancelTask: t.field({
    type: payload('TaskCancelled', 'The task was cancelled, and all that is part of it.'),
    description: 'Ends a live task and all its live parts. Work stops at once and leaves no file behind.',
    args: { id: t.arg.id(id) },
    errors: outcome('CancelTask'),
    resolve: (_root, args, context) => cancelTask(context, context.viewer, parseRowId('Task', args.id)),
  }),
  cancelAllTasks: t.field({
    type: TasksCancelled,
    description: 'Ends all your live tasks with all their parts; an admin’s: everybody’s.',
    errors: {
      types: [],
      union: { name: 'CancelAllTasksResult', description: 'What came of it.' },
    },
    resolve: (_root, _args, context) => cancelAllTasks(context, context.viewer),
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

builder.mutationFields((t) => ({
  pauseTask: t.field({
    type: payload('TaskPaused', 'What of the task was waiting is paused.'),
    description:
      'Keeps a task from being started, and of a list all parts that wait. What runs goes on to its end; a list is PAUSED once nothing of it runs.',
    args: { id: t.arg.id(id) },
    errors: outcome('PauseTask'),
    resolve: (_root, args, context) => pauseTask(context, context.viewer, parseRowId('Task', args.id)),
  }),
  resumeTask: t.field({
    type: payload('TaskResumed', 'What of the task was paused is queued again.'),
    description: 'Queues a paused task again, and of a list all parts that are paused.',
    args: { id: t.arg.id(id) },
    errors: outcome('ResumeTask'),
    resolve: (_root, args, context) => resumeTask(context, context.viewer, parseRowId('Task', args.id)),
  }),
  prioritizeTask: t.field({
    type: payload('TaskPrioritized', 'The task has the new priority, and all live parts of it.'),
    description: 'Gives a live task another priority, and all its live parts. What runs is not interrupted.',
    args: {
      id: t.arg.id(id),
      priority: t.arg.int({
        required: true,
        description: `Higher goes first; −${PRIORITY_LIMIT} to ${PRIORITY_LIMIT}.`,
      }),
    },
    errors: outcome('PrioritizeTask'),
    resolve: (_root, args, context) =>
      prioritizeTask(context, context.viewer, {
        taskId: parseRowId('Task', args.id),
        priority: args.priority,
      }),
  }),
  dismissTask: t.field({
    type: payload('TaskDismissed', 'The task is off the lists; it stays in history.'),
    description:
      'Takes a task off the lists; a live one is cancelled first. It stays in history, and comes back when it is tried again.',
    args: { id: t.arg.id(id) },
    errors: {
      types: [TaskNotFoundError, InvalidInputError],
      union: { name: 'DismissTaskResult', description: 'What came of it.' },
    },
    resolve: (_root, args, context) => dismissTask(context, context.viewer, parseRowId('Task', args.id)),
  }),
}));
