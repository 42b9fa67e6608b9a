import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CatalogSource } from '../../src/catalog/catalog-source.js';
import { ACTIVE_STATES } from '../../src/tasks/task.js';
import { endlessSource } from '../kit/endless-source.js';
import { createStubDiscography } from '../kit/stub-discography.js';
import { waitFor } from '../kit/wait-for.js';
import { startRest, type RestTestApp } from './rest-app.js';

const GROUPS = { ALBUM: 3, SINGLE: 2, COMPILATION: 1, APPEARS_ON: 2 };

let app: RestTestApp;

const start = async (own: Partial<CatalogSource> = {}, childrenWaitMs = 20_000) => {
  app = await startRest({
    env: { role: 'all' },
    overrides: {
      catalogs: [createStubDiscography(GROUPS, own)],
      sources: [endlessSource],
      timing: { childrenWaitMs, stopGraceMs: 100 },
    },
  });
};
afterEach(() => app.stop());

interface Answer {
  status: string;
  message: string;
  task_id: string;
  queued_albums: string[];
  queued: { task_id: string; name: string; artist: string; url: string }[];
  duplicate_albums: string[];
}

async function download(query = ''): Promise<Answer> {
  const { status, body } = await app.get(`/artist/download/stub:somebody${query}`);
  expect({ status, body }).toMatchObject({ status: 202, body: { status: 'complete' } });
  return body as unknown as Answer;
}

const namesOf = ({ queued }: Answer) => queued.map(({ name }) => name);
const liveTasks = () => app.deps.db.task.count({ where: { state: { in: [...ACTIVE_STATES] } } });

