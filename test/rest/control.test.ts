import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { taskSchema } from '../../src/rest/tasks/schemas.js';
import { seedTasks } from '../kit/seed-tasks.js';
import { serveOwnUser } from '../kit/serve-as.js';
import { startRest, type RestReply, type RestTestApp } from './rest-app.js';

const NOW = new Date('2026-03-01T12:00:00.500Z');
const UNKNOWN = '00000000-0000-4000-8000-00000000dead';

let app: RestTestApp;
beforeAll(async () => {
  app = await startRest({ rest: { clock: { now: () => NOW } } });
});
afterAll(() => app.stop());

const seed = async (data: Parameters<typeof seedTasks>[1][number] = {}) => {
  const [id = ''] = await seedTasks(app, [data]);
  return id;
};
const row = (id: string) => app.deps.db.task.findUniqueOrThrow({ where: { id } });
const post = (path: string) => app.send('POST', path);

function expectNotFound({ status, body }: Pick<RestReply, 'status'> & { body: unknown }, task_id: string) {
  expect({ status, body }).toEqual({
    status: 404,
    body: { error: 'Task not found', detail: 'Task not found', task_id },
  });
}

const ROUTES = [
  ['POST', '/prgs/cancel/'],
  ['DELETE', '/prgs/delete/'],
  ['POST', '/prgs/retry/'],
  ['POST', '/prgs/pause/'],
  ['POST', '/prgs/resume/'],
] as const;

describe.each(ROUTES)('%s %s{task_id}', (method, path) => {
  it.each(['nonsense', UNKNOWN, `Task:${UNKNOWN}`, 'a%2Fb'])('responds 404 to %s', async (id) => {
    expectNotFound(await app.send(method, `${path}${id}`), decodeURIComponent(id));
  });

  it('does not reveal another user’s task, and does not change it', async () => {
    const { own: stranger } = await serveOwnUser(app);
    for (const state of ['QUEUED', 'PAUSED', 'FAILED'] as const) {
      const id = await seed({ state });
      const before = await row(id);
      expectNotFound(await stranger.rest(method, `${path}${id}`), id);
      expect(await row(id)).toEqual(before);
    }
  });

  it('responds 400 to an invalid task id', async () => {
    for (const id of ['a%00b', '%', '%20', 'x'.repeat(501)]) {
      const { status, body } = await app.send(method, `${path}${id}`);
      expect({ status, body }).toMatchObject({ status: 400, body: { details: { field: 'task_id' } } });
    }
  });

  it('rejects GET, and pages of other sites', async () => {
    const id = await seed();
    expect(await app.get(`${path}${id}`)).toMatchObject({ status: 405 });
    const headers = { 'sec-fetch-site': 'cross-site' };
    expect(await app.send(method, `${path}${id}`, { headers })).toMatchObject({ status: 403 });
    expect(await row(id)).toMatchObject({ state: 'QUEUED', dismissedAt: null });
  });
});

describe('POST /prgs/cancel/{task_id}', () => {
  it('cancels an active task', async () => {
    const id = await seed();
    const { status, body, headers } = await post(`/prgs/cancel/${id}`);
    expect({ status, body }).toEqual({ status: 200, body: { status: 'cancelled', task_id: id } });
    expect(headers.get('content-type')).toMatch('application/json');
    expect(await row(id)).toMatchObject({ state: 'CANCELLED' });
  });

  it('responds 409 to a finished task, and changes nothing', async () => {
    const id = await seed({ state: 'COMPLETED' });
    const before = await row(id);
    const error = `Task ${id} is completed: only active tasks can be canceled.`;
    expect(await post(`/prgs/cancel/${id}`)).toMatchObject({
      status: 409,
      body: { error, detail: error, task_id: id },
    });
    expect(await row(id)).toEqual(before);
  });
});

describe('POST /prgs/cancel/all', () => {
  it('cancels the caller’s active tasks, each parent counted once', async () => {
    const { viewer, own: mine } = await serveOwnUser(app);
    const ownerId = viewer.id;
    const list = await seed({ ownerId, kind: 'ALBUM', state: 'RUNNING', expandedAt: NOW });
    const part = await seed({ ownerId, parentId: list, position: 0 });
    const [foreign, ended] = [await seed(), await seed({ ownerId, state: 'FAILED' })];
    expect(await mine.rest('POST', '/prgs/cancel/all')).toMatchObject({
      status: 200,
      body: { message: 'Cancelled 1 task.', cancelled_count: 1, errors: [] },
    });
    expect([await row(list), await row(part), await row(ended), await row(foreign)]).toMatchObject([
      { state: 'CANCELLED', cancelled: 1 },
      { state: 'CANCELLED' },
      { state: 'FAILED' },
      { state: 'QUEUED' },
    ]);
    const { body } = await post('/prgs/cancel/all');
    expect(body['cancelled_count']).toBeGreaterThan(0);
    expect((await post('/prgs/cancel/all')).body).toMatchInlineSnapshot(`
      {
        "cancelled_count": 0,
        "errors": [],
        "message": "Cancelled 0 tasks.",
      }
    `);
    expect(await row(foreign)).toMatchObject({ state: 'CANCELLED' });
  });
});

