import { builder } from '../graphql/builder.js';
import { MAX_PAGE, offsetOf, pageSizeOf } from '../graphql/connection.js';
import { pollTasks, type PollAnswer } from './changed-since-store.js';
import { TaskType } from '../tasks/task-type.graphql.js';

/** Who has more at once sees the rest with the next look: a look with `since` gives the earliest changes first. */
const MAX_LIVE = 1_000;

const ChangedTasks = builder.objectRef<PollAnswer>('ChangedTasks').implement({
  description: 'What one look at the tasks has found.',
  fields: (t) => ({
    at: t.expose('at', {
      type: 'DateTime',
      description:
        'Give this as `since` with the next look, and no change is missed; something may come twice.',
    }),
    tasks: t.field({
      type: [TaskType],
      description: 'Live ones first, then a page of those that have ended.',
      resolve: ({ tasks }) => tasks,
    }),
    endedCount: t.exposeInt('endedCount', { description: 'How many have ended, on all pages.' }),
    hasMore: t.exposeBoolean('hasMore', { description: 'Whether more that have ended follow this page.' }),
  }),
});

builder.queryField('changedTasks', (t) =>
  t.field({
    type: ChangedTasks,
    description:
      'For those who poll: your tasks that are no part of another and changed since a time, or of which a part did; without a time, those that are on the lists. One that was dismissed comes once more, with `dismissedAt`. `taskUpdates` tells the same live.',
    args: {
      since: t.arg({ type: 'DateTime', description: 'The `at` of the look before.' }),
      activeOnly: t.arg.boolean({ defaultValue: false, description: 'Only those that have not ended.' }),
      first: t.arg.int({
        defaultValue: 20,
        description: `How many of those that have ended, 1 to ${MAX_PAGE}.`,
      }),
      offset: t.arg.int({ description: 'How many of those that have ended to skip.' }),
    },
    complexity: { field: 1, multiplier: MAX_PAGE },
    resolve: (_root, { since, activeOnly, ...page }, { db, viewer }) =>
      pollTasks(db, viewer, {
        since: since ?? null,
        activeOnly: activeOnly ?? false,
        liveLimit: MAX_LIVE,
        limit: pageSizeOf(page),
        offset: offsetOf(page),
      }),
  }),
);
