import { z } from 'zod';
import { graphql } from '../../generated/documents/gql.js';
import { EXAMPLE_TASKS } from '../example-tasks.js';
import { flag, pageLimit, text, wholeNumber } from '../input.js';
import { route, type AnyRoute } from '../route.js';
import { knownTaskId, unknownTask } from './task-id.js';
import { countsShape, taskShape } from './schemas.js';
import { LIVE_STATES, toWireCounts, toWireTask } from './serialize.js';

const TASK_LIST = graphql(`
  query RestTaskList($limit: Int!, $offset: Int!, $activeUpTo: Int!, $states: [TaskState!]) {
    tasks(
      filter: { states: $states }
      orderBy: ACTIVE_FIRST
      first: $limit
      offset: $offset
      activeUpTo: $activeUpTo
    ) {
      totalCount
      pageInfo {
        hasNextPage
      }
      edges {
        node {
          ...WireTask
        }
      }
    }
    taskCounts {
      ...WireCounts
    }
  }
`);

const ONE_TASK = graphql(`
  query RestTask($id: ID!) {
    task(id: $id) {
      ...WireTaskAlone
    }
  }
`);

/** The first page holds all active tasks; who has more than this at once sees the rest on the next. */
const MAX_ACTIVE = 1_000;

const list = route({
  path: '/prgs/list',
  docs: {
    summary: 'List tasks: those that are live, then those that have ended.',
    answer: z.object({
      tasks: z.array(taskShape),
      pagination: z.object({
        page: z.int(),
        limit: z.int(),
        total_items: z.int(),
        total_pages: z.int(),
        has_more: z.boolean(),
        active_tasks: z.int(),
        total_other_tasks: z.int(),
      }),
      total_tasks: z.int(),
      ...countsShape,
      timestamp: z.number(),
    }),
    example: { page: 1, limit: 10 },
  },
  input: z.object({
    page: wholeNumber({ min: 1, max: 10_000_000 }).default(1),
    limit: pageLimit(50, 100),
    active_only: flag(false),
  }),
  document: TASK_LIST,
  variables: ({ page, limit, active_only }) => ({
    limit,
    offset: (page - 1) * limit,
    activeUpTo: MAX_ACTIVE,
    states: active_only ? LIVE_STATES : null,
  }),
  respond: ({ tasks, taskCounts }, { input: { page, limit }, base, now }) => {
    const counts = toWireCounts(taskCounts);
    const { edges, pageInfo, totalCount: total } = tasks;
    const onFirstPage = Math.max(limit, Math.min(counts.active_tasks, MAX_ACTIVE));
    return {
      tasks: edges.map(({ node }) => toWireTask(node, { base, now })),
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

const one = route({
  path: '/prgs/{task_id}',
  docs: {
    summary: 'Show one task.',
    answer: taskShape,
    example: { task_id: EXAMPLE_TASKS.finishedAlbum },
    errors: [404],
  },
  input: z.object({ task_id: text() }),
  document: ONE_TASK,
  variables: ({ task_id }) => ({ id: knownTaskId(task_id) }),
  respond: ({ task }, { input: { task_id }, base, now }) => {
    if (!task) throw unknownTask(task_id);
    return toWireTask(task, { base, now });
  },
});

export const TASK_ROUTES: readonly AnyRoute[] = [list, one];
