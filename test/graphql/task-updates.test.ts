import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import type { TaskUpdatesSubscriptionVariables } from '../../src/generated/documents/graphql.js';
import { TASK_UPDATES } from '../kit/documents.js';
import { followTasks, type Followed, type TaskUpdate } from '../kit/follow-tasks.js';
import { liveBytes } from '../kit/least.js';
import { seedPastTasks, type seedTasks } from '../kit/seed-tasks.js';
import { readSequence } from '../../src/database/sequence.js';
import { serveOwnUser } from '../kit/serve-as.js';
import { startApp, type TestApp } from '../kit/start-app.js';
import { ended, queue } from '../kit/story.js';
import { waitFor } from '../kit/wait-for.js';

/** Runs nothing, so that tasks change only as a test wants. */
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

const seed = (seeds: Parameters<typeof seedTasks>[1]) =>
  seedPastTasks(
    app,
    seeds.map((each) => ({ ownerId, ...each })),
  );
const change = (title: string, data: object) =>
  app.deps.db.task.updateMany({ where: { ownerId, title }, data });

async function* updatesOf(
  from: TestApp,
  variables: TaskUpdatesSubscriptionVariables,
): AsyncGenerator<TaskUpdate, void, void> {
  for await (const { taskUpdates } of from.subscribe(TASK_UPDATES, variables)) yield taskUpdates;
}

/** Follows the updates for the rest of the test. */
function follow(variables: TaskUpdatesSubscriptionVariables = {}, from = own): Followed {
  const followed = followTasks(from, variables);
  onTestFinished(() => followed.stop());
  return followed;
}

/** The updates received, in order; the same one may come twice. */
const told = ({ updates }: Followed) => [
  ...new Set(
    updates.map(({ initial, task: { title, state, progress } }) => {
      return `${initial ? 'was' : 'is'} ${title} ${state} ${progress}`;
    }),
  ),
];

/** Waits until a reader has received so many different updates. */
const toldOf = (reader: Followed, count: number) =>
  waitFor(() => told(reader).length >= count, {
    what: `${count} updates; there are ${told(reader).join(', ')}`,
  });

/** The last state of each task that a reader received. */
const lastStates = (updates: readonly TaskUpdate[]) =>
  new Map(updates.map(({ task }) => [task.id, task.state] as const));

async function truth(where: object = { ownerId }): Promise<Map<string, string>> {
  const tasks = await app.deps.db.task.findMany({ where });
  return new Map(tasks.map(({ id, state }) => [`Task:${id}`, state]));
}

/** Waits until a reader has the state of each task that the database has. */
async function catchUp(reader: Followed, where?: object): Promise<void> {
  const wanted = await truth(where);
  await waitFor(
    () => {
      const known = lastStates(reader.updates);
      return [...wanted].every(([id, state]) => known.get(id) === state);
    },
    { timeoutMs: 20_000, what: `${wanted.size} tasks to be as they are in the database` },
  );
}

