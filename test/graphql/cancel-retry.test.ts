import { readdir } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Rendition } from '../../src/catalog/audio-source.js';
import { incomingDirectory } from '../../src/downloads/incoming.js';
import { graphql } from '../../src/generated/documents/gql.js';
import { bareFfmpeg, createWorkspace, pidsWith } from '../kit/audio.js';
import { CANCEL_TASK, CHILDREN, RETRY_TASK, TASK } from '../kit/documents.js';
import { createUser, serveWith } from '../kit/serve-as.js';
import { listTree } from '../kit/disk-tree.js';
import { startApp, type TestApp } from '../kit/start-app.js';
import { createSteeredSource } from '../kit/steered-source.js';
import { ended, inState, queue, type SeenTask } from '../kit/story.js';
import { waitFor } from '../kit/wait-for.js';

const PARENTS = graphql(`
  query Parents($id: ID!) {
    task(id: $id) {
      state
      parent {
        id
        state
        childCount
        completedCount
        skippedCount
        failedCount
        cancelledCount
        progress
        parent {
          id
          state
          childCount
          completedCount
          cancelledCount
        }
      }
    }
  }
`);

const source = createSteeredSource();
const LONG = 'demo:hull-frequencies-1-01';
let app: TestApp;
let workspace: Awaited<ReturnType<typeof createWorkspace>>;

beforeAll(async () => {
  workspace = await createWorkspace();
  const localPath = workspace.file('long.flac');
  await bareFfmpeg('-f', 'lavfi', '-i', 'sine=frequency=220:duration=1800', '-ar', '44100', localPath);
  const rendition: Rendition = {
    source: 'long',
    ref: 'long',
    codec: 'flac',
    bitrateKbps: null,
    durationMs: 1_800_000,
    sizeBytes: null,
    checksum: null,
    localPath,
    licence: 'none',
    resumable: false,
  };
  const long = {
    name: 'long',
    find: ({ id }: { id: string }) => Promise.resolve(id === LONG ? rendition : null),
    open: () => Promise.reject(new Error('It is read where it is.')),
  };
  const settings = { maxConcurrentDownloads: 3, maxRetries: 1, retryDelaySeconds: 600 };
  app = await startApp({ overrides: { sources: [source, long], settings } });
});
afterAll(async () => {
  await app?.stop();
  await workspace?.remove();
});
afterEach(() => source.releaseAll());

const cancel = async (id: string) => (await app.execute(CANCEL_TASK, { id })).cancelTask;
const retry = async (id: string) => (await app.execute(RETRY_TASK, { id })).retryTask;
const now = async (id: string) => (await app.execute(TASK, { id })).task;
const childrenOf = async (id: string) =>
  (await app.execute(CHILDREN, { id })).task?.children.edges.map(({ node }) => node) ?? [];
const idOf = (nodeId: string) => nodeId.slice('Task:'.length);

const numbers = (
  task: Pick<
    SeenTask,
    'childCount' | 'completedCount' | 'skippedCount' | 'failedCount' | 'cancelledCount'
  > | null,
) => {
  const { childCount, completedCount, skippedCount, failedCount, cancelledCount } = task ?? {};
  return { childCount, completedCount, skippedCount, failedCount, cancelledCount };
};

/** Files below the download directory, unfinished ones too; but not covers, which tracks share. */
async function filesNamed(part: string): Promise<string[]> {
  const all = await listTree(app.env.downloadDir);
  return all.filter((name) => name.includes(part) && !/\/cover\.(jpg|png)$/.test(name));
}

/** Whatever ran the task has let go of it: nothing of it is left on the disk or in the process table. */
async function expectNothingLeft(id: string, title: string): Promise<void> {
  const left = async () => {
    const unfinished = await readdir(incomingDirectory(app.env.downloadDir)).catch(() => []);
    return {
      unfinished: unfinished.filter((name) => name.startsWith(idOf(id))),
      processes: await pidsWith(idOf(id)),
      files: await filesNamed(title),
    };
  };
  const isClean = async () => {
    const found = await left();
    return Object.values(found).every((list) => list.length === 0);
  };
  await waitFor(isClean, { timeoutMs: 2_000, what: `nothing left of ${id}` });
  expect(await left()).toEqual({ unfinished: [], processes: [], files: [] });
}

