import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRest, type RestTestApp } from './rest-app.js';

let app: RestTestApp;

beforeAll(async () => {
  // Nobody writes an artist's albums here, so there is nothing to wait for.
  app = await startRest();
});

afterAll(() => app.stop());

const taskIdOf = (body: Record<string, unknown>) => String(body['task_id']);
const taskOf = async (body: Record<string, unknown>) =>
  app.deps.db.task.findUniqueOrThrow({ where: { id: taskIdOf(body) } });

describe('downloads', () => {
  it('are queued by GET, with a 202 response and the task’s id', async () => {
    const { status, body } = await app.get('/track/download/demo:night-ferry-1-01');
    expect(status).toBe(202);
    expect(body).toEqual({ task_id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string });
    expect(await taskOf(body)).toMatchObject({
      kind: 'TRACK',
      state: 'QUEUED',
      itemId: 'demo:night-ferry-1-01',
    });
  });

  it('are queued by POST with the same parameters as JSON', async () => {
    const { status, body } = await app.send('POST', '/album/download/night-ferry', {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ convertTo: 'mp3', bitrate: 192, priority: 7 }),
    });
    expect(status).toBe(202);
    expect(await taskOf(body)).toMatchObject({
      kind: 'ALBUM',
      priority: 7,
      options: { format: 'MP3', bitrateKbps: 192 },
    });
  });

  it('accept POST without a body, and a trailing slash', async () => {
    expect((await app.send('POST', '/track/download/demo:night-ferry-1-02/')).status).toBe(202);
  });

  it('accept a format in any case and a bitrate with or without its k', async () => {
    for (const [query, options] of [
      ['convertTo=Mp3&bitrate=320k', { format: 'MP3', bitrateKbps: 320 }],
      ['convertTo=OPUS&bitrate=128', { format: 'OPUS', bitrateKbps: 128 }],
      ['convertTo=flac', { format: 'FLAC', bitrateKbps: null }],
    ] as const) {
      const { body } = await app.get(`/track/download/demo:night-ferry-1-03?${query}`);
      expect((await taskOf(body)).options).toMatchObject(options);
    }
  });

  it('accept every download option, and store it with the task', async () => {
    const query = new URLSearchParams({
      real_time: 'true',
      real_time_multiplier: '1.5',
      custom_dir_format: '%year%/%album%',
      custom_track_format: '%music%',
      tracknum_padding: 'false',
      pad_number_width: '5',
      save_cover: '0',
      artist_separator: ' & ',
      recursive_quality: 'TRUE',
    });
    const { body, status } = await app.get(`/album/download/demo:umbrella-weather?${query.toString()}`);
    expect({ status, body }).toMatchObject({ status: 202 });
    expect((await taskOf(body)).options).toMatchObject({
      realTime: true,
      realTimeMultiplier: 1.5,
      customDirFormat: '%year%/%album%',
      customTrackFormat: '%music%',
      padNumbers: false,
      padNumberWidth: 5,
      saveCover: false,
      artistSeparator: ' & ',
      acceptLowerQuality: true,
    });
  });

  it.each(['auto', 'AUTO'])(
    'accept %s as a number’s width, and use the setting’s when omitted',
    async (width) => {
      const { body } = await app.get(`/track/download/demo:umbrella-weather-1-01?pad_number_width=${width}`);
      expect((await taskOf(body)).options).toMatchObject({ padNumberWidth: 'auto' });
      await app.get(`/track/download/cancel?task_id=${taskIdOf(body)}`);
      const usual = await app.get('/track/download/demo:umbrella-weather-1-01');
      expect((await taskOf(usual.body)).options).toMatchObject({ padNumberWidth: 3 });
      await app.get(`/track/download/cancel?task_id=${taskIdOf(usual.body)}`);
    },
  );

  it('respond 409 with the active duplicate', async () => {
    const first = await app.get('/track/download/demo:night-ferry-1-04');
    const second = await app.get('/track/download/demo:night-ferry-1-04');
    expect(second.status).toBe(409);
    expect(second.body).toEqual({
      error: 'Duplicate download detected.',
      detail: 'Duplicate download detected.',
      details: expect.stringContaining('already being downloaded') as string,
      existing_task: taskIdOf(first.body),
    });
  });

  it('respond 404 for what the catalog does not have', async () => {
    expect(await app.get('/track/download/demo:nothing')).toMatchObject({
      status: 404,
      body: { error: 'demo has no track demo:nothing.' },
    });
    expect((await app.get('/album/download/demo:night-ferry-1-01')).status).toBe(404);
  });

  it.each([
    ['a%20b', '', 'is not an item id'],
    ['demo:a:b:c', '', 'is not an item id'],
    ['x'.repeat(501), '', 'id:'],
    ['a%00b', '', 'id:'],
    ['%E0%A4%A', '', 'id:'],
    [encodeURIComponent('https://example.com/track/1'), '', 'is not a link'],
    ['demo:night-ferry-1-05', 'convertTo=mp4', 'convertTo:'],
    ['demo:night-ferry-1-05', 'bitrate=loud', 'bitrate:'],
    ['demo:night-ferry-1-05', 'bitrate=0', 'bitrate:'],
    ['demo:night-ferry-1-05', 'convertTo=mp3&bitrate=999', 'between 32 and 320 for MP3'],
    ['demo:night-ferry-1-05', 'convertTo=flac&bitrate=320', 'takes no bitrate'],
    ['demo:night-ferry-1-05', 'priority=101', 'priority:'],
    ['demo:night-ferry-1-05', 'priority=high', 'priority:'],
    ['demo:night-ferry-1-05', 'real_time=sometimes', 'real_time: allowed are true and false'],
    ['demo:night-ferry-1-05', 'real_time_multiplier=11', 'real_time_multiplier: allowed are numbers from 0'],
    ['demo:night-ferry-1-05', 'real_time_multiplier=fast', 'real_time_multiplier:'],
    [
      'demo:night-ferry-1-05',
      'custom_dir_format=..%2F%25album%25',
      'custom_dir_format: must be below the download directory: no folder',
    ],
    [
      'demo:night-ferry-1-05',
      'custom_dir_format=%2Fetc',
      'custom_dir_format: must be below the download directory: no drive',
    ],
    [
      'demo:night-ferry-1-05',
      'custom_track_format=%25nonsense%25',
      'custom_track_format: contains %nonsense%',
    ],
    ['demo:night-ferry-1-05', 'custom_track_format=', 'custom_track_format: must not be empty'],
    ['demo:night-ferry-1-05', 'artist_separator=', 'artist_separator: must not be empty'],
    ['demo:night-ferry-1-05', 'tracknum_padding=2', 'tracknum_padding:'],
    ['demo:night-ferry-1-05', 'save_cover=', 'save_cover:'],
    ['demo:night-ferry-1-05', 'pad_number_width=0', 'pad_number_width: allowed are whole numbers'],
    ['demo:night-ferry-1-05', 'pad_number_width=wide', 'pad_number_width: allowed are whole numbers'],
    [
      'demo:night-ferry-1-05',
      'artist_separator=012345678901234567890',
      'artist_separator: must have at most 20',
    ],
    ['demo:night-ferry-1-05', 'custom_dir_format=a%00b', 'custom_dir_format:'],
    ['demo:night-ferry-1-05', 'recursive_quality=maybe', 'recursive_quality:'],
    ['demo:night-ferry-1-05', 'convert_to=mp3', 'convert_to: is not a parameter of this route'],
  ])('respond 400 to %s?%s, and nothing is queued', async (id, query, problem) => {
    const before = await app.deps.db.task.count();
    const { status, body } = await app.get(`/track/download/${id}?${query}`);
    expect({ status, body }).toMatchObject({
      status: 400,
      body: { error: expect.stringContaining(problem) as string },
    });
    expect(await app.deps.db.task.count()).toBe(before);
  });

  it('cannot be started by pages of other sites, by any method', async () => {
    const before = await app.deps.db.task.count();
    for (const method of ['GET', 'POST']) {
      const path = '/track/download/demo:night-ferry-1-06';
      const { status } = await app.send(method, path, { headers: { 'sec-fetch-site': 'cross-site' } });
      expect(status).toBe(403);
    }
    expect(await app.deps.db.task.count()).toBe(before);
    const own = { 'sec-fetch-site': 'same-origin' };
    expect((await app.get('/track/download/demo:night-ferry-1-06', own)).status).toBe(202);
  });

  it('are not started by HEAD', async () => {
    const before = await app.deps.db.task.count();
    expect((await app.send('HEAD', '/track/download/demo:night-ferry-1-07')).status).toBe(405);
    expect(await app.deps.db.task.count()).toBe(before);
  });
});

