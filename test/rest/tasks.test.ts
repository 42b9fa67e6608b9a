import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { QUEUE_DOWNLOAD } from '../kit/documents.js';
import { seededTrack, seedTasks } from '../kit/seed-tasks.js';
import { spyOnQueries } from '../kit/spy-on-queries.js';
import { startRest, type RestTestApp } from './rest-app.js';

let app: RestTestApp;

beforeAll(async () => {
  app = await startRest({ rest: { clock: { now: () => NOW } } });
});

afterEach(() => app.deps.db.task.deleteMany());

afterAll(() => app.stop());

const NOW = new Date('2026-03-01T12:00:00.500Z');

type Row = Parameters<RestTestApp['deps']['db']['task']['create']>[0]['data'];

const queue = async (path: string) => String((await app.get(path)).body['task_id']);
const change = (id: string, data: object) => app.deps.db.task.update({ where: { id }, data });
const lineOf = async (id: string) => (await app.get(`/prgs/${id}`)).body['last_line'];

/** A child of a list, as a worker would leave it. */
async function addPart(parentId: string, position: number, data: Partial<Row>) {
  const parent = await app.deps.db.task.findUniqueOrThrow({ where: { id: parentId } });
  const { ownerId, options } = parent;
  const place = {
    ownerId,
    options: options as object,
    item: seededTrack(`demo:part-${position}`),
    parentId,
    position,
    itemId: `demo:part-${position}`,
  };
  const part = {
    kind: 'TRACK',
    title: `Part ${position + 1}`,
    artists: ['Someone'],
    album: parent.title,
    ...data,
  };
  return app.deps.db.task.create({ data: { ...place, ...part } as never });
}

