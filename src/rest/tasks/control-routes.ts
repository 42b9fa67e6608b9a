import { z } from 'zod';
import { graphql } from '../../generated/documents/gql.js';
import { RestFailure, toFailure, type UnionFailure } from '../errors.js';
import { EXAMPLE_TASKS } from '../example-tasks.js';
import { text } from '../input.js';
import { route, type AnyRoute, type RouteDocs } from '../route.js';
import { wireIdOf } from '../wire-id.js';
import { knownTaskId, unknownTask } from './task-id.js';
import type { TaskToShow } from './serialize-line.js';
import { taskShape } from './schemas.js';
import { toWireTask } from './serialize.js';

const CANCEL = graphql(`
  mutation RestCancelTask($id: ID!) {
    cancelTask(id: $id) {
      __typename
      ... on TaskCancelled {
        task {
          id
        }
      }
      ... on Error {
        code
        message
      }
    }
  }
`);

const CANCEL_ALL = graphql(`
  mutation RestCancelAllTasks {
    cancelAllTasks {
      ... on TasksCancelled {
        count
      }
    }
  }
`);

const DISMISS = graphql(`
  mutation RestDismissTask($id: ID!) {
    dismissTask(id: $id) {
      __typename
      ... on TaskDismissed {
        task {
          id
        }
      }
      ... on Error {
        code
        message
      }
    }
  }
`);

const RETRY = graphql(`
  mutation RestRetryTask($id: ID!) {
    result: retryTask(id: $id) {
      __typename
      ... on TaskRetried {
        task {
          ...WireTaskAlone
        }
      }
      ... on Error {
        code
        message
      }
      ... on DuplicateDownload {
        existingTask {
          id
        }
      }
    }
  }
`);

const PAUSE = graphql(`
  mutation RestPauseTask($id: ID!) {
    result: pauseTask(id: $id) {
      __typename
      ... on TaskPaused {
        task {
          ...WireTaskAlone
        }
      }
      ... on Error {
        code
        message
      }
    }
  }
`);

const RESUME = graphql(`
  mutation RestResumeTask($id: ID!) {
    result: resumeTask(id: $id) {
      __typename
      ... on TaskResumed {
        task {
          ...WireTaskAlone
        }
      }
      ... on Error {
        code
        message
      }
    }
  }
`);

const input = z.object({ task_id: text() });
const variables = ({ task_id }: z.infer<typeof input>) => ({ id: knownTaskId(task_id) });

interface Asked {
  input: z.infer<typeof input>;
  base: string;
  now: Date;
}

const cancel = route({
  methods: ['POST'],
  path: '/prgs/cancel/{task_id}',
  docs: {
    summary: 'Cancel a task with all its parts.',
    answer: z.strictObject({ status: z.literal('cancelled'), task_id: z.uuid() }),
    example: { task_id: EXAMPLE_TASKS.queued },
    errors: [404, 409],
  },
  input,
  document: CANCEL,
  variables,
  respond: ({ cancelTask: result }, { input: { task_id } }) => {
    if (result.__typename !== 'TaskCancelled') throw toTaskFailure(result, task_id);
    return { status: 'cancelled', task_id: wireIdOf(result.task.id) };
  },
});

const cancelAll = route({
  methods: ['POST'],
  path: '/prgs/cancel/all',
  docs: {
    summary: 'Cancel all your live tasks; an admin’s: everybody’s.',
    answer: z.strictObject({ message: z.string(), cancelled_count: z.int(), errors: z.array(z.string()) }),
    example: {},
  },
  input: z.object({}),
  document: CANCEL_ALL,
  variables: () => ({}),
  respond: ({ cancelAllTasks: { count } }) => ({
    message: count === 1 ? 'Cancelled 1 task.' : `Cancelled ${count} tasks.`,
    cancelled_count: count,
    errors: [],
  }),
});

const remove = route({
  methods: ['DELETE'],
  path: '/prgs/delete/{task_id}',
  docs: {
    summary: 'Take a task off the lists, and cancel it first if it is live; it stays in history.',
    answer: z.strictObject({ message: z.string() }),
    example: { task_id: EXAMPLE_TASKS.failed },
    errors: [404],
  },
  input,
  document: DISMISS,
  variables,
  respond: ({ dismissTask: result }, { input: { task_id } }) => {
    if (result.__typename !== 'TaskDismissed') throw toTaskFailure(result, task_id);
    return { message: `Task ${wireIdOf(result.task.id)} is off the list. It stays in the history.` };
  },
});

const taskDocs = (summary: string, task_id: string): RouteDocs => ({
  summary,
  answer: taskShape,
  example: { task_id },
  errors: [404, 409],
});

const retry = route({
  methods: ['POST'],
  path: '/prgs/retry/{task_id}',
  docs: taskDocs('Queue a task once more; of a list what failed or was cancelled.', EXAMPLE_TASKS.failed),
  input,
  document: RETRY,
  variables,
  respond: ({ result }, asked: Asked) => {
    if (result.__typename === 'TaskRetried') return shown(result.task, asked);
    if (result.__typename !== 'DuplicateDownload') throw toTaskFailure(result, asked.input.task_id);
    throw new RestFailure(409, 'Duplicate download detected.', {
      details: result.message,
      existing_task: wireIdOf(result.existingTask.id),
      task_id: asked.input.task_id,
    });
  },
});

const pause = route({
  methods: ['POST'],
  path: '/prgs/pause/{task_id}',
  docs: taskDocs('Keep a task from being started, or what of a list waits.', EXAMPLE_TASKS.queued),
  input,
  document: PAUSE,
  variables,
  respond: ({ result }, asked: Asked) => {
    if (result.__typename === 'TaskPaused') return shown(result.task, asked);
    throw toTaskFailure(result, asked.input.task_id);
  },
});

const resume = route({
  methods: ['POST'],
  path: '/prgs/resume/{task_id}',
  docs: taskDocs('Queue a paused task again, or what of a list is paused.', EXAMPLE_TASKS.paused),
  input,
  document: RESUME,
  variables,
  respond: ({ result }, asked: Asked) => {
    if (result.__typename === 'TaskResumed') return shown(result.task, asked);
    throw toTaskFailure(result, asked.input.task_id);
  },
});

function shown(task: TaskToShow, { base, now }: Asked): object {
  return toWireTask(task, { base, now });
}

function toTaskFailure(failure: UnionFailure, task_id: string): RestFailure {
  const { status, message } = toFailure(failure);
  return status === 404 ? unknownTask(task_id) : new RestFailure(status, message, { task_id });
}

export const TASK_CONTROL_ROUTES: readonly AnyRoute[] = [cancel, cancelAll, remove, retry, pause, resume];
