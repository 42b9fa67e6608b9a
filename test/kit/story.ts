import { expect } from 'vitest';
import type { TaskState } from '../../src/tasks/task.js';
import { isFinished } from '../../src/tasks/task.js';
import { QUEUE_DOWNLOAD, TASK } from './documents.js';
import type { QueueDownloadInput, TaskQuery } from '../../src/generated/documents/graphql.js';
import type { TestApp } from './start-app.js';
import { waitFor } from './wait-for.js';

export type SeenTask = NonNullable<TaskQuery['task']>;

/** Queues a download that must be accepted; its task's id. */
export async function queue(app: Pick<TestApp, 'execute'>, input: QueueDownloadInput): Promise<string> {
  const { queueDownload } = await app.execute(QUEUE_DOWNLOAD, { input });
  if (queueDownload.__typename !== 'DownloadQueued') expect.fail(JSON.stringify(queueDownload));
  return queueDownload.task.id;
}

/** Waits until a task has finished, in any state. */
export function ended(app: Pick<TestApp, 'execute'>, id: string, timeoutMs = 25_000): Promise<SeenTask> {
  return reached(app, id, { is: isFinished, what: 'an end', timeoutMs });
}

/** Waits until a task is in a state. */
export function inState(
  app: Pick<TestApp, 'execute'>,
  id: string,
  state: TaskState,
  timeoutMs = 25_000,
): Promise<SeenTask> {
  return reached(app, id, { is: (now) => now === state, what: state, timeoutMs });
}

async function reached(
  app: Pick<TestApp, 'execute'>,
  id: string,
  wanted: { is(state: TaskState): boolean; what: string; timeoutMs: number },
): Promise<SeenTask> {
  let last: SeenTask | null = null;
  return waitFor(
    async () => {
      last = (await app.execute(TASK, { id })).task;
      return last && wanted.is(last.state) ? last : null;
    },
    { timeoutMs: wanted.timeoutMs, what: `${wanted.what} of ${id}` },
  );
}