describe('a request to cancel', () => {
  it.each(['/track/download/cancel', '/album/download/cancel'])('cancels a task by %s', async (path) => {
    const { body } = await app.get('/track/download/demo:night-ferry-1-08');
    const reply = await app.get(`${path}?task_id=${taskIdOf(body)}`);
    expect(reply).toMatchObject({ status: 200, body: { status: 'cancelled', task_id: taskIdOf(body) } });
    expect(await taskOf(body)).toMatchObject({ state: 'CANCELLED' });
  });

  it('responds 409 for a finished task, and changes nothing', async () => {
    const { body } = await app.get('/track/download/demo:night-ferry-1-09');
    await app.get(`/track/download/cancel?task_id=${taskIdOf(body)}`);
    const { updatedAt } = await taskOf(body);
    const again = await app.get(`/track/download/cancel?task_id=${taskIdOf(body)}`);
    expect(again).toMatchObject({
      status: 409,
      body: { task_id: taskIdOf(body), error: expect.any(String) as string },
    });
    expect((await taskOf(body)).updatedAt).toEqual(updatedAt);
  });

  it.each(['nonsense', '00000000-0000-4000-8000-00000000dead'])(
    'responds 404 for the task %s',
    async (id) => {
      expect((await app.get(`/track/download/cancel?task_id=${id}`)).status).toBe(404);
    },
  );

  it('responds 400 without a task', async () => {
    expect(await app.get('/track/download/cancel')).toMatchObject({
      status: 400,
      body: { details: { field: 'task_id' } },
    });
  });

  it('rejects pages of other sites', async () => {
    const { status } = await app.get('/track/download/cancel?task_id=x', { 'sec-fetch-site': 'cross-site' });
    expect(status).toBe(403);
  });
});

