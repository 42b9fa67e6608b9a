import { relative } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { AudioSource } from '../../src/catalog/audio-source.js';
import type { QueueDownloadInput } from '../../src/generated/documents/graphql.js';
import { bareFfmpeg, createWorkspace, readTags } from '../kit/audio.js';
import { CHILDREN, QUEUE_DOWNLOAD } from '../kit/documents.js';
import { seedTasks } from '../kit/seed-tasks.js';
import { startApp, type TestApp } from '../kit/start-app.js';
import { createSteeredSource } from '../kit/steered-source.js';
import { ended, queue } from '../kit/story.js';

/** What is only there to be counted fails at once, which costs no time. */
const source = createSteeredSource();
let app: TestApp;
beforeAll(async () => {
  app = await startApp({ overrides: { sources: [source], settings: { maxRetries: 0 } } });
});
afterAll(() => app?.stop());

/** The path below the download directory of a track that must be made. */
async function fileOf(on: TestApp, input: QueueDownloadInput): Promise<string> {
  const { state, error, file } = await ended(on, await queue(on, input));
  expect({ state, error }).toEqual({ state: 'COMPLETED', error: null });
  return relative(on.env.downloadDir, file?.path ?? '');
}

async function filesOf(on: TestApp, list: string): Promise<string[]> {
  const { task } = await on.execute(CHILDREN, { id: list });
  const paths = task?.children.edges.map(({ node }) => node.file?.path ?? '') ?? [];
  return paths.map((path) => relative(on.env.downloadDir, path));
}

/** Of the playlist. */
async function failAllBut(on: TestApp, wanted: string[]): Promise<void> {
  const page = { offset: 0, limit: 12 };
  const entries = await on.deps.catalogs
    .get('demo')
    ?.listPlaylistEntries('demo:first-watch', page, new AbortController().signal);
  const ids = entries?.items.flatMap(({ track }) => track?.id ?? []) ?? [];
  ids.filter((id) => !wanted.includes(id)).forEach((id) => source.fail(id));
}

describe('a download’s own options', () => {
  it('decide where each track of a list goes', async () => {
    const id = await queue(app, {
      item: 'demo:umbrella-weather',
      options: {
        format: 'OGG',
        customDirFormat: '%year%/%artist_1%',
        customTrackFormat: '%discnum%-%tracknum% %music% [%quality%]',
        setToNull: ['PAD_NUMBER_WIDTH'],
      },
    });
    await ended(app, id);
    const files = await filesOf(app, id);
    expect(files).toEqual([
      expect.stringMatching(/^\d{4}\/[^/]+\/01-01 .+ \[OGG.*\]\.ogg$/),
      expect.stringMatching(/^\d{4}\/[^/]+\/01-02 .+ \[OGG.*\]\.ogg$/),
    ]);
  });

  it('decide the separator of several artists in the path', async () => {
    const path = await fileOf(app, {
      item: 'demo:night-ferry-1-05',
      options: {
        format: 'MP3',
        artistSeparator: ' + ',
        customDirFormat: '',
        customTrackFormat: '%artist%',
        padNumbers: false,
      },
    });
    expect(path).toBe('Saltglass Choir + Otter & Semaphore.mp3');
    const { common } = await readTags(`${app.env.downloadDir}/${path}`);
    // ID3v2.4 holds several values, and needs none.
    expect(common.artists).toEqual(['Saltglass Choir', 'Otter & Semaphore']);
  });

  it('include the position in a playlist and its length', async () => {
    await failAllBut(app, ['demo:night-ferry-1-01', 'demo:low-tide-radio-1-03']);
    const id = await queue(app, {
      item: 'demo:first-watch',
      options: {
        customDirFormat: '%playlist%',
        customTrackFormat: '%playlistnum% %music%',
        setToNull: ['PAD_NUMBER_WIDTH'],
      },
    });
    expect((await ended(app, id, 60_000)).completedCount).toBe(2);
    const files = await filesOf(app, id);
    expect(files[0]).toMatch(/^First Watch\/01 Casting Off\.\w+$/);
    expect(files[11]).toMatch(/^First Watch\/12 /);
  });

  it('fall back to the earlier defaults for a task queued before options existed', async () => {
    const item = await app.deps.catalogs
      .get('demo')
      ?.findTrack('demo:night-ferry-1-02', new AbortController().signal);
    const [id = ''] = await seedTasks(app, [
      {
        itemId: 'demo:night-ferry-1-02',
        item: item as object,
        options: { format: 'KEEP', bitrateKbps: null },
      },
    ]);
    const { state, file } = await ended(app, `Task:${id}`);
    expect(state).toBe('COMPLETED');
    expect(relative(app.env.downloadDir, file?.path ?? '')).toMatch(/^[^/]+\/Night Ferry\/002\. /);
  });
});

