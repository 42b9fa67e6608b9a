import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seedTasks } from '../kit/seed-tasks.js';
import { startRest, type RestTestApp } from './rest-app.js';

/** What programs that speak this API read, beyond what its documentation shows. */

let app: RestTestApp;
beforeAll(async () => {
  app = await startRest();
});
afterAll(() => app.stop());

const BEGUN = new Date('2026-02-01T10:00:00.000Z');
const ended = { startedAt: BEGUN, finishedAt: new Date('2026-02-01T10:05:00.250Z') };
const file = {
  ...{
    filePath: '/music/Nobody/Seed.mp3',
    fileFormat: 'MP3',
    fileBitrateKbps: 320,
    fileSizeBytes: 4_000_000n,
  },
  ...{ fileDurationMs: 100_250, fileSource: 'library', fileLicence: 'CC0' },
};
const failure = { errorCode: 'NO_SOURCE', errorMessage: 'No source has it.', errorRetryable: false };

async function seedEnds() {
  const [made = '', failed = '', skipped = '', cancelled = '', queued = ''] = await seedTasks(app, [
    { state: 'COMPLETED', ...ended, ...file },
    { state: 'FAILED', ...ended, ...failure },
    { state: 'SKIPPED', ...ended, ...file },
    { state: 'CANCELLED', ...ended },
    {},
  ]);
  return { made, failed, skipped, cancelled, queued };
}

describe('a finished task', () => {
  it('has the path of its file, and why it ended otherwise', async () => {
    const ids = await seedEnds();
    const endOf = async (id: string) => {
      const { body } = await app.get(`/prgs/${id}`);
      return [body['status'], body['final_path'], body['terminal_reason']];
    };
    expect(await endOf(ids.made)).toEqual(['done', '/music/Nobody/Seed.mp3', null]);
    expect(await endOf(ids.failed)).toEqual(['error', null, 'No source has it.']);
    expect(await endOf(ids.skipped)).toEqual([
      'skipped',
      '/music/Nobody/Seed.mp3',
      'The file already exists.',
    ]);
    expect(await endOf(ids.cancelled)).toEqual(['cancelled', null, 'The download was canceled.']);
    const { body } = await app.get(`/prgs/${ids.queued}`);
    expect(Object.keys(body)).not.toContain('final_path');
    expect(Object.keys(body)).not.toContain('terminal_reason');
  });

  it('has its status and error in the metadata of its history row, with the words of its task', async () => {
    const ids = await seedEnds();
    for (const id of [ids.made, ids.failed, ids.skipped, ids.cancelled]) {
      const [task, row] = [await app.get(`/prgs/${id}`), await app.get(`/history/${id}`)];
      expect(row.body['metadata']).toMatchObject({
        status_info: { status: task.body['status'], error: task.body['error'] ?? null },
      });
    }
    const { body } = await app.get('/history?limit=1&status=failed');
    expect(body['downloads']).toMatchObject([
      { metadata: { status_info: { status: 'error', error: 'No source has it.' } } },
    ]);
  });
});

describe('a download', () => {
  it('has the id of its task with 202, and of the existing one with 409', async () => {
    const path = '/track/download/demo:night-ferry-1-03';
    const first = await app.get(path);
    expect(first).toMatchObject({ status: 202, body: { task_id: expect.any(String) as string } });
    expect(await app.get(path)).toMatchObject({
      status: 409,
      body: { existing_task: first.body['task_id'] },
    });
  });
});

describe('an item of a catalog that is not set up', () => {
  const SPOTIFY = '4iV5W9uYEdYUVa79Axb7Rh';
  const routes: [string, string][] = [
    ...['track', 'album', 'playlist', 'artist'].flatMap((type): [string, string][] => [
      ['GET', `/${type}/download/{id}`],
      ['GET', `/${type}/info?id={id}`],
    ]),
    ['PUT', '/playlist/watch/{id}'],
    ['PUT', '/artist/watch/{id}'],
  ];

  it.each(routes)('is 404 by %s %s, and the response says how it would be set up', async (method, path) => {
    const type = /\/(\w+)/.exec(path)?.[1];
    for (const form of [SPOTIFY, `spotify:${SPOTIFY}`, `https://open.spotify.com/${type}/${SPOTIFY}`]) {
      const { status, body } = await app.send(method, path.replace('{id}', encodeURIComponent(form)));
      expect({ status, error: body['error'] }, form).toEqual({
        status: 404,
        error:
          'The catalog "spotify" is not set up here: enter the client id and secret of an app with the mutation setSpotifyApp or PUT /api/credentials/spotify_api_config. Until then, use an item of: demo.',
      });
    }
    const library = await app.send(method, path.replace('{id}', 'library:Zk3'));
    expect(library).toMatchObject({
      status: 404,
      body: { error: expect.stringContaining('set LIBRARY_DIRS') as string },
    });
    for (const nonsense of ['nowhere:1', 'no%20good', encodeURIComponent('https://example.com/track/1')]) {
      const reply = await app.send(method, path.replace('{id}', nonsense));
      expect(reply.status, nonsense).toBe(400);
    }
    expect(await app.deps.db.watch.count()).toBe(0);
  });
});
