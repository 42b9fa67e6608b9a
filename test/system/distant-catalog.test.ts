import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UpstreamFailedError } from '../../src/lib/errors.js';
import { createDemoCatalog } from '../../src/upstream/demo/catalog.js';
import { createTestDatabase, type TestDatabase } from '../kit/database.js';
import { createDistantCatalog, type DistantCatalog } from '../kit/distant-catalog.js';
import { CHILDREN } from '../kit/documents.js';
import { startApp, type TestApp } from '../kit/start-app.js';
import { ended, queue } from '../kit/story.js';

/** The demo, as if it were elsewhere: all that it has goes through the cache, and comes out as it went in. */

let database: TestDatabase;
let far: DistantCatalog;
let near: TestApp;
let distant: TestApp;
let apps: TestApp[];

beforeAll(async () => {
  database = await createTestDatabase();
  far = createDistantCatalog('demo', createDemoCatalog());
  near = await startApp({ env: { role: 'api' } });
  distant = await startApp({ database, overrides: { catalogs: [far.source] } });
  apps = [near, distant];
});
afterAll(async () => {
  for (const app of apps) await app.stop();
  await database.drop();
});

const READS = [
  '/search?q=night&type=track',
  '/search?q=s&type=album',
  '/search?q=s&type=artist&limit=3&offset=1',
  '/search?q=e&type=playlist',
  '/search?q=h&type=show',
  '/search?q=forecast&type=episode&limit=50',
  '/search?q=xyzzy',
  '/track/info?id=demo:night-ferry-1-03',
  '/track/info?id=demo:nothing',
  '/album/info?id=demo:hull-frequencies&limit=50',
  '/playlist/info?id=demo:all-hands&include_tracks=true',
  '/playlist/tracks?id=demo:first-watch',
  '/playlist/tracks?id=demo:ten-thousand&limit=100&offset=9950',
  '/artist/info?id=demo:otter-and-semaphore&limit=50',
];

describe('a network catalog', () => {
  it('is shown unchanged, fresh and cached, and while it is down', async () => {
    const show = async (app: TestApp, path: string) => {
      const { status, body } = await app.rest('GET', path);
      return { status, body: JSON.stringify(body).replaceAll(app.url, '') };
    };
    for (const path of READS) expect(await show(distant, path)).toEqual(await show(near, path));
    const calls = far.calls.length;
    far.failWith(new UpstreamFailedError('It is down.'));
    for (const path of READS) expect(await show(distant, path)).toEqual(await show(near, path));
    expect(far.calls).toHaveLength(calls);
    far.failWith(null);
  });

  it('is downloaded from, and requested once for a list that is downloaded twice', async () => {
    const download = async (format: 'MP3' | 'OGG') => {
      const id = await queue(distant, { item: 'demo:umbrella-weather', type: 'ALBUM', options: { format } });
      expect(await ended(distant, id)).toMatchObject({ state: 'COMPLETED', error: null });
      const { task } = await distant.execute(CHILDREN, { id });
      return task?.children.edges.map(({ node }) => node.title);
    };
    far.calls.length = 0;
    const titles = await download('MP3');
    expect(titles?.length).toBeGreaterThan(1);
    const asked = ['findAlbum', 'listAlbumTracks', 'fetchCover'];
    expect(far.calls.map((call) => call.split(' ')[0])).toEqual(asked);
    expect(await download('OGG')).toEqual(titles);
    expect(far.calls).toHaveLength(asked.length);
  });
});