/** The dispatcher may start a task before the next query reads it. */
const QUEUED_AGAIN = expect.stringMatching(/^(QUEUED|RUNNING)$/) as string;

describe('cancelTask', () => {
  it('cancels a queued task, which then never runs', async () => {
    const busy = ['night-ferry-1-01', 'night-ferry-1-02', 'night-ferry-1-03'].map((slug) => `demo:${slug}`);
    busy.forEach((item) => source.hold(item));
    const running = await Promise.all(busy.map((item) => queue(app, { item })));
    await Promise.all(running.map((id) => inState(app, id, 'RUNNING')));
    const queued = await queue(app, { item: 'semaphore-love-songs-1-03' });
    expect((await now(queued))?.state).toBe('QUEUED');
    expect(await cancel(queued)).toEqual({
      __typename: 'TaskCancelled',
      task: { id: queued, state: 'CANCELLED' },
    });
    await Promise.all(running.map(cancel));
    const next = await queue(app, { item: 'ueberfahrt-1-01' });
    await ended(app, next);
    expect(await now(queued)).toMatchObject({ state: 'CANCELLED', attempt: 0, file: null, error: null });
    await expectNothingLeft(queued, 'The Otter Has the Map');
  });

  it('cancels a task while its audio is being fetched', async () => {
    const id = await queue(app, { item: 'demo:rough-crossing-1-01' });
    const isFetching = async () => {
      const folders = await readdir(incomingDirectory(app.env.downloadDir)).catch(() => []);
      return folders.some((name) => name.startsWith(`${idOf(id)}.1.`));
    };
    await waitFor(isFetching, { what: 'a folder for the first attempt' });
    expect(await cancel(id)).toMatchObject({ task: { state: 'CANCELLED' } });
    await expectNothingLeft(id, 'Dead Slow Ahead');
    expect(await now(id)).toMatchObject({ state: 'CANCELLED', file: null, error: null });
  });

  it('cancels a task while ffmpeg converts it, and stops ffmpeg within a second', async () => {
    const id = await queue(app, { item: LONG, options: { format: 'OPUS' } });
    const ffmpeg = await waitFor(async () => (await pidsWith(idOf(id)))[0], { what: 'ffmpeg to run' });
    expect(await cancel(id)).toMatchObject({ task: { state: 'CANCELLED' } });
    await waitFor(async () => !(await pidsWith(idOf(id))).includes(ffmpeg), {
      timeoutMs: 1_000,
      what: `ffmpeg ${ffmpeg} to be gone`,
    });
    await expectNothingLeft(id, 'Hull Frequencies/');
  });

  it('cancels a task that waits for a retry, which then never happens', async () => {
    const item = 'demo:night-ferry-1-04';
    source.fail(item, { retryable: true });
    const id = await queue(app, { item });
    await inState(app, id, 'RETRYING');
    expect(await cancel(id)).toMatchObject({ task: { state: 'CANCELLED' } });
    source.heal(item);
    await app.deps.db.$executeRaw`UPDATE "Task" SET "retryAt" = now() WHERE "id" = ${idOf(id)}::uuid`;
    await ended(app, await queue(app, { item: 'ueberfahrt-1-01' }));
    expect(await now(id)).toMatchObject({ state: 'CANCELLED', attempt: 1 });
    await expectNothingLeft(id, 'Vending Machine Coffee');
  });

  it('cancels a paused task', async () => {
    const item = 'demo:night-ferry-1-06';
    source.fail(item, { retryable: true });
    const id = await queue(app, { item });
    await inState(app, id, 'RETRYING');
    await app.deps.db.$executeRaw`UPDATE "Task" SET "state" = 'PAUSED' WHERE "id" = ${idOf(id)}::uuid`;
    expect(await cancel(id)).toMatchObject({ task: { state: 'CANCELLED' } });
    source.heal(item);
  });

  it('cancels an album and all its active tracks', async () => {
    const tracks = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((n) => trackOf('brass-for-lighthouses', n));
    tracks.slice(1).forEach((item) => source.hold(item));
    const id = await queue(app, { item: 'brass-for-lighthouses' });
    await waitFor(async () => (await now(id))?.completedCount === 1, { what: 'the first track to be done' });
    await waitFor(() => source.waiting.size === 3, { what: 'three tracks to run' });
    expect(await cancel(id)).toMatchObject({ task: { state: 'CANCELLED' } });
    expect(numbers(await now(id))).toEqual({
      childCount: 10,
      completedCount: 1,
      skippedCount: 0,
      failedCount: 0,
      cancelledCount: 9,
    });
    const children = await childrenOf(id);
    expect(children.map(({ state }) => state)).toEqual(['COMPLETED', ...Array<string>(9).fill('CANCELLED')]);
    await waitFor(() => source.waiting.size === 0, { what: 'the three tracks to be given up' });
    expect(await filesNamed('Brass for Lighthouses/')).toHaveLength(1);
  });

  it('cancels one track of an album while the rest continues', async () => {
    const item = trackOf('umbrella-weather', 1);
    source.hold(item);
    const id = await queue(app, { item: 'umbrella-weather' });
    await waitFor(() => source.waiting.has(item), { what: 'the track to run' });
    const [first] = await childrenOf(id);
    expect(await cancel(first?.id ?? '')).toMatchObject({ task: { state: 'CANCELLED' } });
    const album = await ended(app, id);
    expect(album).toMatchObject({ state: 'COMPLETED', progress: 100 });
    expect(numbers(album)).toEqual({
      childCount: 2,
      completedCount: 1,
      skippedCount: 0,
      failedCount: 0,
      cancelledCount: 1,
    });
  });

  it('finishes an album whose last active track is cancelled, as cancelled when all were', async () => {
    const items = [1, 2].map((n) => trackOf('neap-and-spring', n));
    items.forEach((item) => source.hold(item));
    const id = await queue(app, { item: 'neap-and-spring' });
    await waitFor(() => source.waiting.size === 2, { what: 'both tracks to run' });
    for (const child of await childrenOf(id)) await cancel(child.id);
    expect(await now(id)).toMatchObject({
      state: 'CANCELLED',
      progress: 100,
      childCount: 2,
      cancelledCount: 2,
    });
  });

  it('cancels a playlist of 10,000 while it is being expanded', async () => {
    const id = await queue(app, { item: 'ten-thousand' });
    await waitFor(async () => (await app.deps.db.task.count({ where: { parentId: idOf(id) } })) > 0, {
      what: 'the first children',
    });
    expect(await cancel(id)).toMatchObject({ task: { state: 'CANCELLED' } });
    const live = () =>
      app.deps.db.task.count({
        where: { parentId: idOf(id), state: { in: ['QUEUED', 'RUNNING', 'RETRYING', 'PAUSED'] } },
      });
    expect(await live()).toBe(0);
    await ended(app, await queue(app, { item: 'ueberfahrt-1-01' }));
    expect(await live()).toBe(0);
    expect(await now(id)).toMatchObject({ state: 'CANCELLED' });
  });

  it('changes nothing on a finished task and returns its state', async () => {
    const id = await queue(app, { item: 'ueberfahrt-1-01' });
    const before = await ended(app, id);
    const answer = await cancel(id);
    expect(answer).toEqual({
      __typename: 'TaskStateConflict',
      code: 'TASK_STATE_CONFLICT',
      message: `Task ${idOf(id)} is skipped: only active tasks can be canceled.`,
    });
    expect(await now(id)).toEqual(before);
  });

  it('cancels once when called twice at once', async () => {
    const item = 'demo:night-ferry-1-07';
    source.hold(item);
    const id = await queue(app, { item });
    const answers = await Promise.all(Array.from({ length: 5 }, () => cancel(id)));
    expect(answers.map(({ __typename }) => __typename).sort()).toEqual([
      'TaskCancelled',
      ...Array<string>(4).fill('TaskStateConflict'),
    ]);
  });

  it('accepts a bare uuid and rejects an invalid task id', async () => {
    const unknown = '00000000-0000-4000-8000-00000000dead';
    const notFound = {
      __typename: 'TaskNotFound',
      code: 'TASK_NOT_FOUND',
      message: `There is no task ${unknown}.`,
    };
    expect(await cancel(`Task:${unknown}`)).toEqual(notFound);
    expect(await cancel(unknown)).toEqual(notFound);
    for (const id of ['', '42', 'Task:', 'Album:demo:night-ferry', `User:${unknown}`, `${unknown}0`]) {
      expect(await cancel(id)).toMatchObject({ __typename: 'InvalidInput', code: 'INVALID_INPUT' });
      expect(await retry(id)).toMatchObject({ __typename: 'InvalidInput', code: 'INVALID_INPUT' });
    }
    expect(await cancel('Task:42')).toMatchInlineSnapshot(`
      {
        "__typename": "InvalidInput",
        "code": "INVALID_INPUT",
        "message": ""Task:42" is not a valid Task id; expected: Task:<uuid> or <uuid>.",
      }
    `);
  });
});