describe('taskUpdates', () => {
  it('starts with all active tasks, then reports changes', async () => {
    await seed([
      { title: 'a', state: 'QUEUED' },
      { title: 'b', state: 'FAILED' },
      { title: 'c', state: 'RUNNING', progress: 12.5 },
    ]);
    const reader = follow();
    await toldOf(reader, 2);
    await change('c', { progress: 50 });
    await toldOf(reader, 3);
    await change('c', { state: 'COMPLETED', progress: 100 });
    await toldOf(reader, 4);
    await change('b', { state: 'QUEUED' });
    await toldOf(reader, 5);
    await seed([{ title: 'd' }]);
    await toldOf(reader, 6);
    expect(told(reader)).toEqual([
      'was a QUEUED 0',
      'was c RUNNING 12.5',
      'is c RUNNING 50',
      'is c COMPLETED 100',
      'is b QUEUED 0',
      'is d QUEUED 0',
    ]);
    for (const { sequence } of reader.updates) expect(sequence).toMatch(/^\d+$/);
  });

  it('reports children as well, unless they are excluded', async () => {
    const [album = ''] = await seed([{ title: 'album', kind: 'ALBUM', state: 'RUNNING' }]);
    await seed([{ title: 'child', parentId: album, position: 0 }]);
    const all = follow();
    const lists = follow({ filter: { includeChildren: false } });
    await Promise.all([toldOf(all, 2), toldOf(lists, 1)]);
    await change('child', { state: 'COMPLETED' });
    await change('album', { state: 'COMPLETED' });
    await Promise.all([toldOf(all, 4), toldOf(lists, 2)]);
    expect(told(lists)).toEqual(['was album RUNNING 0', 'is album COMPLETED 0']);
  });

  it('is filtered by state, kind and parent, in the snapshot and afterwards', async () => {
    const [album = ''] = await seed([{ title: 'album', kind: 'ALBUM', state: 'RUNNING' }]);
    await seed([{ title: 'child', parentId: album, position: 0, state: 'RUNNING' }, { title: 'track' }]);
    const ends = follow({ filter: { states: ['COMPLETED', 'FAILED'] } });
    const albums = follow({ filter: { kinds: ['ALBUM'] } });
    const parts = follow({ filter: { parent: album } });
    await Promise.all([toldOf(albums, 1), toldOf(parts, 1)]);
    await waitFor(() => app.deps.feed.readerCount() === 3, { what: 'three readers' });
    for (const title of ['child', 'track', 'album']) await change(title, { progress: 1 });
    for (const title of ['child', 'track', 'album']) await change(title, { state: 'COMPLETED' });
    await toldOf(ends, 3);
    await waitFor(() => albums.updates.at(-1)?.task.state === 'COMPLETED', { what: 'the album’s end' });
    expect(new Set(ends.updates.map(({ task }) => task.state))).toEqual(new Set(['COMPLETED']));
    expect(new Set(albums.updates.map(({ task }) => task.title))).toEqual(new Set(['album']));
    expect(new Set(parts.updates.map(({ task }) => task.title))).toEqual(new Set(['child']));
    expect(parts.updates.at(-1)?.task.state).toBe('COMPLETED');
  });

  it('reports the reader’s own tasks; to an admin, everyone’s', async () => {
    const { own: stranger } = await serveOwnUser(app);
    await seed([{ title: 'mine' }]);
    const mine = follow();
    const others = follow({}, stranger);
    const admin = follow({}, app);
    await waitFor(() => app.deps.feed.readerCount() === 3, { what: 'three readers' });
    await change('mine', { state: 'CANCELLED' });
    const isTold = (reader: Followed) =>
      reader.updates.some(({ task }) => task.title === 'mine' && task.state === 'CANCELLED');
    await waitFor(() => isTold(mine) && isTold(admin), { what: 'the owner and the admin to be told' });
    expect(others.updates).toEqual([]);
  });

  it('leaves nothing behind when the subscription ends', async () => {
    const reader = follow();
    await waitFor(() => app.deps.feed.readerCount() === 1, { what: 'a reader' });
    reader.stop();
    await waitFor(() => app.deps.feed.readerCount() === 0, { what: 'no reader' });
  });
});

