import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { viewerOf } from '../../src/auth/viewer.js';
import type { Track } from '../../src/catalog/catalog-item.js';
import { keepWatchFilesJob } from '../../src/watch-files/keep-files.job.js';
import { createChangingCatalog, listTides, readTides, type ChangingCatalog } from '../kit/changing-list.js';
import { createUser, serveWith } from '../kit/serve-as.js';
import { startApp, type TestApp } from '../kit/start-app.js';
import { stallStatements } from '../kit/stalled-statements.js';
import { ended, queue } from '../kit/story.js';
import { waitFor } from '../kit/wait-for.js';
import { check, checked, fileStateOf, turnOnWatching, watch } from '../kit/watches.js';
import { databaseUrlOf, joinApp, spawnWorker } from './join-app.js';

const TIDES = listTides(4);
const [A = '', B = '', C = '', D = ''] = TIDES;
const LIST = 'stub:list';
/** Long enough for a few downloads on a busy machine. */
const LONG_MS = 30_000;
const SETTINGS = { maxRetries: 0, customTrackFormat: '%music%', customDirFormat: 'Tides' };

let tracks: Map<string, Track>;
beforeAll(async () => {
  tracks = await readTides(TIDES);
});

let catalog: ChangingCatalog;
let app: TestApp;
let root: string;
const start = async (settings: object = {}) => {
  app = await startApp({
    overrides: {
      catalogs: [catalog.source],
      settings: { ...SETTINGS, ...settings },
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

/** Without a worker. */
const startApart = async () => {
  app = await startApp({
    env: { role: 'api' },
    overrides: { catalogs: [catalog.source], settings: SETTINGS },
  });
  root = app.env.downloadDir;
  await turnOnWatching(app);
};

const work = () =>
  joinApp(app, {
    env: { role: 'worker' },
    overrides: {
      catalogs: [catalog.source],
      settings: SETTINGS,
      timing: { leaseMs: 2_000, stopGraceMs: 100 },
    },
  });

async function seeKilled(own: { LIST: string; KILLED_ON: string }): Promise<void> {
  // Its files have the names that those of the next worker have.
  const child = spawnWorker(app, 'watching-child', { ...own, SETTINGS: JSON.stringify(SETTINGS) });
  const [, signal] = (await once(child, 'exit')) as [unknown, string | null];
  expect(signal).toBe('SIGKILL');
}

const nameOf = (id: string) => tracks.get(id)?.title ?? id;

/** The tracks that the m3u8 lists, once they are these; by the names of their files. */
async function expectListed(path: string, ids: readonly string[]): Promise<void> {
  const read = async () => {
    const lines = (await readFile(path, 'utf8')).split('\n');
    return lines.filter((line) => line !== '' && !line.startsWith('#')).map((line) => basename(line));
  };
  const expected = ids.map((id) => expect.stringContaining(`${nameOf(id)}.`) as string);
  let last: string[] = [];
  const isListed = async () => {
    last = await read();
    return last.length === ids.length && ids.every((id, at) => last[at]?.startsWith(`${nameOf(id)}.`));
  };
  await waitFor(isListed, { what: `${path} to list ${ids.map(nameOf).join(', ')}`, timeoutMs: LONG_MS });
  expect(last).toEqual(expected);
}

const keepNow = () => app.deps.jobs.enqueue(keepWatchFilesJob, {});
const listPath = (title = 'Changing') => join(root, 'playlists', `${title}.m3u8`);

describe('the m3u8 of a watched playlist', () => {
  it('follows tracks that come, move, leave and are listed twice', async () => {
    await start();
    catalog.set([A, B]);
    const { id } = await watch(app, { item: LIST, downloadExisting: true });
    await expectListed(listPath(), [A, B]);
    const lines = (await readFile(listPath(), 'utf8')).split('\n');
    expect(lines.slice(0, 3)).toEqual(['#EXTM3U', `#REPRISE-PLAYLIST:${LIST}`, '#PLAYLIST:Changing']);
    expect(lines[4]).toMatch(/^\.\.\/Tides\//);
    expect(await fileStateOf(app, id)).toMatchObject({ playlistFile: listPath(), fileProblem: null });

    catalog.set([B, A, C, B]);
    await checked(app, id);
    await expectListed(listPath(), [B, A, C, B]);
    catalog.set([C]);
    await checked(app, id);
    await expectListed(listPath(), [C]);
    // The files stay: only the list changed.
    expect(await readdir(join(root, 'Tides'))).toHaveLength(3);
    expect(await readdir(join(root, '.incoming'))).toEqual([]);
  });

  it('has what was downloaded by hand, and is the file that a download of the playlist writes', async () => {
    await start();
    catalog.set([A, B, C]);
    await ended(app, await queue(app, { item: A, type: 'TRACK' }), LONG_MS);
    const { id } = await watch(app, { item: LIST });
    await checked(app, id);
    await expectListed(listPath(), [A]);
    await ended(app, await queue(app, { item: LIST, type: 'PLAYLIST' }), LONG_MS);
    await expectListed(listPath(), [A, B, C]);
    // Whoever writes last, it has the tracks of both.
    catalog.set([D, A, B, C]);
    await checked(app, id);
    await expectListed(listPath(), [D, A, B, C]);
    expect(await readdir(join(root, 'playlists'))).toEqual(['Changing.m3u8']);
  });

  it('keeps its tracks when the history is cleaned up', async () => {
    await start();
    catalog.set([A, B]);
    const { id } = await watch(app, { item: LIST, downloadExisting: true });
    await expectListed(listPath(), [A, B]);
    await app.deps.db.task.deleteMany();
    catalog.set([B, A]);
    await checked(app, id);
    await expectListed(listPath(), [B, A]);
  });

  it('gets the new title of the playlist, and only its own file goes', async () => {
    await start();
    catalog.set([A]);
    const { id } = await watch(app, { item: LIST, downloadExisting: true });
    await expectListed(listPath(), [A]);
    catalog.retitle('Sea/Changes');
    await checked(app, id);
    await expectListed(listPath('SeaChanges'), [A]);
    await waitFor(async () => (await readdir(join(root, 'playlists'))).length === 1, {
      what: 'the old file to go',
    });

    // Somebody made a file of their own under the name that ours had.
    await writeFile(listPath('SeaChanges'), '#EXTM3U\nmine.mp3\n');
    catalog.retitle('Again');
    await checked(app, id);
    await expectListed(listPath('Again'), [A]);
    await waitFor(async () => (await fileStateOf(app, id)).playlistFile === listPath('Again'), {
      what: 'the new place to be noted',
    });
    expect(await readFile(listPath('SeaChanges'), 'utf8')).toBe('#EXTM3U\nmine.mp3\n');
  });

  it('is in the user’s own folder if each user has one', async () => {
    await start({ separateTracksByUser: true });
    catalog.set([A]);
    await watch(app, { item: LIST, downloadExisting: true });
    await expectListed(join(root, 'system', 'playlists', 'Changing.m3u8'), [A]);
  });

  it('is written by the next worker when one was killed between the change and the file', async () => {
    await startApart();
    catalog.set([A, B]);
    const { id } = await watch(app, { item: LIST, downloadExisting: true });
    const first = await work();
    await expectListed(listPath(), [A, B]);
    await first.stop();

    catalog.set([B, B]);
    await check(app, id);
    await seeKilled({ LIST: [B, B].join(), KILLED_ON: 'watched list changed' });
    expect(await app.deps.db.watchMember.findMany({ where: { removedAt: null } })).toMatchObject([
      { itemId: B, positions: [0, 1] },
    ]);
    await expectListed(listPath(), [A, B]);
    const second = await work();
    onTestFinished(() => second.stop());
    await expectListed(listPath(), [B, B]);
  });

  it('is written by the next worker when one was killed as soon as it had downloaded a track', async () => {
    await startApart();
    catalog.set([A]);
    await watch(app, { item: LIST, downloadExisting: true });
    // The event may be faster than the kill.
    const settling = await stallStatements(databaseUrlOf(app), {
      at: ['UPDATE', 'WatchMember', `NEW."state" = 'KNOWN'`],
    });
    await seeKilled({ LIST: A, KILLED_ON: 'task finished' });
    await settling.abort();
    expect(await app.deps.db.watchMember.findMany()).toMatchObject([{ itemId: A, state: 'QUEUED' }]);
    await settling.release();
    const second = await work();
    onTestFinished(() => second.stop());
    await keepNow();
    await expectListed(listPath(), [A]);
  });

  it('is the same for all users who share the folder', async () => {
    await start();
    catalog.set([A, B]);
    await watch(app, { item: LIST, downloadExisting: true });
    await expectListed(listPath(), [A, B]);
    const other = await serveWith(app, { viewer: viewerOf(await createUser(app)) });
    onTestFinished(() => other.stop());
    const { id } = await watch(other, { item: LIST });
    await ended(app, await check(other, id), LONG_MS);
    // Only the newest track is downloaded for the second user.
    catalog.set([C, B, A]);
    await ended(app, await check(other, id), LONG_MS);
    await expectListed(listPath(), [C, B, A]);
    expect(await readdir(join(root, 'playlists'))).toEqual(['Changing.m3u8']);
  });

  it('says on the watch why it cannot be written, and is written once it can', async () => {
    await start();
    const outside = await mkdtemp(join(tmpdir(), 'reprise-outside-'));
    onTestFinished(() => rm(outside, { recursive: true }));
    await symlink(outside, join(root, 'playlists'));
    catalog.set([A]);
    const { id } = await watch(app, { item: LIST, downloadExisting: true });
    await waitFor(async () => (await fileStateOf(app, id)).fileProblem, {
      what: 'the problem',
      timeoutMs: LONG_MS,
    });
    expect((await fileStateOf(app, id)).fileProblem).toMatch(/leads out of the download directory/);
    expect(await readdir(outside)).toEqual([]);
    await rm(join(root, 'playlists'));
    await keepNow();
    await expectListed(listPath(), [A]);
    await waitFor(async () => (await fileStateOf(app, id)).fileProblem === null, { what: 'no problem' });
  });
});
