import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { seedTasks } from '../kit/seed-tasks.js';
import { serveOwnUser } from '../kit/serve-as.js';
import { spyOnQueries } from '../kit/spy-on-queries.js';
import { databaseUrlOf } from '../system/join-app.js';
import { startRest, type RestTestApp } from './rest-app.js';

const NOW = new Date('2026-03-01T12:00:00.500Z');

interface Updates extends Record<string, unknown> {
  tasks: { task_id: string; status: string; progress: number; last_line: Record<string, unknown> }[];
  deleted_tasks?: string[];
  current_timestamp: number;
  since_timestamp?: number;
  updated_count: number;
  pagination: { total_non_active: number; has_more: boolean; returned_non_active: number };
}

let app: RestTestApp;
beforeAll(async () => {
  app = await startRest({ rest: { clock: { now: () => NOW } } });
});
afterAll(() => app.stop());
beforeEach(() => app.deps.db.task.deleteMany());

type Seed = Parameters<typeof seedTasks>[1][number];
const seed = (seeds: Seed[]) => seedTasks(app, seeds);
const change = (id: string, data: object) => app.deps.db.task.update({ where: { id }, data });
const poll = async (query: string | number = ''): Promise<Updates> => {
  const asked = typeof query === 'number' ? `since=${query}` : query;
  const { status, body } = await app.get(`/prgs/updates?${asked}`);
  expect(status, JSON.stringify(body)).toBe(200);
  return body as unknown as Updates;
};
const idsOf = ({ tasks }: Pick<Updates, 'tasks'>) => tasks.map(({ task_id }) => task_id);

/** An expanded parent with a running child. */
async function seedList(part: Seed = {}) {
  const [list = ''] = await seed([
    { kind: 'PLAYLIST', state: 'RUNNING', expandedAt: NOW, total: 2, title: 'The List' },
  ]);
  const [first = '', second = ''] = await seed([
    { parentId: list, position: 0, state: 'RUNNING', ...part },
    { parentId: list, position: 1 },
  ]);
  return { list, first, second };
}

/** A connection whose transaction stays open until the test ends it. */
async function connectLate(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: databaseUrlOf(app) });
  await client.connect();
  onTestFinished(() => client.end());
  return client;
}

describe('GET /prgs/updates without since', () => {
  it('has all active tasks and a page of others, each newest first', async () => {
    const [ended1 = '', live1 = '', ended2 = '', live2 = ''] = await seed([
      { state: 'COMPLETED' },
      { state: 'RUNNING' },
      { state: 'FAILED' },
      { state: 'PAUSED' },
    ]);
    const first = await poll('limit=1');
    expect(idsOf(first)).toEqual([live2, live1, ended2]);
    const { tasks, current_timestamp, ...rest } = first;
    expect(tasks).toHaveLength(3);
    expect(Math.abs(current_timestamp - Date.now() / 1000)).toBeLessThan(60);
    expect(rest).toMatchInlineSnapshot(`
      {
        "active_tasks": 2,
        "all_tasks_count": 4,
        "pagination": {
          "has_more": true,
          "limit": 1,
          "page": 1,
          "returned_non_active": 1,
          "total_non_active": 2,
        },
        "task_counts": {
          "active": 1,
          "cancelled": 0,
          "completed": 1,
          "error": 1,
          "queued": 1,
          "retrying": 0,
          "skipped": 0,
        },
        "total_tasks": 4,
        "updated_count": 3,
      }
    `);
    const second = await poll('limit=1&page=2');
    expect(idsOf(second)).toEqual([live2, live1, ended1]);
    expect(second.pagination).toMatchObject({ has_more: false, returned_non_active: 1 });
    const active = await poll('active_only=true');
    expect(idsOf(active)).toEqual([live2, live1]);
    expect(active).toMatchObject({ total_tasks: 2, all_tasks_count: 4, pagination: { total_non_active: 0 } });
  });

  it('leaves out dismissed tasks and children', async () => {
    const { list } = await seedList();
    await seed([{ state: 'FAILED', dismissedAt: NOW }]);
    const { tasks, deleted_tasks, pagination } = await poll();
    expect(tasks.map(({ task_id }) => task_id)).toEqual([list]);
    expect(deleted_tasks).toBeUndefined();
    expect(pagination.total_non_active).toBe(0);
  });
});

