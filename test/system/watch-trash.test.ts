import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { link, mkdir, mkdtemp, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { AlbumGroup, Track } from '../../src/catalog/catalog-item.js';
import type { CatalogSource } from '../../src/catalog/catalog-source.js';
import { graphql } from '../../src/generated/documents/gql.js';
import type { Env } from '../../src/env.js';
import { openRoots, walkLibrary } from '../../src/library/walk-library.js';
import { createDemoCatalog } from '../../src/upstream/demo/catalog.js';
import { keepWatchFilesJob } from '../../src/watch-files/keep-files.job.js';
import { never } from '../kit/audio.js';
import { createChangingCatalog, listTides, readTides, type ChangingCatalog } from '../kit/changing-list.js';
import { canMount, withSmallDisk } from '../kit/small-disk.js';
import { startApp, type TestApp } from '../kit/start-app.js';
import { createSteeredSource } from '../kit/steered-source.js';
import { ended, queue } from '../kit/story.js';
import { waitFor } from '../kit/wait-for.js';
import { check, checked, fileStateOf, seen, turnOnWatching, updateWatch, watch } from '../kit/watches.js';
import { joinApp, spawnWorker } from './join-app.js';

const TRASHED = graphql(`
  query TrashedFiles($id: ID!) {
    task(id: $id) {
      children(first: 10) {
        nodes {
          title
          file {
            path
            trashedAt
          }
          children(first: 10) {
            nodes {
              file {
                path
                trashedAt
              }
            }
          }
        }
      }
    }
  }
`);

const TIDES = listTides(3);
const [A = '', B = '', C = ''] = TIDES;
const LIST = 'stub:list';
/** Long enough for a few downloads on a busy machine. */
const LONG_MS = 60_000;
const SETTINGS = {
  maxRetries: 0,
  customTrackFormat: '%music%',
  customDirFormat: 'Tides',
  format: 'OGG' as const,
};

const demo = createDemoCatalog();
let tracks: Map<string, Track>;
beforeAll(async () => {
  tracks = await readTides(TIDES);
});

const source = createSteeredSource();
let catalog: ChangingCatalog;
let app: TestApp;
let root: string;
const start = async ({ env, catalogs }: { env?: Partial<Env>; catalogs?: CatalogSource[] } = {}) => {
  app = await startApp({
    ...(env && { env }),
    overrides: {
      catalogs: catalogs ?? [catalog.source],
      sources: [source],
      settings: SETTINGS,
      timing: { stopGraceMs: 100 },
    },
  });
  root = app.env.downloadDir;
  await turnOnWatching(app);
};
beforeEach(() => {
  catalog = createChangingCatalog(tracks);
});
afterEach(() => app?.stop());

const keepNow = () => app.deps.jobs.enqueue(keepWatchFilesJob, {});

/** All files below the directory but for playlists and unfinished ones, sorted; `~` stands for the trash. */
async function filesIn(directory = root): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const audio = paths
    .map((path) => relative(directory, path))
    .filter((path) => !path.endsWith('.m3u8') && !path.startsWith('.incoming'));
  return audio.map((path) => path.replace('.reprise-trash', '~')).sort();
}

const fileOf = (id: string) => `Tides/${tracks.get(id)?.title}.ogg`;

async function expectFiles(expected: readonly string[]): Promise<void> {
  const sorted = [...expected].sort().join();
  let last: string[] = [];
  const areThere = async () => {
    last = await filesIn();
    return last.join() === sorted;
  };
  await waitFor(areThere, {
    what: `the files ${sorted}, with the trash as ~`,
    timeoutMs: 20_000,
  }).catch(() => undefined);
  expect(last).toEqual([...expected].sort());
}

