import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { lockOut } from '../../src/auth/user-store.js';
import type { AlbumGroup } from '../../src/catalog/catalog-item.js';
import { UpstreamFailedError, UpstreamLimitedError } from '../../src/lib/errors.js';
import { deleteUsersJob } from '../../src/users/delete-user.job.js';
import { queueDueChecksJob } from '../../src/watches/queue-checks.job.js';
import { findLocallyKnown, settleMembers } from '../../src/watches/member-store.js';
import { never } from '../kit/audio.js';
import { makeTrack } from '../kit/catalog-items.js';
import { CANCEL_TASK } from '../kit/documents.js';
import { createChangingCatalog, type ChangingCatalog } from '../kit/changing-list.js';
import { endlessSource } from '../kit/endless-source.js';
import { serveOwnUser } from '../kit/serve-as.js';
import { stallStatements } from '../kit/stalled-statements.js';
import { startApp, type TestApp } from '../kit/start-app.js';
import { ended } from '../kit/story.js';
import { createStubDiscography, stubAlbum } from '../kit/stub-discography.js';
import { stretch, waitFor } from '../kit/wait-for.js';
import {
  check,
  checked,
  firstChecked,
  MARK_KNOWN,
  MARK_MISSING,
  seen,
  turnOnWatching,
  UNWATCH,
  updateWatch,
  watch,
} from '../kit/watches.js';
import { databaseUrlOf, joinApp, spawnWorker } from './join-app.js';

/** Long enough for the whole of it on a busy machine. */
const LONG_MS = 90_000;
const LEASE_MS = Math.round(stretch(2_000));
const LIST = 'stub:list';

const countChecks = ({ deps }: TestApp) => deps.db.task.count({ where: { kind: 'WATCH_CHECK' } });
const countTracks = ({ deps }: TestApp) => deps.db.task.count({ where: { kind: 'TRACK' } });

describe('a worker that is killed', () => {
  let api: TestApp;
  beforeEach(async () => {
    const overrides = { catalogs: [createStubDiscography({})] };
    api = await startApp({ env: { role: 'api' }, overrides });
    await turnOnWatching(api);
  });
  afterEach(() => api?.stop());

  /** What the dead one leaves, of a list of so many entries. */
  it.each([
    ['while it records the list', 3, ['INSERT', 'WatchMember'], { recorded: 0, queued: 0 }],
    [
      'between recording and queueing',
      3,
      ['INSERT', 'Task', `NEW."kind" = 'TRACK'`],
      { recorded: 3, queued: 0 },
    ],
    [
      'after queueing, before it is recorded',
      3,
      ['UPDATE', 'WatchMember', `NEW."state" = 'QUEUED'`],
      { recorded: 3, queued: 0 },
    ],
    [
      'between two batches',
      520,
      ['INSERT', 'Task', `NEW."itemId" = 'stub:track-99'`],
      { recorded: 520, queued: 500 },
    ],
    ['before it says what it found', 3, ['UPDATE OF "lastCheckedAt"', 'Watch'], { recorded: 3, queued: 3 }],
  ] as const)('%s leaves nothing undone, and nothing done twice', async (_when, length, at, left) => {
    const stall = await stallStatements(databaseUrlOf(api), { at });
    const { id } = await watch(api, { item: `stub:${length}`, kind: 'PLAYLIST', downloadExisting: true });
    const child = spawnWorker(api, 'expanding-child', { KILLED_AT: 'never', LEASE_MS: `${LEASE_MS}` });
    await stall.reached();
    child.kill('SIGKILL');
    await once(child, 'exit');
    await stall.abort();
    await stall.release();
    const { watchMember, task: tasks } = api.deps.db;
    expect({ recorded: await watchMember.count(), queued: await countTracks(api) }).toEqual(left);
    expect((await seen(api, id)).lastCheckedAt).toBeNull();

    const worker = await joinApp(api, {
      env: { role: 'worker' },
      overrides: {
        catalogs: [createStubDiscography({})],
        sources: [endlessSource],
        timing: { leaseMs: LEASE_MS, stopGraceMs: 100 },
      },
    });
    onTestFinished(() => worker.stop());
    const after = await waitFor(
      async () => {
        const now = await seen(api, id);
        return now.lastCheckedAt === null ? null : now;
      },
      { what: 'the check', timeoutMs: LONG_MS },
    );
    expect(after).toMatchObject({
      outcome: 'FOUND',
      foundCount: length,
      failedChecks: 0,
      counts: { total: length, queued: length, missing: 0 },
    });
    const queued = await tasks.findMany({ where: { kind: 'TRACK' } });
    expect(queued).toHaveLength(length);
    expect(new Set(queued.map(({ itemId }) => itemId)).size).toBe(length);
    expect(new Set(queued.map(({ parentId }) => `Task:${parentId}`))).toEqual(new Set([after.checkTask?.id]));
    expect(await tasks.findMany({ where: { kind: 'WATCH_CHECK' } })).toMatchObject([{ attempt: 2 }]);
  });
});

