import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { seedTasks } from '../kit/seed-tasks.js';
import { bearerOf } from '../kit/tokens.js';
import { waitFor } from '../kit/wait-for.js';
import { startRest, type RestTestApp } from './rest-app.js';

let app: RestTestApp;
const opened: Stream[] = [];

beforeAll(async () => {
  app = await startRest();
});

afterEach(async () => {
  opened.splice(0).forEach((stream) => stream.close());
  await waitFor(() => app.deps.feed.readerCount() === 0, { what: 'all readers to have left' });
  await app.deps.db.task.deleteMany();
});

afterAll(() => app.stop());

interface Message {
  id: string | null;
  data: {
    initial?: boolean;
    change_type: string;
    deleted_tasks?: string[];
    tasks: { task_id: string; status: string; last_line: Record<string, unknown> }[];
    task_counts: Record<string, number>;
    active_tasks: number;
    all_tasks_count: number;
    current_timestamp: number;
  };
  receivedAt: number;
}

interface Stream {
  response: Response;
  messages: Message[];
  /** All lines as they came, without the data. */
  lines: string[];
  ended: boolean;
  /** Waits for a message that is so. */
  until(what: string, is: (message: Message) => boolean): Promise<Message>;
  close(): void;
}

async function open(
  query = '',
  { on = app, headers = {} }: { on?: RestTestApp; headers?: HeadersInit } = {},
) {
  const controller = new AbortController();
  const response = await fetch(`${on.url}/api/prgs/stream${query}`, { headers, signal: controller.signal });
  const stream: Stream = {
    response,
    messages: [],
    lines: [],
    ended: false,
    until: (what, is) => waitFor(() => stream.messages.find(is) ?? null, { what }),
    close: () => controller.abort(),
  };
  opened.push(stream);
  void readFrames(response, stream)
    .catch(() => undefined)
    .then(() => (stream.ended = true));
  return stream;
}

async function readFrames({ body }: Response, stream: Stream): Promise<void> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    const frames = text.split('\n\n');
    text = frames.pop() ?? '';
    for (const frame of frames) {
      const lines = frame.split('\n');
      stream.lines.push(...lines.map((line) => line.slice(0, line.indexOf(':'))));
      const field = (name: string) =>
        lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
      const data = JSON.parse(field('data') ?? '') as Message['data'];
      stream.messages.push({ id: field('id') ?? null, data, receivedAt: performance.now() });
    }
  }
}

const queue = async (path: string) => String((await app.get(path)).body['task_id']);
const change = (id: string, data: object) => app.deps.db.task.update({ where: { id }, data });
const shows = (id: string, status: string) => (message: Message) =>
  message.data.tasks.some((task) => task.task_id === id && task.status === status);
const idsIn = ({ data }: Message) => data.tasks.map((task) => task.task_id);

async function addPart(parentId: string, data: object) {
  const { ownerId, options } = await app.deps.db.task.findUniqueOrThrow({ where: { id: parentId } });
  const item = { type: 'TRACK', id: 'demo:part' };
  const fixed = {
    ownerId,
    parentId,
    position: 0,
    kind: 'TRACK',
    title: 'Part',
    artists: [],
    itemId: item.id,
  };
  return app.deps.db.task.create({ data: { ...fixed, item, options, ...data } as never });
}

