import { builder } from '../graphql/builder.js';
import { ErrorInterface } from '../graphql/error-types.js';
import { parseRowId } from '../graphql/node-id.js';
import { InvalidInputError } from '../lib/errors.js';
import {
  cancelAllTasks,
  dismissAllTasks,
  pauseAllTasks,
  resumeAllTasks,
  retryAllTasks,
  type BulkOutcome,
} from './control-all-tasks.js';
import {
  cancelTask,
  dismissTask,
  pauseTask,
  prioritizeTask,
  resumeTask,
  retryTask,
  type PausedTask,
} from './control-tasks.js';
import { DuplicateDownloadError, TaskNotFoundError, TaskStateConflictError } from './errors.js';
import { TaskOutcome, TaskType } from './task-type.graphql.js';
import { PRIORITY_LIMIT, type Task } from './task.js';
import { TaskFilterInput, toTaskFilter } from './tasks.graphql.js';

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

const outcome = (name: string, description: string) =>
  builder.objectRef<Task>(name).implement({ description, interfaces: [TaskOutcome] });

const TaskPaused = builder.objectRef<PausedTask>('TaskPaused').implement({
  description: 'The task, or its waiting children, are paused.',
  interfaces: [TaskOutcome],
  fields: (t) => ({
    pausedCount: t.exposeInt('pausedCount', {
      description:
        'Number of tasks that were paused, children included. Running children go on until they finish.',
    }),
  }),
});

const id = { required: true, description: '`Task:<uuid>` or the bare UUID of the task.' } as const;

const CONTROL_ERRORS = [TaskNotFoundError, TaskStateConflictError, InvalidInputError];

builder.mutationFields((t) => ({
  cancelTask: t.field({
    authScopes: { MANAGE: true },
    type: outcome('TaskCancelled', 'The task and its active children were canceled.'),
    description:
      'Cancels an active task and its active children. Running work stops at once and leaves no partial file; finished files are kept.',
    args: { id: t.arg.id(id) },
    errors: {
      types: CONTROL_ERRORS,
      union: { name: 'CancelTaskResult', description: 'The canceled task, or why it was not canceled.' },
    },
    resolve: (_root, args, context) => cancelTask(context, context.viewer, parseRowId('Task', args.id)),
  }),
  retryTask: t.field({
    authScopes: { MANAGE: true },
    type: outcome('TaskRetried', 'The task, or its failed and canceled children, are queued again.'),
    description:
      'Queues a failed or canceled task again, under the same id. For an album, playlist or artist, only the failed and canceled children are queued.',
    args: { id: t.arg.id(id) },
    errors: {
      types: [TaskNotFoundError, TaskStateConflictError, DuplicateDownloadError, InvalidInputError],
      union: { name: 'RetryTaskResult', description: 'The queued task, or why it was not retried.' },
    },
    resolve: (_root, args, context) => retryTask(context, context.viewer, parseRowId('Task', args.id)),
  }),
  dismissTask: t.field({
    authScopes: { MANAGE: true },
    type: outcome('TaskDismissed', 'The task was dismissed; it remains in the history.'),
    description:
      'Hides a task from `tasks`; an active one is canceled first. It remains in `history`, and a retry makes it visible again.',
    args: { id: t.arg.id(id) },
    errors: {
      types: [TaskNotFoundError, InvalidInputError],
      union: { name: 'DismissTaskResult', description: 'The dismissed task, or why it was not dismissed.' },
    },
    resolve: (_root, args, context) => dismissTask(context, context.viewer, parseRowId('Task', args.id)),
  }),
}));

