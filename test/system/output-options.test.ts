import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Settings } from '../../src/settings/settings.js';
import type { AudioSource, Rendition } from '../../src/catalog/audio-source.js';
import { bareFfmpeg, createWorkspace } from '../kit/audio.js';
import { createStubCatalog } from '../kit/stub-catalog.js';
import { stubTrack } from '../kit/stub-discography.js';
import { startApp, type TestApp } from '../kit/start-app.js';
import { ended, queue } from '../kit/story.js';

const apps: TestApp[] = [];
const start = async (options: Parameters<typeof startApp>[0] = {}) => {
  const app = await startApp(options);
  apps.push(app);
  return app;
};
afterEach(() => Promise.all(apps.splice(0).map((app) => app.stop())));

const made = async (app: TestApp, input: Parameters<typeof queue>[1]) => {
  const task = await ended(app, await queue(app, input));
  expect({ state: task.state, error: task.error }).toEqual({ state: 'COMPLETED', error: null });
  return task;
};
const namesBeside = async (path: string | undefined) =>
  (await readdir(dirname(path ?? ''))).filter((name) => name.startsWith('cover'));

describe('saveCover', () => {
  it('puts the cover beside the tracks once, whole, and never in place of another', async () => {
    const app = await start();
    const first = await made(app, { item: 'demo:night-ferry-1-01' });
    const [name = ''] = await namesBeside(first.file?.path);
    const cover = join(dirname(first.file?.path ?? ''), name);
    const bytes = await readFile(cover);
    const track = await app.deps.catalogs
      .get('demo')
      ?.findTrack('demo:night-ferry-1-01', AbortSignal.timeout(9_000));
    expect(bytes).toEqual(
      Buffer.from(
        (await app.deps.catalogs.get('demo')?.fetchCover(track!, AbortSignal.timeout(9_000))) ?? [],
      ),
    );
    await writeFile(cover, 'my own picture');
    await made(app, { item: 'demo:night-ferry-1-02' });
    expect(await namesBeside(first.file?.path)).toEqual([name]);
    expect(await readFile(cover, 'utf8')).toBe('my own picture');
  });

  it('can be turned off by a setting, and by the download itself', async () => {
    const app = await start({ overrides: { settings: { saveCover: false } } });
    const without = await made(app, { item: 'demo:night-ferry-1-01' });
    expect(await namesBeside(without.file?.path)).toEqual([]);
    const asked = await made(app, { item: 'demo:night-ferry-1-02', options: { saveCover: true } });
    expect(await namesBeside(asked.file?.path)).toHaveLength(1);
  });

  it('saves no cover in folders of several albums', async () => {
    const app = await start();
    const { file } = await made(app, {
      item: 'demo:night-ferry-1-01',
      options: { customDirFormat: '%year%' },
    });
    expect(await namesBeside(file?.path)).toEqual([]);
  });

  it('does not replace another file with the cover’s name', async () => {
    const app = await start();
    await mkdir(join(app.env.downloadDir, 'Saltglass Choir', 'Night Ferry', 'cover.jpg'), {
      recursive: true,
    });
    const { file } = await made(app, { item: 'demo:night-ferry-1-01' });
    expect(await namesBeside(file?.path)).toEqual(['cover.jpg']);
  });
});

describe('realTime', () => {
  const took = async (app: TestApp, options: object) => {
    const { id, file } = await made(app, { item: 'demo:night-ferry-1-03', options });
    const task = await app.deps.db.task.findUniqueOrThrow({ where: { id: id.replace('Task:', '') } });
    return { ms: Number(task.finishedAt) - Number(task.startedAt), durationMs: file?.durationMs ?? 0 };
  };

  it('makes a track take as long as it plays, times the multiplier', async () => {
    const app = await start();
    const { ms, durationMs } = await took(app, { realTime: true, realTimeMultiplier: 10 });
    expect(durationMs).toBeGreaterThan(20_000);
    expect(ms).toBeGreaterThan(durationMs / 10 - 50);
  });

  it('can be a setting, and ends when the task is cancelled', async () => {
    const app = await start({ overrides: { settings: { realTime: true, realTimeMultiplier: 0 } } });
    const id = await queue(app, { item: 'demo:night-ferry-1-03' });
    const task = await app.deps.db.task.findUniqueOrThrow({ where: { id: id.replace('Task:', '') } });
    expect(task.options).toMatchObject({ realTime: true, realTimeMultiplier: 0 });
    const { status } = await app.rest('POST', `/prgs/cancel/${task.id}`);
    expect(status).toBe(200);
    expect((await ended(app, id)).state).toBe('CANCELLED');
  });
});