describe('GET /prgs/stream', () => {
  it('lists dismissed tasks, and shows those that the dismissal finished', async () => {
    const ended = await queue('/track/download/demo:night-ferry-1-01');
    const live = await queue('/track/download/demo:night-ferry-1-02');
    await change(ended, { state: 'COMPLETED' });
    const stream = await open();
    await stream.until('the first message', () => true);
    const gone = (id: string) => (message: Message) => message.data.deleted_tasks?.includes(id) ?? false;
    await app.send('DELETE', `/prgs/delete/${ended}`);
    const first = await stream.until('the dismissal', gone(ended));
    expect(idsIn(first)).not.toContain(ended);
    expect(first.data).toMatchObject({ change_type: 'update', all_tasks_count: 1 });
    await app.send('DELETE', `/prgs/delete/${live}`);
    const second = await stream.until('the other dismissal', gone(live));
    expect(shows(live, 'cancelled')(second)).toBe(true);
    expect(second.data).toMatchObject({ all_tasks_count: 0 });
  });

  it('is an event stream that is neither cached nor transformed', async () => {
    const { response } = await open();
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    });
  });

  it('starts with all active tasks, in one message', async () => {
    const first = await queue('/track/download/demo:night-ferry-1-01');
    const second = await queue('/track/download/demo:night-ferry-1-02');
    const ended = await queue('/track/download/demo:night-ferry-1-03');
    await change(ended, { state: 'COMPLETED' });
    const stream = await open();
    const message = await stream.until('the first message', () => true);
    expect(idsIn(message)).toEqual([second, first]);
    const { tasks, current_timestamp, ...rest } = message.data;
    expect(tasks.map(({ status }) => status)).toEqual(['queued', 'queued']);
    expect(current_timestamp).toBeCloseTo(Date.now() / 1000, -2);
    expect(rest).toMatchInlineSnapshot(`
      {
        "active_tasks": 2,
        "all_tasks_count": 3,
        "change_type": "update",
        "initial": true,
        "task_counts": {
          "active": 0,
          "cancelled": 0,
          "completed": 1,
          "error": 0,
          "queued": 2,
          "retrying": 0,
          "skipped": 0,
        },
      }
    `);
    expect(message.id).toMatch(/^\d+$/);
  });

  it('starts with finished tasks too, if requested', async () => {
    const active = await queue('/track/download/demo:night-ferry-1-01');
    const ended = await queue('/track/download/demo:night-ferry-1-03');
    await change(ended, { state: 'FAILED' });
    const stream = await open('?active_only=false');
    expect(idsIn(await stream.until('the first message', () => true))).toEqual([active, ended]);
  });

  it('starts with at most the newest 50 finished tasks', async () => {
    const live = await seedTasks(app, [{}, { state: 'RUNNING' }]);
    const ended = await seedTasks(
      app,
      Array.from({ length: 53 }, (_, n) => ({ state: n % 2 ? 'FAILED' : 'COMPLETED' })),
    );
    const stream = await open('?active_only=false');
    const first = await stream.until('the first message', () => true);
    expect(idsIn(first)).toEqual([...live.toReversed(), ...ended.toReversed().slice(0, 50)]);
  });

  it('reports that a task finished and was retried immediately', async () => {
    const [id = ''] = await seedTasks(app, [{ state: 'RUNNING' }]);
    const stream = await open();
    await stream.until('the first message', () => true);
    await change(id, { state: 'FAILED', errorCode: 'NO_SOURCE', errorMessage: 'Nobody has it.' });
    await stream.until('the end', shows(id, 'error'));
    await app.send('POST', `/prgs/retry/${id}`);
    await stream.until('the retry', shows(id, 'queued'));
  });

  it('starts with an empty message when there are no tasks', async () => {
    const stream = await open();
    const { data } = await stream.until('the first message', () => true);
    expect(data).toMatchObject({ initial: true, change_type: 'update', tasks: [], active_tasks: 0 });
  });

  it('starts with all active tasks when they fill several pages', async () => {
    const id = await queue('/track/download/demo:night-ferry-1-01');
    const row = await app.deps.db.task.findUniqueOrThrow({
      where: { id },
      omit: { id: true, dedupeKey: true },
    });
    await app.deps.db.task.createMany({ data: Array.from({ length: 250 }, () => row) as never });
    const stream = await open();
    const { data } = await stream.until('the first message', () => true);
    expect(new Set(data.tasks.map((task) => task.task_id)).size).toBe(251);
  });

  it('reports changes by unnamed events with ids and correct counts', async () => {
    const stream = await open();
    await stream.until('the first message', () => true);
    const id = await queue('/track/download/demo:night-ferry-1-01');
    await stream.until('QUEUED', shows(id, 'queued'));
    await change(id, { state: 'RUNNING', progress: 30 });
    const running = await stream.until('RUNNING', shows(id, 'real-time'));
    expect(running.data).toMatchObject({
      change_type: 'update',
      active_tasks: 1,
      task_counts: { active: 1 },
    });
    await change(id, { state: 'COMPLETED', progress: 100 });
    const done = await stream.until('COMPLETED', shows(id, 'done'));
    expect(done.data).toMatchObject({ active_tasks: 0, task_counts: { completed: 1, active: 0 } });
    expect(done.data).not.toHaveProperty('initial');
    expect(done.data).not.toHaveProperty('error');
    expect(new Set(stream.lines)).toEqual(new Set(['id', 'data']));
  });

  it('shows an album again when one of its tracks changes', async () => {
    const album = await queue('/album/download/demo:night-ferry');
    await change(album, { state: 'RUNNING', total: 9 });
    const stream = await open();
    await stream.until('the first message', () => true);
    const part = await addPart(album, { state: 'RUNNING', progress: 1 });
    const progressOf = (message: Message) =>
      (message.data.tasks[0]?.last_line as { status_info?: { progress?: number } }).status_info?.progress;
    await stream.until('the track at 1 %', (message) => progressOf(message) === 1);
    await change(part.id, { progress: 77 });
    const moved = await stream.until('the track at 77 %', (message) => progressOf(message) === 77);
    expect(idsIn(moved)).toEqual([album]);
    expect(moved.data.tasks[0]?.last_line).toMatchObject({
      track: { title: 'Part' },
      current_track: 1,
      total_tracks: 9,
      parent: { type: 'album', title: 'Night Ferry' },
    });
  });

  it('sends at most ten messages a second, the latest state in each', async () => {
    const id = await queue('/track/download/demo:night-ferry-1-01');
    await change(id, { state: 'RUNNING' });
    const stream = await open();
    await stream.until('the first message', () => true);
    for (let progress = 1; progress <= 100; progress++) await change(id, { progress });
    await change(id, { state: 'COMPLETED' });
    await stream.until('the end', shows(id, 'done'));
    const times = stream.messages.map(({ receivedAt }) => receivedAt);
    const [first = 0, last = 0] = [times[0], times.at(-1)];
    expect(stream.messages.length - 1).toBeLessThanOrEqual((last - first) / 100 + 2);
  });

  it('resumes from Last-Event-ID and since_event without loss', async () => {
    const stream = await open();
    const { id: mark } = await stream.until('the first message', () => true);
    stream.close();
    const missed = await queue('/track/download/demo:night-ferry-1-01');
    await change(missed, { state: 'FAILED' });
    for (const again of [
      await open('', { headers: { 'last-event-id': String(mark) } }),
      await open(`?since_event=${mark}`),
    ]) {
      expect((await again.until('the first message', () => true)).data).toMatchObject({
        initial: true,
        tasks: [],
      });
      await again.until('what was missed', shows(missed, 'error'));
    }
  });

  it('ignores an invalid Last-Event-ID and rejects an invalid since_event', async () => {
    const stream = await open('', { headers: { 'last-event-id': 'nonsense' } });
    await stream.until('the first message', ({ data }) => data.initial === true);
    for (const query of ['since_event=x', 'since_event=-1', 'active_only=perhaps']) {
      expect(await app.get(`/prgs/stream?${query}`)).toMatchObject({ status: 400 });
    }
  });

  it('stops listening when the client disconnects', async () => {
    const stream = await open();
    await stream.until('the first message', () => true);
    expect(app.deps.feed.readerCount()).toBe(2);
    stream.close();
    await waitFor(() => app.deps.feed.readerCount() === 0, { what: 'no readers' });
  });
});