builder.mutationFields((t) => ({
  pauseTask: t.field({
    authScopes: { MANAGE: true },
    type: TaskPaused,
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
    authScopes: { MANAGE: true },
    type: outcome('TaskResumed', 'The task, or its paused children, are queued again.'),
    description: 'Queues a paused task again, together with its paused children.',
    args: { id: t.arg.id(id) },
    errors: {
      types: CONTROL_ERRORS,
      union: { name: 'ResumeTaskResult', description: 'The resumed task, or why it was not resumed.' },
    },
    resolve: (_root, args, context) => resumeTask(context, context.viewer, parseRowId('Task', args.id)),
  }),
  prioritizeTask: t.field({
    authScopes: { MANAGE: true },
    type: outcome('TaskPrioritized', 'The task and its active children have the new priority.'),
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
}));

const bulkOutcome = (name: string, description: string) =>
  builder.objectRef<BulkOutcome>(name).implement({
    description,
    fields: (t) => ({
      taskCount: t.exposeInt('taskCount', {
        description:
          'Number of matching tasks that changed. Children that changed with them count only if they match too, as with `root` or `includeChildren`.',
      }),
      sequence: t.string({
        nullable: true,
        description:
          'As `TaskOutcome.sequence`: an update of `taskUpdates` at or after it comes after all of these changes. Null when no task changed.',
        resolve: ({ sequence }) => sequence?.toString() ?? null,
      }),
    }),
  });

const filterLike = (example: string) => ({
  type: TaskFilterInput,
  description: `Only these tasks, for example \`${example}\`; by default all that \`tasks\` lists.`,
});

type FilterInput = typeof TaskFilterInput.$inferInput | null | undefined;

/** As in `tasks`: without a filter, top-level tasks that are not dismissed. */
const toFilter = (input: FilterInput) =>
  toTaskFilter(input, { includeChildren: false, includeDismissed: false });

builder.mutationFields((t) => {
  const args = { filter: t.arg(filterLike('{ kinds: [ALBUM] }')) };
  return {
    cancelAllTasks: t.field({
      authScopes: { MANAGE: true },
      type: bulkOutcome(
        'TasksCancelled',
        'The matching active tasks were canceled, together with their children.',
      ),
      description:
        'Cancel all: stops your active tasks and their children, or those that match a filter; for an admin, everybody’s.',
      args,
      errors: {
        types: [InvalidInputError],
        union: {
          name: 'CancelAllTasksResult',
          description: 'The number of canceled tasks, or what is wrong with the filter.',
        },
      },
      resolve: (_root, { filter }, context) => cancelAllTasks(context, context.viewer, toFilter(filter)),
    }),
    pauseAllTasks: t.field({
      authScopes: { MANAGE: true },
      type: bulkOutcome('TasksPaused', 'The matching tasks, or their waiting children, are paused.'),
      description:
        'Pause all: pauses your waiting tasks and the waiting children of running ones, as `pauseTask` does for one; for an admin, everybody’s. Running tracks finish first, and tasks queued later are not paused.',
      args,
      errors: {
        types: [InvalidInputError],
        union: {
          name: 'PauseAllTasksResult',
          description: 'The number of paused tasks, or what is wrong with the filter.',
        },
      },
      resolve: (_root, { filter }, context) => pauseAllTasks(context, context.viewer, toFilter(filter)),
    }),
    resumeAllTasks: t.field({
      authScopes: { MANAGE: true },
      type: bulkOutcome(
        'TasksResumed',
        'The matching paused tasks, or their paused children, are queued again.',
      ),
      description:
        'Resume all: queues your paused tasks and paused children again, as `resumeTask` does for one; for an admin, everybody’s.',
      args,
      errors: {
        types: [InvalidInputError],
        union: {
          name: 'ResumeAllTasksResult',
          description: 'The number of resumed tasks, or what is wrong with the filter.',
        },
      },
      resolve: (_root, { filter }, context) => resumeAllTasks(context, context.viewer, toFilter(filter)),
    }),
  };
});

builder.mutationFields((t) => {
  const args = { filter: t.arg(filterLike('{ states: [FAILED] }')) };
  return {
    retryAllTasks: t.field({
      authScopes: { MANAGE: true },
      type: bulkOutcome(
        'TasksRetried',
        'The matching failed and canceled tasks, or such children, are queued again.',
      ),
      description:
        'Retry all: queues your failed and canceled tasks again, as `retryTask` does for one; for an admin, everybody’s. With `{ states: [FAILED] }`, only failed ones. Tasks whose item is being downloaded again already are left out.',
      args,
      errors: {
        types: [InvalidInputError],
        union: {
          name: 'RetryAllTasksResult',
          description: 'The number of retried tasks, or what is wrong with the filter.',
        },
      },
      resolve: (_root, { filter }, context) => retryAllTasks(context, context.viewer, toFilter(filter)),
    }),
    dismissAllTasks: t.field({
      authScopes: { MANAGE: true },
      type: bulkOutcome(
        'TasksDismissed',
        'The matching finished tasks were dismissed; they remain in the history.',
      ),
      description:
        'Clear the list: hides your finished tasks from `tasks`; for an admin, everybody’s. Active tasks stay as they are. Dismissed ones remain in `history`, and a retry makes them visible again.',
      args,
      errors: {
        types: [InvalidInputError],
        union: {
          name: 'DismissAllTasksResult',
          description: 'The number of dismissed tasks, or what is wrong with the filter.',
        },
      },
      resolve: (_root, { filter }, context) => dismissAllTasks(context, context.viewer, toFilter(filter)),
    }),
  };
});