describe('a check that runs', () => {
  const CODED = makeTrack('stub:coded', { durationMs: 1_000, isrc: 'QZAAA2000001' });
  let catalog: ChangingCatalog;
  let app: TestApp;
  beforeEach(async () => {
    catalog = createChangingCatalog(new Map([[CODED.id, CODED]]));
    app = await startApp({
      env: { libraryDirs: ['/nonexistent/music'] },
      overrides: {
        catalogs: [catalog.source],
        sources: [endlessSource],
        settings: { maxRetries: 0 },
        timing: { stopGraceMs: 100 },
      },
    });
    await turnOnWatching(app);
  });
  afterEach(() => app?.stop());

  const ids = (count: number, from = 0) =>
    Array.from({ length: count }, (_, at) => `stub:track-${String(from + at).padStart(4, '0')}`);
  const bare = (id: string) => id.replace(/^\w+:/, '');

  it('queues no further batch once it is unwatched, and its downloads stay', async () => {
    catalog.set(ids(1_010));
    const stall = await stallStatements(databaseUrlOf(app), {
      at: ['INSERT', 'Task', 'NEW."position" = 500'],
    });
    const { id, checkTask } = await watchAndFind();
    await stall.reached();
    expect((await app.execute(UNWATCH, { id })).unwatch.__typename).toBe('Unwatched');
    await stall.release();
    await settled(checkTask);
    expect(await countTracks(app)).toBe(500);
    expect(await app.deps.db.watchMember.count()).toBe(0);
    expect(await app.deps.db.task.count({ where: { kind: 'TRACK', state: 'CANCELLED' } })).toBe(0);
  });

  it('queues no further batch once watching is off, and the rest when it is on again', async () => {
    catalog.set(ids(1_010));
    const stall = await stallStatements(databaseUrlOf(app), {
      at: ['INSERT', 'Task', 'NEW."position" = 500'],
    });
    const { id, checkTask } = await watchAndFind();
    await stall.reached();
    await turnOnWatching(app, { enabled: false });
    await stall.release();
    await settled(checkTask);
    expect(await countTracks(app)).toBe(1_000);
    expect((await seen(app, id)).counts).toMatchObject({ queued: 1_000, missing: 10 });
    // One check at a time: this one lasts as long as its downloads, and the next one comes after it by itself.
    await turnOnWatching(app);
    await queueDueChecksJob.run(app.deps, {}, { signal: never });
    expect(await countChecks(app)).toBe(1);
    await app.execute(CANCEL_TASK, { id: checkTask });
    await waitFor(async () => (await seen(app, id)).counts.queued === 10, {
      what: 'the rest',
      timeoutMs: LONG_MS,
    });
    expect({ checks: await countChecks(app), tracks: await countTracks(app) }).toEqual({
      checks: 2,
      tracks: 1_010,
    });
  });

  it('ends while it waits for its turn once watching is off, and is made up for once', async () => {
    const { own } = await serveOwnUser(app);
    await turnOnWatching(app, { delayBetweenPlaylistsSeconds: 300 });
    await firstChecked(app, (await watch(own, { item: LIST })).id);
    const { id } = await watch(app, { item: LIST });
    const { checkTask } = await seen(app, id);
    const { watch: watches } = app.deps.db;
    await waitFor(async () => (await watches.count({ where: { startedAt: { gt: new Date() } } })) === 1, {
      what: 'the check to wait',
    });
    await turnOnWatching(app, { enabled: false });
    const off = await ended(app, checkTask?.id ?? '', LONG_MS);
    expect(off).toMatchObject({ state: 'SKIPPED', error: { code: 'WATCHING_DISABLED' } });
    await turnOnWatching(app);
    await queueDueChecksJob.run(app.deps, {}, { signal: never });
    await queueDueChecksJob.run(app.deps, {}, { signal: never });
    await waitFor(async () => (await seen(app, id)).lastCheckedAt, { what: 'the check', timeoutMs: LONG_MS });
    await queueDueChecksJob.run(app.deps, {}, { signal: never });
    expect(await countChecks(app)).toBe(3);
  });

  it('believes an empty list of other kinds of albums, and of more kinds does not', async () => {
    const groupsOf = (albumGroups: AlbumGroup[]) => updateWatch(app, { id, albumGroups });
    catalog.setAlbums([stubAlbum('stub:single', 'SINGLE')]);
    const { id } = await watch(app, { item: 'stub:singer', albumGroups: ['SINGLE'], downloadNew: false });
    expect((await firstChecked(app, id)).watch).toMatchObject({ counts: { total: 1 } });
    const { ownerId } = await app.deps.db.watch.findFirstOrThrow();
    const known = () => findLocallyKnown(app.deps.db, ownerId, ['stub:single']);
    expect((await known()).size).toBe(1);
    await groupsOf(['ALBUM']);
    expect((await checked(app, id)).watch).toMatchObject({ counts: { total: 0 }, notice: null });
    expect((await known()).size).toBe(0);

    catalog.setAlbums([stubAlbum('stub:first', 'ALBUM')]);
    expect((await checked(app, id)).watch).toMatchObject({ counts: { total: 1 } });
    catalog.setAlbums([]);
    await groupsOf(['ALBUM', 'SINGLE']);
    expect((await checked(app, id)).watch).toMatchObject({
      counts: { total: 1 },
      notice: expect.stringContaining('returned an empty list') as string,
    });
  });

  it('queues nothing that is marked as known while it queues', async () => {
    catalog.set(ids(3));
    const stall = await stallStatements(databaseUrlOf(app), {
      at: ['INSERT', 'Task', `NEW."kind" = 'TRACK'`],
    });
    const { id, checkTask } = await watchAndFind();
    await stall.reached();
    expect((await app.execute(MARK_KNOWN, { id, items: ids(1, 1) })).result).toMatchObject({ count: 1 });
    await stall.release();
    await settled(checkTask);
    expect(await seen(app, id)).toMatchObject({ foundCount: 2, counts: { queued: 2, known: 1 } });
    const queued = await app.deps.db.task.findMany({
      where: { kind: 'TRACK' },
      orderBy: { position: 'asc' },
      select: { itemId: true, position: true },
    });
    expect(queued).toEqual([
      { itemId: ids(1)[0], position: 0 },
      { itemId: ids(1, 2)[0], position: 2 },
    ]);
  });

  it('leaves what is marked as missing while it finds it in the library', async () => {
    const { id: one, title, isrc } = CODED;
    await app.deps.db.libraryFile.create({
      data: {
        ...{ id: 'library:one', path: '/nonexistent/music/one.flac', sizeBytes: 1n, title, isrc },
        ...{ modifiedAt: new Date(0), scannedAt: new Date(), durationMs: 1_000 },
      },
    });
    catalog.set([one]);
    const stall = await stallStatements(databaseUrlOf(app), { at: ['INSERT', 'WatchFile'] });
    const { id } = await watchAndFind();
    await stall.reached();
    expect((await app.execute(MARK_MISSING, { id, items: [one] })).result).toMatchObject({ count: 1 });
    await stall.release();
    expect((await firstChecked(app, id)).watch.counts).toMatchObject({ known: 0, missing: 1 });
    await check(app, id);
    await waitFor(async () => (await seen(app, id)).counts.queued === 1, { what: 'the next check' });
  });

  it('does not recompute what is marked at the same time', async () => {
    const [one = ''] = ids(1);
    catalog.set([one]);
    const { id } = await watch(app, { item: LIST });
    await firstChecked(app, id);
    const { db } = app.deps;
    // Its task is gone with the history.
    await db.watchMember.updateMany({ data: { state: 'QUEUED' } });
    const stall = await stallStatements(databaseUrlOf(app), {
      at: ['UPDATE', 'WatchMember', `NEW."state" = 'KNOWN'`],
    });
    const marking = app.execute(MARK_KNOWN, { id, items: [one] });
    await stall.reached();
    const settling = settleMembers(db, { watchId: bare(id) });
    await waitFor(
      async () => {
        const waiting = await db.$queryRaw<unknown[]>`
          SELECT FROM pg_stat_activity
          WHERE datname = current_database() AND wait_event_type = 'Lock' AND wait_event IN ('transactionid', 'tuple')`;
        return waiting.length > 0;
      },
      { what: 'the row' },
    );
    await stall.release();
    await marking;
    expect(await settling).toBe(0);
    expect((await seen(app, id)).counts).toMatchObject({ known: 1, missing: 0 });
  });

  /** The first check of the list, which downloads all. */
  async function watchAndFind(): Promise<{ id: string; checkTask: string }> {
    const { id } = await watch(app, { item: LIST, downloadExisting: true });
    return { id, checkTask: (await seen(app, id)).checkTask?.id ?? '' };
  }

  /** Until the check's own part is over: only its children are left. */
  async function settled(checkTask: string): Promise<void> {
    const { task } = app.deps.db;
    await waitFor(
      async () => {
        const { state, leaseUntil } = await task.findUniqueOrThrow({ where: { id: bare(checkTask) } });
        return state === 'RUNNING' && leaseUntil === null;
      },
      { what: 'the check to leave its children alone', timeoutMs: LONG_MS },
    );
  }

  it('ends with its user, whose watches no check takes up again', async () => {
    const { own, ownerId } = await serveOwnUser(app);
    await turnOnWatching(app, { pageSize: 1 });
    catalog.set(ids(3));
    let isAsked = false;
    catalog.beforePage(async (offset) => {
      if (offset !== 1) return;
      isAsked = true;
      await waitFor(async () => (await app.deps.db.user.count({ where: { id: ownerId } })) === 0, {
        what: 'the user to be gone',
      });
    });
    const { id } = await watch(own, { item: LIST, downloadExisting: true });
    await waitFor(() => isAsked, { what: 'the check' });
    await app.deps.db.$transaction((tx) => lockOut(tx, ownerId, new Date()));
    // Before the rest of the user is gone, too.
    expect(await app.deps.db.watch.count({ where: { id: bare(id) } })).toBe(0);
    await deleteUsersJob.run(app.deps, {}, { signal: new AbortController().signal });
    const { task, watchMember } = app.deps.db;
    await waitFor(async () => (await task.count()) === 0, { what: 'the check to end' });
    expect(await watchMember.count()).toBe(0);
  });

  it('takes nothing from a list of a hundred pages that fails on page 37', async () => {
    await turnOnWatching(app, { pageSize: 1 });
    catalog.set(ids(50));
    const { id } = await watch(app, { item: LIST });
    await firstChecked(app, id);
    const before = await app.deps.db.watchMember.findMany({ orderBy: { itemId: 'asc' } });
    // 20 have left, and all but 30 are new.
    catalog.set(ids(100, 20));
    const { pages } = catalog;
    catalog.beforePage((offset) => {
      if (offset === 36) throw new UpstreamFailedError('page 37');
    });
    const failed = await checked(app, id);
    expect(catalog.pages - pages).toBe(37);
    expect(failed.task).toMatchObject({ state: 'FAILED', childCount: 0, error: { message: 'page 37' } });
    expect(failed.watch).toMatchObject({ outcome: 'FAILED', failedChecks: 1, counts: { total: 50 } });
    expect(await app.deps.db.watchMember.findMany({ orderBy: { itemId: 'asc' } })).toEqual(before);
    // It works again: all of it at once.
    catalog.beforePage(null);
    await check(app, id);
    await waitFor(async () => (await seen(app, id)).outcome === 'FOUND', { what: 'the next check' });
    expect(await seen(app, id)).toMatchObject({ foundCount: 70, failedChecks: 0, counts: { total: 100 } });
  });

  it('waits while its catalog limits requests, which is no failed check', async () => {
    await turnOnWatching(app);
    catalog.set(ids(3));
    const { id } = await watch(app, { item: LIST, downloadNew: false });
    await firstChecked(app, id);
    catalog.set(ids(4));
    let limits = 2;
    const failedChecks: number[] = [];
    catalog.beforePage(async () => {
      failedChecks.push((await seen(app, id)).failedChecks);
      if (limits-- > 0) throw new UpstreamLimitedError('far', 20);
    });
    const { task, watch: after } = await checked(app, id);
    expect(task).toMatchObject({ state: 'COMPLETED', attempt: 3 });
    expect(after).toMatchObject({ failedChecks: 0, counts: { total: 4 } });
    expect(failedChecks).toEqual([0, 0, 0]);
    catalog.beforePage(null);
  });

  it('counts entries that shift between two pages once, and takes none of them for removed', async () => {
    await turnOnWatching(app, { pageSize: 2 });
    for (const known of [true, false]) {
      if (!known) catalog.withoutRevision();
      catalog.set(ids(6));
      const { id } = await watch(app, { item: LIST, downloadNew: false });
      await firstChecked(app, id);
      catalog.set(ids(7));
      // The first two leave while the second page is read: what was on it is passed over.
      catalog.beforePage((offset) => {
        if (offset === 2) catalog.set(ids(5, 2));
      });
      const { watch: after } = await checked(app, id);
      expect(after).toMatchObject({
        counts: { total: 7 },
        notice: expect.stringContaining('changed while it was read') as string,
      });
      catalog.beforePage(null);
      expect((await checked(app, id)).watch).toMatchObject({ counts: { total: 5 }, notice: null });
      await app.execute(UNWATCH, { id });
    }
  });

  it('leaves local files and other entries without a track, and keeps the places of the rest', async () => {
    await turnOnWatching(app, { pageSize: 2 });
    const [a = '', b = ''] = ids(2);
    catalog.set([null, a, null, null, b, null]);
    const { id } = await watch(app, { item: LIST });
    expect((await firstChecked(app, id)).watch).toMatchObject({
      outcome: 'CHECKED',
      counts: { total: 2, missing: 2 },
    });
    // One more of them is no news.
    catalog.set([null, null, a, null, null, b, null]);
    expect((await checked(app, id)).watch).toMatchObject({
      outcome: 'CHECKED',
      counts: { total: 2, missing: 2 },
    });
    await updateWatch(app, { id, downloadExisting: true });
    await settled(await check(app, id));
    const children = await app.deps.db.task.findMany({
      where: { kind: 'TRACK' },
      orderBy: { position: 'asc' },
    });
    expect(children.map(({ itemId, position }) => [itemId, position])).toEqual([
      [a, 2],
      [b, 5],
    ]);
  });
});