describe('a reader that resumes', () => {
  /** Reads so many updates and goes away. */
  async function readSome(count: number, variables: TaskUpdatesSubscriptionVariables): Promise<TaskUpdate[]> {
    const seen: TaskUpdate[] = [];
    for await (const update of updatesOf(own, variables)) {
      seen.push(update);
      if (seen.length === count) break;
    }
    return seen;
  }

  it('receives what it missed, finished tasks too', async () => {
    await seed([{ title: 'a' }, { title: 'b' }, { title: 'c' }]);
    const seen = await readSome(3, {});
    await change('a', { state: 'COMPLETED' });
    await change('b', { progress: 10 });
    const reader = follow({ since: seen.at(-1)?.sequence ?? null });
    await catchUp(reader);
    expect(told(reader)).toEqual(expect.arrayContaining(['was a COMPLETED 0', 'was b QUEUED 10']));
  });

  it('misses nothing of a snapshot that it left in the middle', async () => {
    await seed(
      Array.from({ length: 30 }, (_, n) => ({ title: `${n}`, state: n % 2 ? 'QUEUED' : 'RUNNING' })),
    );
    const seen = await readSome(7, {});
    await change('0', { state: 'COMPLETED' });
    const reader = follow({ since: seen.at(-1)?.sequence ?? null });
    await waitFor(() => new Set([...seen, ...reader.updates].map(({ task }) => task.id)).size === 30, {
      what: 'all 30 tasks to be known',
    });
  });

  it('misses nothing of a transaction that it left in the middle', async () => {
    const titles = Array.from({ length: 40 }, (_, n) => `${n}`);
    await seed(titles.map((title) => ({ title })));
    const seen: TaskUpdate[] = [];
    let left: TaskUpdate | undefined;
    for await (const update of updatesOf(own, {})) {
      seen.push(update);
      if (seen.length === 40)
        await app.deps.db.task.updateMany({ where: { ownerId }, data: { state: 'FAILED' } });
      if (seen.length === 40 + 9) {
        left = update;
        break;
      }
    }
    expect(left?.initial).toBe(false);
    const reader = follow({ since: left?.sequence ?? null });
    await waitFor(() => lastStates([...seen, ...reader.updates]).size === 40, { what: 'all tasks' });
    const failed = () =>
      [...lastStates([...seen, ...reader.updates]).values()].filter((state) => state === 'FAILED');
    await waitFor(() => failed().length === 40, { what: 'all 40 failures' });
  });

  it('misses no change that was committed after a later one', async () => {
    await seed([{ title: 'late' }, { title: 'early' }]);
    const reader = follow();
    await toldOf(reader, 2);
    await app.deps.db.$transaction(async (tx) => {
      await tx.task.updateMany({ where: { ownerId, title: 'late' }, data: { state: 'FAILED' } });
      await change('early', { state: 'FAILED' });
      await waitFor(() => reader.updates.some(({ task }) => task.state === 'FAILED'), {
        what: 'the early one',
      });
      reader.stop();
    });
    const again = follow({ since: reader.updates.at(-1)?.sequence ?? null });
    await catchUp(again);
  });

  it('is rejected for a sequence from the future, with the remedy', async () => {
    const next = (await readSequence(app.deps.db)) + 1_000_000n;
    const reader = follow({ since: `${next}` });
    const end = await waitFor(() => reader.ended, { what: 'the subscription to be refused' });
    expect(end.error).toContain('INVALID_INPUT');
    expect(end.error).toContain('Subscribe without \\"since\\"');
    expect(reader.updates).toEqual([]);
  });

  it('misses nothing from a sequence above that of the oldest open transaction', async () => {
    await seed([{ title: 'open' }, { title: 'done' }]);
    await app.deps.db.$transaction(async (tx) => {
      await tx.task.updateMany({ where: { ownerId, title: 'open' }, data: { progress: 1 } });
      await change('done', { state: 'FAILED' });
      const { sequence } = await app.deps.db.task.findFirstOrThrow({ where: { ownerId, title: 'done' } });
      expect(sequence).toBeGreaterThan(await readSequence(app.deps.db));
      const reader = follow({ since: `${sequence}` });
      await waitFor(() => reader.updates.some(({ task }) => task.title === 'done'), { what: 'the change' });
    });
  });

  it('receives every task if it starts from the beginning', async () => {
    await seed([{ title: 'live' }, { title: 'ended', state: 'FAILED' }]);
    const reader = follow({ since: '0' });
    await catchUp(reader);
    expect(told(reader).sort()).toEqual(['was ended FAILED 0', 'was live QUEUED 0']);
  });

  it.each(['', '-1', '1.5', 'last', '0x1', '1'.repeat(30)])(
    'is rejected for the sequence "%s"',
    async (since) => {
      const reader = follow({ since });
      const end = await waitFor(() => reader.ended, { what: 'the subscription to be refused' });
      expect(end.error).toContain('INVALID_INPUT');
      expect(end.error).toContain('is not a sequence; pass the');
    },
  );
});

describe('a running album', () => {
  it('is followed to its end by a reader that reconnects at random', async () => {
    const busy = await startApp({ overrides: { settings: { maxRetries: 0 } } });
    onTestFinished(() => busy.stop());
    const random = createRandom(20_260_101);
    const album = await queue(busy, { item: 'harbour-wall-demos', options: { format: 'WAV' } });
    const seen = new Map<string, string>();
    let since: string | null = null;
    const read = async (count: number) => {
      for await (const { sequence, task } of updatesOf(busy, { since })) {
        seen.set(task.id, task.state);
        since = sequence;
        if (--count === 0 || seen.get(album) === 'COMPLETED') break;
      }
    };
    let visits = 0;
    for (; seen.get(album) !== 'COMPLETED'; visits++) await read(1 + Math.floor(random() * 6));
    expect(visits).toBeGreaterThan(5);
    expect((await ended(busy, album)).completedCount).toBe(5);

    const last = follow({ since }, busy);
    const tasks = await busy.deps.db.task.findMany();
    await waitFor(
      () => {
        for (const { task } of last.updates) seen.set(task.id, task.state);
        return tasks.every(({ id, state }) => seen.get(`Task:${id}`) === state);
      },
      { what: 'each task’s last state' },
    );
    expect(seen.size).toBe(6);
  });
});