/** Follows the list, with all its tracks downloaded. */
async function watchAll(ids: readonly string[], options: object = { removeFiles: true }): Promise<string> {
  catalog.set(ids);
  const { id } = await watch(app, { item: LIST, downloadExisting: true, ...options });
  await waitFor(async () => (await seen(app, id)).counts.known === new Set(ids).size, {
    what: 'all tracks',
    timeoutMs: LONG_MS,
  });
  return id;
}

/** After the jobs that could move something have run. */
async function settled(): Promise<void> {
  await waitFor(
    async () => (await app.deps.db.watchMember.count({ where: { leavesAt: { not: null } } })) === 0,
    {
      what: 'nothing to be leaving',
      timeoutMs: LONG_MS,
    },
  );
}

describe('files of what left a watched list', () => {
  it('go to the trash, which their tasks show, and are made again when the track is back', async () => {
    await start();
    const id = await watchAll([A, B]);
    const { checkTask } = await seen(app, id);
    catalog.set([B]);
    await checked(app, id);
    await expectFiles([`~/${fileOf(A)}`, fileOf(B)]);
    await settled();
    const { task } = await app.execute(TRASHED, { id: checkTask?.id ?? '' });
    expect(task?.children.nodes.map(({ title, file }) => ({ title, ...file }))).toEqual([
      {
        title: tracks.get(A)?.title,
        path: join(root, '.reprise-trash', fileOf(A)),
        trashedAt: expect.any(String) as string,
      },
      { title: tracks.get(B)?.title, path: join(root, fileOf(B)), trashedAt: null },
    ]);
    // A scan passes the trash over.
    const { open } = await openRoots([root]);
    const scanned: string[] = [];
    for await (const step of walkLibrary({ root: open[0] ?? '', roots: open, signal: never })) {
      if (step.kind === 'file') scanned.push(step.file.fileName);
    }
    expect(scanned.filter((name) => !name.endsWith('.m3u8'))).toEqual([fileOf(B).replace('Tides/', '')]);

    catalog.set([B, A]);
    expect((await checked(app, id)).watch).toMatchObject({
      outcome: 'FOUND',
      foundCount: 1,
      counts: { known: 2 },
    });
    await expectFiles([`~/${fileOf(A)}`, fileOf(A), fileOf(B)]);

    // And away again: the trash keeps both.
    catalog.set([B]);
    await checked(app, id);
    await expectFiles([`~/${fileOf(A)}`, `~/${fileOf(A).replace('.ogg', ' (2).ogg')}`, fileOf(B)]);
  });

  it('are made again although the library has not been scanned since', async () => {
    await start({ env: { libraryDirs: ['/nonexistent/music'] } });
    const id = await watchAll([A, B]);
    const track = tracks.get(A);
    await app.deps.db.libraryFile.create({
      data: {
        ...{ id: 'library:own', path: join(root, fileOf(A)), sizeBytes: 1n, title: track?.title ?? '' },
        ...{ modifiedAt: new Date(0), scannedAt: new Date(), isrc: track?.isrc ?? null },
        durationMs: track?.durationMs ?? 0,
      },
    });
    catalog.set([B]);
    await checked(app, id);
    await expectFiles([`~/${fileOf(A)}`, fileOf(B)]);
    await settled();
    catalog.set([B, A]);
    expect((await checked(app, id)).watch).toMatchObject({ outcome: 'FOUND', foundCount: 1 });
    await expectFiles([`~/${fileOf(A)}`, fileOf(A), fileOf(B)]);
  });

  it('stay where the option is off, also for what left before it was turned on', async () => {
    await start();
    const id = await watchAll([A, B, C], {});
    expect((await fileStateOf(app, id)).removeFiles).toBe(false);
    catalog.set([B, C]);
    await checked(app, id);
    await updateWatch(app, { id, removeFiles: true });
    catalog.set([C]);
    await checked(app, id);
    await expectFiles([fileOf(A), `~/${fileOf(B)}`, fileOf(C)]);
  });

  it('stay after a reading that is incomplete, empty, failed, or may hide them', async () => {
    await start();
    const id = await watchAll([A, B]);
    const all = [fileOf(A), fileOf(B)];
    const expectKept = async () => {
      await checked(app, id);
      await settled();
      await keepNow();
      expect(await filesIn()).toEqual(all);
    };
    catalog.overstate(1);
    catalog.set([A]);
    await expectKept();
    catalog.overstate(0);
    catalog.set([]);
    await expectKept();
    catalog.hide(true);
    await expectKept();
    catalog.hide(false);
    catalog.beforePage(() => Promise.reject(new Error('the catalog broke off')));
    await expectKept();
    catalog.beforePage(null);
    // One entry more without an id: it may be the missing track.
    catalog.set([A, null]);
    await expectKept();
    expect((await seen(app, id)).counts.total).toBe(1);
  });

  it('stay while a download by hand or another list has them', async () => {
    const other = createChangingCatalog(tracks);
    const both: CatalogSource = {
      ...catalog.source,
      findPlaylist: async (id, signal) => {
        if (id === LIST) return catalog.source.findPlaylist(id, signal);
        const found = await other.source.findPlaylist(LIST, signal);
        return found && { ...found, id };
      },
      listPlaylistEntries: (id, page, signal) =>
        (id === LIST ? catalog : other).source.listPlaylistEntries(id, page, signal),
    };
    await start({ catalogs: [both] });
    const id = await watchAll([A, B]);
    await ended(app, await queue(app, { item: A, type: 'TRACK' }), LONG_MS);
    other.set([B]);
    const { id: otherId } = await watch(app, { item: 'stub:other', removeFiles: true });
    expect((await checked(app, otherId)).watch.counts).toMatchObject({ known: 1 });
    catalog.set([C]);
    await checked(app, id);
    await settled();
    await expectFiles([fileOf(A), fileOf(B), fileOf(C)]);
  });

  it('stay when the watch did not make them, or they changed since, or they lie elsewhere', async () => {
    await start();
    await ended(app, await queue(app, { item: A, type: 'TRACK' }), LONG_MS);
    const id = await watchAll([A, B, C]);
    await writeFile(join(root, fileOf(B)), 'tagged by the owner');
    const outside = await mkdtemp(join(tmpdir(), 'reprise-outside-'));
    onTestFinished(() => rm(outside, { recursive: true }));
    const moved = join(outside, 'c.mp3');
    await waitFor(async () => (await app.deps.db.watchFile.count()) === 3, { what: 'the files to be noted' });
    await rename(join(root, fileOf(C)), moved);
    await app.deps.db.task.updateMany({ where: { itemId: C }, data: { filePath: moved } });
    await app.deps.db.watchFile.updateMany({ where: { itemId: C }, data: { path: moved } });
    catalog.set(['stub:nothing']);
    source.fail('stub:nothing');
    await checked(app, id);
    await settled();
    await expectFiles([fileOf(A), fileOf(B)]);
    expect(await filesIn(outside)).toEqual(['c.mp3']);
  });

  it('wait for a download of the track that runs', async () => {
    await start();
    catalog.set([A, B]);
    source.hold(A);
    const { id } = await watch(app, { item: LIST, downloadExisting: true, removeFiles: true });
    await waitFor(() => source.waiting.has(A), { what: 'the download to run', timeoutMs: LONG_MS });
    catalog.set([B]);
    await ended(app, await check(app, id), LONG_MS);
    await expectFiles([fileOf(B)]);
    source.release(A);
    await expectFiles([`~/${fileOf(A)}`, fileOf(B)]);
  });

  it('stay, with the reason on the watch, while the way to the trash is blocked', async () => {
    await start();
    const id = await watchAll([A, B]);
    const trash = join(root, '.reprise-trash');
    await writeFile(trash, 'in the way');
    catalog.set([B]);
    await checked(app, id);
    const problem = async () => (await fileStateOf(app, id)).fileProblem;
    expect(await waitFor(problem, { what: 'the problem' })).toMatch(
      /a file or a link is where a folder should be/,
    );

    const outside = await mkdtemp(join(tmpdir(), 'reprise-outside-'));
    onTestFinished(() => rm(outside, { recursive: true }));
    await symlink(outside, `${trash}.new`);
    await rename(`${trash}.new`, trash);
    await keepNow();
    const leadsOut = async () => /leads out of the download directory/.test((await problem()) ?? '');
    await waitFor(leadsOut, { what: 'the link to be refused' });
    expect(await filesIn(outside)).toEqual([]);
    // A run that had begun before the exchange may have made the folder.
    await rm(join(outside, 'Tides'), { recursive: true, force: true });

    // The folder of the file is a link by now, before the way is free: a run may begin at any time.
    await rename(join(root, 'Tides'), join(outside, 'Tides'));
    await symlink(join(outside, 'Tides'), join(root, 'Tides'));
    await rm(trash);
    await app.deps.db.watch.updateMany({ data: { fileProblem: null } });
    await keepNow();
    await waitFor(leadsOut, { what: 'the linked folder to be refused' });
    expect(await filesIn(outside)).toEqual([fileOf(A), fileOf(B)]);
    await rm(join(root, 'Tides'));
    await rename(join(outside, 'Tides'), join(root, 'Tides'));
    await keepNow();
    await expectFiles([`~/${fileOf(A)}`, fileOf(B)]);
    await waitFor(async () => (await problem()) === null, { what: 'no problem' });
  });

  it('stay while the disk is full', async ({ skip }) => {
    if (!(await canMount())) skip();
    const disk = await withSmallDisk(64 * 1024 * 1024);
    onTestFinished(() => disk.remove());
    const remount = (inodes: number) =>
      promisify(execFile)('mount', ['-o', `remount,nr_inodes=${inodes}`, disk.path]);
    await start({ env: { downloadDir: disk.path, downloadRoots: [disk.path] } });
    const id = await watchAll([A, B]);
    await waitFor(async () => (await fileStateOf(app, id)).playlistFile, { what: 'the m3u8' });
    // As many files and folders as there are: no more can be made.
    const used = (await readdir(disk.path, { recursive: true })).length + 1;
    await remount(used);
    catalog.set([B]);
    await checked(app, id);
    const problem = async () => (await fileStateOf(app, id)).fileProblem;
    expect(await waitFor(problem, { what: 'the problem' })).toMatch(/no space left/);
    expect(await filesIn()).toEqual([fileOf(A), fileOf(B)]);
    await remount(10_000);
    await keepNow();
    await expectFiles([`~/${fileOf(A)}`, fileOf(B)]);
  });
});