describe('DELETE /prgs/delete/{task_id}', () => {
  it('removes a task from the list and keeps it in history, also when repeated', async () => {
    const id = await seed({ state: 'COMPLETED', startedAt: NOW });
    const listed = async () => {
      const tasks = (await app.get('/prgs/list?limit=100')).body['tasks'] as { task_id: string }[];
      return tasks.some(({ task_id }) => task_id === id);
    };
    expect(await listed()).toBe(true);
    for (let time = 1; time <= 2; time++) {
      const { status, body } = await app.send('DELETE', `/prgs/delete/${id}`);
      const message = `Task ${id} was removed from the list. It remains in the history.`;
      expect({ status, body }).toEqual({ status: 200, body: { message } });
      expect(await listed()).toBe(false);
    }
    expect((await app.get(`/history/${id}`)).body).toMatchObject({ task_id: id, status: 'completed' });
  });

  it('cancels an active task first', async () => {
    const id = await seed();
    expect((await app.send('DELETE', `/prgs/delete/${id}`)).status).toBe(200);
    expect(await row(id)).toMatchObject({ state: 'CANCELLED', dismissedAt: expect.any(Date) as Date });
  });
});

describe('POST /prgs/retry/{task_id}', () => {
  it('queues a failed task again and shows it', async () => {
    const id = await seed({ state: 'FAILED', errorCode: 'NO_SOURCE', errorMessage: 'No source has it.' });
    const { status, body } = await post(`/prgs/retry/${id}`);
    expect(status).toBe(200);
    expect(taskSchema.parse(body)).toMatchObject({ task_id: id, status: 'queued' });
    expect(body['error']).toBeUndefined();
  });

  it('responds 409 to a task that did not fail', async () => {
    const id = await seed({ state: 'COMPLETED' });
    const error = `Task ${id} is completed: only failed or canceled tasks can be retried.`;
    expect(await post(`/prgs/retry/${id}`)).toMatchObject({
      status: 409,
      body: { error, detail: error, task_id: id },
    });
  });

  it('responds 409 with the active duplicate', async () => {
    const id = await seed({ state: 'FAILED', dedupeKey: 'the same' });
    const twin = await seed({ dedupeKey: 'the same' });
    const { status, body } = await post(`/prgs/retry/${id}`);
    expect({ status, body }).toEqual({
      status: 409,
      body: {
        error: 'Duplicate download detected.',
        detail: 'Duplicate download detected.',
        details: expect.stringContaining('already being downloaded') as string,
        existing_task: twin,
        task_id: id,
      },
    });
  });
});

describe('POST /prgs/pause/{task_id} and /prgs/resume/{task_id}', () => {
  it('pause a waiting task and queue it again, and show it', async () => {
    const id = await seed({ createdAt: new Date('2026-03-01T11:00:00Z') });
    const paused = await post(`/prgs/pause/${id}`);
    expect(paused.status).toBe(200);
    expect(paused.body).toMatchInlineSnapshot(
      {
        task_id: expect.any(String) as string,
        original_url: expect.any(String) as string,
        timestamp: expect.any(Number) as number,
        last_line: { timestamp: expect.any(Number) as number },
      },
      `
      {
        "artist": "Nobody",
        "created_at": 1772362800,
        "download_type": "track",
        "last_line": {
          "artist": "Nobody",
          "name": "Seed 0",
          "status": "queued",
          "timestamp": Any<Number>,
          "type": "track",
        },
        "name": "Seed 0",
        "original_url": Any<String>,
        "progress": 0,
        "status": "queued",
        "status_count": 1,
        "task_id": Any<String>,
        "timestamp": Any<Number>,
        "type": "track",
      }
    `,
    );
    taskSchema.parse(paused.body);
    expect(await row(id)).toMatchObject({ state: 'PAUSED' });
    const resumed = await post(`/prgs/resume/${id}`);
    expect(resumed.status).toBe(200);
    expect(taskSchema.parse(resumed.body)).toMatchObject({ task_id: id, status: 'queued' });
    expect(await row(id)).toMatchObject({ state: 'QUEUED' });
  });

  it('show a child with its parent', async () => {
    const list = await seed({ kind: 'ALBUM', state: 'RUNNING', title: 'The List', expandedAt: NOW });
    const id = await seed({ parentId: list, position: 0, state: 'PAUSED' });
    expect((await post(`/prgs/resume/${id}`)).body).toMatchObject({ task_id: id, status: 'queued' });
  });

  it.each([
    ['pause', 'RUNNING', 'is running: only queued or retrying tasks can be paused.'],
    ['pause', 'PAUSED', 'is paused: only queued or retrying tasks can be paused.'],
    ['pause', 'COMPLETED', 'is completed: only queued or retrying tasks can be paused.'],
    ['resume', 'QUEUED', 'is queued: only paused tasks can be resumed.'],
    ['resume', 'CANCELLED', 'is cancelled: only paused tasks can be resumed.'],
  ] as const)('%s responds 409 to a task that is %s', async (verb, state, why) => {
    const id = await seed({ state });
    const error = `Task ${id} ${why}`;
    expect(await post(`/prgs/${verb}/${id}`)).toMatchObject({
      status: 409,
      body: { error, detail: error, task_id: id },
    });
    expect(await row(id)).toMatchObject({ state });
  });
});
