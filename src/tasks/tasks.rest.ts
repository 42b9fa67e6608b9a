import { z } from 'zod';
import { graphql } from '../generated/documents/gql.js';
import { RestFailure } from '../rest/errors.js';
import { flag, pageLimit, text, wholeNumber } from '../rest/input.js';
import { route, type AnyRoute } from '../rest/route.js';
import { LIVE_STATES, toWireCounts, toWireTask } from './task-wire.js';

graphql(`
  fragment WirePart on TaskPart {
    kind
    state
    number
    title
    artists
    album
    progress
    attempt
    retryAt
    problem
    updatedAt
  }
`);

graphql(`
  fragment WireTask on Task {
    id
    kind
    state
    title
    artists
    album
    progress
    total
    succeeded
    skipped
    failed
    attempt
    retryAt
    createdAt
    startedAt
    finishedAt
    updatedAt
    error {
      message
    }
    item {
      ... on Node {
        id
      }
    }
    current {
      ...WirePart
    }
    outcomes {
      ...WirePart
    }
  }
`);

graphql(`
  fragment WireCounts on TaskCounts {
    queued
    running
    retrying
    paused
    completed
    skipped
    failed
    cancelled
  }
`);

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
      ...WireTask
      parent {
        kind
        title
        artists
        total
      }
    }
  }
`);

const UUID = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

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
  variables: ({ task_id }) => {
    // To a client a task's id is any text that we gave: one that we never give names no task.
    if (!UUID.test(task_id)) throw new RestFailure(404, 'Task not found', { task_id });
    return { id: task_id };
  },
  respond: ({ task }, { input: { task_id }, base, now }) => {
    if (!task) throw new RestFailure(404, 'Task not found', { task_id });
    return toWireTask(task, { base, now });
  },
});

export const TASK_ROUTES: readonly AnyRoute[] = [list, one];
