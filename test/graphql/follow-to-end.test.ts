import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { viewerOf } from '../../src/auth/viewer.js';
import type { TaskFilter, TaskUpdatesSubscriptionVariables } from '../../src/generated/documents/graphql.js';
import { TASK_UPDATES } from '../kit/documents.js';
import { followTasks, type Followed, type TaskUpdate } from '../kit/follow-tasks.js';
import { seedPastTasks, seedTasks } from '../kit/seed-tasks.js';
import { serveOwnUser } from '../kit/serve-as.js';
import { startApp, type TestApp } from '../kit/start-app.js';
import { queue } from '../kit/story.js';
import { waitFor } from '../kit/wait-for.js';

const NOBODYS = '00000000-0000-4000-8000-00000000dead';

/** Runs nothing, so that tasks change only as a test wants. */
let app: TestApp;
beforeAll(async () => {
  app = await startApp({ env: { role: 'api' } });
});
afterAll(() => app?.stop());

let own: TestApp;
let ownerId: string;
beforeEach(async () => {
  ({ own, ownerId } = await serveOwnUser(app));
});

const seed = (seeds: Parameters<typeof seedTasks>[1]) =>
  seedPastTasks(
    app,
    seeds.map((each) => ({ ownerId, ...each })),
  );
const change = (title: string, data: object) =>
  app.deps.db.task.updateMany({ where: { ownerId, title }, data });

function follow(variables: TaskUpdatesSubscriptionVariables, from = own): Followed {
  const followed = followTasks(from, variables);
  onTestFinished(() => followed.stop());
  return followed;
}
const toEnd = (filter: TaskFilter, from = own) => follow({ filter, untilFinished: true }, from);
const endOf = ({ ended, updates }: Followed) => (ended ? { ...ended, updates } : null);
const completed = (reader: Followed) => waitFor(() => endOf(reader), { what: 'the stream to complete' });
const saw = (reader: Followed, title: string, state: string) =>
  waitFor(() => reader.updates.some(({ task }) => task.title === title && task.state === state), {
    what: `${title} to be ${state}`,
  });
const titles = (updates: readonly TaskUpdate[]) => [...new Set(updates.map(({ task }) => task.title))].sort();