describe('GET /prgs/updates with since', () => {
  it('has what changed since then, and returns the time', async () => {
    const [one = '', two = ''] = await seed([{}, { state: 'RUNNING' }]);
    const { current_timestamp: start } = await poll();
    await change(two, { progress: 40 });
    const first = await poll(start);
    expect(first.tasks.find(({ task_id }) => task_id === two)).toMatchObject({
      status: 'real-time',
      progress: 40,
    });
    expect(first.since_timestamp).toBe(start);
    const { current_timestamp: next } = first;
    await change(one, { state: 'FAILED' });
    const second = await poll(next);
    expect(second.tasks.find(({ task_id }) => task_id === one)).toMatchObject({ status: 'error' });
    expect(second).toMatchObject({ active_tasks: 1, all_tasks_count: 2 });
    const third = await poll(second.current_timestamp + 3_600);
    expect(third).toMatchObject({ tasks: [], updated_count: 0, pagination: { has_more: false } });
  });

  it('has a parent whose child changed, also two levels up', async () => {
    const { list, first } = await seedList();
    const [artist = ''] = await seed([{ kind: 'ARTIST', state: 'RUNNING', expandedAt: NOW, total: 1 }]);
    const [album = ''] = await seed([
      { kind: 'ALBUM', state: 'RUNNING', parentId: artist, position: 0, expandedAt: NOW },
    ]);
    const [track = ''] = await seed([{ parentId: album, position: 0, state: 'RUNNING' }]);
    const settled = await waitUntilQuiet();
    expect(idsOf(await poll(settled))).toEqual([]);
    await change(first, { progress: 55 });
    const moved = await poll(settled);
    expect(idsOf(moved)).toEqual([list]);
    expect(moved.tasks[0]?.last_line).toMatchObject({
      status_info: { status: 'real-time', progress: 55 },
      parent: { title: 'The List' },
    });
    await change(track, { progress: 5 });
    expect(new Set(idsOf(await poll(settled)))).toEqual(new Set([list, artist]));
  });

  it('has active tasks only, if requested', async () => {
    const [one = '', two = ''] = await seed([{}, {}]);
    const start = await waitUntilQuiet();
    await change(one, { state: 'RUNNING' });
    await change(two, { state: 'COMPLETED' });
    const { tasks, pagination, ...numbers } = await poll(`since=${start}&active_only=true`);
    expect(tasks.map(({ task_id }) => task_id)).toEqual([one]);
    expect(pagination).toMatchObject({ total_non_active: 0, returned_non_active: 0, has_more: false });
    expect(numbers).toMatchObject({ total_tasks: 1, all_tasks_count: 2, updated_count: 1 });
  });

  it('lists dismissed tasks, and shows those that the dismissal finished', async () => {
    const [ended = '', live = ''] = await seed([{ state: 'COMPLETED' }, {}]);
    const start = await waitUntilQuiet();
    await app.send('DELETE', `/prgs/delete/${ended}`);
    await app.send('DELETE', `/prgs/delete/${live}`);
    const { tasks, deleted_tasks, ...numbers } = await poll(start);
    expect(new Set(deleted_tasks)).toEqual(new Set([ended, live]));
    expect(tasks).toMatchObject([{ task_id: live, status: 'cancelled' }]);
    expect(numbers).toMatchObject({ all_tasks_count: 0, updated_count: 2 });
  });

  it('shows users their own only', async () => {
    const { own: stranger } = await serveOwnUser(app);
    await seedList();
    await seed([{ state: 'FAILED' }]);
    for (const query of ['', '?since=0']) {
      const { body } = await stranger.rest('GET', `/prgs/updates${query}`);
      expect(body).toMatchObject({ tasks: [], all_tasks_count: 0, pagination: { total_non_active: 0 } });
    }
  });
});

