import { z } from 'zod';
import type { TypedDocumentString } from '../../generated/documents/graphql.js';
import { taskId } from '../input.js';
import { route, type AnyRoute, type Method, type RouteDocs } from '../route.js';
import { requireTaskId, toTaskFailure, type TaskActionFailure } from './serialize.js';

export const taskInput = z.object({ task_id: taskId() }).describe('Which task it is about.');

interface TaskAction<Task> {
  /** Default: POST. */
  methods?: readonly Method[];
  path: `/${string}`;
  /** Default of `errors`: 404 and 409. */
  docs: RouteDocs;
  document: TypedDocumentString<{ result: { task: Task } | TaskActionFailure }, { id: string }>;
  respond: (task: Task, at: { base: string; now: Date }) => object;
}

/** The route of a mutation of one task, wherever its path is. */
export function taskAction<Task>({ docs, respond, ...spec }: TaskAction<Task>): AnyRoute {
  return route({
    methods: ['POST'],
    ...spec,
    docs: { errors: [404, 409], ...docs },
    input: taskInput,
    variables: ({ task_id }) => ({ id: requireTaskId(task_id) }),
    respond: ({ result }, { input: { task_id }, base, now }) => {
      if ('task' in result) return respond(result.task, { base, now });
      throw toTaskFailure(result, task_id);
    },
  });
}
