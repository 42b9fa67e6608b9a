import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Settings } from '../../src/settings/settings.js';
import { graphql } from '../../src/generated/documents/gql.js';
import { createDemoCatalog } from '../../src/upstream/demo/catalog.js';
import { CHILDREN, RETRY_TASK } from '../kit/documents.js';
import { seededTrack, seedTasks } from '../kit/seed-tasks.js';
import { createStubCatalog } from '../kit/stub-catalog.js';
import { stubPlaylist } from '../kit/stub-discography.js';
import { startApp, type TestApp } from '../kit/start-app.js';
import { createSteeredSource } from '../kit/steered-source.js';
import { ended, queue } from '../kit/story.js';
import { waitFor } from '../kit/wait-for.js';
import { joinApp } from './join-app.js';

const PLAYLIST_FILE = graphql(`
  query PlaylistFile($id: ID!) {
    task(id: $id) {
      playlistFile
    }
  }
`);

const TRACKS = ['demo:night-ferry-1-03', 'demo:night-ferry-1-01', 'demo:umbrella-weather-1-02'];
const TITLE = 'Sea: "Best/of"';

const demo = createDemoCatalog();
const catalog = createStubCatalog('stub', {
  findPlaylist: (id) => Promise.resolve({ ...stubPlaylist(id, TRACKS.length), title: TITLE }),
  listPlaylistEntries: async (_id, _page, signal) => ({
    total: TRACKS.length,
    items: await Promise.all(
      TRACKS.map(async (id) => ({ track: await demo.findTrack(id, signal), trackId: id, addedAt: null })),
    ),
  }),
});

let source: ReturnType<typeof createSteeredSource>;
let app: TestApp;
const start = async (settings: Partial<Settings> = {}) => {
  const overrides = { catalogs: [catalog], sources: [source], settings: { maxRetries: 0, ...settings } };
  app = await startApp({ overrides });
  return app.env.downloadDir;
};
beforeEach(() => {
  source = createSteeredSource();
});
afterEach(() => app?.stop());

const download = async (item = 'stub:list') => {
  const id = await queue(app, { item, type: 'PLAYLIST', options: { format: 'OGG' } });
  await ended(app, id, 60_000);
  return id;
};

/** Waits until it has so many entries; the files that it names, as it names them. */
async function readEntries(path: string, count: number): Promise<string[]> {
  const entries = await waitFor(
    async () => {
      const lines = (await readFile(path, 'utf8')).split('\n');
      const files = lines.filter((line) => line !== '' && !line.startsWith('#'));
      return files.length === count ? files : null;
    },
    { what: `${count} entries in ${path}` },
  );
  return entries;
}

/** The files of a list's tasks, in order. */
async function filesOf(id: string): Promise<(string | undefined)[]> {
  const { task } = await app.execute(CHILDREN, { id });
  return task?.children.edges.map(({ node }) => node.file?.path) ?? [];
}