describe('/artist/download', () => {
  it('queues the albums of the groups in the watch settings, and returns each', async () => {
    await start();
    const answer = await download();
    expect(answer).toMatchObject({
      message: 'Artist discography processing initiated. 5 albums queued.',
      duplicate_albums: [],
    });
    expect(namesOf(answer)).toEqual(
      ['album-0', 'album-1', 'album-2', 'single-0', 'single-1'].map((id) => `Album stub:${id}`),
    );
    expect(answer.queued[3]).toEqual({
      task_id: answer.queued_albums[3],
      name: 'Album stub:single-0',
      artist: 'Somebody',
      url: `${app.url}/api/album/download/stub:single-0`,
    });
    const albums = await app.deps.db.task.findMany({ where: { parentId: answer.task_id } });
    expect(albums.map(({ id }) => id).sort()).toEqual([...answer.queued_albums].sort());
  });

  it('uses changed watch settings, and lets a query parameter override them', async () => {
    await start();
    const { status } = await app.rest('PUT', '/config/watch', { watchedArtistAlbumGroup: ['compilation'] });
    expect(status).toBe(200);
    expect(namesOf(await download())).toEqual(['Album stub:compilation-0']);
    expect(namesOf(await download('?album_type=Single,%20appears_on'))).toEqual(
      ['single-0', 'single-1', 'appears_on-0', 'appears_on-1'].map((id) => `Album stub:${id}`),
    );
  });

  it('accepts the groups as a list by POST', async () => {
    await start();
    const { status, body } = await app.send('POST', '/artist/download/stub:somebody', {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ album_type: ['appears_on'], priority: 3 }),
    });
    expect(status).toBe(202);
    expect(namesOf(body as unknown as Answer)).toHaveLength(2);
  });

  it('leaves out active albums, and names the tasks that contain them', async () => {
    await start();
    const single = await app.get('/album/download/stub:album-1');
    const first = await download('?album_type=album');
    expect(namesOf(first)).toEqual(['Album stub:album-0', 'Album stub:album-2']);
    expect(first.duplicate_albums).toEqual([single.body['task_id']]);
    const second = await download('?album_type=album,compilation');
    expect(namesOf(second)).toEqual(['Album stub:compilation-0']);
    expect(second.message).toBe('Artist discography processing initiated. 1 albums queued.');
    expect(second.duplicate_albums).toEqual([
      first.queued_albums[0],
      single.body['task_id'],
      first.queued_albums[1],
    ]);
    const again = await app.get('/album/download/stub:album-0');
    expect(again).toMatchObject({ status: 409, body: { existing_task: first.queued_albums[0] } });
  });

  it('names the active task for the same artist, and its albums', async () => {
    await start();
    const single = await app.get('/album/download/stub:album-1');
    const first = await download('?album_type=album');
    const again = await download('?album_type=ALBUM');
    expect(again).toEqual({
      status: 'complete',
      message: 'Artist discography processing initiated. 0 albums queued.',
      task_id: first.task_id,
      queued_albums: [],
      queued: [],
      duplicate_albums: [first.queued_albums[0], single.body['task_id'], first.queued_albums[1]],
    });
  });

  it('does not wait for a slow catalog: the task continues', async () => {
    const catalog = createStubDiscography({ ALBUM: 700 });
    let goOn: () => void = () => undefined;
    const released = new Promise<void>((resolve) => (goOn = resolve));
    const listArtistAlbums: CatalogSource['listArtistAlbums'] = async (id, query, signal) => {
      if (query.offset > 0) await released;
      return catalog.listArtistAlbums(id, query, signal);
    };
    await start({ listArtistAlbums }, 1_000);
    const answer = await download();
    expect(answer.queued_albums.length).toBeLessThanOrEqual(500);
    const isAll = async () => (await app.deps.db.task.count({ where: { parentId: answer.task_id } })) === 700;
    expect(await isAll()).toBe(false);
    goOn();
    await waitFor(isAll, { what: '700 albums' });
    await app.get(`/artist/download/cancel?task_id=${answer.task_id}`);
  });

  it.each(['', 'albums', 'album,', 'album;single', 'album,ep'])(
    'responds 400 to album_type=%s',
    async (given) => {
      await start();
      const { status, body } = await app.get(`/artist/download/stub:somebody?album_type=${given}`);
      expect({ status, body }).toMatchObject({
        status: 400,
        body: { error: expect.stringContaining('album_type: allowed are one or more of album') as string },
      });
      expect(await app.deps.db.task.count()).toBe(0);
    },
  );

  it('accepts album_type for artists only', async () => {
    await start();
    expect((await app.get('/album/download/stub:album-0?album_type=album')).status).toBe(400);
  });

  it('responds 404 for an artist that its catalog does not have', async () => {
    await start();
    expect((await app.get('/artist/download/demo:nobody')).status).toBe(404);
  });
});

describe('/artist/download/cancel', () => {
  beforeEach(() => start());

  it('cancels all albums and all their tracks', async () => {
    const { task_id } = await download();
    await waitFor(async () => (await app.deps.db.task.count({ where: { kind: 'TRACK' } })) === 5, {
      what: 'the tracks of all albums',
    });
    const reply = await app.get(`/artist/download/cancel?task_id=${task_id}`);
    expect(reply).toMatchObject({ status: 200, body: { status: 'cancelled', task_id } });
    expect(await liveTasks()).toBe(0);
    expect((await app.get(`/artist/download/cancel?task_id=${task_id}`)).status).toBe(409);
  });

  it('does not cancel albums of another task', async () => {
    const single = await app.get('/album/download/stub:album-1');
    const { task_id } = await download('?album_type=album');
    await app.get(`/artist/download/cancel?task_id=${task_id}`);
    const album = await app.deps.db.task.findUniqueOrThrow({ where: { id: String(single.body['task_id']) } });
    expect(ACTIVE_STATES).toContain(album.state);
  });

  it('responds 400 without a task and 404 for a missing one', async () => {
    expect((await app.get('/artist/download/cancel')).status).toBe(400);
    expect((await app.get('/artist/download/cancel?task_id=nonsense')).status).toBe(404);
  });
});
