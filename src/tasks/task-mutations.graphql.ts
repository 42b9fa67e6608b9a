import { builder } from '../graphql/builder.js';
import { ErrorInterface } from '../graphql/error-types.js';
import { parseRowId } from '../graphql/node-id.js';
import { InvalidInputError } from '../lib/errors.js';
import {
  cancelAllTasks,
  cancelTask,
  dismissTask,
  pauseTask,
  prioritizeTask,
  resumeTask,
  retryTask,
} from './control-tasks.js';
import { DuplicateDownloadError, TaskNotFoundError, TaskStateConflictError } from './errors.js';
import { TaskType } from './task-type.graphql.js';
import { PRIORITY_LIMIT, type Task } from './task.js';

builder.objectType(TaskNotFoundError, {
  name: 'TaskNotFound',
  description: 'No task has this id, or it belongs to another user and you are not an admin.',
  interfaces: [ErrorInterface],
});

builder.objectType(TaskStateConflictError, {
  name: 'TaskStateConflict',
  description:
    'The state of the task, or of all its children, does not allow the action. Check `task.state` before you try again.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    task: t.field({
      type: TaskType,
      description: 'The task in its current state.',
      resolve: (error) => error.task,
    }),
  }),
});

builder.objectType(DuplicateDownloadError, {
  name: 'DuplicateDownload',
  description:
    'You already have an active task for the same item with the same output. Follow or cancel `existingTask` instead.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    existingTask: t.field({
      type: TaskType,
      description: 'The active task that downloads the item.',
      resolve: (error) => error.existing,
    }),
  }),
});

/** What the field `task` of each payload says. */
const CHANGED_TASK = {
  TaskCancelled: 'The task after its cancellation.',
  TaskRetried: 'The retried task, queued again.',
  TaskPaused: 'The task that was paused.',
  TaskResumed: 'The resumed task, queued again.',
  TaskPrioritized: 'The task with its new priority.',
  TaskDismissed: 'The task that was dismissed.',
} as const;

const payload = (name: keyof typeof CHANGED_TASK, description: string) =>
  builder.objectRef<Task>(name).implement({
    description,
    fields: (t) => ({
      task: t.field({ type: TaskType, description: CHANGED_TASK[name], resolve: (task) => task }),
    }),
  });

const TasksCancelled = builder.objectRef<{ count: number }>('TasksCancelled').implement({
  description: 'All active tasks were cancelled, together with their children.',
  fields: (t) => ({
    taskCount: t.exposeInt('count', {
      description: 'Number of canceled top-level tasks; their children are not counted.',
    }),
  }),
});

const id = { required: true, description: '`Task:<uuid>` or the bare UUID of the task.' } as const;

const CONTROL_ERRORS = [TaskNotFoundError, TaskStateConflictError, InvalidInputError];

builder.mutationFields((t) => ({
  cancelTask: t.field({
    type: payload('TaskCancelled', 'The task and its active children were cancelled.'),
    description:
      'Cancels an active task and its active children. Running work stops at once and leaves no partial file; finished files are kept.',
    args: { id: t.arg.id(id) },
    errors: {
      types: CONTROL_ERRORS,
      union: { name: 'CancelTaskResult', description: 'The cancelled task, or why it was not cancelled.' },
    },
    resolve: (_root, args, context) => cancelTask(context, context.viewer, parseRowId('Task', args.id)),
  }),
  cancelAllTasks: t.field({
    type: TasksCancelled,
    description: 'Cancels all your active tasks and their children; for an admin, those of all users.',
    errors: {
      types: [],
      union: { name: 'CancelAllTasksResult', description: 'The number of cancelled tasks.' },
    },
    resolve: (_root, _args, context) => cancelAllTasks(context, context.viewer),
  }),
  retryTask: t.field({
    type: payload('TaskRetried', 'The task, or its failed and cancelled children, are queued again.'),
    description:
      'Queues a failed or cancelled task again, under the same id. For an album, playlist or artist, only the failed and cancelled children are queued.',
    args: { id: t.arg.id(id) },
    errors: {
      types: [TaskNotFoundError, TaskStateConflictError, DuplicateDownloadError, InvalidInputError],
      union: { name: 'RetryTaskResult', description: 'The queued task, or why it was not retried.' },
    },
    resolve: (_root, args, context) => retryTask(context, context.viewer, parseRowId('Task', args.id)),
  }),
}));

builder.mutationFields((t) => ({
  pauseTask: t.field({
    type: payload('TaskPaused', 'The task, or its waiting children, are paused.'),
    description:
      'Pauses a QUEUED or RETRYING task, and the waiting children of a parent. Running tracks finish first; a parent is PAUSED once none of its children runs.',
    args: { id: t.arg.id(id) },
    errors: {
      types: CONTROL_ERRORS,
      union: { name: 'PauseTaskResult', description: 'The paused task, or why it was not paused.' },
    },
    resolve: (_root, args, context) => pauseTask(context, context.viewer, parseRowId('Task', args.id)),
  }),
  resumeTask: t.field({
    type: payload('TaskResumed', 'The task, or its paused children, are queued again.'),
    description: 'Queues a paused task again, together with its paused children.',
    args: { id: t.arg.id(id) },
    errors: {
      types: CONTROL_ERRORS,
      union: { name: 'ResumeTaskResult', description: 'The resumed task, or why it was not resumed.' },
    },
    resolve: (_root, args, context) => resumeTask(context, context.viewer, parseRowId('Task', args.id)),
  }),
  prioritizeTask: t.field({
    type: payload('TaskPrioritized', 'The task and its active children have the new priority.'),
    description:
      'Changes the priority of an active task and its active children. Running tasks are not interrupted.',
    args: {
      id: t.arg.id(id),
      priority: t.arg.int({
        required: true,
        description: `New priority, −${PRIORITY_LIMIT} to ${PRIORITY_LIMIT}; higher starts first.`,
      }),
    },
    errors: {
      types: CONTROL_ERRORS,
      union: {
        name: 'PrioritizeTaskResult',
        description: 'The task with its new priority, or why the priority was not changed.',
      },
    },
    resolve: (_root, args, context) =>
      prioritizeTask(context, context.viewer, {
        taskId: parseRowId('Task', args.id),
        priority: args.priority,
      }),
  }),
  dismissTask: t.field({
    type: payload('TaskDismissed', 'The task was dismissed; it remains in the history.'),
    description:
      'Hides a task from `tasks`; an active one is cancelled first. It remains in `history`, and a retry makes it visible again.',
    args: { id: t.arg.id(id) },
    errors: {
      types: [TaskNotFoundError, InvalidInputError],
      union: { name: 'DismissTaskResult', description: 'The dismissed task, or why it was not dismissed.' },
    },
    resolve: (_root, args, context) => dismissTask(context, context.viewer, parseRowId('Task', args.id)),
  }),
}));
