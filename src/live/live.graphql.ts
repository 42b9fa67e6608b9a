import { parseSequence, readSequence } from '../database/sequence.js';
import { builder } from '../graphql/builder.js';
import { MAX_PAGE, offsetOf, pageComplexity, pageSizeOf, readPage } from '../graphql/connection.js';
import type { TaskCounts } from '../tasks/task-counter.js';
import { TaskType } from '../tasks/task-type.graphql.js';
import { TASK_STATES, type TaskState } from '../tasks/task.js';
import { TaskFilterInput, toTaskFilter } from '../tasks/tasks.graphql.js';
import { pollTasks, type PollResult } from './live-store.js';
import type { TaskUpdate } from './task-feed.js';

/** The next polls return the others: the earliest changes come first. */
const MAX_ACTIVE = 1_000;

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

builder.queryField('taskSequence', (t) =>
  t.string({
    description:
      'The current position in the stream of task changes. Read it before you read tasks, then pass it as `since` to `taskUpdates` to miss no change in between.',
    resolve: async (_root, _args, { db }) => (await readSequence(db)).toString(),
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
      'Tasks as they change, after a snapshot of all active tasks, or of all that changed since `since`. A slow reader gets the latest state of each task and every finished one; a reader that stops reading is disconnected.',
    args: {
      filter: t.arg({
        type: TaskFilterInput,
        description: 'Which tasks to follow; by default all that you may see.',
      }),
      since: t.arg.string({
        description: 'The `sequence` of the last update you received, to resume after a disconnect.',
      }),
    },
    subscribe: (_root, { filter, since }, { feed, viewer, signal }) =>
      feed.subscribe({
        viewer,
        signal,
        filter: toTaskFilter(filter, { includeChildren: true, includeDismissed: true }),
        since: since ? parseSequence(since) : null,
      }),
    resolve: (update: TaskUpdate) => update,
  }),
);

const ChangedTasks = builder.objectRef<PollResult>('ChangedTasks').implement({
  description: 'Result of one poll for changed tasks.',
  fields: (t) => ({
    at: t.expose('at', {
      type: 'DateTime',
      description: 'Pass this as `since` in the next poll to miss no change; some changes may be repeated.',
    }),
    tasks: t.field({
      type: [TaskType],
      description: 'All active tasks, then one page of finished tasks.',
      resolve: ({ tasks }) => tasks,
    }),
    finishedCount: t.exposeInt('finishedCount', {
      description: 'Number of finished tasks on all pages.',
    }),
    hasMore: t.exposeBoolean('hasMore', {
      description: 'Whether more finished tasks follow this page.',
    }),
  }),
});

builder.queryField('changedTasks', (t) =>
  t.field({
    type: ChangedTasks,
    description:
      'Top-level tasks that changed, or had a child change, since `since`, dismissed ones included; without it, all tasks that are not dismissed. Meant for polling; prefer `taskUpdates`.',
    args: {
      since: t.arg({ type: 'DateTime', description: 'The `at` of your previous poll.' }),
      activeOnly: t.arg.boolean({ defaultValue: false, description: 'Leaves out finished tasks.' }),
      first: t.arg.int({
        defaultValue: 20,
        description: `Number of finished tasks to return, 1 to ${MAX_PAGE}.`,
      }),
      offset: t.arg.int({ description: 'Number of finished tasks to skip.' }),
    },
    complexity: ({ offset }) => ({ ...pageComplexity({ offset }), multiplier: MAX_PAGE }),
    resolve: (_root, { since, activeOnly, ...page }, context) => {
      const poll = {
        since: since ?? null,
        activeOnly: activeOnly ?? false,
        activeLimit: MAX_ACTIVE,
        limit: pageSizeOf(page),
        offset: offsetOf(page),
      };
      return readPage(context, poll, (db) => pollTasks(db, context.viewer, poll));
    },
  }),
);