describe('retryTask', () => {
  it('runs a failed track again under the same id', async () => {
    const item = 'demo:kuestennebel-1-01';
    source.fail(item);
    const id = await queue(app, { item });
    expect(await ended(app, id)).toMatchObject({ state: 'FAILED', error: { code: 'NO_SOURCE' }, attempt: 1 });
    source.heal(item);
    source.hold(item);
    expect(await retry(id)).toEqual({ __typename: 'TaskRetried', task: { id, state: QUEUED_AGAIN } });
    expect(await inState(app, id, 'RUNNING')).toMatchObject({ error: null, progress: 0, attempt: 2 });
    source.release(item);
    expect(await ended(app, id)).toMatchObject({ state: 'COMPLETED', error: null, progress: 100 });
  });

  it('resets the tries of a failed track', async () => {
    const item = 'demo:kuestennebel-1-02';
    source.fail(item, { retryable: true });
    const id = await queue(app, { item });
    await inState(app, id, 'RETRYING');
    await hasten(id);
    expect(await ended(app, id)).toMatchObject({ state: 'FAILED', attempt: 2 });
    await retry(id);
    expect(await inState(app, id, 'RETRYING')).toMatchObject({ attempt: 3 });
    await cancel(id);
    source.heal(item);
  });

  it('runs only the failed and cancelled tracks of an album', async () => {
    const [first = '', second = '', third = ''] = [1, 2, 3].map((n) => trackOf('low-tide-radio', n));
    source.fail(first);
    source.hold(second);
    const id = await queue(app, { item: 'low-tide-radio' });
    await waitFor(async () => numbers(await now(id)).completedCount === 1 && source.waiting.has(second), {
      what: 'the third track to be done and the second to run',
    });
    await cancel(id);
    expect(numbers(await now(id))).toEqual({
      childCount: 3,
      completedCount: 1,
      skippedCount: 0,
      failedCount: 1,
      cancelledCount: 1,
    });
    source.heal(first);
    [first, second, third].forEach((item) => source.hold(item));
    expect(await retry(id)).toEqual({ __typename: 'TaskRetried', task: { id, state: 'RUNNING' } });
    await waitFor(() => source.waiting.size === 2, { what: 'two tracks to run' });
    expect([...source.waiting].sort()).toEqual([first, second]);
    expect(numbers(await now(id))).toEqual({
      childCount: 3,
      completedCount: 1,
      skippedCount: 0,
      failedCount: 0,
      cancelledCount: 0,
    });
    source.releaseAll();
    const album = await ended(app, id);
    expect(album).toMatchObject({ state: 'COMPLETED', progress: 100, error: null });
    expect(numbers(album)).toEqual({
      childCount: 3,
      completedCount: 3,
      skippedCount: 0,
      failedCount: 0,
      cancelledCount: 0,
    });
    expect((await childrenOf(id)).map(({ attempt }) => attempt)).toEqual([2, 2, 1]);
  });

  it('clears the failure of an album whose tracks all failed', async () => {
    const items = [1, 2].map((n) => trackOf('neap-and-spring', n));
    items.forEach((item) => source.fail(item));
    const id = await queue(app, { item: 'neap-and-spring', options: { format: 'WAV' } });
    expect(await ended(app, id)).toMatchObject({
      state: 'FAILED',
      error: { code: 'CHILDREN_FAILED', message: 'All 2 failed.' },
    });
    items.forEach((item) => source.heal(item));
    items.forEach((item) => source.hold(item));
    await retry(id);
    expect(await now(id)).toMatchObject({ state: 'RUNNING', error: null, progress: 0, failedCount: 0 });
    await cancel(id);
  });

  it('makes a finished album active again when one track is retried', async () => {
    const item = trackOf('umbrella-weather', 2);
    source.fail(item);
    const id = await queue(app, { item: 'umbrella-weather', options: { format: 'WAV' } });
    expect(await ended(app, id)).toMatchObject({ state: 'COMPLETED', completedCount: 1, failedCount: 1 });
    source.heal(item);
    source.hold(item);
    const [, second] = await childrenOf(id);
    expect(await retry(second?.id ?? '')).toMatchObject({ __typename: 'TaskRetried' });
    expect(await now(id)).toMatchObject({
      state: 'RUNNING',
      progress: 50,
      completedCount: 1,
      failedCount: 0,
    });
    source.release(item);
    expect(await ended(app, id)).toMatchObject({ state: 'COMPLETED', progress: 100, completedCount: 2 });
  });

  it('makes a skipped album active again when one track is retried', async () => {
    const item = trackOf('neap-and-spring', 2);
    const options = { format: 'FLAC' } as const;
    await ended(app, await queue(app, { item: trackOf('neap-and-spring', 1), options }));
    source.hold(item);
    const id = await queue(app, { item: 'neap-and-spring', options });
    await waitFor(async () => (await now(id))?.skippedCount === 1 && source.waiting.has(item), {
      what: 'a skip',
    });
    const [, second] = await childrenOf(id);
    await cancel(second?.id ?? '');
    expect(await now(id)).toMatchObject({ state: 'SKIPPED', skippedCount: 1, cancelledCount: 1 });
    expect(await retry(second?.id ?? '')).toMatchObject({ __typename: 'TaskRetried' });
    expect(await now(id)).toMatchObject({
      state: 'RUNNING',
      progress: 50,
      skippedCount: 1,
      cancelledCount: 0,
    });
    source.release(item);
    expect(await ended(app, id)).toMatchObject({ state: 'COMPLETED', skippedCount: 1, completedCount: 1 });
  });

  it('leaves out a playlist entry that is permanently gone', async () => {
    const entries = await listEntries('demo:first-watch');
    entries.forEach((item) => source.fail(item));
    const id = await queue(app, { item: 'first-watch' });
    await ended(app, id);
    const [gone] = (await childrenOf(id)).filter(({ title }) => title === 'Entry 7');
    entries.forEach((item) => source.heal(item));
    entries.forEach((item) => source.hold(item));
    expect(await retry(id)).toMatchObject({ __typename: 'TaskRetried' });
    expect(await now(id)).toMatchObject({ state: 'RUNNING', childCount: 12, failedCount: 1 });
    expect(await now(gone?.id ?? '')).toMatchObject({
      state: 'FAILED',
      error: { code: 'CATALOG_ITEM_NOT_FOUND' },
    });
    expect(await retry(gone?.id ?? '')).toMatchObject({ __typename: 'TaskStateConflict' });
    await cancel(id);
  });

  it('completes a playlist that was cancelled while it was being expanded', async () => {
    const id = await queue(app, { item: 'ten-thousand', priority: -100, options: { format: 'WAV' } });
    await waitFor(async () => (await app.deps.db.task.count({ where: { parentId: idOf(id) } })) > 0, {
      what: 'the first children',
    });
    await cancel(id);
    const written = (await now(id))?.childCount ?? 0;
    expect(written).toBeLessThan(10_000);
    expect(await retry(id)).toMatchObject({ __typename: 'TaskRetried' });
    expect(await app.deps.db.task.count({ where: { parentId: idOf(id), state: 'CANCELLED' } })).toBe(0);
    const goesOn = async () => (await app.deps.db.task.count({ where: { parentId: idOf(id) } })) > written;
    await waitFor(goesOn, { what: 'the rest to be written' });
    await cancel(id);
  });

  it('rejects active and succeeded tasks and changes nothing', async () => {
    const item = 'demo:kuestennebel-1-03';
    source.hold(item);
    const running = await queue(app, { item });
    await inState(app, running, 'RUNNING');
    expect(await retry(running)).toEqual({
      __typename: 'TaskStateConflict',
      code: 'TASK_STATE_CONFLICT',
      message: `Task ${idOf(running)} is running: only failed or canceled tasks can be retried.`,
    });
    expect(await now(running)).toMatchObject({ state: 'RUNNING', attempt: 1 });
    source.release(item);
    await ended(app, running);
    expect(await retry(running)).toMatchObject({ __typename: 'TaskStateConflict' });
    const album = await queue(app, { item: 'ueberfahrt' });
    await ended(app, album);
    expect(await retry(album)).toMatchObject({ __typename: 'TaskStateConflict' });
    expect(await retry('00000000-0000-4000-8000-00000000dead')).toMatchObject({ __typename: 'TaskNotFound' });
  });

  it.each(['RETRYING', 'PAUSED'] as const)('rejects a task that is %s', async (state) => {
    const item = 'demo:kuestennebel-1-04';
    source.fail(item, { retryable: true });
    const id = await queue(app, { item });
    await inState(app, id, 'RETRYING');
    await app.deps.db.$executeRaw`
      UPDATE "Task" SET "state" = ${state}::"TaskState" WHERE "id" = ${idOf(id)}::uuid`;
    expect(await retry(id)).toMatchObject({ __typename: 'TaskStateConflict' });
    expect((await now(id))?.state).toBe(state);
    await cancel(id);
    source.heal(item);
  });

  it('reports a duplicate when another task for the same item is active', async () => {
    const item = 'demo:kuestennebel-1-05';
    source.hold(item);
    const first = await queue(app, { item });
    await cancel(first);
    const second = await queue(app, { item });
    expect(await retry(first)).toEqual({
      __typename: 'DuplicateDownload',
      code: 'DUPLICATE_DOWNLOAD',
      message: `"Übergröße" is already being downloaded by task ${idOf(second)}.`,
    });
    expect((await now(first))?.state).toBe('CANCELLED');
    await cancel(second);
  });

  it('reports a duplicate when another task for the track’s album is active', async () => {
    const item = trackOf('neap-and-spring', 1);
    const options = { format: 'ALAC' } as const;
    [item, trackOf('neap-and-spring', 2)].forEach((each) => source.hold(each));
    const first = await queue(app, { item: 'neap-and-spring', options });
    await waitFor(() => source.waiting.size === 2, { what: 'both tracks to run' });
    await cancel(first);
    const second = await queue(app, { item: 'neap-and-spring', options });
    const [child] = await childrenOf(first);
    expect(await retry(child?.id ?? '')).toMatchObject({
      __typename: 'DuplicateDownload',
      message: `"Neap and Spring" is already being downloaded by task ${idOf(second)}.`,
    });
    expect((await now(first))?.state).toBe('CANCELLED');
    expect((await now(child?.id ?? ''))?.state).toBe('CANCELLED');
    await cancel(second);
  });

  it('lets only one of three simultaneous retries of the same download run', async () => {
    const item = 'demo:kuestennebel-1-06';
    source.hold(item);
    const copies: string[] = [];
    for (let copy = 0; copy < 3; copy++) {
      const id = await queue(app, { item });
      await cancel(id);
      copies.push(id);
    }
    const answers = await Promise.all(copies.map(retry));
    expect(answers.map(({ __typename }) => __typename).sort()).toEqual([
      'DuplicateDownload',
      'DuplicateDownload',
      'TaskRetried',
    ]);
    await Promise.all(copies.map(cancel));
  });
});

