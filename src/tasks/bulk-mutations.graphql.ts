import { builder } from '../graphql/builder.js';
import { InvalidInputError } from '../lib/errors.js';
import {
  cancelAllTasks,
  dismissAllTasks,
  pauseAllTasks,
  resumeAllTasks,
  retryAllTasks,
  type BulkOutcome,
} from './control-all-tasks.js';
import { TaskFilterInput, toTaskFilter } from './tasks.graphql.js';

const outcome = (name: string, description: string) =>
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

type FilterInput = typeof TaskFilterInput.$inferInput | null | undefined;

/** As in `tasks`: without a filter, top-level tasks that are not dismissed. */
const toFilter = (input: FilterInput) =>
  toTaskFilter(input, { includeChildren: false, includeDismissed: false });

builder.mutationFields((t) => {
  const args = {
    filter: t.arg({
      type: TaskFilterInput,
      description: 'Only these tasks, for example `{ kinds: [ALBUM] }`; by default all that `tasks` lists.',
    }),
  };
  return {
    cancelAllTasks: t.field({
      type: outcome(
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
      type: outcome('TasksPaused', 'The matching tasks, or their waiting children, are paused.'),
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
      type: outcome('TasksResumed', 'The matching paused tasks, or their paused children, are queued again.'),
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
  const args = {
    filter: t.arg({
      type: TaskFilterInput,
      description: 'Only these tasks, for example `{ states: [FAILED] }`; by default all that `tasks` lists.',
    }),
  };
  return {
    retryAllTasks: t.field({
      type: outcome(
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
      type: outcome(
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