describe('quality and the choice of sources', () => {
  let workspace: Awaited<ReturnType<typeof createWorkspace>>;
  const files = { low: '', good: '' };
  beforeAll(async () => {
    workspace = await createWorkspace();
    files.low = workspace.file('low.mp3');
    files.good = workspace.file('good.flac');
    const tone = ['-f', 'lavfi', '-i', 'sine=frequency=440:duration=1'];
    await bareFfmpeg(...tone, '-b:a', '64k', files.low);
    await bareFfmpeg(...tone, files.good);
  });
  afterAll(() => workspace.remove());

  const source = (name: 'low' | 'good', says: Partial<Rendition>): AudioSource => ({
    name,
    find: () =>
      Promise.resolve({
        ...{
          source: name,
          ref: name,
          localPath: files[name],
          codec: null,
          bitrateKbps: null,
          durationMs: 1_000,
        },
        ...{ sizeBytes: null, checksum: null, licence: 'Mine', resumable: false, ...says },
      }),
    open: () => Promise.reject(new Error('It is read where it is.')),
  });
  const catalogs = [
    createStubCatalog('deezer', { findTrack: (id) => Promise.resolve(stubTrack(id)) }),
    createStubCatalog('spotify', { findTrack: (id) => Promise.resolve(stubTrack(id)) }),
  ];
  const low = { codec: 'mp3', bitrateKbps: 64 };
  const startWith = (sources: AudioSource[], settings: Partial<Settings>) =>
    start({ overrides: { catalogs, sources, settings: { maxRetries: 0, ...settings } } });

  it.each([
    ['deezer:1', { deezerQuality: 'MP3_320' }],
    ['deezer:1', { deezerQuality: 'FLAC' }],
    ['spotify:4iV5W9uYEdYUVa79Axb7Rh', { spotifyQuality: 'VERY_HIGH' }],
  ] as [string, Partial<Settings>][])('follows for %s the settings %j', async (item, settings) => {
    const app = await startWith([source('low', low), source('good', { codec: 'flac' })], settings);
    expect((await made(app, { item, type: 'TRACK' })).file).toMatchObject({ source: 'good', format: 'FLAC' });
  });

  it.each([
    ['says so', low],
    ['does not say so', {}],
  ])(
    'rejects a lower quality, when the source %s, unless acceptLowerQuality allows it',
    async (_what, says) => {
      const app = await startWith([source('low', says)], { deezerQuality: 'MP3_320' });
      const task = await ended(app, await queue(app, { item: 'deezer:1', type: 'TRACK' }));
      expect(task).toMatchObject({
        state: 'FAILED',
        error: { code: 'QUALITY_UNAVAILABLE', retryable: false },
        file: null,
      });
      expect(task.error?.message).toMatch(/mp3, 64 kbit\/s.*MP3_320.*acceptLowerQuality/);
      const options = { acceptLowerQuality: true };
      expect((await made(app, { item: 'deezer:1', type: 'TRACK', options })).file?.source).toBe('low');
    },
  );

  it('tries the second source only if askAllSources is on', async () => {
    const lacking: AudioSource = { ...source('low', {}), find: () => Promise.resolve(null) };
    const sources = [lacking, source('good', { codec: 'flac' })];
    const strict = await startWith(sources, { askAllSources: false });
    const task = await ended(strict, await queue(strict, { item: 'deezer:1', type: 'TRACK' }));
    expect(task).toMatchObject({ state: 'FAILED', error: { code: 'NO_SOURCE' } });
    const generous = await startWith(sources, { askAllSources: true });
    expect((await made(generous, { item: 'deezer:1', type: 'TRACK' })).file?.source).toBe('good');
  });
});
