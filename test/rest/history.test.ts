import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { toSearchText } from '../../src/tasks/new-task.js';
import { seededTrack, seedTasks } from '../kit/seed-tasks.js';
import { serveOwnUser } from '../kit/serve-as.js';
import { spyOnQueries } from '../kit/spy-on-queries.js';
import type { TestApp } from '../kit/start-app.js';
import { startRest, type RestTestApp } from './rest-app.js';

const REFUSED = 'Your role, or the scopes of your API key, do not allow this.';
const NOW = new Date('2026-03-01T12:00:00.500Z');
const BEGUN = new Date('2026-02-01T10:00:00.000Z');
const ENDED = new Date('2026-02-01T10:05:00.250Z');

let app: RestTestApp;
beforeAll(async () => {
  app = await startRest({ rest: { clock: { now: () => NOW } } });
});
afterAll(() => app.stop());

/** An app in whose history nothing else is. */
async function startEmpty(): Promise<RestTestApp> {
  const own = await startRest({ rest: { clock: { now: () => NOW } } });
  onTestFinished(() => own.stop());
  return own;
}

const ended = { startedAt: BEGUN, finishedAt: ENDED };
const file = {
  filePath: '/music/Nobody/Seed.mp3',
  fileFormat: 'MP3',
  fileBitrateKbps: 320,
  fileSizeBytes: 4_000_000n,
  fileDurationMs: 100_250,
  fileSource: 'library',
  fileLicence: 'CC0',
};

/** An album of four: one made, one there already, one failed, one still to come. */
async function seedAlbum(to: TestApp): Promise<{ album: string; parts: string[] }> {
  const [album = ''] = await seedTasks(to, [
    {
      kind: 'ALBUM',
      itemId: 'demo:night-ferry',
      title: 'Night Ferry',
      artists: ['Saltglass Choir'],
      item: {
        ...{ type: 'ALBUM', id: 'demo:night-ferry', title: 'Night Ferry', group: 'ALBUM', discTotal: 1 },
        ...{ artists: [], releaseDate: '2019-05-03', trackTotal: 4, upc: null, label: null, copyright: null },
        ...{ genres: ['dream pop'], images: [], url: null },
      },
      state: 'COMPLETED',
      ...ended,
      ...{ total: 4, succeeded: 1, skipped: 1, failed: 1, cancelled: 1, expandedAt: BEGUN },
    },
  ]);
  const part = { parentId: album, album: 'Night Ferry' };
  const parts = await seedTasks(to, [
    { ...part, position: 0, state: 'COMPLETED', ...ended, ...file },
    { ...part, position: 1, state: 'SKIPPED', ...ended },
    {
      ...part,
      position: 2,
      state: 'FAILED',
      ...ended,
      errorCode: 'NO_SOURCE',
      errorMessage: 'Nobody has it.',
    },
    { ...part, position: 3, state: 'QUEUED' },
  ]);
  return { album, parts };
}

const ids = (rows: unknown) => (rows as { task_id: string }[]).map((row) => row.task_id);
const statuses = (rows: unknown) => (rows as { status: string }[]).map((row) => row.status);

