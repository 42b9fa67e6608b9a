import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { finishExpansion, finishTask, startTask } from '../../src/queue/claimed-task.js';
import { insertClaimedChildren } from '../../src/queue/insert-children.js';
import { newChildren } from '../../src/tasks/new-task.js';
import type { Task, TaskState } from '../../src/tasks/task.js';
import {
  CANCEL_ALL_TASKS,
  CANCEL_TASK,
  DISMISS_TASK,
  PAUSE_TASK,
  PRIORITIZE_TASK,
  RESUME_TASK,
  RETRY_TASK,
  TASK,
} from '../kit/documents.js';
import { followTasks, type Followed } from '../kit/follow-tasks.js';
import { seedTasks } from '../kit/seed-tasks.js';
import { makeTrack } from '../kit/catalog-items.js';
import { createUser, serveOwnUser } from '../kit/serve-as.js';
import { startApp, type TestApp } from '../kit/start-app.js';
import { waitFor } from '../kit/wait-for.js';

/** Nothing runs here but what the tests do in a worker's place. */
let app: TestApp;
beforeAll(async () => {
  app = await startApp({ env: { role: 'api' } });
});
afterAll(() => app?.stop());

/** Each test sees the tasks of a user of its own. */
let own: TestApp;
let ownerId: string;
beforeEach(async () => {
  ({ own, ownerId } = await serveOwnUser(app));
});

type Seeds = Parameters<typeof seedTasks>[1];
const seed = (seeds: Seeds) =>
  seedTasks(
    app,
    seeds.map((each) => ({ ownerId, ...each })),
  );
const pause = async (id: string) => (await own.execute(PAUSE_TASK, { id })).pauseTask;
const resume = async (id: string) => (await own.execute(RESUME_TASK, { id })).resumeTask;
const dismiss = async (id: string) => (await own.execute(DISMISS_TASK, { id })).dismissTask;
const cancel = async (id: string) => (await own.execute(CANCEL_TASK, { id })).cancelTask;
const retry = async (id: string) => (await own.execute(RETRY_TASK, { id })).retryTask;
const prioritize = async (id: string, priority: number) =>
  (await own.execute(PRIORITIZE_TASK, { id, priority })).prioritizeTask;
const cancelAll = async (from = own) => (await from.execute(CANCEL_ALL_TASKS)).cancelAllTasks.taskCount;
const now = async (id: string) => (await own.execute(TASK, { id })).task;
const row = (id: string) => app.deps.db.task.findUniqueOrThrow({ where: { id } });
const statesOf = async (ids: string[]) => {
  const rows = await Promise.all(ids.map(row));
  return rows.map(({ state }) => state);
};

/** A list whose parts are all written, in these states. */
async function seedList(
  states: TaskState[],
  { list, part }: { list?: Seeds[number]; part?: Seeds[number] } = {},
) {
  const [id = ''] = await seed([
    { kind: 'PLAYLIST', state: 'RUNNING', expandedAt: new Date(), total: states.length, ...list },
  ]);
  const parts = await seed(
    states.map((state, position) => ({ parentId: id, position, state, ...leaseOf(state), ...part })),
  );
  return { id, parts };
}

/** What a worker that runs it would have written. */
const leaseOf = (state: TaskState) =>
  state === 'RUNNING'
    ? { leaseOwner: app.deps.instanceId, leaseUntil: new Date(Date.now() + 60_000), attempt: 1 }
    : {};

const heldFrom = (task: Task) => ({
  task,
  claim: { taskId: task.id, attempt: task.attempt, leaseOwner: app.deps.instanceId },
});

/** In a worker's place: ends a running task. */
async function finish(id: string, state: 'COMPLETED' | 'FAILED' = 'COMPLETED'): Promise<void> {
  expect(await finishTask(app.deps, heldFrom(await row(id)), { state })).toBe(true);
}

/** In the dispatcher's and a worker's place: takes a queued task. */
async function start(id: string) {
  await app.deps.db.task.update({ where: { id }, data: { dispatchedAt: new Date() } });
  return startTask(app.deps, { taskId: id, attempt: (await row(id)).attempt });
}

/** Follows the updates for the rest of the test. */
function follow(from = own): Followed {
  const followed = followTasks(from, {});
  onTestFinished(() => followed.stop());
  return followed;
}
const toldThat = (reader: Followed, what: string, is: (update: Followed['updates'][number]) => boolean) =>
  waitFor(() => reader.updates.find(is), { what });

