import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { graphql } from '../../src/generated/documents/gql.js';
import { sweepTasks } from '../../src/queue/dispatch-tasks.js';
import type { TaskState } from '../../src/tasks/task.js';
import {
  CANCEL_ALL_TASKS,
  CHILDREN,
  PAUSE_TASK,
  PRIORITIZE_TASK,
  RESUME_TASK,
  RETRY_TASK,
  TASK,
} from '../kit/documents.js';
import { serveOwnUser } from '../kit/serve-as.js';
import { startApp, type TestApp } from '../kit/start-app.js';
import { createSteeredSource } from '../kit/steered-source.js';
import { ended, inState, queue } from '../kit/story.js';
import { waitFor } from '../kit/wait-for.js';

const LIVE = graphql(`
  query LiveTasks {
    tasks(filter: { states: [QUEUED, RUNNING, RETRYING, PAUSED], includeChildren: true }) {
      totalCount
    }
  }
`);

const source = createSteeredSource();
let app: TestApp;
beforeAll(async () => {
  const settings = { maxConcurrentDownloads: 2, maxRetries: 1, retryDelaySeconds: 600 };
  app = await startApp({ overrides: { sources: [source], settings } });
});
afterAll(() => app?.stop());
afterEach(() => source.releaseAll());

/** Each test’s tasks are a user’s of its own. */
let own: TestApp;
beforeEach(async () => {
  ({ own } = await serveOwnUser(app));
  return () => own.execute(CANCEL_ALL_TASKS);
});

const pause = async (id: string) => (await own.execute(PAUSE_TASK, { id })).pauseTask;
const resume = async (id: string) => (await own.execute(RESUME_TASK, { id })).resumeTask;
const now = async (id: string) => (await own.execute(TASK, { id })).task;
const idOf = (nodeId: string) => nodeId.slice('Task:'.length);
const childrenOf = async (id: string) =>
  (await own.execute(CHILDREN, { id })).task?.children.edges.map(({ node }) => node) ?? [];
const statesOf = async (id: string) => (await childrenOf(id)).map(({ state }) => state);
const trackOf = (album: string, number: number) => `demo:${album}-1-${String(number).padStart(2, '0')}`;
const held = (count: number) =>
  waitFor(() => source.waiting.size === count, {
    what: `${count} tracks to run; ${[...source.waiting].join()}`,
  });

/** Ten tracks, of which two run. Each test has a format of its own: what is there already is skipped. */
async function queueAlbum(format: 'FLAC' | 'WAV' | 'OPUS') {
  const items = Array.from({ length: 10 }, (_, at) => trackOf('brass-for-lighthouses', at + 1));
  items.forEach((item) => source.hold(item));
  const id = await queue(own, { item: 'brass-for-lighthouses', options: { format } });
  await held(2);
  await waitFor(async () => (await childrenOf(id)).length === 10, { what: 'all ten to be written' });
  return { id, items };
}