describe('many workers', () => {
  it('run one check of a watch at a time, however many are asked for', async () => {
    const api = await startApp({
      env: { role: 'api' },
      overrides: { catalogs: [createStubDiscography({})] },
    });
    onTestFinished(() => api.stop());
    let now = 0;
    let most = 0;
    let reads = 0;
    const slow = createStubDiscography({});
    const source = {
      ...slow,
      listPlaylistEntries: async (...request: Parameters<typeof slow.listPlaylistEntries>) => {
        reads += 1;
        now += 1;
        most = Math.max(most, now);
        // Others would come in these turns.
        for (let turn = 0; turn < 500; turn++) await nextTurn();
        now -= 1;
        return slow.listPlaylistEntries(...request);
      },
    };
    const { id } = await watch(api, { item: 'stub:5', kind: 'PLAYLIST' });
    await turnOnWatching(api, { maxConcurrentChecks: 10, pageSize: 1 });
    // Each takes up to twenty connections; the embedded server has two hundred, for three files at once.
    const [limits] = await api.deps.db.$queryRaw<{ max_connections: string }[]>`SHOW max_connections`;
    const workers = await Promise.all(
      Array.from({ length: Number(limits?.max_connections) < 300 ? 3 : 10 }, () =>
        joinApp(api, {
          env: { role: 'worker' },
          overrides: { catalogs: [source], timing: { stopGraceMs: 100 } },
        }),
      ),
    );
    onTestFinished(async () => {
      await Promise.all(workers.map((worker) => worker.stop()));
    });
    for (let round = 0; round < 3; round++) {
      await api.deps.db.$executeRaw`UPDATE "Watch" SET "nextCheckAt" = now() - interval '1 day'`;
      const [asked] = await Promise.all([
        Promise.all(Array.from({ length: 10 }, () => check(api, id))),
        ...workers.map(({ deps }) => deps.jobs.enqueue(queueDueChecksJob, {})),
      ]);
      for (const task of new Set(asked)) {
        expect(await ended(api, task, LONG_MS)).toMatchObject({ attempt: 1, state: 'COMPLETED' });
      }
    }
    expect(most).toBe(1);
    expect(reads).toBe(5 * (await countChecks(api)));
    expect(await api.deps.db.watchMember.count()).toBe(5);
  });
});