describe('a burst of changes', () => {
  const TASKS = 5_000;

  /** Every task runs, then ends, a few hundred in each transaction. */
  async function runAll(ids: readonly string[]): Promise<void> {
    for (let from = 0; from < ids.length; from += 500) {
      const some = { id: { in: ids.slice(from, from + 500) } };
      await app.deps.db.task.updateMany({ where: some, data: { state: 'RUNNING', progress: 50 } });
      await app.deps.db.task.updateMany({ where: some, data: { state: 'COMPLETED', progress: 100 } });
    }
  }

  const seedMany = () => seed(Array.from({ length: TASKS }, (_, n) => ({ title: `${n}` })));

  it('reaches a reader while another one never reads, within bounded memory', async () => {
    const ids = await seedMany();
    const stalled = await openStalledReader();
    const reader = follow();
    await waitFor(() => app.deps.feed.readerCount() === 2, { what: 'two readers' });
    await waitFor(() => reader.updates.length >= TASKS, { timeoutMs: 20_000, what: 'the snapshot' });
    const before = liveBytes();
    await runAll(ids);
    await catchUp(reader);
    expect(reader.ended).toBeNull();
    // The healthy reader's own collection is a part of it.
    expect(liveBytes() - before).toBeLessThan(120 * 1024 * 1024);
    stalled.terminate();
    await waitFor(() => app.deps.feed.readerCount() === 1, { what: 'the stalled reader to be gone' });
  });

  it('closes no reader when all tasks finish in one transaction', async () => {
    await seedMany();
    const reader = follow();
    await waitFor(() => reader.updates.length >= TASKS, { timeoutMs: 20_000, what: 'the snapshot' });
    await app.deps.db.task.updateMany({ where: { ownerId }, data: { state: 'CANCELLED' } });
    await catchUp(reader);
    expect(reader.ended).toBeNull();
    expect(
      reader.updates.filter(({ task }) => task.state === 'CANCELLED').every(({ initial }) => !initial),
    ).toBe(true);
  });

  /** Subscribes, then never takes another byte from the network. */
  async function openStalledReader(): Promise<WebSocket> {
    const socket = new WebSocket(`${own.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
    onTestFinished(() => socket.terminate());
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    const acknowledged = new Promise((resolve) => socket.once('message', resolve));
    socket.send(JSON.stringify({ type: 'connection_init', payload: { token: own.token } }));
    await acknowledged;
    const payload = { query: TASK_UPDATES.toString(), variables: {} };
    socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload }));
    await waitFor(() => app.deps.feed.readerCount() === 1, { what: 'the stalled reader' });
    socket.pause();
    return socket;
  }
});

describe('a gap in the events', () => {
  it('is filled for readers once the listening connection is back', async () => {
    await seed(Array.from({ length: 20 }, (_, n) => ({ title: `${n}` })));
    const reader = follow();
    await toldOf(reader, 20);
    for (let round = 0; round < 3; round++) {
      const [{ killed }] = await app.deps.db.$queryRaw<[{ killed: bigint }]>`
        SELECT count(pg_terminate_backend(pid)) AS killed FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'reprise events'`;
      expect(Number(killed)).toBe(1);
      const states = ['RUNNING', 'FAILED', 'COMPLETED'] as const;
      await app.deps.db.task.updateMany({ where: { ownerId }, data: { state: states[round] ?? 'FAILED' } });
      await catchUp(reader);
      await waitFor(
        async () => {
          const [{ listening }] = await app.deps.db.$queryRaw<[{ listening: bigint }]>`
            SELECT count(*) AS listening FROM pg_stat_activity
            WHERE datname = current_database() AND application_name = 'reprise events'`;
          return listening === 1n;
        },
        { what: 'the connection to be back' },
      );
    }
    expect(reader.ended).toBeNull();
  });
});

/** Numbers from 0 to 1 that are the same in every run. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