describe('a client that continues from the time of the last response', () => {
  it('receives a change that began before it and was committed after', async () => {
    const [early = '', later = ''] = await seed([{}, {}]);
    const late = await connectLate();
    await late.query('BEGIN');
    await late.query(`UPDATE "Task" SET "progress" = 50 WHERE "id" = $1`, [early]);
    const written = Date.now() / 1000;
    await change(later, { progress: 10 });
    const first = await poll();
    expect(first.current_timestamp).toBeLessThan(written);
    expect(first.tasks.find(({ task_id }) => task_id === early)).toMatchObject({ progress: 0 });
    await late.query('COMMIT');
    const second = await poll(first.current_timestamp);
    expect(second.tasks.find(({ task_id }) => task_id === early)).toMatchObject({ progress: 50 });
  });

  it('receives all finished tasks, whether it requests the other pages or not', async () => {
    const ids = await seed(Array.from({ length: 9 }, () => ({})));
    const start = await waitUntilQuiet();
    for (const id of ids) await change(id, { state: 'COMPLETED' });
    const paged: string[] = [];
    for (let page = 1, more = true; more; page++) {
      const answer = await poll(`since=${start}&limit=4&page=${page}`);
      expect(answer.pagination.total_non_active).toBe(9);
      paged.push(...idsOf(answer));
      more = answer.pagination.has_more;
    }
    expect(paged).toEqual(ids);
    const polled = new Set<string>();
    for (let since = start, looks = 0; polled.size < 9 && looks < 20; looks++) {
      const answer = await poll(`since=${since}&limit=4`);
      idsOf(answer).forEach((id) => polled.add(id));
      expect(answer.current_timestamp).toBeGreaterThanOrEqual(since);
      since = answer.current_timestamp;
    }
    expect(polled).toEqual(new Set(ids));
  });

  it('misses nothing while eight clients write at once', async () => {
    const ids = await seed(Array.from({ length: 8 }, () => ({ state: 'RUNNING' as const })));
    const last = new Map<string, number>();
    let writing = true;
    const writers = ids.map(async (id) => {
      for (let progress = 1; progress <= 25; progress++) {
        await app.deps.db.$transaction(async (tx) => {
          await tx.task.update({ where: { id }, data: { progress } });
          // Written, and not committed yet: the others overtake it.
          await tx.$queryRaw`SELECT count(*) FROM "Task"`;
        });
      }
    });
    const reader = (async () => {
      let { current_timestamp: since } = await poll();
      for (let passes = 0; passes < 2; passes += writing ? 0 : 1) {
        const answer = await poll(since);
        for (const { task_id, progress } of answer.tasks) last.set(task_id, progress);
        since = answer.current_timestamp;
      }
    })();
    await Promise.all(writers).finally(() => (writing = false));
    await reader;
    expect(ids.map((id) => last.get(id))).toEqual(ids.map(() => 25));
  });
});

describe('GET /prgs/updates', () => {
  it('makes at most four database calls, however many parents it shows', async () => {
    await seedList();
    await seedList({ state: 'RETRYING' });
    await seed([
      { state: 'COMPLETED' },
      { kind: 'ALBUM', state: 'COMPLETED', total: 1 },
      ...Array.from({ length: 20 }, () => ({})),
    ]);
    for (const query of ['', '?since=0']) {
      const asked = spyOnQueries(app.deps);
      const { body } = await app.get(`/prgs/updates${query}`);
      expect(asked()).toBe(4);
      expect(body['tasks']).toHaveLength(24);
    }
  });

  it('clamps a limit above 100, and accepts a time with fractions', async () => {
    expect((await poll('limit=1000')).pagination).toMatchObject({ limit: 100 });
    expect(await poll('since=1772366400.123456')).toMatchObject({ since_timestamp: 1772366400.123456 });
  });

  it.each([
    ['since=yesterday', 'since'],
    ['since=-1', 'since'],
    ['since=', 'since'],
    ['since=1e9', 'since'],
    ['since=NaN', 'since'],
    ['since=253402300800', 'since'],
    ['since=99999999999999999999', 'since'],
    ['page=0', 'page'],
    ['page=10000001', 'page'],
    ['limit=0', 'limit'],
    ['limit=x', 'limit'],
    ['active_only=maybe', 'active_only'],
  ])('responds 400 to ?%s', async (query, field) => {
    expect(await app.get(`/prgs/updates?${query}`)).toMatchObject({
      status: 400,
      body: { details: { field } },
    });
  });
});

/** A time after every change made so far. */
async function waitUntilQuiet(): Promise<number> {
  for (;;) {
    const { current_timestamp } = await poll('active_only=true');
    const answer = await poll(current_timestamp);
    if (answer.tasks.length === 0 && !answer.deleted_tasks) return current_timestamp;
  }
}
