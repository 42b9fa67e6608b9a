import { mkdir, mkdtemp, readFile, rm, statfs, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Overrides } from '../../src/app.js';
import type { AudioSource } from '../../src/catalog/audio-source.js';
import { createDemoSource } from '../../src/upstream/demo/source.js';
import { createWorkspace, makeAudio, createTestMedia, readTags } from '../kit/audio.js';
import { listFiles, listTree } from '../kit/disk-tree.js';
import { CHILDREN } from '../kit/documents.js';
import { canMount, readOnlyDirectory, withSmallDisk, type TestDisk } from '../kit/small-disk.js';
import { startApp, type TestApp } from '../kit/start-app.js';
import { ended, queue } from '../kit/story.js';

const mountable = await canMount();
const FERRY = 'Saltglass Choir/Night Ferry';

/** An app that downloads into a directory, for as long as `use` takes. */
async function withApp(
  downloadDir: string,
  use: (app: TestApp) => Promise<void>,
  overrides: Overrides = {},
): Promise<void> {
  const app = await startApp({ env: { downloadDir }, overrides });
  try {
    await use(app);
  } finally {
    await app.stop();
  }
}

describe.skipIf(!mountable)('a disk that is full', () => {
  let disk: TestDisk;
  beforeEach(async () => {
    disk = await withSmallDisk(256 * 1024);
    return () => disk.remove();
  });

  it.each([
    ['before the audio comes in', 'demo:night-ferry-1-09', {}],
    [
      'before a file is made that is larger than the audio',
      'demo:semaphore-love-songs-1-01',
      { format: 'WAV' as const },
    ],
  ])('%s fails the task at the first try, reports it, and leaves nothing', async (_when, item, options) => {
    await withApp(disk.path, async (app) => {
      const task = await ended(app, await queue(app, { item, options }));
      expect(task).toMatchObject({ state: 'FAILED', attempt: 1, file: null });
      expect(task.error).toMatchObject({ code: 'DISK_FULL', retryable: false });
      expect(task.error?.message).toMatch(/no space left|disk is full/i);
      expect(await listTree(disk.path)).toEqual(['.incoming']);
    });
  });

  it('by others while the audio comes in fails the task just so', async () => {
    const large = await withSmallDisk(16 * 1_048_576);
    const demo = createDemoSource({ media: await createTestMedia() });
    const source: AudioSource = {
      ...demo,
      async open(...call) {
        const { bavail, bsize } = await statfs(large.path);
        await writeFile(join(large.path, 'others'), Buffer.alloc(bavail * bsize - 65_536));
        return demo.open(...call);
      },
    };
    const use = async (app: TestApp) => {
      const task = await ended(app, await queue(app, { item: 'demo:night-ferry-1-09' }));
      expect(task).toMatchObject({ state: 'FAILED', attempt: 1, file: null });
      expect(task.error).toMatchObject({
        code: 'DISK_FULL',
        message: expect.stringMatching(
          /^There is no space left in the download directory "\/.+" \(ENOSPC\)\.$/,
        ) as string,
      });
      expect(await listTree(large.path)).toEqual(['.incoming', 'others']);
    };
    await withApp(large.path, use, { sources: [source] }).finally(large.remove);
  });
});

describe.skipIf(!mountable)('a disk that is mounted read-only', () => {
  it('fails the task at the first try and says what to check', async () => {
    const disk = await readOnlyDirectory();
    await withApp(disk.path, async (app) => {
      const task = await ended(app, await queue(app, { item: 'demo:night-ferry-1-01' }));
      expect(task).toMatchObject({ state: 'FAILED', attempt: 1, file: null });
      expect(task.error).toMatchObject({ code: 'TARGET_NOT_WRITABLE', retryable: false });
      expect(task.error?.message).toMatch(/cannot be written.*read-only/);
    }).finally(disk.remove);
  });
});