/** Reads server-sent events until the server ends the response. */
async function readEvents(from: TestApp, variables: TaskUpdatesSubscriptionVariables) {
  const response = await fetch(`${from.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ query: TASK_UPDATES.toString(), variables }),
  });
  const frames = (await response.text()).split('\n\n').filter((frame) => frame.includes('event: '));
  const updates = frames
    .filter((frame) => frame.startsWith('event: next'))
    .map(
      (frame) =>
        JSON.parse(frame.slice(frame.indexOf('data: ') + 6)) as { data?: { taskUpdates: TaskUpdate } },
    )
    .flatMap(({ data }) => data?.taskUpdates ?? []);
  return { updates, all: frames.join('\n'), last: frames.at(-1) ?? '' };
}

describe('a download that is followed to its end', () => {
  it('has its root and all children, on WebSocket and as server-sent events', async () => {
    const busy = await startApp();
    onTestFinished(() => busy.stop());
    const root = await queue(busy, { item: 'harbour-wall-demos' });
    const variables = { filter: { root }, untilFinished: true };
    const reader = follow(variables, busy);
    const events = await readEvents(busy, variables);
    expect(await completed(reader)).toMatchObject({ error: null });
    expect(events.last).toMatch(/^event: complete/);
    const tree = await busy.deps.db.task.findMany({
      where: { OR: [{ id: root.slice(5) }, { parentId: root.slice(5) }] },
    });
    expect(tree).toHaveLength(6);
    for (const { updates } of [reader, events]) {
      const last = new Map(updates.map(({ task }) => [task.id, task.state]));
      expect(last.get(root)).toBe('COMPLETED');
      const known = tree.map(({ id }) => `Task:${id}`);
      for (const id of last.keys()) expect(known).toContain(id);
      for (const [id, state] of last) expect([id, state]).toEqual([id, 'COMPLETED']);
    }
    await waitFor(() => busy.deps.feed.readerCount() === 0, { what: 'no reader' });
  });

  it('includes albums and tracks that are found later, and nothing else', async () => {
    const [artist = ''] = await seed([{ title: 'artist', kind: 'ARTIST', state: 'RUNNING' }]);
    const reader = toEnd({ root: artist });
    const albums = follow({ filter: { root: artist, kinds: ['ALBUM'] } });
    await saw(reader, 'artist', 'RUNNING');
    await waitFor(() => app.deps.feed.readerCount() === 2, { what: 'two readers' });
    await seed([{ title: 'other' }]);
    const [album = ''] = await seed([{ title: 'album', kind: 'ALBUM', parentId: artist, position: 0 }]);
    await seed([{ title: 'track', parentId: album, position: 0 }]);
    await saw(reader, 'track', 'QUEUED');
    await change('track', { state: 'FAILED' });
    await change('album', { state: 'FAILED' });
    await saw(reader, 'album', 'FAILED');
    expect(reader.ended).toBeNull();
    await change('artist', { state: 'FAILED' });
    const { updates } = await completed(reader);
    expect(titles(updates)).toEqual(['album', 'artist', 'track']);
    expect(titles(albums.updates)).toEqual(['album']);
  });

  it('may be a part of a larger one', async () => {
    const [artist = ''] = await seed([{ title: 'artist', kind: 'ARTIST', state: 'RUNNING' }]);
    const [one = ''] = await seed([
      { title: 'one', kind: 'ALBUM', parentId: artist, position: 0, state: 'RUNNING' },
      { title: 'two', kind: 'ALBUM', parentId: artist, position: 1, state: 'RUNNING' },
    ]);
    await seed([{ title: 'track of one', parentId: one, position: 0, state: 'RUNNING' }]);
    const reader = toEnd({ root: one });
    await saw(reader, 'track of one', 'RUNNING');
    for (const title of ['two', 'track of one', 'one']) await change(title, { state: 'COMPLETED' });
    const { updates } = await completed(reader);
    expect(titles(updates)).toEqual(['one', 'track of one']);
    expect(updates.at(-1)?.task).toMatchObject({ title: 'one', state: 'COMPLETED' });
  });

  it('ends when children were canceled or dismissed', async () => {
    const [album = ''] = await seed([{ title: 'album', kind: 'ALBUM', state: 'RUNNING' }]);
    await seed([
      { title: 'a', parentId: album, position: 0, state: 'FAILED', dismissedAt: new Date() },
      { title: 'b', parentId: album, position: 1, state: 'RUNNING' },
    ]);
    const reader = toEnd({ root: album });
    await saw(reader, 'b', 'RUNNING');
    await app.deps.db.task.updateMany({
      where: { ownerId, title: { in: ['album', 'b'] } },
      data: { state: 'CANCELLED' },
    });
    const { error, updates } = await completed(reader);
    expect(error).toBeNull();
    const last = new Map(updates.map(({ task }) => [task.title, task.state]));
    expect(last.get('album')).toBe('CANCELLED');
    expect(last.get('b')).toBe('CANCELLED');
  });

  it('ends when the task is deleted, with its last state', async () => {
    const [deleted = ''] = await seed([{ title: 'deleted', state: 'RUNNING' }]);
    const reader = toEnd({ root: deleted });
    await saw(reader, 'deleted', 'RUNNING');
    await app.deps.db.task.delete({ where: { id: deleted } });
    // Deletions are no changes: the next change of any task has the readers looked through.
    await seed([{ title: 'other' }]);
    expect(await completed(reader)).toMatchObject({ error: null, updates: [{ task: { state: 'RUNNING' } }] });
  });

  it('does not end while a child of a failed parent still runs', async () => {
    const [artist = ''] = await seed([{ title: 'artist', kind: 'ARTIST', state: 'FAILED' }]);
    const [album = ''] = await seed([
      { title: 'album', kind: 'ALBUM', parentId: artist, position: 0, state: 'FAILED' },
    ]);
    await seed([{ title: 'track', parentId: album, position: 0, state: 'RUNNING' }]);
    const reader = toEnd({ root: artist });
    await saw(reader, 'track', 'RUNNING');
    await change('track', { progress: 50 });
    await waitFor(() => reader.updates.some(({ task }) => task.progress === 50), { what: 'its progress' });
    expect(reader.ended).toBeNull();
    await change('track', { state: 'COMPLETED' });
    const { updates } = await completed(reader);
    expect(updates.at(-1)?.task).toMatchObject({ title: 'track', state: 'COMPLETED' });
  });

  it('ends at once, with how it ended, when it is finished already; a retry is followed again', async () => {
    const [track = ''] = await seed([{ title: 'track', state: 'FAILED' }]);
    const first = await completed(toEnd({ ids: [`Task:${track}`] }));
    expect(first.error).toBeNull();
    expect(first.updates.map(({ initial, task }) => [initial, task.state])).toEqual([[true, 'FAILED']]);
    const { updates, last } = await readEvents(own, { filter: { root: track }, untilFinished: true });
    expect(updates).toMatchObject([{ initial: true, task: { state: 'FAILED' } }]);
    expect(last).toMatch(/^event: complete/);
    await change('track', { state: 'QUEUED' });
    const again = toEnd({ ids: [track] });
    await saw(again, 'track', 'QUEUED');
    await change('track', { state: 'COMPLETED' });
    expect((await completed(again)).updates.at(-1)?.task.state).toBe('COMPLETED');
  });

  it('ends after the last of several, even if the filter hides some of their states', async () => {
    const [a = '', b = ''] = await seed([{ title: 'a', state: 'RUNNING' }, { title: 'b' }, { title: 'c' }]);
    const both = toEnd({ ids: [a, b] });
    const failures = toEnd({ ids: [a, b], states: ['FAILED'] });
    await saw(both, 'b', 'QUEUED');
    await waitFor(() => app.deps.feed.readerCount() === 2, { what: 'two readers' });
    await change('a', { state: 'FAILED' });
    await Promise.all([saw(both, 'a', 'FAILED'), saw(failures, 'a', 'FAILED')]);
    expect([both.ended, failures.ended]).toEqual([null, null]);
    await change('c', { state: 'FAILED' });
    await change('b', { state: 'COMPLETED' });
    expect(titles((await completed(both)).updates)).toEqual(['a', 'b']);
    expect(titles((await completed(failures)).updates)).toEqual(['a']);
  });

  it('is resumed after a disconnect, and then completes', async () => {
    const [track = ''] = await seed([{ title: 'track', state: 'RUNNING' }]);
    const first = toEnd({ ids: [track] });
    await saw(first, 'track', 'RUNNING');
    first.stop();
    const since = first.updates.at(-1)?.sequence ?? '';
    await change('track', { state: 'COMPLETED' });
    const { updates } = await completed(follow({ filter: { ids: [track] }, since, untilFinished: true }));
    expect(updates.at(-1)?.task.state).toBe('COMPLETED');
  });

  it('is the same for equal readers that share a snapshot', async () => {
    const [album = ''] = await seed([{ title: 'album', kind: 'ALBUM', state: 'RUNNING' }]);
    const readers = Array.from({ length: 5 }, () => toEnd({ root: album }));
    const endless = follow({ filter: { root: album } });
    await Promise.all([...readers, endless].map((reader) => saw(reader, 'album', 'RUNNING')));
    await change('album', { state: 'COMPLETED' });
    for (const reader of readers)
      expect((await completed(reader)).updates.at(-1)?.task.state).toBe('COMPLETED');
    await saw(endless, 'album', 'COMPLETED');
    await waitFor(() => app.deps.feed.readerCount() === 1, { what: 'the endless reader alone' });
    expect(endless.ended).toBeNull();
  });

  it('is refused for tasks that do not exist or may not be seen, and for none', async () => {
    const [mine = ''] = await seed([{ title: 'mine' }]);
    const [others = ''] = await seedTasks(app, [{ title: 'others' }]);
    const refusals: [TaskFilter | null, string][] = [
      [{ ids: [mine, NOBODYS] }, `Task:${NOBODYS}`],
      [{ root: NOBODYS }, `Task:${NOBODYS}`],
      [{ ids: [others] }, `Task:${others}`],
      [{ ids: [mine], root: others }, `Task:${others}`],
      [{ parent: mine }, 'name them with'],
      [{ ids: [] }, 'name them with'],
      [null, 'name them with'],
      [{ ids: Array.from({ length: 101 }, () => mine) }, 'at most 100'],
    ];
    for (const [filter, words] of refusals) {
      const { error, updates } = await completed(follow({ filter, untilFinished: true }));
      expect(error).toContain('INVALID_INPUT');
      expect(error).toContain(words);
      expect(updates).toEqual([]);
    }
    expect((await readEvents(own, { filter: { ids: [others] }, untilFinished: true })).all).toContain(
      'INVALID_INPUT',
    );
  });
});

describe('live updates by words, times and codes', () => {
  it('have the tasks that begin to match, and no others', async () => {
    await seed([
      { title: 'here', searchText: ' bjork debut', state: 'RUNNING' },
      { title: 'there', searchText: ' other', state: 'RUNNING' },
    ]);
    const named = follow({ filter: { query: 'BJÖRK' } });
    const failed = follow({
      filter: { errorCodes: ['NO_SOURCE'], query: 'debut', createdBefore: '2030-01-01T00:00:00Z' },
    });
    await saw(named, 'here', 'RUNNING');
    await waitFor(() => app.deps.feed.readerCount() === 2, { what: 'two readers' });
    for (const title of ['there', 'here']) await change(title, { state: 'FAILED', errorCode: 'NO_SOURCE' });
    await Promise.all([saw(named, 'here', 'FAILED'), saw(failed, 'here', 'FAILED')]);
    expect(titles([...named.updates, ...failed.updates])).toEqual(['here']);
    expect(failed.updates.every(({ task }) => task.state === 'FAILED')).toBe(true);
  });
});

describe('a reader that is too slow for every change', () => {
  const open = (filter: object = {}) =>
    app.deps.feed.subscribe({
      viewer: viewerOf({ id: ownerId, username: 'slow', role: 'USER' }),
      filter: { includeChildren: true, includeDismissed: true, ...filter },
      since: null,
      untilFinished: false,
      signal: new AbortController().signal,
    });

  it('learns it with the latest state', async () => {
    await seed([
      { title: 'a', state: 'RUNNING' },
      { title: 'b', state: 'RUNNING' },
    ]);
    const quick = follow({});
    await waitFor(() => quick.updates.length === 2, { what: 'the snapshot of the quick reader' });
    const slow = await open();
    onTestFinished(() => void slow.return?.());
    expect([(await slow.next()).value, (await slow.next()).value]).toMatchObject([
      { coalesced: false },
      { coalesced: false },
    ]);
    const waiting = slow.next();
    await change('a', { progress: 1 });
    await waiting;
    for (const progress of [2, 3]) {
      await change('a', { progress });
      await waitFor(() => quick.updates.some(({ task }) => task.progress === progress), {
        what: `${progress} %`,
      });
    }
    await change('b', { progress: 9 });
    await waitFor(() => quick.updates.some(({ task }) => task.progress === 9), { what: '9 %' });
    expect((await slow.next()).value).toMatchObject({ coalesced: true, task: { progress: 3 } });
    expect((await slow.next()).value).toMatchObject({ coalesced: false, task: { progress: 9 } });
    expect(quick.updates.some(({ coalesced }) => coalesced)).toBe(false);
  });

  it('learns it too when it has to read the changes that its queue dropped', async () => {
    const ids = await seed(Array.from({ length: 1_100 }, (_, n) => ({ title: `${n}`, state: 'FAILED' })));
    const quick = follow({});
    const slow = await open();
    onTestFinished(() => void slow.return?.());
    const first = slow.next();
    await waitFor(() => app.deps.feed.readerCount() === 2, { what: 'two readers' });
    await app.deps.db.task.updateMany({ where: { ownerId }, data: { state: 'QUEUED' } });
    await waitFor(() => new Set(quick.updates.map(({ task }) => task.id)).size === ids.length, {
      what: 'the quick reader to have all',
    });
    const seen = new Map<string, boolean>();
    for (let step = await first; !step.done && seen.size < ids.length; step = await slow.next()) {
      seen.set(step.value.task.id, step.value.coalesced || (seen.get(step.value.task.id) ?? false));
    }
    expect(seen.size).toBe(ids.length);
    expect([...seen.values()].filter(Boolean).length).toBeGreaterThan(99);
  });
});
