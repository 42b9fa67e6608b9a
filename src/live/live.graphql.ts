import { parseSequence } from '../database/sequence.js';
import { builder } from '../graphql/builder.js';
import type { TaskCounts } from '../tasks/task-counter.js';
import { TaskType } from '../tasks/task-type.graphql.js';
import { TASK_STATES, type TaskState } from '../tasks/task.js';
import { TaskFilterInput, toTaskFilter } from '../tasks/tasks.graphql.js';
import type { TaskUpdate } from './task-feed.js';

const TaskCountsType = builder.objectRef<TaskCounts>('TaskCounts').implement({
  description:
    'Number of tasks in each state: your own, or everybody’s for an admin. An album, playlist or artist counts as one.',
  fields: (t) =>
    Object.fromEntries(
      TASK_STATES.map((state) => [
        state.toLowerCase() as Lowercase<TaskState>,
        t.int({
          description: `Number of tasks in the state ${state}.`,
          resolve: (counts) => counts[state],
        }),
      ]),
    ),
});

builder.queryField('taskCounts', (t) =>
  t.field({
    type: TaskCountsType,
    description: 'Number of tasks in each state, without dismissed tasks.',
    resolve: (_root, _args, { taskCounter, viewer }) => taskCounter.count(viewer),
  }),
);

const TaskUpdateType = builder.objectRef<TaskUpdate>('TaskUpdate').implement({
  description: 'A task as it was when it changed.',
  fields: (t) => ({
    sequence: t.exposeString('sequence', {
      description:
        'Position of this update. Pass the latest one as `since` to resume without a gap; some updates may be repeated.',
    }),
    initial: t.exposeBoolean('initial', {
      description: 'True for the snapshot that a subscription starts with, false for a change.',
    }),
    coalesced: t.exposeBoolean('coalesced', {
      description:
        'True when you read too slowly to be sent every change: the task has changed more often than the updates show, and this is its latest state.',
    }),
    task: t.field({
      type: TaskType,
      description: 'The task with its state at that moment.',
      resolve: ({ task }) => task,
    }),
    counts: t.field({
      type: TaskCountsType,
      description: 'Number of tasks in each state at the time of this update.',
      resolve: (_update, _args, { taskCounter, viewer }) => taskCounter.count(viewer),
    }),
  }),
});

builder.subscriptionField('taskUpdates', (t) =>
  t.field({
    type: TaskUpdateType,
    description:
      'Tasks as they change, after a snapshot of all active tasks, or of all that changed since `since`. To follow one download to its end, pass its task as `root` in `filter`, and `untilFinished: true`. A slow reader gets the latest state of each task (see `coalesced`) and every finished one; a reader that stops reading is disconnected.',
    args: {
      filter: t.arg({
        type: TaskFilterInput,
        description: 'Which tasks to follow; by default all that you may see.',
      }),
      since: t.arg.string({
        description:
          'The `sequence` of the last update you received, to resume after a disconnect. One that the server has not reached is refused.',
      }),
      untilFinished: t.arg.boolean({
        defaultValue: false,
        description:
          'Whether the stream completes once every task that `ids` or `root` of the filter names is finished or was deleted. The snapshot then has those that are finished already. A retry afterwards needs a new subscription.',
      }),
    },
    subscribe: (_root, { filter, since, untilFinished }, { feed, viewer, signal }) =>
      feed.subscribe({
        viewer,
        signal,
        filter: toTaskFilter(filter, { includeChildren: true, includeDismissed: true }),
        since: typeof since === 'string' ? parseSequence(since) : null,
        untilFinished: untilFinished ?? false,
      }),
    resolve: (update: TaskUpdate) => update,
  }),
);