describe('a paused parent', () => {
  it('starts nothing more, pauses, and continues when it is resumed', async () => {
    const { id, items } = await queueAlbum('FLAC');
    expect(await pause(id)).toMatchObject({ __typename: 'TaskPaused', task: { state: 'RUNNING' } });
    const rest = Array<TaskState>(8).fill('PAUSED');
    expect(await statesOf(id)).toEqual(['RUNNING', 'RUNNING', ...rest]);
    // The places are another’s now.
    const other = await queue(own, { item: 'umbrella-weather' });
    items.slice(0, 2).forEach((item) => source.release(item));
    await inState(own, id, 'PAUSED');
    await ended(own, other);
    expect(await statesOf(id)).toEqual(['COMPLETED', 'COMPLETED', ...rest]);
    expect(await now(id)).toMatchObject({ state: 'PAUSED', completedCount: 2, progress: 20 });
    source.releaseAll();
    expect(await resume(id)).toMatchObject({ __typename: 'TaskResumed', task: { state: 'RUNNING' } });
    expect(await ended(own, id, 60_000)).toMatchObject({
      state: 'COMPLETED',
      completedCount: 10,
      partial: false,
    });
  });

  it('lets a track of a dead worker continue, and pauses again', async () => {
    const { id, items } = await queueAlbum('WAV');
    await pause(id);
    const [first, second] = await childrenOf(id);
    source.release(items[1] ?? '');
    await inState(own, second?.id ?? '', 'COMPLETED');
    // What the worker writes at its next renewal no longer counts: the lease is another’s.
    await app.deps.db.$executeRaw`
      UPDATE "Task" SET "leaseOwner" = 'dead', "leaseUntil" = now() - interval '1 second'
      WHERE "id" = ${idOf(first?.id ?? '')}::uuid`;
    await sweepTasks(app.deps);
    await inState(own, first?.id ?? '', 'RUNNING');
    source.release(items[0] ?? '');
    await inState(own, id, 'PAUSED');
    expect((await statesOf(id)).slice(0, 3)).toEqual(['COMPLETED', 'COMPLETED', 'PAUSED']);
  });

  it('runs a child that is retried, and pauses again', async () => {
    const { id, items } = await queueAlbum('OPUS');
    const [first = '', second = ''] = items;
    source.fail(first);
    await pause(id);
    [first, second].forEach((item) => source.release(item));
    await inState(own, id, 'PAUSED');
    source.heal(first);
    source.hold(first);
    const [child] = await childrenOf(id);
    await own.execute(RETRY_TASK, { id: child?.id ?? '' });
    await held(1);
    expect(await now(id)).toMatchObject({ state: 'RUNNING', failedCount: 0 });
    source.release(first);
    await inState(own, id, 'PAUSED');
    expect(await now(id)).toMatchObject({ completedCount: 2, failedCount: 0 });
  });
});

describe('a playlist of 10,000', () => {
  const written = async (id: string) => app.deps.db.task.count({ where: { parentId: idOf(id) } });

  it('is paused while it is expanded, expanded further, and cancelled as a whole', async () => {
    const options = { format: 'WAV' } as const;
    const id = await queue(own, { item: 'ten-thousand', priority: -100, options });
    await waitFor(async () => (await written(id)) > 0, { what: 'the first children' });
    expect(await pause(id)).toMatchObject({ __typename: 'TaskPaused' });
    const count = await written(id);
    expect(count).toBeLessThan(10_000);
    expect(await app.deps.db.task.count({ where: { parentId: idOf(id), state: 'QUEUED' } })).toBe(0);
    source.releaseAll();
    await resume(id);
    await waitFor(async () => (await written(id)) === 10_000, { timeoutMs: 60_000, what: 'the rest' });
    expect((await own.execute(CANCEL_ALL_TASKS)).cancelAllTasks).toEqual({ taskCount: 1 });
    expect((await own.execute(LIVE)).tasks.totalCount).toBe(0);
    const list = await now(id);
    expect(list).toMatchObject({ state: 'CANCELLED', childCount: 10_000, progress: 100 });
    expect((list?.cancelledCount ?? 0) + (list?.completedCount ?? 0) + (list?.failedCount ?? 0)).toBe(10_000);
  });
});

describe('a priority', () => {
  it('starts a waiting task before those queued earlier', async () => {
    const items = [1, 2, 3, 4].map((number) => trackOf('night-ferry', number));
    items.forEach((item) => source.hold(item));
    const ids: string[] = [];
    for (const item of items) ids.push(await queue(own, { item }));
    await held(2);
    const last = ids[3] ?? '';
    expect((await own.execute(PRIORITIZE_TASK, { id: last, priority: 50 })).prioritizeTask).toMatchObject({
      __typename: 'TaskPrioritized',
      task: { priority: 50, state: 'QUEUED' },
    });
    source.release(items[0] ?? '');
    await waitFor(() => source.waiting.has(items[3] ?? ''), { what: 'the last to run' });
    expect(await now(ids[2] ?? '')).toMatchObject({ state: 'QUEUED' });
  });
});