describe('GET /history', () => {
  it('shows tasks that have started or finished, newest first, dismissed or not, parents without their children', async () => {
    const own = await startEmpty();
    const seeded = await seedTasks(own, [
      { state: 'COMPLETED', ...ended, dismissedAt: ENDED },
      { state: 'QUEUED' },
      { state: 'RUNNING', startedAt: BEGUN },
      { state: 'RETRYING', startedAt: BEGUN },
      { state: 'PAUSED', startedAt: BEGUN },
      { state: 'CANCELLED', finishedAt: ENDED },
    ]);
    const { album } = await seedAlbum(own);
    const { status, body } = await own.get('/history');
    expect(status).toBe(200);
    expect(ids(body['downloads']).sort()).toEqual(
      [seeded[0], seeded[2], seeded[3], seeded[4], seeded[5], album].sort(),
    );
    expect(statuses(body['downloads'])).toEqual([
      'cancelled',
      'in_progress',
      'in_progress',
      'in_progress',
      ...['completed', 'partial'].sort((a) => (a === 'completed' ? 1 : -1)),
    ]);
    expect(body['pagination']).toEqual({ limit: 100, offset: 0, returned_count: 6, total_count: 6 });
  });

  it('shows a track with every field that clients read', async () => {
    const [id = ''] = await seedTasks(app, [
      { state: 'COMPLETED', ...ended, ...file, item: { ...seededTrack('demo:x'), isrc: 'QZES72400001' } },
    ]);
    const { body } = await app.get(`/history/${id}`);
    expect(body['task_id']).toBe(id);
    expect(body['url']).toBe(`${app.url}/api/track/download/demo:x`);
    expect(body).not.toHaveProperty('album_title');
    expect(body).toMatchInlineSnapshot(
      { task_id: expect.any(String) as string, url: expect.any(String) as string },
      `
      {
        "album_type": null,
        "artist": "Nobody",
        "artists": [
          "Nobody",
        ],
        "children_table": null,
        "completed_at": "2026-02-01T10:05:00.250Z",
        "created_at": "2026-01-01T00:00:00.000Z",
        "download_type": "track",
        "duration_total_ms": 100250,
        "explicit": false,
        "external_ids": {
          "isrc": "QZES72400001",
        },
        "failed_tracks": 0,
        "file_path": "/music/Nobody/Seed.mp3",
        "genres": [],
        "images": [],
        "metadata": {
          "licence": "CC0",
          "size_bytes": 4000000,
          "source": "library",
          "status_info": {
            "error": null,
            "status": "done",
          },
        },
        "name": "Seed 0",
        "owner": "system",
        "quality_bitrate": "320k",
        "quality_format": "MP3",
        "release_date": "",
        "service": "library",
        "skipped_tracks": 0,
        "status": "completed",
        "successful_tracks": 1,
        "task_id": Any<String>,
        "timestamp": 1769940300.25,
        "title": "Seed 0",
        "total_tracks": 1,
        "url": Any<String>,
      }
    `,
    );
  });

  it('shows an album with failed children as partial, with its counts', async () => {
    const { album } = await seedAlbum(app);
    const { body } = await app.get(`/history/${album}`);
    expect(body).toMatchObject({
      ...{ download_type: 'album', status: 'partial', children_table: album, album_type: 'album' },
      ...{ total_tracks: 4, successful_tracks: 1, skipped_tracks: 1, failed_tracks: 1 },
      ...{ release_date: '2019-05-03', genres: ['dream pop'], service: 'demo', duration_total_ms: 100_250 },
    });
  });

  it('filters by type and by status', async () => {
    const own = await startEmpty();
    const [failed] = await seedTasks(own, [
      { state: 'FAILED', ...ended },
      { state: 'COMPLETED', ...ended },
    ]);
    const { album } = await seedAlbum(own);
    const of = async (query: string) => ids((await own.get(`/history?${query}`)).body['downloads']);
    expect(await of('download_type=album')).toEqual([album]);
    expect(await of('status=failed')).toEqual([failed]);
    expect(await of('status=partial')).toEqual([album]);
    expect(await of('status=completed')).toHaveLength(1);
    expect(await of('status=in_progress')).toEqual([]);
    expect(await of('status=failed&download_type=album')).toEqual([]);
  });

  it('goes through pages without a gap, and clamps a limit that is too large', async () => {
    const own = await startEmpty();
    const seeded = await seedTasks(
      own,
      Array.from({ length: 7 }, () => ({ state: 'SKIPPED' as const, ...ended })),
    );
    const pages = [];
    for (const offset of [0, 3, 6]) {
      const { body } = await own.get(`/history/?limit=3&offset=${offset}`);
      expect(body['pagination']).toMatchObject({ total_count: 7, offset });
      pages.push(...ids(body['downloads']));
    }
    expect(pages).toEqual([...seeded].reverse());
    expect((await own.get('/history?limit=501')).body['pagination']).toMatchObject({ limit: 500 });
  });

  it.each([
    ['limit=0', 'limit'],
    ['limit=-1', 'limit'],
    ['limit=1.5', 'limit'],
    ['limit=99999999999999999999', 'limit'],
    ['offset=-1', 'offset'],
    ['offset=x', 'offset'],
    ['download_type=show', 'download_type'],
    ['status=lost', 'status'],
    ['status=', 'status'],
  ])('rejects %s and names the field', async (query, field) => {
    const { status, body } = await app.get(`/history?${query}`);
    expect({ status, details: body['details'] }).toEqual({ status: 400, details: { field } });
    expect(body['error']).toBe(body['detail']);
  });

  it('shows users their own and admins everybody’s', async () => {
    const { viewer: user, own: theirs } = await serveOwnUser(app);
    const [own = '', other = ''] = await seedTasks(app, [
      { state: 'COMPLETED', ...ended, ownerId: user.id },
      { state: 'COMPLETED', ...ended },
    ]);
    const { body } = await theirs.rest('GET', '/history');
    expect(ids((body as { downloads: unknown }).downloads)).toEqual([own]);
    expect((await theirs.rest('GET', `/history/${other}`)).status).toBe(404);
    expect((await theirs.rest('GET', '/history/stats')).body).toMatchObject({
      by_type_and_status: { track: { completed: 1 } },
    });
    expect((await app.get(`/history/${own}`)).status).toBe(200);
  });
});