describe('pausing', () => {
  it.each(['QUEUED', 'RETRYING'] as const)('pauses a track that is %s until it is resumed', async (state) => {
    const [id = ''] = await seed([{ state, retryAt: new Date(), dispatchedAt: new Date() }]);
    const reader = follow();
    await toldThat(reader, 'the snapshot', ({ initial }) => initial);
    expect(await pause(id)).toMatchObject({ __typename: 'TaskPaused', task: { state: 'PAUSED' } });
    expect(await row(id)).toMatchObject({ retryAt: null, dispatchedAt: null });
    await toldThat(reader, 'the pause', ({ task }) => task.state === 'PAUSED');
    expect(await start(id)).toBeNull();
    expect(await resume(id)).toMatchObject({ __typename: 'TaskResumed', task: { state: 'QUEUED' } });
    await toldThat(reader, 'the resumption', ({ initial, task }) => !initial && task.state === 'QUEUED');
    expect(await start(id)).not.toBeNull();
  });

  it.each(['RUNNING', 'PAUSED', 'COMPLETED', 'SKIPPED', 'FAILED', 'CANCELLED'] as const)(
    'rejects a track that is %s and changes nothing',
    async (state) => {
      const [id = ''] = await seed([{ state, ...leaseOf(state) }]);
      const before = await row(id);
      expect(await pause(id)).toEqual({
        __typename: 'TaskStateConflict',
        code: 'TASK_STATE_CONFLICT',
        message: `Task ${id} is ${state.toLowerCase()}: only queued or retrying tasks can be paused.`,
      });
      expect(await row(id)).toEqual(before);
    },
  );

  it('pauses the waiting children of a parent, and the parent once its last running child has finished', async () => {
    const { id, parts } = await seedList(['COMPLETED', 'RUNNING', 'QUEUED', 'RETRYING', 'FAILED']);
    expect(await pause(id)).toMatchObject({ task: { state: 'RUNNING' } });
    expect(await statesOf(parts)).toEqual(['COMPLETED', 'RUNNING', 'PAUSED', 'PAUSED', 'FAILED']);
    expect(await pause(id)).toMatchObject({ __typename: 'TaskStateConflict' });
    await finish(parts[1] ?? '');
    expect(await now(id)).toMatchObject({ state: 'PAUSED', completedCount: 2, failedCount: 1, progress: 60 });
    expect(await resume(id)).toMatchObject({ task: { state: 'RUNNING' } });
    expect(await statesOf(parts)).toEqual(['COMPLETED', 'COMPLETED', 'QUEUED', 'QUEUED', 'FAILED']);
    for (const part of parts.slice(2, 4)) await start(part).then(() => finish(part));
    expect(await now(id)).toMatchObject({
      state: 'COMPLETED',
      partial: true,
      completedCount: 4,
      failedCount: 1,
    });
  });

  it('can be undone by resuming a parent while a child still runs', async () => {
    const { id, parts } = await seedList(['RUNNING', 'QUEUED']);
    await pause(id);
    expect(await resume(id)).toMatchObject({ __typename: 'TaskResumed', task: { state: 'RUNNING' } });
    expect(await statesOf(parts)).toEqual(['RUNNING', 'QUEUED']);
    expect(await resume(id)).toEqual({
      __typename: 'TaskStateConflict',
      code: 'TASK_STATE_CONFLICT',
      message: `Task ${id} is running: only paused tasks can be resumed.`,
    });
  });

  it('the last waiting child pauses the parent, and resuming one child runs it again', async () => {
    const { id, parts } = await seedList(['QUEUED', 'QUEUED']);
    const [first = '', second = ''] = parts;
    await pause(first);
    expect(await now(id)).toMatchObject({ state: 'RUNNING' });
    await pause(second);
    expect(await now(id)).toMatchObject({ state: 'PAUSED' });
    await resume(first);
    expect(await now(id)).toMatchObject({ state: 'RUNNING' });
    await start(first);
    await finish(first);
    expect(await now(id)).toMatchObject({ state: 'PAUSED', completedCount: 1 });
  });

  it('keeps a queued parent from being expanded', async () => {
    const [id = ''] = await seed([{ kind: 'ALBUM' }]);
    expect(await pause(id)).toMatchObject({ task: { state: 'PAUSED' } });
    expect(await start(id)).toBeNull();
    expect(await resume(id)).toMatchObject({ task: { state: 'QUEUED' } });
    expect(await start(id)).not.toBeNull();
  });

  it('stops the expansion of a parent, and resuming continues it', async () => {
    const [id = ''] = await seed([{ kind: 'ALBUM' }]);
    const held = await start(id);
    if (!held) expect.fail('not to be had');
    const entries = [0, 1].map((position) => ({
      item: makeTrack(`demo:${position}`),
      position,
      refusal: null,
    }));
    const [first, second] = newChildren(held, entries);
    if (!first || !second) expect.fail('no children');
    await insertClaimedChildren(app.deps, held, { children: [first] });
    expect(await pause(id)).toMatchObject({ task: { state: 'PAUSED' } });
    expect(await statesOf([first.id])).toEqual(['PAUSED']);
    expect(await finishExpansion(app.deps, held)).toBe(false);
    await expect(insertClaimedChildren(app.deps, held, { children: [second] })).rejects.toThrow(
      'no longer claimed',
    );

    expect(await resume(id)).toMatchObject({ task: { state: 'QUEUED' } });
    const again = await start(id);
    if (!again) expect.fail('not to be had again');
    await insertClaimedChildren(app.deps, again, { children: [first, second] });
    expect(await finishExpansion(app.deps, again)).toBe(true);
    expect(await now(id)).toMatchObject({ state: 'RUNNING', childCount: 2 });
    for (const { id: part } of [first, second]) await start(part).then(() => finish(part));
    expect(await now(id)).toMatchObject({ state: 'COMPLETED', completedCount: 2, partial: false });
  });

  it('reaches the tracks of an artist, whose state follows from them', async () => {
    const [artist = ''] = await seed([{ kind: 'ARTIST', state: 'RUNNING', expandedAt: new Date() }]);
    const list = { parentId: artist, kind: 'ALBUM' as const };
    const one = await seedList(['RUNNING', 'QUEUED'], { list: { ...list, position: 0 } });
    const two = await seedList(['QUEUED', 'QUEUED'], { list: { ...list, position: 1 } });
    const [three = ''] = await seed([{ ...list, position: 2 }]);
    expect(await pause(artist)).toMatchObject({ task: { state: 'RUNNING' } });
    expect(await statesOf([...one.parts, ...two.parts, one.id, two.id, three])).toEqual([
      ...['RUNNING', 'PAUSED', 'PAUSED', 'PAUSED'],
      ...['RUNNING', 'PAUSED', 'PAUSED'],
    ]);
    await finish(one.parts[0] ?? '');
    expect(await statesOf([one.id, artist])).toEqual(['PAUSED', 'PAUSED']);
    expect(await resume(artist)).toMatchObject({ task: { state: 'RUNNING' } });
    expect(await statesOf([...one.parts, ...two.parts, one.id, two.id, three])).toEqual([
      ...['COMPLETED', 'QUEUED', 'QUEUED', 'QUEUED'],
      ...['RUNNING', 'RUNNING', 'QUEUED'],
    ]);
  });
});