describe('GET /prgs/{task_id}', () => {
  it('shows a queued track', async () => {
    const id = await queue('/track/download/demo:night-ferry-1-03');
    const { status, body } = await app.get(`/prgs/${id}`);
    expect(status).toBe(200);
    expect(body['original_url']).toBe(`${app.url}/api/track/download/demo:night-ferry-1-03`);
    expect(body).toMatchInlineSnapshot(
      {
        task_id: expect.any(String) as string,
        original_url: expect.any(String) as string,
        created_at: expect.any(Number) as number,
        timestamp: expect.any(Number) as number,
        last_line: { timestamp: expect.any(Number) as number },
      },
      `
      {
        "artist": "Saltglass Choir",
        "created_at": Any<Number>,
        "download_type": "track",
        "last_line": {
          "artist": "Saltglass Choir",
          "name": "Night Ferry",
          "status": "queued",
          "timestamp": Any<Number>,
          "type": "track",
        },
        "name": "Night Ferry",
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
  });

  it('shows each state by the name that clients know', async () => {
    const id = await queue('/track/download/demo:night-ferry-1-03');
    const seen: unknown[] = [];
    for (const data of [
      { state: 'RUNNING', attempt: 1, startedAt: NOW },
      { state: 'RUNNING', progress: 42.5 },
      {
        state: 'RETRYING',
        errorCode: 'SOURCE_CUT_OFF',
        errorMessage: 'The source broke off.',
        errorRetryable: true,
        retryAt: new Date(NOW.getTime() + 4_200),
      },
      { state: 'FAILED', retryAt: null },
      { state: 'SKIPPED', errorCode: null, errorMessage: null },
      { state: 'COMPLETED', progress: 100 },
      { state: 'CANCELLED' },
      { state: 'PAUSED' },
    ]) {
      await change(id, data);
      const { body } = await app.get(`/prgs/${id}`);
      const { timestamp, ...line } = body['last_line'] as { timestamp: number; status_info?: object };
      expect(timestamp).toEqual(expect.any(Number));
      seen.push([body['status'], line.status_info ?? line, ...(body['error'] ? [body['error']] : [])]);
    }
    expect(seen).toMatchInlineSnapshot(`
      [
        [
          "initializing",
          {
            "progress": 0,
            "status": "initializing",
          },
        ],
        [
          "real-time",
          {
            "progress": 42.5,
            "status": "real-time",
          },
        ],
        [
          "retrying",
          {
            "error": "The source broke off.",
            "progress": 42.5,
            "retry_count": 1,
            "seconds_left": 5,
            "status": "retrying",
          },
        ],
        [
          "error",
          {
            "error": "The source broke off.",
            "progress": 42.5,
            "status": "error",
          },
          "The source broke off.",
        ],
        [
          "skipped",
          {
            "progress": 100,
            "reason": "The file already exists.",
            "status": "skipped",
          },
        ],
        [
          "done",
          {
            "progress": 100,
            "status": "done",
          },
        ],
        [
          "cancelled",
          {
            "artist": "Saltglass Choir",
            "name": "Night Ferry",
            "status": "cancelled",
            "type": "track",
          },
        ],
        [
          "queued",
          {
            "artist": "Saltglass Choir",
            "name": "Night Ferry",
            "status": "queued",
            "type": "track",
          },
        ],
      ]
    `);
  });

  it('shows a parent that is being expanded, and then by its current track', async () => {
    const id = await queue('/album/download/demo:night-ferry');
    await change(id, { state: 'RUNNING' });
    expect(await lineOf(id)).toMatchObject({ status: 'processing' });
    await change(id, { total: 3, succeeded: 1, progress: 33.3 });
    expect(await lineOf(id)).toMatchObject({
      album: { type: 'album', title: 'Night Ferry' },
      status_info: { status: 'real-time', progress: 33.3 },
      total_tracks: 3,
    });
    await addPart(id, 0, { state: 'COMPLETED' });
    await addPart(id, 1, { state: 'RUNNING', progress: 10 });
    await addPart(id, 2, { state: 'RUNNING', progress: 90 });
    const line = (await lineOf(id)) as { timestamp: number };
    expect(line).toMatchInlineSnapshot(
      { timestamp: expect.any(Number) as number },
      `
      {
        "current_track": 2,
        "parent": {
          "artists": [
            {
              "name": "Saltglass Choir",
            },
          ],
          "title": "Night Ferry",
          "total_tracks": 3,
          "type": "album",
        },
        "status_info": {
          "progress": 10,
          "status": "real-time",
        },
        "timestamp": Any<Number>,
        "total_tracks": 3,
        "track": {
          "album": {
            "title": "Night Ferry",
          },
          "artists": [
            {
              "name": "Someone",
            },
          ],
          "title": "Part 2",
          "type": "track",
        },
      }
    `,
    );
  });

  it('shows a playlist and an artist by their current item, also while it waits for a retry', async () => {
    const [playlist = '', artist = ''] = await seedTasks(app, [
      { kind: 'PLAYLIST', state: 'RUNNING', title: 'The List', artists: ['Its Owner'], total: 7 },
      { kind: 'ARTIST', state: 'RUNNING', title: 'Someone', artists: ['Someone'], total: 2 },
    ]);
    const retryAt = new Date(NOW.getTime() + 30_000);
    const trouble = { attempt: 2, retryAt, errorCode: 'SOURCE_CUT_OFF', errorMessage: 'It broke off.' };
    await addPart(playlist, 5, { state: 'RETRYING', progress: 40, album: 'Its Album', ...trouble });
    expect(await lineOf(playlist)).toEqual({
      timestamp: expect.any(Number) as number,
      track: {
        ...{ type: 'track', title: 'Part 6', artists: [{ name: 'Someone' }], album: { title: 'Its Album' } },
      },
      status_info: {
        ...{ status: 'retrying', progress: 40, seconds_left: 30, retry_count: 2, error: 'It broke off.' },
      },
      current_track: 6,
      total_tracks: 7,
      parent: { type: 'playlist', title: 'The List', owner: { name: 'Its Owner' }, total_tracks: 7 },
    });
    await addPart(artist, 1, { kind: 'ALBUM', title: 'First Album', state: 'RUNNING', progress: 20 });
    expect(await lineOf(artist)).toMatchObject({
      album: { type: 'album', title: 'First Album', artists: [{ name: 'Someone' }] },
      status_info: { status: 'real-time', progress: 20 },
      current_track: 2,
      parent: { type: 'artist', title: 'Someone', total_tracks: 2 },
    });
  });

  it.each([
    ['ALBUM', 'SKIPPED', 'skipped'],
    ['PLAYLIST', 'FAILED', 'error'],
  ] as const)('finishes the line of a parent with a summary: %s that is %s', async (kind, state, status) => {
    const [id = ''] = await seedTasks(app, [{ kind, state, finishedAt: NOW, total: 1, title: 'The List' }]);
    await addPart(id, 0, { state });
    const { body } = await app.get(`/prgs/${id}`);
    const line = body['last_line'] as Record<string, object>;
    expect(line[kind.toLowerCase()]).toMatchObject({ type: kind.toLowerCase(), title: 'The List' });
    expect(line['status_info']).toMatchObject({ status, summary: body['summary'] });
    expect(body['summary']).toMatchObject({ total_successful: 0 });
  });

  it('shows a canceled parent by one word, with a summary', async () => {
    const [id = ''] = await seedTasks(app, [{ kind: 'ALBUM', state: 'CANCELLED', total: 2, succeeded: 1 }]);
    await addPart(id, 0, { state: 'COMPLETED' });
    const { body } = await app.get(`/prgs/${id}`);
    expect(body).toMatchObject({
      status: 'cancelled',
      last_line: { status: 'cancelled', timestamp: expect.any(Number) as number },
      summary: { total_successful: 1, successful_tracks: [{ title: 'Part 1' }] },
    });
  });

  it('summarizes a finished parent', async () => {
    const id = await queue('/album/download/demo:night-ferry');
    await addPart(id, 0, { state: 'COMPLETED' });
    await addPart(id, 1, { state: 'SKIPPED' });
    await addPart(id, 2, { state: 'FAILED', errorCode: 'NO_SOURCE', errorMessage: 'No source has it.' });
    await change(id, { state: 'COMPLETED', total: 3, succeeded: 1, skipped: 1, failed: 1, progress: 100 });
    const { body } = await app.get(`/prgs/${id}`);
    expect(body['summary']).toMatchInlineSnapshot(`
      {
        "failed_tracks": [
          {
            "reason": "No source has it.",
            "track": {
              "album": {
                "title": "Night Ferry",
              },
              "artists": [
                {
                  "name": "Someone",
                },
              ],
              "title": "Part 3",
              "type": "track",
            },
          },
        ],
        "skipped_tracks": [
          {
            "album": {
              "title": "Night Ferry",
            },
            "artists": [
              {
                "name": "Someone",
              },
            ],
            "title": "Part 2",
            "type": "track",
          },
        ],
        "successful_tracks": [
          {
            "album": {
              "title": "Night Ferry",
            },
            "artists": [
              {
                "name": "Someone",
              },
            ],
            "title": "Part 1",
            "type": "track",
          },
        ],
        "total_failed": 1,
        "total_skipped": 1,
        "total_successful": 1,
      }
    `);
    const { status_info } = body['last_line'] as { status_info: object };
    expect(status_info).toEqual({ status: 'done', progress: 100, summary: body['summary'] });
  });

  it('shows a child with its parent', async () => {
    const id = await queue('/album/download/demo:night-ferry');
    await change(id, { total: 9 });
    const part = await addPart(id, 4, { state: 'RUNNING', progress: 5 });
    expect(await lineOf(part.id)).toMatchObject({
      track: { type: 'track', title: 'Part 5', album: { title: 'Night Ferry' } },
      status_info: { status: 'real-time', progress: 5 },
      total_tracks: 9,
      parent: {
        type: 'album',
        title: 'Night Ferry',
        artists: [{ name: 'Saltglass Choir' }],
        total_tracks: 9,
      },
    });
  });

  it('counts the tracks of an artist’s album as the album’s own', async () => {
    const id = await queue('/artist/download/demo:saltglass-choir');
    await change(id, { total: 2 });
    const album = await addPart(id, 0, { kind: 'ALBUM', state: 'COMPLETED', total: 20, succeeded: 20 });
    expect(await lineOf(album.id)).toMatchObject({
      album: { type: 'album', title: 'Part 1' },
      total_tracks: 20,
      parent: { type: 'artist', title: 'Saltglass Choir', total_tracks: 2 },
    });
  });

  it('shows why the children of a skipped parent were skipped', async () => {
    const id = await queue('/album/download/demo:night-ferry');
    await change(id, { state: 'SKIPPED', total: 5, skipped: 5 });
    const reasonOf = async () => ((await lineOf(id)) as { status_info: object }).status_info;
    expect(await reasonOf()).toMatchObject({ reason: 'The file already exists.' });
    for (const at of [0, 1, 2, 3, 4]) {
      const left = { errorCode: 'EXPLICIT_CONTENT', errorMessage: `Part ${at + 1} is explicit.` };
      await addPart(id, at, { state: 'SKIPPED', ...(at > 0 && left) });
    }
    expect(await reasonOf()).toMatchObject({
      status: 'skipped',
      reason: 'Part 2 is explicit. Part 3 is explicit. Part 4 is explicit. And 1 more.',
    });
  });

  it('shows a playlist by its owner', async () => {
    const { queueDownload } = await app.execute(QUEUE_DOWNLOAD, {
      input: { item: 'Playlist:demo:first-watch' },
    });
    if (queueDownload.__typename !== 'DownloadQueued') expect.fail(JSON.stringify(queueDownload));
    const id = queueDownload.task.id.replace('Task:', '');
    await change(id, { state: 'COMPLETED', total: 1, succeeded: 1 });
    expect(await lineOf(id)).toMatchObject({
      playlist: { type: 'playlist', title: 'First Watch', owner: { name: 'Harbour Radio' } },
    });
  });

  it.each(['nonsense', '00000000-0000-4000-8000-00000000dead', 'Task:x'])(
    'responds 404 for %s',
    async (id) => {
      const { status, body } = await app.get(`/prgs/${id}`);
      expect({ status, body }).toEqual({
        status: 404,
        body: { error: 'Task not found', detail: 'Task not found', task_id: id },
      });
    },
  );
});

describe('GET /prgs/list', () => {
  /** Eight tracks, the first queued first: states by their place. */
  async function queueAll(states: string[]) {
    const ids: string[] = [];
    for (const [at, state] of states.entries()) {
      const id = await queue(`/track/download/demo:night-ferry-1-0${at + 1}`);
      await change(id, { state });
      ids.push(id);
    }
    return ids;
  }
  const idsOf = (body: Record<string, unknown>) =>
    (body['tasks'] as { task_id: string }[]).map((task) => task.task_id);

  it('starts with active tasks, then shows finished ones, each newest first, over all pages', async () => {
    const ids = await queueAll([
      'RUNNING',
      'COMPLETED',
      'QUEUED',
      'FAILED',
      'RETRYING',
      'CANCELLED',
      'SKIPPED',
    ]);
    const wanted = [4, 2, 0, 6, 5, 3, 1].map((at) => ids[at]);
    const whole = await app.get('/prgs/list');
    expect(idsOf(whole.body)).toEqual(wanted);
    for (const limit of [1, 2, 3, 4, 5]) {
      const seen: string[] = [];
      for (let page = 1, more = true; more; page++) {
        const { body } = await app.get(`/prgs/list?page=${page}&limit=${limit}`);
        seen.push(...idsOf(body));
        more = (body['pagination'] as { has_more: boolean }).has_more;
      }
      expect(seen).toEqual(wanted);
    }
  });

  it('has all active tasks on its first page, even above the limit', async () => {
    const ids = await queueAll(['QUEUED', 'COMPLETED', 'RUNNING', 'FAILED', 'PAUSED', 'SKIPPED', 'RETRYING']);
    const wanted = [6, 4, 2, 0, 5, 3, 1].map((at) => ids[at]);
    const pagesOf = async (limit: number, query = '') => {
      const seen: string[][] = [];
      for (let page = 1, more = true; more; page++) {
        const { body } = await app.get(`/prgs/list?page=${page}&limit=${limit}${query}`);
        seen.push(idsOf(body));
        const { total_pages, has_more } = body['pagination'] as { total_pages: number; has_more: boolean };
        expect(has_more).toBe(page < total_pages);
        more = has_more;
      }
      return seen;
    };
    expect(await pagesOf(1)).toEqual([wanted.slice(0, 4), ...wanted.slice(4).map((id) => [id])]);
    expect(await pagesOf(2)).toEqual([wanted.slice(0, 4), wanted.slice(4, 6), wanted.slice(6)]);
    expect(await pagesOf(4)).toEqual([wanted.slice(0, 4), wanted.slice(4)]);
    expect(await pagesOf(5)).toEqual([wanted.slice(0, 5), wanted.slice(5)]);
    expect(await pagesOf(2, '&active_only=true')).toEqual([wanted.slice(0, 4)]);
  });

  it('shows each task as GET /prgs/{task_id} does but for its end, with its own number of children', async () => {
    const album = await queue('/album/download/demo:night-ferry');
    await change(album, { state: 'RUNNING', total: 9, succeeded: 1, progress: 11.1 });
    await addPart(album, 1, { state: 'RUNNING', progress: 10 });
    const unread = await queue('/album/download/demo:low-tide-radio');
    await change(unread, { state: 'RUNNING' });
    const track = await queue('/track/download/demo:night-ferry-1-01');
    await change(track, { state: 'COMPLETED', progress: 100 });
    const { body } = await app.get('/prgs/list');
    const ENDS = ['final_path', 'terminal_reason'];
    const alone = [unread, album, track].map(async (id) => {
      const { body: task } = await app.get(`/prgs/${id}`);
      return Object.fromEntries(Object.entries(task).filter(([key]) => !ENDS.includes(key)));
    });
    expect(body['tasks']).toEqual(await Promise.all(alone));
  });

  it('counts correctly, and only top-level tasks', async () => {
    const ids = await queueAll([
      'RUNNING',
      'COMPLETED',
      'QUEUED',
      'FAILED',
      'RETRYING',
      'CANCELLED',
      'SKIPPED',
      'PAUSED',
    ]);
    await addPart(ids[0] ?? '', 0, { state: 'RUNNING' });
    const { status, body } = await app.get('/prgs/list?limit=3&page=2');
    expect(status).toBe(200);
    const { tasks, ...numbers } = body;
    expect(tasks).toHaveLength(3);
    expect(numbers).toMatchInlineSnapshot(`
      {
        "active_tasks": 4,
        "all_tasks_count": 8,
        "pagination": {
          "active_tasks": 4,
          "has_more": true,
          "limit": 3,
          "page": 2,
          "total_items": 8,
          "total_other_tasks": 4,
          "total_pages": 3,
        },
        "task_counts": {
          "active": 1,
          "cancelled": 1,
          "completed": 1,
          "error": 1,
          "queued": 2,
          "retrying": 1,
          "skipped": 1,
        },
        "timestamp": 1772366400.5,
        "total_tasks": 8,
      }
    `);
  });

  it('leaves out dismissed tasks', async () => {
    const [first = '', second = ''] = await queueAll(['COMPLETED', 'COMPLETED']);
    await change(first, { dismissedAt: NOW });
    const { body } = await app.get('/prgs/list');
    expect(idsOf(body)).toEqual([second]);
    expect(body['all_tasks_count']).toBe(1);
  });

  it('shows active tasks only, if requested', async () => {
    const [first = '', , third = ''] = await queueAll(['RUNNING', 'COMPLETED', 'QUEUED']);
    for (const value of ['true', '1', 'TRUE']) {
      const { body } = await app.get(`/prgs/list?active_only=${value}`);
      expect(idsOf(body)).toEqual([third, first]);
      expect(body['pagination']).toMatchObject({ total_items: 2, total_pages: 1, has_more: false });
    }
    expect(idsOf((await app.get('/prgs/list?active_only=false')).body)).toHaveLength(3);
  });

  it('is empty beyond the last page, and at first', async () => {
    const { status, body } = await app.get('/prgs/list?page=1001&limit=100');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      tasks: [],
      pagination: { total_items: 0, total_pages: 0, has_more: false },
    });
  });

  it('clamps a limit above 100', async () => {
    expect((await app.get('/prgs/list?limit=1000')).body['pagination']).toMatchObject({ limit: 100 });
  });

  it.each([
    ['page=0', 'page'],
    ['page=-1', 'page'],
    ['page=x', 'page'],
    ['page=1002&limit=100', 'page'],
    ['page=10000001', 'page'],
    ['page=99999999999999999999', 'page'],
    ['limit=0', 'limit'],
    ['limit=1e3', 'limit'],
    ['active_only=maybe', 'active_only'],
  ])('responds 400 to ?%s', async (query, field) => {
    expect(await app.get(`/prgs/list?${query}`)).toMatchObject({ status: 400, body: { details: { field } } });
  });

  it('makes three database calls, however many parents it shows', async () => {
    for (const album of ['night-ferry', 'rough-crossing']) {
      const id = await queue(`/album/download/demo:${album}`);
      await addPart(id, 0, { state: 'RUNNING' });
      await change(id, { state: album === 'night-ferry' ? 'RUNNING' : 'COMPLETED', total: 1 });
    }
    await queueAll(['RUNNING', 'COMPLETED']);
    const asked = spyOnQueries(app.deps);
    await app.get('/prgs/list?limit=50');
    expect(asked()).toBe(3);
  });
});
