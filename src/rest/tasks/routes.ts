import { z } from 'zod';
import { EXAMPLE_TASKS } from '../example-tasks.js';
import { flag, offsetOfPage, pageLimit, unixSeconds, wholeNumber } from '../input.js';
import { toFailure } from '../errors.js';
import { route, type AnyRoute } from '../route.js';
import { plainIdOf } from '../plain-id.js';
import {
  CANCEL_ALL_TASKS,
  CANCEL_TASK,
  CHANGED_TASKS,
  DISMISS_TASK,
  PAUSE_TASK,
  RESUME_TASK,
  RETRY_TASK,
  TASK_BY_ID,
  TASK_LIST,
} from './documents.js';
import {
  cancelledAllSchema,
  cancelledSchema,
  messageSchema,
  taskListSchema,
  taskSchema,
  taskUpdatesSchema,
} from './schemas.js';
import {
  ACTIVE_STATES,
  requireTaskId,
  serializeCancelled,
  serializeChanges,
  serializeCounts,
  serializeTask,
  taskNotFound,
  toUnixSeconds,
} from './serialize.js';
import { taskAction, taskInput } from './task-action.js';

/** The first page holds all active tasks up to this number; any more follow on the next pages. */
const MAX_ACTIVE = 1_000;

const pageNumber = wholeNumber({ min: 1, max: 10_000_000 })
  .default(1)
  .describe('Number of the page, from 1, of the tasks that are not active.');
const activeOnly = flag(false).describe('Whether to leave out finished tasks.');

const list = route({
  path: '/prgs/list',
  docs: {
    summary: 'List tasks, active ones first.',
    description:
      'The first page has all active tasks, up to 1,000, even if that is more than `limit`; the following pages have the others, newest first.',
    response: taskListSchema,
    example: { page: 1, limit: 10 },
  },
  input: z.object({ page: pageNumber, limit: pageLimit(50, 100), active_only: activeOnly }),
  document: TASK_LIST,
  variables: ({ page, limit, active_only }) => ({
    limit,
    offset: offsetOfPage({ page, limit }),
    activeUpTo: MAX_ACTIVE,
    states: active_only ? ACTIVE_STATES : null,
  }),
  respond: ({ activeFirstTasks, taskCounts }, { input: { page, limit }, base, now }) => {
    const counts = serializeCounts(taskCounts);
    const { edges, pageInfo, totalCount: total } = activeFirstTasks;
    const onFirstPage = Math.max(limit, Math.min(counts.active_tasks, MAX_ACTIVE));
    return {
      tasks: edges.map(({ node }) => serializeTask(node, { base, now })),
      pagination: {
        page,
        limit,
        total_items: total,
        total_pages: total === 0 ? 0 : 1 + Math.ceil(Math.max(0, total - onFirstPage) / limit),
        has_more: pageInfo.hasNextPage,
        active_tasks: counts.active_tasks,
        total_other_tasks: counts.all_tasks_count - counts.active_tasks,
      },
      total_tasks: total,
      ...counts,
      timestamp: now.getTime() / 1000,
    };
  },
});

const updates = route({
  path: '/prgs/updates',
  docs: {
    summary: 'List tasks changed since a time, or active tasks and a page of others if `since` is omitted.',
    description:
      'Send `current_timestamp` of one response as `since` of the next request: no change is missed. `/prgs/stream` does the same without polling.',
    response: taskUpdatesSchema,
    example: { since: 1_767_225_600, limit: 10 },
  },
  input: z.object({
    since: unixSeconds()
      .optional()
      .describe('Unix seconds, fractions allowed; only tasks that changed later are listed.'),
    page: pageNumber,
    limit: pageLimit(20, 100),
    active_only: activeOnly,
  }),
  document: CHANGED_TASKS,
  variables: ({ since, page, limit, active_only: activeOnly }) => ({
    // Rounded down to a millisecond: rounded up, it could skip a change.
    since: since === undefined ? null : new Date(Math.floor(since * 1_000)).toISOString(),
    activeOnly,
    limit,
    offset: offsetOfPage({ page, limit }),
  }),
  respond: ({ changedTasks, taskCounts }, { input: { since, page, limit, active_only }, base, now }) => {
    const { tasks, at, finishedCount, hasMore } = changedTasks;
    const counts = serializeCounts(taskCounts);
    return {
      ...serializeChanges(tasks, { base, now }),
      current_timestamp: toUnixSeconds(at),
      ...(since !== undefined && { since_timestamp: since }),
      total_tasks: active_only ? counts.active_tasks : counts.all_tasks_count,
      ...counts,
      updated_count: tasks.length,
      pagination: {
        page,
        limit,
        total_non_active: finishedCount,
        has_more: hasMore,
        returned_non_active: tasks.filter(({ finishedAt }) => finishedAt !== null).length,
      },
    };
  },
});

