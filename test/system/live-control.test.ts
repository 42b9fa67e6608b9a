import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Task } from '../../src/tasks/task.js';
import {
  CANCEL_ALL_TASKS,
  CANCEL_TASK,
  DISMISS_TASK,
  PAUSE_TASK,
  PRIORITIZE_TASK,
  RESUME_TASK,
  RETRY_TASK,
} from '../kit/documents.js';
import { followStream, type FollowedStream } from '../kit/follow-stream.js';
import { followTasks, type Followed } from '../kit/follow-tasks.js';
import { seedTasks } from '../kit/seed-tasks.js';
import { startApp, type TestApp } from '../kit/start-app.js';
import { waitFor } from '../kit/wait-for.js';
import { joinApp } from './join-app.js';

/** Two servers of one database, and on each a reader over WebSocket and one over SSE. */
let apps: TestApp[];
let sockets: Followed[];
let streams: FollowedStream[];

beforeAll(async () => {
  const first = await startApp({ env: { role: 'api' } });
  apps = [first, await joinApp(first, { env: { role: 'api' } })];
  sockets = apps.map((app) => followTasks(app, {}));
  streams = await Promise.all(apps.map((app) => followStream(app)));
  await waitFor(() => apps.every((app) => app.deps.feed.readerCount() === 3), { what: 'all to follow' });
});

afterAll(async () => {
  for (const reader of [...sockets, ...streams]) reader.stop();
  for (const app of apps.toReversed()) await app.stop();
});

const here = () => apps[0] as TestApp;
const seed = async (data: Parameters<typeof seedTasks>[1][number]) =>
  (await seedTasks(here(), [data]))[0] ?? '';

type Verb = (id: string) => Promise<unknown>;
const post =
  (verb: string): Verb =>
  async (id) => {
    expect(await here().rest('POST', `/prgs/${verb}/${id}`)).toMatchObject({ status: 200 });
  };

interface Story {
  verb: string;
  from: Partial<Task>;
  act: Verb;
  /** The update that a WebSocket receives for the task. */
  update: object;
  /** The status that a stream shows it with; null: as deleted. */
  status: string | null;
}

const WAITS = { state: 'QUEUED' } as const;
const FAILED = { state: 'FAILED', errorCode: 'NO_SOURCE', errorMessage: 'Nobody has it.' } as const;

const STORIES: Story[] = [
  {
    verb: 'cancelTask',
    from: WAITS,
    act: (id) => here().execute(CANCEL_TASK, { id }),
    update: { state: 'CANCELLED' },
    status: 'cancelled',
  },
  {
    verb: 'POST /prgs/cancel',
    from: WAITS,
    act: post('cancel'),
    update: { state: 'CANCELLED' },
    status: 'cancelled',
  },
  {
    verb: 'cancelAllTasks',
    from: WAITS,
    act: () => here().execute(CANCEL_ALL_TASKS),
    update: { state: 'CANCELLED' },
    status: 'cancelled',
  },
  {
    verb: 'POST /prgs/cancel/all',
    from: WAITS,
    act: () => post('cancel')('all'),
    update: { state: 'CANCELLED' },
    status: 'cancelled',
  },
  {
    verb: 'retryTask',
    from: FAILED,
    act: (id) => here().execute(RETRY_TASK, { id }),
    update: { state: 'QUEUED' },
    status: 'queued',
  },
  {
    verb: 'POST /prgs/retry',
    from: FAILED,
    act: post('retry'),
    update: { state: 'QUEUED' },
    status: 'queued',
  },
  {
    verb: 'pauseTask',
    from: WAITS,
    act: (id) => here().execute(PAUSE_TASK, { id }),
    update: { state: 'PAUSED' },
    status: 'queued',
  },
  {
    verb: 'POST /prgs/pause',
    from: WAITS,
    act: post('pause'),
    update: { state: 'PAUSED' },
    status: 'queued',
  },
  {
    verb: 'resumeTask',
    from: { state: 'PAUSED' },
    act: (id) => here().execute(RESUME_TASK, { id }),
    update: { state: 'QUEUED' },
    status: 'queued',
  },
  {
    verb: 'POST /prgs/resume',
    from: { state: 'PAUSED' },
    act: post('resume'),
    update: { state: 'QUEUED' },
    status: 'queued',
  },
  {
    verb: 'prioritizeTask',
    from: WAITS,
    act: (id) => here().execute(PRIORITIZE_TASK, { id, priority: 42 }),
    update: { state: 'QUEUED', priority: 42 },
    status: 'queued',
  },
  {
    verb: 'dismissTask',
    from: FAILED,
    act: (id) => here().execute(DISMISS_TASK, { id }),
    update: { state: 'FAILED', dismissedAt: expect.any(String) as string },
    status: null,
  },
  {
    verb: 'DELETE /prgs/delete',
    from: FAILED,
    act: async (id) => {
      expect(await here().rest('DELETE', `/prgs/delete/${id}`)).toMatchObject({ status: 200 });
    },
    update: { state: 'FAILED', dismissedAt: expect.any(String) as string },
    status: null,
  },
];

describe('a change to a task in one process', () => {
  it.each(STORIES)(
    'by $verb is reported to every reader of every process',
    async ({ from, act, update, status }) => {
      const id = await seed(from as never);
      const known = (stream: FollowedStream) => stream.messages.length;
      await everyReader('the task as it was', {
        socket: ({ updates }) => updates.some(({ task }) => task.id === `Task:${id}`),
        stream: ({ messages }) => messages.some(({ tasks }) => tasks.some(({ task_id }) => task_id === id)),
      });
      const seen = { updates: sockets.map(({ updates }) => updates.length), messages: streams.map(known) };
      await act(id);
      await everyReader('what was done', {
        socket: ({ updates }, at) =>
          updates
            .slice(seen.updates[at])
            .some(({ task }) => task.id === `Task:${id}` && matches(task, update)),
        stream: ({ messages }, at) =>
          messages
            .slice(seen.messages[at])
            .some(({ tasks, deleted_tasks }) =>
              status === null
                ? deleted_tasks?.includes(id)
                : tasks.some((task) => task.task_id === id && task.status === status),
            ),
      });
    },
  );
});

async function everyReader(
  what: string,
  is: { socket(reader: Followed, at: number): boolean; stream(reader: FollowedStream, at: number): boolean },
): Promise<void> {
  for (const [at, reader] of sockets.entries()) {
    await waitFor(() => is.socket(reader, at), { what: `socket ${at} to be told ${what}` });
  }
  for (const [at, reader] of streams.entries()) {
    await waitFor(() => is.stream(reader, at), { what: `stream ${at} to be told ${what}` });
  }
}

/** Their own type says any. */
interface Matcher {
  asymmetricMatch(value: object): boolean;
}

const matches = (value: object, wanted: object): boolean =>
  (expect.objectContaining(wanted) as Matcher).asymmetricMatch(value);