describe('an artist’s albums and their tracks', () => {
  const ITEM = 'demo:neap-and-spring-1-01';
  const parentsOf = async (id: string) => (await app.execute(PARENTS, { id })).task;

  it('have the right states and counts through cancelling and retrying', async () => {
    const options = { format: 'OGG' } as const;
    const tracks = [ITEM, trackOf('neap-and-spring', 2)];
    tracks.forEach((item) => source.hold(item));
    const artist = await queue(app, { item: 'Artist:demo:ten-thousand-tides', options });
    await waitFor(() => source.waiting.size === 2, { what: 'both tracks to run' });
    const [album] = await childrenOf(artist);
    const [first, second] = await childrenOf(album?.id ?? '');
    const of = { first: first?.id ?? '', second: second?.id ?? '', album: album?.id ?? '' };

    await cancel(of.first);
    expect(await parentsOf(of.first)).toMatchObject({
      state: 'CANCELLED',
      parent: {
        state: 'RUNNING',
        cancelledCount: 1,
        progress: 50,
        parent: { state: 'RUNNING', cancelledCount: 0 },
      },
    });
    await cancel(of.second);
    expect(await parentsOf(of.second)).toMatchObject({
      parent: {
        state: 'CANCELLED',
        cancelledCount: 2,
        parent: { state: 'CANCELLED', childCount: 1, cancelledCount: 1 },
      },
    });

    await retry(of.first);
    expect(await parentsOf(of.first)).toMatchObject({
      state: QUEUED_AGAIN,
      parent: { state: 'RUNNING', cancelledCount: 1, parent: { state: 'RUNNING', cancelledCount: 0 } },
    });
    await cancel(of.album);
    expect(await parentsOf(of.first)).toMatchObject({
      state: 'CANCELLED',
      parent: { state: 'CANCELLED', cancelledCount: 2, parent: { state: 'CANCELLED', cancelledCount: 1 } },
    });

    await retry(artist);
    expect(await parentsOf(of.second)).toMatchObject({
      state: QUEUED_AGAIN,
      parent: { state: 'RUNNING', cancelledCount: 0, parent: { state: 'RUNNING', cancelledCount: 0 } },
    });
    await cancel(artist);
    expect(await parentsOf(of.second)).toMatchObject({
      state: 'CANCELLED',
      parent: { state: 'CANCELLED', cancelledCount: 2, parent: { state: 'CANCELLED', cancelledCount: 1 } },
    });

    await retry(of.album);
    source.releaseAll();
    expect(await ended(app, artist)).toMatchObject({
      state: 'COMPLETED',
      completedCount: 1,
      cancelledCount: 0,
    });
    expect(await parentsOf(of.second)).toMatchObject({
      state: 'COMPLETED',
      parent: { state: 'COMPLETED', completedCount: 2, progress: 100, parent: { state: 'COMPLETED' } },
    });
  });
});