describe('a paused parent', () => {
  const seedPaused = async (states: TaskState[]) => {
    const list = await seedList(states, { list: { state: 'PAUSED' } });
    return { ...list, first: list.parts[0] ?? '', rest: list.parts.slice(1) };
  };

  it('runs while a failed child is retried, and is paused afterwards', async () => {
    const { id, first, rest } = await seedPaused(['FAILED', 'PAUSED']);
    expect(await retry(first)).toMatchObject({ __typename: 'TaskRetried' });
    expect(await now(id)).toMatchObject({ state: 'RUNNING', failedCount: 0 });
    await start(first);
    await finish(first);
    expect(await now(id)).toMatchObject({ state: 'PAUSED', completedCount: 1 });
    expect(await statesOf(rest)).toEqual(['PAUSED']);
  });

  it('finishes when its last child is cancelled', async () => {
    const { id, first, rest } = await seedPaused(['PAUSED', 'PAUSED', 'COMPLETED']);
    await cancel(first);
    expect(await now(id)).toMatchObject({ state: 'PAUSED', cancelledCount: 1 });
    await cancel(rest[0] ?? '');
    expect(await now(id)).toMatchObject({
      state: 'COMPLETED',
      partial: true,
      cancelledCount: 2,
      progress: 100,
    });
  });

  it('is cancelled with all its children', async () => {
    const { id, parts } = await seedPaused(['PAUSED', 'PAUSED', 'COMPLETED']);
    expect(await cancel(id)).toMatchObject({ task: { state: 'CANCELLED' } });
    expect(await statesOf(parts)).toEqual(['CANCELLED', 'CANCELLED', 'COMPLETED']);
    expect(await now(id)).toMatchObject({ cancelledCount: 2, completedCount: 1, progress: 100 });
  });

  it('that is not expanded yet counts finished children, and is expanded when it is resumed', async () => {
    const { id, first } = await seedPaused(['RUNNING', 'PAUSED']);
    await app.deps.db.task.update({ where: { id }, data: { expandedAt: null } });
    await finish(first);
    expect(await now(id)).toMatchObject({ state: 'PAUSED', completedCount: 1 });
    expect(await resume(id)).toMatchObject({ task: { state: 'QUEUED' } });
  });
});

