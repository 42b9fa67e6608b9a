import { builder } from '../graphql/builder.js';
import { readHorizon } from '../database/sequence.js';
import { parseSequence } from './task-snapshot.js';
import type { TaskNews } from './task-event.js';
import type { TaskCounts } from '../tasks/task-counter.js';
import { TaskType } from '../tasks/task-type.graphql.js';
import { TaskFilterInput, toTaskFilter } from '../tasks/tasks.graphql.js';
import { TASK_STATES, type TaskState } from '../tasks/task.js';

const TaskCountsType = builder.objectRef<TaskCounts>('TaskCounts').implement({
  description: 'How many of your tasks are in each state (an admin’s: everybody’s), each list counted once.',
  fields: (t) =>
    Object.fromEntries(
      TASK_STATES.map((state) => [
        state.toLowerCase() as Lowercase<TaskState>,
        t.int({ description: `Tasks that are ${state}.`, resolve: (counts) => counts[state] }),
      ]),
    ),
});

builder.queryField('taskCounts', (t) =>
  t.field({
    type: TaskCountsType,
    description: 'How many tasks there are in each state, without those that were dismissed.',
    resolve: (_root, _args, { taskCounter, viewer }) => taskCounter.count(viewer),
  }),
);

builder.queryField('taskSequence', (t) =>
  t.string({
    description:
      'The mark of this moment. Read it first, then tasks: with it as `since`, `taskUpdates` misses nothing that came after.',
    resolve: async (_root, _args, { db }) => (await readHorizon(db)).toString(),
  }),
);

const TaskUpdateType = builder.objectRef<TaskNews>('TaskUpdate').implement({
  description: 'A task as it was at one moment.',
  fields: (t) => ({
    sequence: t.exposeString('sequence', {
      description: 'Give the latest as `since` to go on from here without a gap; something may come twice.',
    }),
    initial: t.exposeBoolean('initial', {
      description:
        'Whether this is part of the snapshot that a subscription starts with, rather than a change.',
    }),
    task: t.field({ type: TaskType, description: 'The task.', resolve: (news) => news.task }),
    counts: t.field({
      type: TaskCountsType,
      description: 'How many tasks there are in each state now.',
      resolve: (_news, _args, { taskCounter, viewer }) => taskCounter.count(viewer),
    }),
  }),
});

builder.subscriptionField('taskUpdates', (t) =>
  t.field({
    type: TaskUpdateType,
    description:
      'Tasks as they change. It starts with a snapshot: all that are live, or all that changed after `since`. One that was dismissed comes once more, with `dismissedAt`. A reader that is too slow gets the latest state of each task and every end; one that does not read is closed.',
    args: {
      filter: t.arg({ type: TaskFilterInput, description: 'Which tasks.' }),
      since: t.arg.string({ description: 'The `sequence` of the last update that was seen.' }),
    },
    subscribe: (_root, { filter, since }, { feed, viewer }) =>
      feed.subscribe({
        viewer,
        filter: toTaskFilter(filter, { includeChildren: true, includeDismissed: true }),
        since: since ? parseSequence(since) : null,
      }),
    resolve: (news: TaskNews) => news,
  }),
);