describe('the m3u8 of a playlist', () => {
  it('lists its files in order, by paths relative to itself', async () => {
    const root = await start();
    const id = await download();
    const path = join(root, 'playlists', 'Sea Bestof.m3u8');
    const entries = await readEntries(path, 3);
    expect(entries.every((entry) => entry.startsWith('../'))).toBe(true);
    expect(entries.map((entry) => resolve(dirname(path), entry))).toEqual(await filesOf(id));
    expect(entries[0]).toMatch(/^\.\.\/Saltglass Choir\/Night Ferry\/003\. .+\.ogg$/);
    const lines = (await readFile(path, 'utf8')).split('\n');
    expect(lines.slice(0, 3)).toEqual(['#EXTM3U', '#REPRISE-PLAYLIST:stub:list', `#PLAYLIST:${TITLE}`]);
    expect(lines[3]).toMatch(/^#EXTINF:24,Saltglass Choir - /);
    expect(await readdir(join(root, '.incoming'))).toEqual([]);
    const noted = () => app.execute(PLAYLIST_FILE, { id });
    await waitFor(async () => (await noted()).task?.playlistFile, { what: 'the task to say so' });
    expect(await noted()).toEqual({ task: { playlistFile: path } });
  });

  it('is written although the stored options of an earlier playlist are unreadable', async () => {
    const root = await start();
    const earlier = { kind: 'PLAYLIST', state: 'COMPLETED', options: [], expandedAt: new Date(0) } as const;
    await seedTasks(app, [{ ...earlier, finishedAt: new Date(0) }]);
    await download();
    await readEntries(join(root, 'playlists', 'Sea Bestof.m3u8'), 3);
  });

  it('gains files that a retry adds, in their place, and loses removed ones', async () => {
    const root = await start();
    source.fail(TRACKS[1]!);
    const id = await download();
    const path = join(root, 'playlists', 'Sea Bestof.m3u8');
    await readEntries(path, 2);
    source.heal(TRACKS[1]!);
    await app.execute(RETRY_TASK, { id });
    expect(await ended(app, id)).toMatchObject({ completedCount: 3, failedCount: 0 });
    const all = await readEntries(path, 3);
    expect(all.map((entry) => resolve(dirname(path), entry))).toEqual(await filesOf(id));
    await rm(resolve(dirname(path), all[0]!));
    await rm(resolve(dirname(path), all[2]!));
    source.fail(TRACKS[0]!);
    // The file that is left is found again; one that is gone is made again.
    expect(await ended(app, await download())).toMatchObject({
      completedCount: 1,
      skippedCount: 1,
      failedCount: 1,
    });
    expect(await readEntries(path, 2)).toEqual([all[1], all[2]]);
  });

  it('gets another name when a foreign file has its name', async () => {
    const root = await start();
    await mkdir(join(root, 'playlists'));
    const theirs = join(root, 'playlists', 'Sea Bestof.m3u8');
    await writeFile(theirs, '#EXTM3U\nmine.mp3\n');
    await download();
    const ours = join(root, 'playlists', 'Sea Bestof (2).m3u8');
    await readEntries(ours, 3);
    expect(await readFile(theirs, 'utf8')).toBe('#EXTM3U\nmine.mp3\n');
    await download('stub:other');
    await readEntries(join(root, 'playlists', 'Sea Bestof (3).m3u8'), 3);
    await download();
    expect((await readdir(join(root, 'playlists'))).length).toBe(3);
  });

  it('is in the user’s own folder if each user has one', async () => {
    const root = await start({ separateTracksByUser: true });
    await download();
    const entries = await readEntries(join(root, 'system', 'playlists', 'Sea Bestof.m3u8'), 3);
    expect(entries[0]).toMatch(/^\.\.\/Saltglass Choir\//);
  });

  it('is not written through a link out of the download directory', async () => {
    const root = await start();
    const outside = await mkdtemp(join(tmpdir(), 'reprise-outside-'));
    await symlink(outside, join(root, 'playlists'));
    const id = (await download()).replace('Task:', '');
    await waitFor(async () => (await app.deps.db.task.findUniqueOrThrow({ where: { id } })).playlistFileAt, {
      what: 'the playlist to be given up',
    });
    expect(await readdir(outside)).toEqual([]);
    await rm(outside, { recursive: true });
  });

  it('is not written through a link in place of the folder of unfinished files', async () => {
    app = await startApp({ env: { role: 'api' } });
    const root = app.env.downloadDir;
    const outside = await mkdtemp(join(tmpdir(), 'reprise-outside-'));
    await symlink(outside, join(root, '.incoming'));
    const seed = { kind: 'PLAYLIST', state: 'COMPLETED', title: 'Linked', total: 1, succeeded: 1 } as const;
    const [id = ''] = await seedTasks(app, [{ ...seed, expandedAt: new Date() }]);
    const filePath = join(root, 'one.mp3');
    await writeFile(filePath, 'audio');
    await seedTasks(app, [{ parentId: id, state: 'COMPLETED', position: 0, filePath }]);
    const worker = await joinApp(app, { env: { role: 'worker' } });
    const find = () => app.deps.db.task.findUniqueOrThrow({ where: { id } });
    await waitFor(async () => (await find()).playlistFileAt, { what: 'the playlist to be given up' });
    expect((await find()).playlistFile).toBeNull();
    expect(await readdir(join(root, 'playlists'))).toEqual([]);
    await worker.stop();
    await rm(outside, { recursive: true });
  });

  it('is not written for a playlist without a file', async () => {
    const root = await start();
    TRACKS.forEach((id) => source.fail(id));
    const id = (await download()).replace('Task:', '');
    await waitFor(async () => (await app.deps.db.task.findUniqueOrThrow({ where: { id } })).playlistFileAt, {
      what: 'the playlist to be looked at',
    });
    expect(await readdir(root)).not.toContain('playlists');
  });

  it('is written by the next worker when the last was killed before it could', async () => {
    app = await startApp({ env: { role: 'api' } });
    const root = app.env.downloadDir;
    const [playlistId = ''] = await seedTasks(app, [
      { kind: 'PLAYLIST', state: 'COMPLETED', title: 'Left', total: 1, succeeded: 1, expandedAt: new Date() },
    ]);
    await writeFile(join(root, 'one.mp3'), 'audio');
    const part = { parentId: playlistId, state: 'COMPLETED' as const, item: seededTrack('demo:one') };
    await seedTasks(app, [
      { ...part, position: 1, title: 'Gone', filePath: join(root, 'gone.mp3') },
      { ...part, position: 0, title: 'One\n/etc/passwd', filePath: join(root, 'one.mp3') },
      { ...part, position: 2, title: 'Outside', filePath: '/etc/passwd' },
    ]);
    const worker = await joinApp(app, { env: { role: 'worker' } });
    expect(await readEntries(join(root, 'playlists', 'Left.m3u8'), 1)).toEqual(['../one.mp3']);
    await worker.stop();
  });
});
