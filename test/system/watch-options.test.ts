import { mkdir, readdir, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { sweepUnfinishedFiles } from '../../src/downloads/incoming.js';
import { createDeferred } from '../../src/lib/async.js';
import { createDemoCatalog } from '../../src/upstream/demo/catalog.js';
import { queueDueChecks } from '../../src/watches/queue-checks.job.js';
import { createWorkspace, never } from '../kit/audio.js';
import { createChangingCatalog, listTides, readTides, type ChangingCatalog } from '../kit/changing-list.js';
import { RETRY_TASK } from '../kit/documents.js';
import { createUser, serveWith } from '../kit/serve-as.js';
import { createSteeredSource } from '../kit/steered-source.js';
import { startApp, type TestApp } from '../kit/start-app.js';
import { ended } from '../kit/story.js';
import { waitFor } from '../kit/wait-for.js';
import { joinApp } from './join-app.js';
import { downloadsOf, membersOf, optionsOf, tryUpdate } from '../kit/watch-options.js';
import {
  CHECK_ALL,
  CHECK_WATCH,
  check,
  checked,
  seen,
  turnOnWatching,
  updateWatch,
  watch,
} from '../kit/watches.js';

const PLAYLIST = 'demo:first-watch';
const ARTIST = 'demo:otter-and-semaphore';
const LIST = 'stub:list';
const TIDES = listTides(4);
const [A = '', B = '', C = ''] = TIDES;

const source = createSteeredSource();
let catalog: ChangingCatalog;
let app: TestApp;
let kids: string;
/** In another of the allowed directories. */
let elsewhere: string;

const tides = readTides(TIDES);

beforeEach(async () => {
  catalog = createChangingCatalog(await tides);
  const [main, other] = await Promise.all([createWorkspace(), createWorkspace()]);
  app = await startApp({
    env: { downloadDir: main.path, downloadRoots: [main.path, other.path] },
    overrides: {
      catalogs: [createDemoCatalog(), catalog.source],
      sources: [source],
      settings: { maxRetries: 0 },
      timing: { stopGraceMs: 100 },
    },
  });
  await turnOnWatching(app);
  kids = join(app.env.downloadDir, 'kids');
  elsewhere = join(other.path, 'kids');
  return async () => {
    await app.stop();
    await Promise.all([main.remove(), other.remove()]);
  };
});
afterAll(() => source.releaseAll());

/** Of what `watch` queues by itself, with its downloads. */
async function firstCheck(id: string) {
  const isOver = async () => {
    const now = await seen(app, id);
    return now.lastCheckedAt !== null && now.counts.queued === 0 ? now : null;
  };
  return waitFor(isOver, { what: 'the first check', timeoutMs: 60_000 });
}

const secondsAhead = ({ nextCheckAt }: { nextCheckAt: string }) =>
  (Date.parse(nextCheckAt) - Date.now()) / 1000;

describe('the downloads of a watch', () => {
  it('have its format and directory on disk, and later ones those of the time', async () => {
    const { id } = await watch(app, {
      item: PLAYLIST,
      downloadExisting: true,
      download: {
        format: 'MP3',
        bitrateKbps: 128,
        customDirFormat: '%artist%',
        customTrackFormat: '%music%',
      },
      downloadPath: kids,
      filter: { titleIncludes: ['casting OFF'] },
    });
    const first = await firstCheck(id);
    expect(first.counts).toMatchObject({ total: 11, known: 1, missing: 0, excluded: 10 });
    const path = join(kids, 'Saltglass Choir', 'Casting Off.mp3');
    expect((await readFile(path)).subarray(0, 3).toString()).toBe('ID3');
    const tasks = await app.deps.db.task.findMany({ orderBy: { createdAt: 'asc' } });
    expect(tasks.map(({ kind }) => kind)).toEqual(['WATCH_CHECK', 'TRACK']);
    const options = { format: 'MP3', bitrateKbps: 128, downloadPath: kids };
    expect(tasks.map((task) => task.options)).toMatchObject([options, options]);

    // The filter changes, the playlist does not: what passes now is queued, by the options of now.
    await updateWatch(app, { id, download: { format: 'FLAC' }, downloadPath: null });
    await updateWatch(app, { id, filter: { titleIncludes: ['casting off', 'windstarke ZWOLF'] } });
    const second = await checked(app, id);
    expect(second.watch).toMatchObject({ outcome: 'FOUND', counts: { known: 2, excluded: 9 } });
    const [child, ...others] = await downloadsOf(app, second.task.id);
    expect(others).toEqual([]);
    expect(child).toMatchObject({
      title: 'Windstärke zwölf',
      file: { format: 'FLAC' },
      options: { format: 'FLAC', bitrateKbps: null, downloadPath: null },
    });
    const flac = child?.file?.path ?? '';
    expect(dirname(dirname(dirname(flac)))).toBe(app.env.downloadDir);
    expect((await readFile(flac)).subarray(0, 4).toString()).toBe('fLaC');
    expect(await readdir(join(kids, 'Saltglass Choir'))).toEqual(['Casting Off.mp3']);

    // What is still left out does not have the list read again and again.
    expect((await checked(app, id)).watch.outcome).toBe('UNCHANGED');
  });

  it('are those of each user', async () => {
    const filter = { titleIncludes: ['casting off'] };
    const viewers = [await createUser(app), await createUser(app)];
    const [one, other] = await Promise.all(viewers.map((viewer) => serveWith(app, { viewer })));
    if (!one || !other) throw new Error('there are two users');
    try {
      const want = { item: PLAYLIST, downloadExisting: true, filter };
      await watch(one, { ...want, download: { format: 'MP3' }, downloadPath: elsewhere });
      await watch(other, { ...want, download: { format: 'OPUS' } });
      const tracks = () => app.deps.db.task.findMany({ where: { kind: 'TRACK', state: 'COMPLETED' } });
      const made = await waitFor(async () => ((await tracks()).length === 2 ? tracks() : null), {
        what: 'both files',
        timeoutMs: 60_000,
      });
      const fileOf = (viewer: { id: string } | undefined) =>
        made.find(({ ownerId }) => ownerId === viewer?.id)?.filePath ?? '';
      expect(fileOf(viewers[0]).replace(elsewhere, '')).toMatch(/^\/Saltglass.*Casting Off\.mp3$/);
      expect(fileOf(viewers[1]).replace(app.env.downloadDir, '')).toMatch(/^\/Saltglass.*Casting Off\.opus$/);
    } finally {
      await Promise.all([one.stop(), other.stop()]);
    }
  });

  it('keep their options over a retry, whatever becomes of the watch', async () => {
    source.fail(A);
    catalog.set([A]);
    const { id } = await watch(app, {
      ...{ item: LIST, downloadExisting: true, downloadPath: kids },
      download: { format: 'MP3', customTrackFormat: 'kept %music%' },
    });
    const failed = await firstCheck(id);
    const [child] = await downloadsOf(app, failed.checkTask?.id ?? '');
    await updateWatch(app, { id, downloadPath: null, download: { format: 'WAV' } });
    source.heal(A);
    await app.execute(RETRY_TASK, { id: child?.id ?? '' });
    expect(await ended(app, child?.id ?? '', 60_000)).toMatchObject({ state: 'COMPLETED' });
    const [after] = await downloadsOf(app, failed.checkTask?.id ?? '');
    expect(after).toMatchObject({ options: { format: 'MP3', downloadPath: kids }, file: { format: 'MP3' } });
    expect(after?.file?.path).toMatch(/\/kids\/.*\/kept .*\.mp3$/);
  });

  it('write nothing through a link that leads out of the allowed directories', async () => {
    source.fail(A);
    catalog.set([A]);
    const { id } = await watch(app, { item: LIST, downloadExisting: true, downloadPath: kids });
    const failed = await firstCheck(id);
    source.heal(A);
    const { path: outside, remove } = await createWorkspace();
    onTestFinished(remove);
    await mkdir(kids, { recursive: true });
    await rename(kids, `${kids}-before`);
    await symlink(outside, kids);
    const [child] = await downloadsOf(app, failed.checkTask?.id ?? '');
    await app.execute(RETRY_TASK, { id: child?.id ?? '' });
    const refused = {
      state: 'FAILED',
      error: {
        code: 'TARGET_NOT_WRITABLE',
        message: expect.stringContaining('Change the options of the watch') as string,
      },
    };
    expect(await ended(app, child?.id ?? '')).toMatchObject(refused);
    // The check refuses it too, and queues nothing.
    catalog.set([A, B]);
    const later = await checked(app, id);
    expect(later.task).toMatchObject(refused);
    expect(later.watch).toMatchObject({ outcome: 'FAILED', error: { code: 'TARGET_NOT_WRITABLE' } });
    expect(await downloadsOf(app, later.task.id)).toEqual([]);
    expect(await readdir(outside)).toEqual([]);
    await updateWatch(app, { id, downloadPath: null });
    expect((await checked(app, id)).watch).toMatchObject({ outcome: 'FOUND', error: null });
  });

  it('leave nothing unfinished in a directory of their own', async () => {
    catalog.set([A]);
    const { id } = await watch(app, { item: LIST, downloadExisting: true, downloadPath: kids });
    await firstCheck(id);
    const incoming = join(kids, '.incoming');
    const left = join(incoming, `01900000-0000-7000-8000-000000000001.1.${'0'.repeat(32)}`);
    await mkdir(left, { mode: 0o700 });
    await writeFile(join(left, 'source'), 'x');
    await updateWatch(app, { id, downloadPath: null });
    await sweepUnfinishedFiles(app.deps);
    expect(await readdir(incoming)).toEqual([]);
  });
});

describe('a watched artist', () => {
  it('is filtered by the titles of albums, and by the explicit tracks in them', async () => {
    const { id } = await watch(app, {
      ...{ item: ARTIST, downloadExisting: true },
      filter: { titleIncludes: ['parking lot'], skipExplicit: true },
    });
    const listAlbums = () =>
      app.deps.db.task.findMany({ where: { kind: 'ALBUM' }, include: { children: true } });
    const albums = await waitFor(
      async () => {
        const found = await listAlbums();
        return found[0]?.children.length === 10 ? found : null;
      },
      { what: 'the tracks of the album', timeoutMs: 60_000 },
    );
    expect(albums.map(({ title }) => title)).toEqual(['Parking Lot Regatta']);
    const skipped = albums[0]?.children.filter(({ state }) => state === 'SKIPPED') ?? [];
    expect(skipped.map(({ title }) => title).sort()).toEqual([
      'Damn This Dinghy',
      'Swearing at the Spinnaker',
    ]);
    expect(skipped[0]).toMatchObject({
      errorCode: 'EXPLICIT_CONTENT',
      errorMessage: expect.stringContaining('this watch does not download explicit tracks') as string,
    });
    expect((await seen(app, id)).counts).toMatchObject({ total: 4, excluded: 3 });
  });
});

describe('a filter', () => {
  it('says of each member why it is left out', async () => {
    const filter = { maxDurationSeconds: 12, titleExcludes: ['news'], skipExplicit: true };
    const { id } = await watch(app, { item: PLAYLIST, filter });
    await firstCheck(id);
    const { nodes, totalCount } = await membersOf(app, id);
    expect(totalCount).toBe(11);
    const why = new Map(nodes.map(({ title, state, exclusion }) => [title, exclusion ?? state]));
    expect(Object.fromEntries(why)).toMatchObject({
      'Casting Off': 'MISSING',
      'Damn This Dinghy': 'EXPLICIT',
      'Shipping News': 'TITLE',
      'Limpet Handshake': 'DURATION',
    });
    expect(nodes.map(({ positions }) => positions[0])).toEqual([0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 11]);
    const page = await membersOf(app, id, { state: 'EXCLUDED', first: 4 });
    expect(page).toMatchObject({ totalCount: 10, pageInfo: { hasNextPage: true } });
    const next = await membersOf(app, id, { state: 'EXCLUDED', after: page.pageInfo.endCursor ?? null });
    expect(next.nodes).toHaveLength(6);

    // Also without anything to download: what the filter now lets in, or leaves out, is told at once.
    await updateWatch(app, { id, filter: { titleExcludes: ['casting off'] } });
    await checked(app, id);
    const excluded = await membersOf(app, id, { state: 'EXCLUDED' });
    expect(excluded.nodes).toMatchObject([{ title: 'Casting Off', exclusion: 'TITLE' }]);
    await updateWatch(app, { id, filter: null });
    expect((await checked(app, id)).watch.counts).toMatchObject({ missing: 11, excluded: 0 });
  });

  it('never has a failed track queued again that it leaves out', async () => {
    await turnOnWatching(app, { retryFailedAfterSeconds: 60 });
    source.fail(A);
    catalog.set([A]);
    const { id } = await watch(app, { item: LIST, downloadExisting: true });
    await waitFor(async () => (await seen(app, id)).counts.failed === 1, {
      what: 'the failure',
      timeoutMs: 60_000,
    });
    await updateWatch(app, { id, filter: { titleExcludes: ['tide'] } });
    expect((await checked(app, id)).watch.counts).toMatchObject({ failed: 0, excluded: 1 });
    await app.deps.db.$executeRaw`UPDATE "WatchMember" SET "stateAt" = "stateAt" - interval '61 seconds'`;
    source.heal(A);
    const { watch: after, task } = await checked(app, id);
    expect(after).toMatchObject({ outcome: 'UNCHANGED', counts: { failed: 0, excluded: 1 } });
    expect(await downloadsOf(app, task.id)).toEqual([]);
    await updateWatch(app, { id, filter: null });
    expect((await checked(app, id)).watch).toMatchObject({ outcome: 'FOUND', counts: { known: 1 } });
  });
});

it('reads an unchanged playlist again once the server allows explicit tracks, unless the watch does not', async () => {
  const api = await startApp({ env: { role: 'api' } });
  onTestFinished(() => api.stop());
  await turnOnWatching(api);
  const withWorker = async (explicitFilter: boolean, id: string) => {
    const worker = await joinApp(api, { env: { role: 'worker', explicitFilter } });
    await ended(api, await check(api, id), 60_000);
    await worker.stop();
    const { nodes } = await membersOf(api, id, { state: 'EXCLUDED' });
    return { outcome: (await seen(api, id)).outcome, excluded: nodes.map(({ exclusion }) => exclusion) };
  };
  const { id } = await watch(api, { item: PLAYLIST });
  const left = { outcome: 'CHECKED', excluded: ['EXPLICIT'] };
  expect(await withWorker(true, id)).toEqual(left);
  expect(await withWorker(true, id)).toEqual({ ...left, outcome: 'UNCHANGED' });
  await updateWatch(api, { id, filter: { skipExplicit: true } });
  expect(await withWorker(false, id)).toEqual(left);
  expect(await withWorker(false, id)).toEqual({ ...left, outcome: 'UNCHANGED' });
  await updateWatch(api, { id, filter: null });
  expect(await withWorker(true, id)).toEqual(left);
  expect(await withWorker(false, id)).toEqual({ outcome: 'CHECKED', excluded: [] });
});

describe('options that change during a check', () => {
  it('decide from the moment on at which the list has been read', async () => {
    catalog.set([A, B]);
    const { id } = await watch(app, { item: LIST });
    await firstCheck(id);
    const [{ title = '' } = {}] = (await membersOf(app, id)).nodes;
    catalog.set([A, B, C]);
    catalog.beforePage(async () => {
      catalog.beforePage(null);
      await updateWatch(app, {
        ...{ id, downloadExisting: true, downloadPath: kids, checkIntervalSeconds: 7_200 },
        filter: { titleExcludes: [title] },
      });
    });
    const { task } = await checked(app, id);
    const made = await downloadsOf(app, task.id);
    expect(made.length).toBeGreaterThan(0);
    for (const { options } of made) expect(options?.downloadPath).toBe(kids);
    expect((await membersOf(app, id, { state: 'EXCLUDED' })).nodes).toMatchObject([{ title }]);
    expect(secondsAhead(await seen(app, id))).toBeGreaterThan(6_000);
  });

  it('end what it queues, and the next check is due at once', async () => {
    catalog.set([]);
    const { id } = await watch(app, { item: LIST });
    await firstCheck(id);
    catalog.set([A, B]);
    const { db } = app.deps;
    const locked = createDeferred<void>();
    const release = createDeferred<void>();
    let holding: Promise<unknown> = Promise.resolve();
    // Its task's row is locked, so that it waits between the members and their downloads.
    catalog.beforePage(async () => {
      catalog.beforePage(null);
      holding = db.$transaction(
        async (tx) => {
          await tx.$queryRaw`SELECT 1 FROM "Task" WHERE "kind" = 'WATCH_CHECK' AND "state" = 'RUNNING' FOR UPDATE`;
          locked.resolve();
          await release.promise;
        },
        { timeout: 60_000 },
      );
      await locked.promise;
    });
    const taskId = await check(app, id);
    await waitFor(async () => (await db.watchMember.count()) === 2, { what: 'the members' });
    await updateWatch(app, { id, download: { format: 'FLAC' }, filter: { maxDurationSeconds: 100_000 } });
    release.resolve();
    await holding;
    await ended(app, taskId);
    expect(await downloadsOf(app, taskId)).toEqual([]);
    expect(secondsAhead(await seen(app, id))).toBeLessThanOrEqual(0);
    expect((await seen(app, id)).counts).toMatchObject({ missing: 2, queued: 0 });
    const next = await checked(app, id);
    expect((await downloadsOf(app, next.task.id)).map(({ file }) => file?.format)).toEqual(['FLAC', 'FLAC']);
    expect(secondsAhead(await seen(app, id))).toBeGreaterThan(3_000);
  });
});

describe('the interval of a watch', () => {
  it('is its own, or that of the settings', async () => {
    const often = await watch(app, { item: PLAYLIST, checkIntervalSeconds: 60 });
    const rarely = await watch(app, { item: 'demo:empty-quay', checkIntervalSeconds: 2_592_000 });
    const usual = await watch(app, { item: LIST });
    for (const { id } of [often, rarely, usual]) await firstCheck(id);
    const ahead = async ({ id }: { id: string }) => secondsAhead(await seen(app, id));
    for (const [which, seconds] of [
      [often, 60],
      [rarely, 2_592_000],
      [usual, 3_600],
    ] as const) {
      expect(await ahead(which)).toBeLessThan(1.11 * seconds);
      expect(await ahead(which)).toBeGreaterThan(0.89 * seconds - 30);
    }
    // Due in a month is right for one of them; another's time was written by a wrong clock.
    const { db } = app.deps;
    await db.$executeRaw`UPDATE "Watch" SET "nextCheckAt" = now() + interval '29 days'`;
    const before = await db.task.findMany({ where: { kind: 'WATCH_CHECK' }, select: { id: true } });
    await queueDueChecks(app.deps, { signal: never });
    const isNew = { kind: 'WATCH_CHECK' as const, id: { notIn: before.map(({ id }) => id) } };
    const queued = await db.task.findMany({ where: isNew });
    expect(queued.map(({ itemId }) => itemId).sort()).toEqual([PLAYLIST, LIST]);
    for (const { id } of queued) await ended(app, id);
    // From then on as it says now.
    await updateWatch(app, { id: rarely.id, checkIntervalSeconds: null });
    await queueDueChecks(app.deps, { signal: never });
    await checked(app, rarely.id);
    expect(await ahead(rarely)).toBeLessThan(1.11 * 3_600);
  });
});

describe('a watch that has ended', () => {
  const expire = () =>
    app.deps.db
      .$executeRaw`UPDATE "Watch" SET "expiresAt" = now() - interval '1 second', "nextCheckAt" = now()`;
  const count = () => app.deps.db.task.count({ where: { kind: 'WATCH_CHECK' } });

  it('says so, is not checked, and is followed again when it is given another end', async () => {
    catalog.set([A]);
    const { id } = await watch(app, { item: LIST, expiresAt: '2100-01-01T00:00:00Z' });
    await firstCheck(id);
    expect(await optionsOf(app, id)).toMatchObject({ active: true, expired: false });
    await expire();
    expect(await optionsOf(app, id)).toMatchObject({ active: false, expired: true });
    const before = await count();
    await queueDueChecks(app.deps, { signal: never });
    const refused = (await app.execute(CHECK_WATCH, { id })).checkWatch;
    expect(refused).toMatchObject({ __typename: 'WatchExpired', code: 'WATCH_EXPIRED' });
    const all = (await app.execute(CHECK_ALL)).checkAllWatches;
    expect(all.__typename === 'ChecksQueued' && all.tasks).toEqual([]);
    expect(await count()).toBe(before);
    expect(await tryUpdate(app, { id, expiresAt: '2020-01-01T00:00:00Z' })).toMatchObject({
      code: 'INVALID_INPUT',
    });
    await updateWatch(app, { id, expiresAt: null });
    expect((await checked(app, id)).task.state).not.toBe('FAILED');
    await expire();
    await watch(app, { item: LIST });
    expect(await optionsOf(app, id)).toMatchObject({ active: true, expired: false, expiresAt: null });
  });

  it('ends its check when its time passes meanwhile', async () => {
    await turnOnWatching(app, { pageSize: 1 });
    catalog.set([A, B]);
    const { id } = await watch(app, { item: LIST });
    await firstCheck(id);
    catalog.set([A, B, C]);
    catalog.beforePage(async (offset) => {
      if (offset === 1) await expire();
    });
    const task = await ended(app, await check(app, id));
    expect(task).toMatchObject({ state: 'SKIPPED', error: { code: 'WATCH_EXPIRED' } });
    expect((await membersOf(app, id)).totalCount).toBe(2);
  });
});