describe.each([
  ['track', 'TRACK', 'demo:umbrella-weather-1-02'],
  ['album', 'ALBUM', 'demo:umbrella-weather'],
  ['playlist', 'PLAYLIST', 'demo:first-watch'],
  ['artist', 'ARTIST', 'demo:juniper-voltmeter'],
])('/%s/download', (type, kind, item) => {
  const download = `/${type}/download/${item}`;
  const cancel = `/${type}/download/cancel`;

  it.each(['GET', 'POST'])('queues one by %s, once for each output, and cancels it', async (method) => {
    const queued = await app.send(method, download);
    expect({ status: queued.status, body: queued.body }).toMatchObject({ status: 202 });
    const id = taskIdOf(queued.body);
    expect(await taskOf(queued.body)).toMatchObject({ kind, itemId: item, state: 'QUEUED', priority: 0 });
    expect((await app.get(`/prgs/${id}`)).body).toMatchObject({ download_type: type, status: 'queued' });
    const sameAgain = {
      status: 409,
      body: {
        error: 'Duplicate download detected.',
        detail: 'Duplicate download detected.',
        existing_task: id,
      },
    };
    // Active albums of an artist are reported in the usual response (artist-downloads.test.ts).
    const artistAgain = { status: 202, body: { task_id: id, queued_albums: [] } };
    expect(await app.send(method, `${download}/`)).toMatchObject(type === 'artist' ? artistAgain : sameAgain);
    const other = await app.send(method, `${download}?convertTo=wav&priority=-100`);
    expect(other.status).toBe(202);
    expect(await taskOf(other.body)).toMatchObject({ options: { format: 'WAV' }, priority: -100 });
    for (const task_id of [id, taskIdOf(other.body)]) {
      expect(await app.send(method, `${cancel}?task_id=${task_id}`)).toMatchObject({
        status: 200,
        body: { status: 'cancelled', task_id },
      });
      const again = await app.send(method, `${cancel}?task_id=${task_id}`);
      expect(again).toMatchObject({ status: 409, body: { task_id, error: expect.any(String) as string } });
    }
    expect(await taskOf(queued.body)).toMatchObject({ state: 'CANCELLED' });
  });

  it('responds 404 for what its catalog does not have, and for a missing task', async () => {
    expect((await app.get(`/${type}/download/demo:no-such-thing`)).status).toBe(404);
    for (const id of ['nonsense', '00000000-0000-4000-8000-00000000dead']) {
      expect(await app.get(`${cancel}?task_id=${id}`)).toMatchObject({ status: 404, body: { task_id: id } });
    }
  });

  it('responds 400 to invalid options, and without a task', async () => {
    const before = await app.deps.db.task.count();
    for (const query of [
      'convertTo=mp4',
      'convertTo=mp3&bitrate=31k',
      'bitrate=',
      'priority=101',
      'nonsense=1',
    ]) {
      expect((await app.get(`${download}?${query}`)).status).toBe(400);
    }
    expect(await app.deps.db.task.count()).toBe(before);
    expect(await app.get(cancel)).toMatchObject({ status: 400, body: { details: { field: 'task_id' } } });
  });

  it('rejects pages of other sites', async () => {
    const headers = { 'sec-fetch-site': 'cross-site' };
    expect((await app.get(download, headers)).status).toBe(403);
    expect((await app.get(`${cancel}?task_id=x`, headers)).status).toBe(403);
  });
});