const one = route({
  path: '/prgs/{task_id}',
  docs: {
    summary: 'Show one task.',
    description: '`status` and `last_line` say how far it is, `summary` how it ended.',
    response: taskSchema,
    example: { task_id: EXAMPLE_TASKS.finishedAlbum },
    errors: [404],
  },
  input: taskInput,
  document: TASK_BY_ID,
  variables: ({ task_id }) => ({ id: requireTaskId(task_id) }),
  respond: ({ task }, { input: { task_id }, base, now }) => {
    if (!task) throw taskNotFound(task_id);
    return serializeTask(task, { base, now });
  },
});

const cancel = taskAction({
  path: '/prgs/cancel/{task_id}',
  docs: {
    summary: 'Cancel a task and its children.',
    description:
      'A track stops within seconds and leaves no partial file. A task that has finished stays as it is: 409.',
    response: cancelledSchema,
    example: { task_id: EXAMPLE_TASKS.queued },
  },
  document: CANCEL_TASK,
  respond: serializeCancelled,
});

const dismiss = taskAction({
  methods: ['DELETE'],
  path: '/prgs/delete/{task_id}',
  docs: {
    summary: 'Remove a task from the list, canceling it first if it is active. It remains in the history.',
    description: 'Downloaded files stay where they are.',
    response: messageSchema,
    example: { task_id: EXAMPLE_TASKS.failed },
    errors: [404],
  },
  document: DISMISS_TASK,
  respond: ({ id }) => ({
    message: `Task ${plainIdOf(id)} was removed from the list. It remains in the history.`,
  }),
});

const retry = taskAction({
  path: '/prgs/retry/{task_id}',
  docs: {
    summary: 'Queue a failed or canceled task again, or the failed and canceled children of a task.',
    description: 'It keeps its id and its options. A task in any other state stays as it is: 409.',
    response: taskSchema,
    example: { task_id: EXAMPLE_TASKS.failed },
  },
  document: RETRY_TASK,
  respond: serializeTask,
});

const pause = taskAction({
  path: '/prgs/pause/{task_id}',
  docs: {
    summary: 'Pause a queued task, or the queued children of a task.',
    description:
      'Children that are running go on. A paused task waits until it is resumed; a task in any other state stays as it is: 409.',
    response: taskSchema,
    example: { task_id: EXAMPLE_TASKS.queued },
  },
  document: PAUSE_TASK,
  respond: serializeTask,
});

const resume = taskAction({
  path: '/prgs/resume/{task_id}',
  docs: {
    summary: 'Queue a paused task again, or the paused children of a task.',
    description: 'A task that is not paused stays as it is: 409.',
    response: taskSchema,
    example: { task_id: EXAMPLE_TASKS.paused },
  },
  document: RESUME_TASK,
  respond: serializeTask,
});

const cancelAll = route({
  methods: ['POST'],
  path: '/prgs/cancel/all',
  docs: {
    summary: 'Cancel all your active tasks; for admins, those of all users.',
    description:
      'Finished tasks stay as they are. `cancelled_count` is the number of tasks that were canceled.',
    response: cancelledAllSchema,
    example: {},
  },
  input: z.object({}),
  document: CANCEL_ALL_TASKS,
  variables: () => ({}),
  respond: ({ result }) => {
    if (result.__typename !== 'TasksCancelled') throw toFailure(result);
    const { taskCount: count } = result;
    return {
      message: count === 1 ? 'Cancelled 1 task.' : `Cancelled ${count} tasks.`,
      cancelled_count: count,
      errors: [],
    };
  },
});

export const TASK_ROUTES: readonly AnyRoute[] = [
  list,
  updates,
  one,
  cancel,
  cancelAll,
  dismiss,
  retry,
  pause,
  resume,
];