describe('another user’s task', () => {
  it('is not found by any mutation', async () => {
    const item = 'demo:night-ferry-1-08';
    source.hold(item);
    const id = await queue(app, { item });
    const stranger = await serveWith(app, { viewer: await createUser(app) });
    try {
      const { cancelTask } = await stranger.execute(CANCEL_TASK, { id });
      const { retryTask } = await stranger.execute(RETRY_TASK, { id });
      expect([cancelTask.__typename, retryTask.__typename]).toEqual(['TaskNotFound', 'TaskNotFound']);
      expect((await stranger.execute(TASK, { id })).task).toBeNull();
      expect(await inState(app, id, 'RUNNING')).toMatchObject({ attempt: 1 });
      const own = await queue(stranger, { item });
      expect(own).not.toBe(id);
      expect(await cancel(own)).toMatchObject({ __typename: 'TaskCancelled' });
    } finally {
      await stranger.stop();
    }
    await cancel(id);
  });
});

function trackOf(album: string, number: number): string {
  return `demo:${album}-1-${String(number).padStart(2, '0')}`;
}

async function listEntries(playlistId: string): Promise<string[]> {
  const signal = new AbortController().signal;
  const page = { offset: 0, limit: 100 };
  const entries = await app.deps.catalogs.get('demo')?.listPlaylistEntries(playlistId, page, signal);
  return entries?.items.flatMap(({ track }) => track?.id ?? []) ?? [];
}

/** Its next try is due now; the next sweep takes it. */
async function hasten(id: string): Promise<void> {
  await app.deps.db.$executeRaw`UPDATE "Task" SET "retryAt" = now() WHERE "id" = ${idOf(id)}::uuid`;
}