describe('settings', () => {
  const apps: TestApp[] = [];
  afterEach(() => Promise.all(apps.splice(0).map((each) => each.stop())));

  it('give each user a folder', async () => {
    const own = await startApp({ overrides: { settings: { separateTracksByUser: true } } });
    apps.push(own);
    const path = await fileOf(own, { item: 'demo:night-ferry-1-01' });
    expect(path).toMatch(/^system\/Saltglass Choir\/Night Ferry\/001\. Casting Off\.\w+$/);
  });

  it('keep the source’s own tags, and add the rest from the catalog', async () => {
    const workspace = await createWorkspace();
    const localPath = workspace.file('own.flac');
    const says = [
      'title=Own Title',
      'artist=Own Artist',
      'track=7/9',
      'ISRC=QZOWN2600007',
      'genre=Own Genre',
    ];
    await bareFfmpeg(
      ...['-f', 'lavfi', '-i', 'sine=frequency=440:duration=12'],
      ...says.flatMap((tag) => ['-metadata', tag]),
      localPath,
    );
    const source: AudioSource = {
      name: 'mine',
      find: () =>
        Promise.resolve({
          ...{ source: 'mine', ref: localPath, localPath, codec: 'flac', bitrateKbps: null },
          ...{ durationMs: 12_000, sizeBytes: null, checksum: null, licence: 'My own', resumable: false },
        }),
      open: () => Promise.reject(new Error('It is read where it is.')),
    };
    const own = await startApp({ overrides: { sources: [source], settings: { tagsFromCatalog: false } } });
    apps.push(own);
    const path = await fileOf(own, { item: 'demo:night-ferry-1-01', options: { format: 'MP3' } });
    expect(path).toBe('Saltglass Choir/Night Ferry/001. Casting Off.mp3');
    const { common, credit } = await readTags(`${own.env.downloadDir}/${path}`);
    expect(common).toMatchObject({
      title: 'Own Title',
      artists: ['Own Artist'],
      track: { no: 7, of: 9 },
      isrc: ['QZOWN2600007'],
      genre: ['Own Genre'],
      album: 'Night Ferry',
      albumartist: 'Saltglass Choir',
    });
    expect(credit).toEqual({ source: 'mine', licence: 'My own' });
    await workspace.remove();
  });
});

describe('a server that leaves explicit tracks out', () => {
  let strict: TestApp;
  beforeAll(async () => {
    const overrides = { sources: [source], settings: { maxRetries: 0 } };
    strict = await startApp({ env: { explicitFilter: true }, overrides });
  });
  afterAll(() => strict?.stop());

  it('rejects an explicit track that is requested by itself, and queues nothing', async () => {
    const item = 'demo:parking-lot-regatta-1-02';
    const { queueDownload } = await strict.execute(QUEUE_DOWNLOAD, { input: { item } });
    expect(queueDownload).toEqual({
      __typename: 'ExplicitContent',
      code: 'EXPLICIT_CONTENT',
      message: '"Damn This Dinghy" is marked as explicit, and this server does not download explicit tracks.',
    });
    const { status, body } = await strict.rest('GET', `/track/download/${item}`);
    expect({ status, body }).toMatchObject({
      status: 403,
      body: { error: expect.stringContaining('marked as explicit') as string },
    });
    expect(await strict.deps.db.task.count()).toBe(0);
  });

  it('skips an explicit track of a list, says why, and downloads the others', async () => {
    const others = [3, 4, 5, 6, 8, 9].map((number) => `demo:parking-lot-regatta-1-0${number}`);
    [...others, 'demo:parking-lot-regatta-1-10'].forEach((id) => source.fail(id));
    const id = await queue(strict, { item: 'demo:parking-lot-regatta' });
    const album = await ended(strict, id, 60_000);
    expect(album).toMatchObject({
      state: 'COMPLETED',
      childCount: 10,
      completedCount: 1,
      failedCount: 7,
      skippedCount: 2,
    });
    const { task } = await strict.execute(CHILDREN, { id });
    const skipped = task?.children.edges.map(({ node }) => node).filter(({ state }) => state === 'SKIPPED');
    expect(skipped?.map(({ title, error, file }) => ({ title, code: error?.code, file }))).toEqual([
      { title: 'Damn This Dinghy', code: 'EXPLICIT_CONTENT', file: null },
      { title: 'Swearing at the Spinnaker', code: 'EXPLICIT_CONTENT', file: null },
    ]);
  });
});