describe('a priority', () => {
  it('applies to the task and all its active descendants', async () => {
    const { id, parts } = await seedList(['COMPLETED', 'RUNNING', 'QUEUED', 'PAUSED']);
    const reader = follow();
    await toldThat(reader, 'the snapshot', ({ initial }) => initial);
    expect(await prioritize(id, 100)).toMatchObject({
      __typename: 'TaskPrioritized',
      task: { priority: 100, state: 'RUNNING' },
    });
    const priorities = (await Promise.all(parts.map(row))).map(({ priority }) => priority);
    expect(priorities).toEqual([0, 100, 100, 100]);
    await toldThat(reader, 'the priority', ({ task }) => task.priority === 100);
    expect(await prioritize(id, -100)).toMatchObject({ task: { priority: -100 } });
  });

  it('set to the value that it has leaves the children as they are', async () => {
    const { id, parts } = await seedList(['RUNNING', 'QUEUED', 'COMPLETED']);
    await prioritize(id, 5);
    const before = await Promise.all(parts.map(row));
    expect(before).toMatchObject([{ priority: 5 }, { priority: 5 }, { priority: 0 }]);
    expect(await prioritize(id, 5)).toMatchObject({ task: { priority: 5 } });
    expect(await Promise.all(parts.map(row))).toEqual(before);
  });

  it('set while a parent is being expanded also applies to its later children', async () => {
    const [id = ''] = await seed([{ kind: 'ALBUM' }]);
    const held = await start(id);
    if (!held) expect.fail('not to be had');
    await prioritize(id, 7);
    const [child] = newChildren(held, [{ item: null, position: 0, refusal: null }]);
    if (!child) expect.fail('no child');
    await insertClaimedChildren(app.deps, held, { children: [child] });
    expect(await row(child.id)).toMatchObject({ priority: 7 });
  });

  it('above 100, or for a finished task, is rejected', async () => {
    const [id = '', ended = ''] = await seed([{}, { state: 'FAILED' }]);
    for (const priority of [101, -101, 2_147_483_647]) {
      expect(await prioritize(id, priority)).toEqual({
        __typename: 'InvalidInput',
        code: 'INVALID_INPUT',
        message: `"priority" is ${priority}; it must be between −100 and 100.`,
      });
    }
    expect(await prioritize(ended, 1)).toMatchObject({
      __typename: 'TaskStateConflict',
      message: `Task ${ended} is failed: only active tasks can be prioritized.`,
    });
    expect([await row(id), await row(ended)]).toMatchObject([{ priority: 0 }, { priority: 0 }]);
  });
});

