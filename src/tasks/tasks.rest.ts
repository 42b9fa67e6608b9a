import { z } from 'zod';
import { graphql } from '../generated/documents/gql.js';
import { flag, pageLimit, text, wholeNumber } from '../rest/input.js';
import { route, type AnyRoute } from '../rest/route.js';
import { knownTaskId, unknownTask } from './task-id-wire.js';
import { LIVE_STATES, toWireCounts, toWireTask } from './task-wire.js';

const TASK_LIST = graphql(`
  query RestTaskList($limit: Int!, $offset: Int!, $states: [TaskState!]) {
    tasks(filter: { states: $states }, orderBy: ACTIVE_FIRST, first: $limit, offset: $offset) {
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

const list = route({
  path: '/prgs/list',
  input: z.object({
    page: wholeNumber({ min: 1, max: 10_000_000 }).default(1),
    limit: pageLimit(50, 100),
    active_only: flag(false),
  }),
  document: TASK_LIST,
  variables: ({ page, limit, active_only }) => ({
    limit,
    offset: (page - 1) * limit,
    states: active_only ? LIVE_STATES : null,
  }),
  respond: ({ tasks, taskCounts }, { input: { page, limit, active_only }, base, now }) => {
    const counts = toWireCounts(taskCounts);
    const total = active_only ? counts.active_tasks : counts.all_tasks_count;
    return {
      tasks: tasks.edges.map(({ node }) => toWireTask(node, { base, now })),
      pagination: {
        page,
        limit,
        total_items: total,
        total_pages: Math.ceil(total / limit),
        has_more: page * limit < total,
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
  input: z.object({ task_id: text() }),
  document: ONE_TASK,
  variables: ({ task_id }) => ({ id: knownTaskId(task_id) }),
  respond: ({ task }, { input: { task_id }, base, now }) => {
    if (!task) throw unknownTask(task_id);
    return toWireTask(task, { base, now });
  },
});

export const TASK_ROUTES: readonly AnyRoute[] = [list, one];