describe('a stream without changes', () => {
  it('sends a heartbeat', async () => {
    const quick = await startRest({ rest: { timing: { heartbeatMs: 50 } } });
    try {
      const stream = await open('', { on: quick });
      const { data } = await stream.until(
        'a heartbeat',
        (message) => message.data.change_type === 'heartbeat',
      );
      expect(data).toMatchObject({ tasks: [], active_tasks: 0, all_tasks_count: 0 });
      stream.close();
    } finally {
      await quick.stop();
    }
  });
});

describe('a client that stops reading', () => {
  it('is disconnected when 1 MiB is unread, and others continue', async () => {
    const quick = await startRest({ rest: { timing: { messageGapMs: 1 } } });
    const stalled = await stall(quick);
    try {
      const healthy = await open('', { on: quick });
      const id = String((await quick.get('/track/download/demo:night-ferry-1-01')).body['task_id']);
      const moveOn = (data: object) => quick.deps.db.task.update({ where: { id }, data });
      // The sockets on both sides hold some MB before anything waits for the client.
      await moveOn({ state: 'RUNNING', title: 'x'.repeat(200_000) });
      await waitFor(
        async () => {
          await moveOn({ progress: Math.random() * 100 });
          return quick.deps.feed.readerCount() === 2;
        },
        { what: 'only the healthy client to be left', timeoutMs: 25_000 },
      );
      await moveOn({ state: 'COMPLETED', title: 'The end' });
      await healthy.until('the end', shows(id, 'done'));
      healthy.close();
    } finally {
      stalled.destroy();
      await quick.stop();
    }
  });
});

/** Asks for a stream, and never reads. */
async function stall(quick: RestTestApp): Promise<Socket> {
  const { hostname, port } = new URL(quick.url);
  const socket = connect(Number(port), hostname);
  socket.pause();
  const headers = Object.entries({ host: hostname, ...bearerOf(quick) });
  const lines = ['GET /api/prgs/stream HTTP/1.1', ...headers.map((pair) => pair.join(': '))];
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  await waitFor(() => quick.deps.feed.readerCount() === 2, { what: 'the stalled client to have come' });
  return socket;
}