describe('dismissing', () => {
  it('removes a finished task from the lists, once, and notifies subscribers', async () => {
    const [id = ''] = await seed([{ state: 'FAILED' }]);
    const reader = follow();
    await waitFor(() => app.deps.feed.readerCount() > 0, { what: 'the reader' });
    const { updates } = reader;
    const answer = await dismiss(id);
    expect(answer).toMatchObject({ __typename: 'TaskDismissed', task: { state: 'FAILED' } });
    const dismissedAt = answer.__typename === 'TaskDismissed' ? answer.task.dismissedAt : null;
    expect(dismissedAt).toEqual(expect.any(String));
    await toldThat(reader, 'the dismissal', ({ task }) => task.dismissedAt !== null);
    expect(updates.at(-1)?.task).toMatchObject({ id: `Task:${id}`, state: 'FAILED', dismissedAt });
    expect(await dismiss(id)).toEqual(answer);
    expect(await now(id)).toMatchObject({ state: 'FAILED', dismissedAt });
  });

  it('is reported to subscribers that resume, too', async () => {
    const [id = ''] = await seed([{ state: 'COMPLETED' }]);
    await dismiss(id);
    const reader = followTasks(own, { since: '0' });
    onTestFinished(() => reader.stop());
    await toldThat(reader, 'the dismissal', ({ task }) => task.dismissedAt !== null);
  });

  it('cancels an active task first, with all its children', async () => {
    const { id, parts } = await seedList(['COMPLETED', 'RUNNING', 'PAUSED', 'QUEUED']);
    expect(await dismiss(id)).toMatchObject({ task: { state: 'CANCELLED' } });
    expect(await statesOf(parts)).toEqual(['COMPLETED', 'CANCELLED', 'CANCELLED', 'CANCELLED']);
    expect(await now(id)).toMatchObject({ completedCount: 1, cancelledCount: 3 });
    const dismissed = await row(id);
    expect(await dismiss(id)).toMatchObject({ task: { state: 'CANCELLED' } });
    expect(await row(id)).toEqual(dismissed);
  });

  it('is undone when the task or one of its children is retried', async () => {
    const [id = ''] = await seed([{ state: 'FAILED' }]);
    await dismiss(id);
    await retry(id);
    expect(await now(id)).toMatchObject({ state: 'QUEUED', dismissedAt: null });
    const { id: list, parts } = await seedList(['FAILED', 'COMPLETED'], { list: { state: 'COMPLETED' } });
    await dismiss(list);
    await retry(parts[0] ?? '');
    expect(await now(list)).toMatchObject({ state: 'RUNNING', dismissedAt: null });
  });
});

describe('cancelling all', () => {
  it('cancels all active tasks of the caller and no others', async () => {
    const [artist = ''] = await seed([
      { kind: 'ARTIST', state: 'RUNNING', expandedAt: new Date(), total: 2 },
    ]);
    const album = await seedList(['COMPLETED', 'FAILED', 'RUNNING', 'PAUSED'], {
      list: { kind: 'ALBUM', parentId: artist, position: 0 },
    });
    const [waiting = ''] = await seed([{ kind: 'ALBUM', parentId: artist, position: 1 }]);
    const paused = await seedList(['PAUSED', 'SKIPPED'], { list: { state: 'PAUSED' } });
    const singles = await seed([{}, { state: 'RETRYING' }, { state: 'COMPLETED' }, { state: 'FAILED' }]);
    const other = await createUser(app);
    const [foreign = ''] = await seed([{ ownerId: other.id }]);

    expect(await cancelAll()).toBe(4);
    expect(await statesOf([...album.parts, waiting, ...paused.parts, ...singles, foreign])).toEqual([
      ...['COMPLETED', 'FAILED', 'CANCELLED', 'CANCELLED', 'CANCELLED', 'CANCELLED', 'SKIPPED'],
      ...['CANCELLED', 'CANCELLED', 'COMPLETED', 'FAILED', 'QUEUED'],
    ]);
    expect(await now(album.id)).toMatchObject({
      ...{
        state: 'CANCELLED',
        progress: 100,
        childCount: 4,
        completedCount: 1,
        failedCount: 1,
        cancelledCount: 2,
      },
    });
    expect(await now(artist)).toMatchObject({
      state: 'CANCELLED',
      childCount: 2,
      cancelledCount: 2,
      progress: 100,
    });
    expect(await now(paused.id)).toMatchObject({ state: 'CANCELLED', skippedCount: 1, cancelledCount: 1 });
    expect(await cancelAll()).toBe(0);
    expect(await cancelAll(app)).toBeGreaterThanOrEqual(1);
    expect(await row(foreign)).toMatchObject({ state: 'CANCELLED' });
  });
});

describe('tasks of other users and missing tasks', () => {
  it('are not found by any mutation', async () => {
    const other = await createUser(app);
    const [foreign = ''] = await seed([{ ownerId: other.id }]);
    const before = await row(foreign);
    for (const id of [foreign, '00000000-0000-4000-8000-00000000dead']) {
      for (const answer of [await pause(id), await resume(id), await prioritize(id, 1), await dismiss(id)]) {
        expect(answer).toEqual({
          __typename: 'TaskNotFound',
          code: 'TASK_NOT_FOUND',
          message: `There is no task ${id}.`,
        });
      }
    }
    expect(await row(foreign)).toEqual(before);
    for (const id of ['', '42', `Album:${foreign}`]) {
      for (const answer of [await pause(id), await resume(id), await prioritize(id, 1), await dismiss(id)]) {
        expect(answer).toMatchObject({ __typename: 'InvalidInput' });
      }
    }
  });
});