describe('a download directory', () => {
  let app: TestApp;
  let root: string;
  let downloadDir: string;
  const path = (...parts: string[]) => join(downloadDir, ...parts);

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'reprise-disk-'));
    downloadDir = join(root, 'downloads');
    app = await startApp({ env: { downloadDir } });
  });
  afterAll(async () => {
    await app?.stop();
    await rm(root, { recursive: true, force: true });
  });

  it('is not left through a link to another directory', async () => {
    const outside = join(root, 'outside');
    await mkdir(outside);
    await symlink(outside, path('Juniper Voltmeter'));
    const task = await ended(app, await queue(app, { item: 'demo:voltage-gardens-1-06' }));
    expect(task).toMatchObject({ state: 'FAILED', attempt: 1, file: null });
    expect(task.error).toMatchObject({ code: 'TARGET_NOT_WRITABLE' });
    expect(task.error?.message).toMatch(/leads out of the download directory/);
    expect(await listTree(outside)).toEqual([]);
  });

  it('is not left through a link that leads nowhere yet', async () => {
    const nowhere = join(root, 'nowhere');
    await symlink(nowhere, path('Sœurs Boussole'));
    const task = await ended(app, await queue(app, { item: 'demo:la-boussole-cassee-1-02' }));
    expect(task).toMatchObject({ state: 'FAILED', error: { code: 'TARGET_NOT_WRITABLE' } });
    expect((await listTree(root)).filter((name) => name.startsWith('nowhere'))).toEqual([]);
  });

  it('with a file where a folder should be is a failure in plain words', async () => {
    await writeFile(path('Brass Meridian Nine'), 'not a folder');
    const task = await ended(app, await queue(app, { item: 'demo:brass-for-lighthouses-1-06' }));
    expect(task).toMatchObject({ state: 'FAILED', attempt: 1, error: { code: 'TARGET_NOT_WRITABLE' } });
    expect(await readFile(path('Brass Meridian Nine'), 'utf8')).toBe('not a folder');
  });

  it('keeps a foreign file that has the name, and gives the new one a number', async () => {
    const first = await ended(app, await queue(app, { item: 'demo:night-ferry-1-01' }));
    const taken = first.file?.path ?? '';
    expect(dirname(taken)).toBe(path(FERRY));
    await writeFile(taken, 'the owner put this here instead');
    const second = await ended(app, await queue(app, { item: 'demo:night-ferry-1-01' }));
    expect(second).toMatchObject({ state: 'COMPLETED', file: { path: taken.replace(/(\.\w+)$/, ' (2)$1') } });
    expect(await readFile(taken, 'utf8')).toBe('the owner put this here instead');
  });

  it('keeps other music that has the name', async () => {
    const media = await createTestMedia();
    const first = await ended(app, await queue(app, { item: 'demo:night-ferry-1-02' }));
    const taken = first.file?.path ?? '';
    await rm(taken);
    await makeAudio(media, taken, { durationMs: 18_500 });
    const bytes = await readFile(taken);
    await app.deps.db.task.deleteMany({});
    const second = await ended(app, await queue(app, { item: 'demo:night-ferry-1-02' }));
    expect(second).toMatchObject({ state: 'COMPLETED', file: { path: taken.replace(/(\.\w+)$/, ' (2)$1') } });
    expect((await readFile(taken)).equals(bytes)).toBe(true);
  });

  it('keeps a link to nowhere that has the name', async () => {
    const first = await ended(app, await queue(app, { item: 'demo:night-ferry-1-03' }));
    const taken = first.file?.path ?? '';
    await rm(taken);
    await symlink(join(root, 'gone'), taken);
    const second = await ended(app, await queue(app, { item: 'demo:night-ferry-1-03' }));
    expect(second).toMatchObject({ state: 'COMPLETED', file: { path: taken.replace(/(\.\w+)$/, ' (2)$1') } });
  });

  it('that already holds the same track from an earlier installation skips it', async () => {
    const first = await ended(app, await queue(app, { item: 'demo:night-ferry-1-04' }));
    const bytes = await readFile(first.file?.path ?? '');
    await app.deps.db.task.deleteMany({});
    const second = await ended(app, await queue(app, { item: 'demo:night-ferry-1-04' }));
    expect(second).toMatchObject({ state: 'SKIPPED', file: { path: first.file?.path } });
    expect((await readFile(first.file?.path ?? '')).equals(bytes)).toBe(true);
    expect((await listFiles(path(FERRY))).filter((name) => name.includes('004. '))).toHaveLength(1);
  });

  it('that holds the file of an earlier task skips it without asking a source', async () => {
    const item = 'demo:night-ferry-1-05';
    const first = await ended(app, await queue(app, { item }));
    const second = await ended(app, await queue(app, { item }));
    expect(second).toMatchObject({ state: 'SKIPPED', file: { path: first.file?.path, source: 'demo' } });
  });

  it('makes the file again when the owner has removed it', async () => {
    const item = 'demo:night-ferry-1-06';
    const first = await ended(app, await queue(app, { item }));
    await rm(first.file?.path ?? '');
    const second = await ended(app, await queue(app, { item }));
    expect(second).toMatchObject({ state: 'COMPLETED', file: { path: first.file?.path } });
  });
});

describe('tracks of the same name', () => {
  it.each([
    [
      'with codes of their own',
      'demo:atlas-of-small-rain',
      'Intro',
      { customTrackFormat: '%tracknum% %music%' },
    ],
    ['without any code', 'demo:harbour-wall-demos', 'Untitled', { customTrackFormat: '%music%' }],
  ])('%s each get a file', async (_what, album, title, settings) => {
    const workspace = await createWorkspace();
    await withApp(
      workspace.path,
      async (app) => {
        const parent = await ended(app, await queue(app, { item: album, options: { format: 'FLAC' } }));
        expect(parent).toMatchObject({
          state: 'COMPLETED',
          skippedCount: 0,
          failedCount: 0,
          completedCount: parent.childCount,
        });
        const { task } = await app.execute(CHILDREN, { id: parent.id });
        const twins =
          task?.children.edges.map(({ node }) => node).filter((node) => node.title === title) ?? [];
        expect(twins).toHaveLength(2);
        const paths = twins.map((twin) => twin.file?.path ?? '');
        expect(paths.filter((file) => file.endsWith(' (2).flac'))).toHaveLength(1);
        const tags = await Promise.all(paths.map(readTags));
        expect(tags.map(({ common }) => common.title)).toEqual([title, title]);
        expect(await listFiles(workspace.path)).toHaveLength(parent.childCount);
      },
      { settings },
    ).finally(workspace.remove);
  });
});
