import { RestFailure } from '../errors.js';

const UUID = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** To a client a task's id is any text that we gave: one that we never give names no task. Throws RestFailure 404. */
export function knownTaskId(task_id: string): string {
  if (!UUID.test(task_id)) throw unknownTask(task_id);
  return task_id;
}

export function unknownTask(task_id: string): RestFailure {
  return new RestFailure(404, 'Task not found', { task_id });
}