describe('a worker that is killed', () => {
  const startApart = async () => {
    app = await startApp({
      env: { role: 'api' },
      overrides: { catalogs: [catalog.source], settings: SETTINGS },
    });
    root = app.env.downloadDir;
    await turnOnWatching(app);
  };
  const joinWorker = () =>
    joinApp(app, {
      env: { role: 'worker' },
      overrides: {
        catalogs: [catalog.source],
        settings: SETTINGS,
        timing: { leaseMs: 2_000, stopGraceMs: 100 },
      },
    });
  const kill = async (id: string, own: { LIST: string; KILLED_ON: string }) => {
    await check(app, id);
    const [, signal] = (await once(spawnWorker(app, 'watching-child', own), 'exit')) as [
      unknown,
      string | null,
    ];
    expect(signal).toBe('SIGKILL');
  };

  it.each([
    { at: 'before the move', meddle: () => Promise.resolve() },
    {
      at: 'between the two names of the file',
      meddle: async (from: string, to: string) => {
        await mkdir(dirname(to), { recursive: true });
        await link(from, to);
      },
    },
    {
      at: 'before the move was recorded',
      meddle: async (from: string, to: string) => {
        await mkdir(dirname(to), { recursive: true });
        await rename(from, to);
      },
    },
  ])('$at leaves a file that the next one brings to the trash', async ({ meddle }) => {
    await startApart();
    const first = await joinWorker();
    const id = await watchAll([A, B]);
    await waitFor(async () => (await app.deps.db.watchFile.count()) === 2, { what: 'the files to be noted' });
    await first.stop();
    catalog.set([B]);
    await kill(id, { LIST: B, KILLED_ON: 'moving a file to the trash' });
    expect(await filesIn()).toEqual([fileOf(A), fileOf(B)]);
    const [planned] = await app.deps.db.watchFile.findMany({ where: { trashPath: { not: null } } });
    expect(planned).toMatchObject({ itemId: A });
    await meddle(planned?.path ?? '', planned?.trashPath ?? '');
    const second = await joinWorker();
    onTestFinished(() => second.stop());
    await expectFiles([`~/${fileOf(A)}`, fileOf(B)]);
    await waitFor(async () => (await app.deps.db.task.count({ where: { trashedAt: { not: null } } })) === 1, {
      what: 'the task to show it',
    });
    await settled();
    catalog.set([B, A]);
    expect((await checked(app, id)).watch.counts).toMatchObject({ known: 2 });
    await expectFiles([`~/${fileOf(A)}`, fileOf(A), fileOf(B)]);
  });
});