describe('GET /history/{task_id}', () => {
  it.each(['nonsense', '01900000-0000-7000-8000-00000000dead'])('responds 404 for %s', async (id) => {
    const { status, body } = await app.get(`/history/${id}`);
    expect(status).toBe(404);
    expect(body).toEqual({ error: 'Download not found', detail: 'Download not found', task_id: id });
  });

  it('responds 404 for a task that has not started', async () => {
    const [id = ''] = await seedTasks(app, [{ state: 'QUEUED' }]);
    expect((await app.get(`/history/${id}`)).status).toBe(404);
  });
});

describe('GET /history/{task_id}/children', () => {
  it('shows the children of a parent in order', async () => {
    const { album, parts } = await seedAlbum(app);
    const { body } = await app.get(`/history/${album}/children`);
    const tracks = body['tracks'] as Record<string, unknown>[];
    expect(body).toMatchObject({
      task_id: album,
      download_type: 'album',
      title: 'Night Ferry',
      track_count: 4,
    });
    expect(ids(tracks)).toEqual(parts);
    expect(statuses(tracks)).toEqual(['completed', 'skipped', 'failed', 'in_progress']);
    expect(tracks.map(({ position }) => position)).toEqual([1, 2, 3, 4]);
    expect(tracks[2]).toMatchInlineSnapshot(
      { task_id: expect.any(String) as string },
      `
      {
        "album_title": "Night Ferry",
        "artists": [
          "Nobody",
        ],
        "disc_number": null,
        "duration_ms": 1000,
        "error": "Nobody has it.",
        "explicit": false,
        "external_ids": {},
        "file_path": null,
        "genres": [],
        "isrc": null,
        "metadata": {
          "status_info": {
            "error": "Nobody has it.",
            "status": "error",
          },
        },
        "position": 3,
        "quality_bitrate": null,
        "quality_format": null,
        "service": "demo",
        "status": "failed",
        "task_id": Any<String>,
        "timestamp": 1769940300.25,
        "title": "Seed 2",
        "track_number": null,
      }
    `,
    );
  });

  it('shows all children of a long parent, with few queries', async () => {
    const [list = ''] = await seedTasks(app, [{ kind: 'PLAYLIST', state: 'RUNNING', startedAt: BEGUN }]);
    const parts = await seedTasks(
      app,
      Array.from({ length: 1_100 }, (_, position) => ({ parentId: list, position })),
    );
    const asked = spyOnQueries(app.deps);
    const { body } = await app.get(`/history/${list}/children`);
    expect(asked()).toBeLessThanOrEqual(3 * 4);
    expect(ids(body['tracks'])).toEqual(parts);
  });

  it('responds 404 for a track and for an unknown task', async () => {
    const [track = ''] = await seedTasks(app, [{ state: 'COMPLETED', ...ended }]);
    expect((await app.get(`/history/${track}/children`)).status).toBe(404);
    expect((await app.get('/history/nothing/children')).status).toBe(404);
  });
});

describe('GET /history/stats', () => {
  it('returns the totals', async () => {
    const own = await startEmpty();
    await seedAlbum(own);
    await seedTasks(own, [
      { state: 'COMPLETED', ...ended, ...file, createdAt: new Date() },
      { state: 'FAILED', ...ended },
      { state: 'QUEUED', createdAt: new Date() },
    ]);
    expect((await own.get('/history/stats')).body).toEqual({
      by_type_and_status: { track: { completed: 1, failed: 1 }, album: { partial: 1 } },
      total_successful_tracks: 2,
      recent_downloads_7d: 1,
      total_bytes: 8_000_000,
    });
  });

  it('is all zero at first', async () => {
    expect((await (await startEmpty()).get('/history/stats')).body).toEqual({
      by_type_and_status: {},
      total_successful_tracks: 0,
      recent_downloads_7d: 0,
      total_bytes: 0,
    });
  });
});

