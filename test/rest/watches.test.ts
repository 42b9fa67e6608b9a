import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROUTES } from '../../src/rest-routes.js';
import { turnOnWatching } from '../kit/watches.js';
import { startRest, type RestTestApp } from './rest-app.js';

let app: RestTestApp;
beforeAll(async () => {
  app = await startRest();
});
afterAll(() => app?.stop());

const json = (body: unknown) => ({
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

const optionsOf = async (itemId: string) => {
  const watch = await app.deps.db.watch.findFirstOrThrow({ where: { itemId } });
  return [watch.downloadExisting, watch.downloadNew, watch.albumGroups];
};

describe('the routes of watches', () => {
  it('are all there', () => {
    const expected = [
      ['playlist', 'tracks'],
      ['artist', 'albums'],
    ].flatMap(([name, members]) => [
      `PUT /${name}/watch/{id}`,
      `GET /${name}/watch/{id}/status`,
      `DELETE /${name}/watch/{id}`,
      `POST /${name}/watch/{id}/${members}`,
      `DELETE /${name}/watch/{id}/${members}`,
      `GET /${name}/watch/list`,
      `POST /${name}/watch/trigger_check`,
      `POST /${name}/watch/trigger_check/{id}`,
    ]);
    const there = ROUTES.flatMap(({ methods, path }) => methods.map((method) => `${method} ${path}`));
    expect(there).toEqual(expect.arrayContaining(expected));
  });
});

describe('while watching is off', () => {
  it('a playlist is put on the list and taken off it, with a warning', async () => {
    const added = await app.send('PUT', '/playlist/watch/demo:first-watch');
    expect(added).toMatchObject({
      status: 200,
      body: {
        message: 'Playlist "First Watch" added to watchlist.',
        warning: expect.stringContaining('turned off') as string,
      },
    });
    // Without a body, everything.
    expect(await optionsOf('demo:first-watch')).toEqual([true, true, []]);
    const again = await app.send(
      'PUT',
      '/playlist/watch/demo:first-watch',
      json({ watch_new_additions: true, download_existing: false }),
    );
    expect(again.body['message']).toContain('is already being watched');
    expect(await optionsOf('demo:first-watch')).toEqual([false, true, []]);
    expect((await app.get('/playlist/watch/demo:first-watch/status')).body).toMatchObject({
      is_watched: true,
      playlist_data: {
        spotify_id: 'demo:first-watch',
        name: 'First Watch',
        total_tracks: 12,
        is_active: true,
        last_checked: null,
      },
    });
    const list = await app.get('/playlist/watch/list');
    expect(list.body).toHaveLength(1);
    expect(await app.send('POST', '/playlist/watch/trigger_check')).toMatchObject({ status: 403 });
    expect(await app.send('POST', '/playlist/watch/trigger_check/demo:first-watch')).toMatchObject({
      status: 403,
      body: { error: expect.stringContaining('turned off') as string },
    });
    expect(await app.send('DELETE', '/playlist/watch/demo:first-watch')).toMatchObject({ status: 200 });
    expect(await app.send('DELETE', '/playlist/watch/demo:first-watch')).toMatchObject({ status: 404 });
    expect((await app.get('/playlist/watch/demo:first-watch/status')).body).toEqual({ is_watched: false });
    expect((await app.get('/playlist/watch/list')).body).toEqual([]);
  });

  it('only a missing body means everything', async () => {
    const path = '/playlist/watch/demo:dog-watch';
    for (const body of [{}, { unknown: 1 }]) {
      expect((await app.send('PUT', path, json(body))).status).toBe(200);
      expect(await optionsOf('demo:dog-watch')).toEqual([false, true, []]);
    }
    await app.send('PUT', path);
    expect(await optionsOf('demo:dog-watch')).toEqual([true, true, []]);
    await app.send('PUT', path, json({}));
    expect(await optionsOf('demo:dog-watch')).toEqual([false, true, []]);
    await app.send('DELETE', path);
  });

  it('an artist without a body, or types, has the types of the setting again', async () => {
    const path = '/artist/watch/demo:saltglass-choir';
    const groups = ['ALBUM'];
    for (const again of [undefined, json({ watch_new_releases: false })]) {
      await app.send('PUT', path, json({ album_types: ['album'] }));
      expect(await optionsOf('demo:saltglass-choir')).toEqual([false, true, groups]);
      await app.send('PUT', path, again);
      expect(await optionsOf('demo:saltglass-choir')).toEqual([!again, !again, []]);
    }
    await app.send('DELETE', path);
  });

  it('says in plain words, and by its name, which field is wrong', async () => {
    const path = '/playlist/watch/demo:first-watch/tracks';
    const list = 'track_ids: a list of 1 to 1000 ids of tracks is required';
    const wrong: [string, string, unknown, string][] = [
      ['POST', path, {}, list],
      ['DELETE', path, {}, list],
      ['POST', path, [], list],
      ['POST', path, { track_ids: 'demo:night-ferry-1-01' }, list],
      ['POST', path, [1], 'track_ids.0: each id is a text of 1 to 2000 characters'],
      ['POST', path, [' '], 'track_ids.0: each id is a text of 1 to 2000 characters'],
      ['POST', path, ['x'.repeat(2_001)], 'track_ids: at most 2000 characters are allowed'],
      [
        'PUT',
        '/artist/watch/demo:saltglass-choir',
        { album_types: ['album', 'ALBUM'] },
        'album_types: has a type twice; list each once',
      ],
    ];
    for (const [method, route, body, error] of wrong)
      expect(await app.send(method, route, json(body))).toMatchObject({ status: 400, body: { error } });
  });

  it('refuses ids that are malformed, unknown or of another type', async () => {
    const put = (path: string) => app.send('PUT', path).then(({ status }) => status);
    expect(await put('/playlist/watch/nowhere:1')).toBe(400);
    expect(await put('/playlist/watch/..%2F..')).toBe(400);
    expect(await put('/playlist/watch/demo:nothing')).toBe(404);
    expect(await put('/artist/watch/demo:first-watch')).toBe(404);
    expect(await put('/playlist/watch/Artist:demo:saltglass-choir')).toBe(400);
    expect((await app.get('/playlist/watch/%20/status')).status).toBe(400);
  });
});

describe('while watching is on', () => {
  beforeAll(() => turnOnWatching(app));

  it('an artist is watched by album types, and checked', async () => {
    const body = { watch_new_releases: true, album_types: ['album', 'compilation'] };
    const added = await app.send('PUT', '/artist/watch/demo:saltglass-choir', json(body));
    expect(added.body).toEqual({ message: 'Artist "Saltglass Choir" added to watchlist.' });
    expect(await optionsOf('demo:saltglass-choir')).toEqual([false, true, ['ALBUM', 'COMPILATION']]);
    expect((await app.get('/artist/watch/list')).body).toMatchObject([
      { spotify_id: 'demo:saltglass-choir', album_types: ['album', 'compilation'], popularity: 0 },
    ]);
    const wrong = await app.send(
      'PUT',
      '/artist/watch/demo:saltglass-choir',
      json({ album_types: ['tape'] }),
    );
    expect(wrong.status).toBe(400);
    const one = await app.send('POST', '/artist/watch/trigger_check/demo:saltglass-choir');
    const all = await app.send('POST', '/artist/watch/trigger_check');
    expect(one).toMatchObject({ status: 200, body: { task_ids: [expect.any(String)] } });
    // The check is still queued: there is one of it.
    expect(all.body['task_ids']).toEqual(one.body['task_ids']);
    expect((await app.send('POST', '/artist/watch/trigger_check/demo:nobody')).status).toBe(404);
    expect((await app.send('POST', '/playlist/watch/trigger_check')).body['task_ids']).toEqual([]);
  });

  it('members are marked by a list, bare or in an object', async () => {
    await app.send('PUT', '/playlist/watch/demo:first-watch');
    const watch = await app.deps.db.watch.findFirstOrThrow({ where: { itemId: 'demo:first-watch' } });
    const ids = ['demo:night-ferry-1-01', 'demo:thirteenth-lamp-1-01'];
    await app.deps.db.watchMember.createMany({
      data: ids.map((itemId, at) => ({
        watchId: watch.id,
        itemId,
        title: '',
        positions: [at],
        origin: 'FIRST',
      })),
    });
    const path = '/playlist/watch/demo:first-watch/tracks';
    expect(await app.send('POST', path, json([...ids, 'demo:other']))).toMatchObject({
      status: 200,
      body: { processed_count: 2 },
    });
    expect(await app.send('DELETE', path, json({ track_ids: [ids[0]] }))).toMatchObject({
      status: 200,
      body: { message: '1 track of "First Watch" marked as missing.', processed_count: 1 },
    });
    const states = await app.deps.db.watchMember.findMany({ orderBy: { itemId: 'asc' } });
    expect(states.map(({ state }) => state)).toEqual(['MISSING', 'KNOWN']);
    const tracks = await app.get('/playlist/tracks?id=demo:first-watch');
    const known = (tracks.body['items'] as { track: { id: string } | null; is_locally_known?: boolean }[])
      .filter(({ track }) => track && ids.includes(track.id))
      .map(({ is_locally_known }) => is_locally_known);
    expect(known).toEqual([false, true]);
    for (const body of [[], {}, { track_ids: [] }, { track_ids: 'x' }, ['%%'], [1]]) {
      expect((await app.send('POST', path, json(body))).status, JSON.stringify(body)).toBe(400);
    }
    expect((await app.send('POST', '/playlist/watch/demo:all-hands/tracks', json(ids))).status).toBe(404);
    // A list is no body of other routes.
    expect((await app.send('PUT', '/playlist/watch/demo:first-watch', json(ids))).status).toBe(400);
  });
});