describe('albums that left a watched artist', () => {
  const ARTIST = 'demo:otter-and-semaphore';
  const SINGLE = 'demo:low-tide-radio';
  let listed: string[];
  const artistCatalog: CatalogSource = {
    ...demo,
    listArtistAlbums: async (id, { groups, ...page }, signal) => {
      const everything = { offset: 0, limit: 100, groups };
      const { items } = await demo.listArtistAlbums(id, everything, signal);
      const albums = items.filter((album) => listed.includes(album.id));
      return { items: albums.slice(page.offset, page.offset + page.limit), total: albums.length };
    },
  };

  const watchArtist = async (groups: AlbumGroup[]) => {
    const { id } = await watch(app, {
      ...{ item: ARTIST, albumGroups: groups, downloadExisting: true, removeFiles: true },
    });
    await waitFor(async () => (await seen(app, id)).counts.known > 0, {
      what: 'an album',
      timeoutMs: LONG_MS,
    });
    return id;
  };

  it('take all their files with them, and are whole again when they come back', async () => {
    listed = [SINGLE];
    await start({ catalogs: [artistCatalog] });
    const id = await watchArtist(['SINGLE']);
    const files = await filesIn();
    expect(files.length).toBeGreaterThan(1);
    const { checkTask } = await seen(app, id);
    listed = ['demo:semaphore-love-songs'];
    await updateWatch(app, { id, downloadNew: false, albumGroups: ['SINGLE', 'ALBUM'] });
    await checked(app, id);
    await expectFiles(files.map((file) => `~/${file}`));
    await settled();
    const { task } = await app.execute(TRASHED, { id: checkTask?.id ?? '' });
    const songs = task?.children.nodes[0]?.children.nodes ?? [];
    expect(songs).toHaveLength(files.length);
    expect(songs.every(({ file }) => file?.trashedAt && file.path.includes('.reprise-trash'))).toBe(true);

    listed = [SINGLE, 'demo:semaphore-love-songs'];
    await checked(app, id);
    await expectFiles([...files, ...files.map((file) => `~/${file}`)]);
  });

  it('have not left when the watch follows other kinds of albums', async () => {
    listed = [SINGLE, 'demo:semaphore-love-songs'];
    await start({ catalogs: [artistCatalog] });
    const id = await watchArtist(['SINGLE']);
    const files = await filesIn();
    await updateWatch(app, { id, downloadNew: false, downloadExisting: false, albumGroups: ['ALBUM'] });
    await checked(app, id);
    await settled();
    await keepNow();
    expect(await filesIn()).toEqual(files);
  });
});
