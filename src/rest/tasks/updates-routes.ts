import { z } from 'zod';
import { graphql } from '../../generated/documents/gql.js';
import { flag, pageLimit, unixSeconds, wholeNumber } from '../input.js';
import { route, type AnyRoute } from '../route.js';
import { secondsOf } from './serialize-line.js';
import { countsShape, deletedShape, taskShape } from './schemas.js';
import { toWireChanges, toWireCounts } from './serialize.js';

const CHANGED = graphql(`
  query RestChangedTasks($since: DateTime, $activeOnly: Boolean!, $limit: Int!, $offset: Int!) {
    changedTasks(since: $since, activeOnly: $activeOnly, first: $limit, offset: $offset) {
      at
      endedCount
      hasMore
      tasks {
        ...WireTask
      }
    }
    taskCounts {
      ...WireCounts
    }
  }
`);

const updates = route({
  path: '/prgs/updates',
  docs: {
    summary: 'List tasks that changed since a time; without one, those that are live, and a page of others.',
    answer: z.object({
      tasks: z.array(taskShape),
      deleted_tasks: deletedShape,
      current_timestamp: z
        .number()
        .meta({ description: 'Give it as `since` next time, and no change is missed.' }),
      since_timestamp: z.number().optional(),
      total_tasks: z.int(),
      ...countsShape,
      updated_count: z.int(),
      pagination: z.object({
        page: z.int(),
        limit: z.int(),
        total_non_active: z.int(),
        has_more: z.boolean(),
        returned_non_active: z.int(),
      }),
    }),
    example: { since: 1_767_225_600, limit: 10 },
  },
  input: z.object({
    since: unixSeconds().optional(),
    page: wholeNumber({ min: 1, max: 10_000_000 }).default(1),
    limit: pageLimit(20, 100),
    active_only: flag(false),
  }),
  document: CHANGED,
  variables: ({ since, page, limit, active_only: activeOnly }) => ({
    // Down to the millisecond: up, it could pass a change.
    since: since === undefined ? null : new Date(Math.floor(since * 1_000)).toISOString(),
    activeOnly,
    limit,
    offset: (page - 1) * limit,
  }),
  respond: ({ changedTasks, taskCounts }, { input: { since, page, limit, active_only }, base, now }) => {
    const { tasks, at, endedCount, hasMore } = changedTasks;
    const counts = toWireCounts(taskCounts);
    return {
      ...toWireChanges(tasks, { base, now }),
      current_timestamp: secondsOf(at),
      ...(since !== undefined && { since_timestamp: since }),
      total_tasks: active_only ? counts.active_tasks : counts.all_tasks_count,
      ...counts,
      updated_count: tasks.length,
      pagination: {
        page,
        limit,
        total_non_active: endedCount,
        has_more: hasMore,
        returned_non_active: tasks.filter(({ finishedAt }) => finishedAt !== null).length,
      },
    };
  },
});

export const TASK_UPDATES_ROUTES: readonly AnyRoute[] = [updates];