describe('GET /history/search', () => {
  const named = (title: string, artist: string, album: string | null = null) => ({
    title,
    artists: [artist],
    album,
    searchText: toSearchText([title, artist, album ?? '']),
    state: 'COMPLETED' as const,
    ...ended,
  });

  it('finds words of title, artist and album, whatever their case and accents', async () => {
    const own = await startEmpty();
    const [cafe, straße, u2, running] = await seedTasks(own, [
      named('Café Müller', 'Ólafur Ágústsson', 'Zwölf'),
      named('Straße', 'Søren'),
      named('Where the Streets', 'U2'),
      { ...named('Café in progress', 'Someone'), state: 'RUNNING' },
    ]);
    const found = async (q: string) =>
      ids((await own.get(`/history/search?q=${encodeURIComponent(q)}`)).body['results']).sort();
    expect(await found('CAFE')).toEqual([cafe, running].sort());
    expect(await found('muller olafur')).toEqual([cafe]);
    expect(await found('zwolf')).toEqual([cafe]);
    expect(await found('üller')).toEqual([cafe]);
    expect(await found('strasse soren')).toEqual([straße]);
    expect(await found('u2')).toEqual([u2]);
    expect(await found('2')).toEqual([]);
    expect(await found('100%')).toEqual([]);
    expect(await found('_')).toEqual([]);
  });

  it('returns its query and the number of results', async () => {
    const { body } = await app.get('/history/search?q=nothing%20like%20it&limit=300');
    expect(body).toEqual({ query: 'nothing like it', results: [], result_count: 0, limit: 200 });
  });

  it.each(['', '?q=', '?q=%20', `?q=${'x'.repeat(201)}`, '?q=a%00b', '?q=a&q=b'])(
    'rejects %s and names q',
    async (query) => {
      const { status, body } = await app.get(`/history/search${query}`);
      expect({ status, details: body['details'] }).toEqual({ status: 400, details: { field: 'q' } });
    },
  );
});

describe('GET /history/recent and /history/failed', () => {
  it('show the newest', async () => {
    const own = await startEmpty();
    const [, failed, newest] = await seedTasks(own, [
      { state: 'COMPLETED', ...ended },
      { state: 'FAILED', ...ended, errorMessage: 'No.', errorCode: 'NO_SOURCE' },
      { state: 'RUNNING', startedAt: BEGUN },
    ]);
    const recent = await own.get('/history/recent?limit=2');
    expect(ids(recent.body['downloads'])).toEqual([newest, failed]);
    expect(recent.body).toMatchObject({ count: 2, limit: 2 });
    const { body } = await own.get('/history/failed');
    expect(ids(body['downloads'])).toEqual([failed]);
    expect(body).toMatchObject({ count: 1, limit: 50, downloads: [{ error: 'No.' }] });
    expect((await own.get('/history/recent?limit=1000')).body['limit']).toBe(100);
  });
});

describe('POST /history/cleanup', () => {
  const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000);
  const clean = (to: RestTestApp, body: string) =>
    to.send('POST', '/history/cleanup', { body, headers: { 'content-type': 'application/json' } });

  it('deletes tasks that finished before the cutoff, with all their children, and nothing else', async () => {
    const own = await startEmpty();
    const { album } = await seedAlbum(own);
    const [, recent, running] = await seedTasks(own, [
      { state: 'COMPLETED', startedAt: BEGUN, finishedAt: daysAgo(31) },
      { state: 'COMPLETED', startedAt: BEGUN, finishedAt: daysAgo(29) },
      { state: 'RUNNING', startedAt: daysAgo(60) },
    ]);
    const { status, body } = await clean(own, '{}');
    expect({ status, body }).toEqual({
      status: 200,
      body: {
        message: 'Removed 2 downloads that finished 30 or more days ago.',
        deleted_records: 2,
        days_old: 30,
      },
    });
    const left = await own.deps.db.task.findMany({ select: { id: true } });
    expect(left.map(({ id }) => id).sort()).toEqual([recent, running].sort());
    expect(left.some(({ id }) => id === album)).toBe(false);
    expect((await clean(own, '{"days_old":"1"}')).body['deleted_records']).toBe(1);
  });

  it('deletes thousands at once', async () => {
    const own = await startEmpty();
    await seedTasks(
      own,
      Array.from({ length: 1_200 }, () => ({ state: 'SKIPPED' as const, finishedAt: daysAgo(9) })),
    );
    expect((await clean(own, '{"days_old":5}')).body['deleted_records']).toBe(1_200);
    expect(await own.deps.db.task.count()).toBe(0);
  });

  it.each([
    '{"days_old":0}',
    '{"days_old":-3}',
    '{"days_old":1.5}',
    '{"days_old":"x"}',
    '{"days_old":null}',
    '{"days_old":[]}',
  ])('rejects %s and deletes nothing', async (body) => {
    const before = await app.deps.db.task.count();
    const reply = await clean(app, body);
    expect({ status: reply.status, details: reply.body['details'] }).toEqual({
      status: 400,
      details: { field: 'days_old' },
    });
    expect(await app.deps.db.task.count()).toBe(before);
  });

  it('is for admins', async () => {
    const { own: theirs } = await serveOwnUser(app);
    const { status, body } = await theirs.rest('POST', '/history/cleanup', { days_old: 1 });
    expect(status).toBe(403);
    expect(body).toEqual({ error: REFUSED, detail: REFUSED });
  });
});
