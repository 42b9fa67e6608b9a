import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { viewerOf } from '../../src/auth/viewer.js';
import type { CatalogSource } from '../../src/catalog/catalog-source.js';
import { inTransaction } from '../../src/database/prisma.js';
import { titleKey } from '../../src/catalog/normalize.js';
import { artistIdOf } from '../../src/library/library-file.js';
import { findOwned } from '../../src/watches/find-owned.js';
import { takeTurn } from '../../src/watches/watch-store.js';
import { queueDueChecksJob } from '../../src/watches/queue-checks.job.js';
import { createDemoCatalog } from '../../src/upstream/demo/catalog.js';
import { never } from '../kit/audio.js';
import { ROUTES } from '../../src/rest-routes.js';
import { createChangingCatalog } from '../kit/changing-list.js';
import { createTestDatabase } from '../kit/database.js';
import { createUser, serveWith } from '../kit/serve-as.js';
import { startApp, type TestApp } from '../kit/start-app.js';
import { ended } from '../kit/story.js';
import { createStubDiscography, stubAlbum } from '../kit/stub-discography.js';
import { stretch, waitFor } from '../kit/wait-for.js';
import { check, checked, seen, tryWatch, turnOnWatching, UNWATCH, watch } from '../kit/watches.js';
import { joinApp, spawnWorker } from './join-app.js';

/** Long enough for the whole of it on a busy machine. */
const LONG_MS = 90_000;
const LEASE_MS = Math.round(stretch(2_000));

/** Counts the pages that are read at the same time. */
function createCrowdedCatalog() {
  const stub = createStubDiscography({});
  let now = 0;
  let most = 0;
  const source: CatalogSource = {
    ...stub,
    listPlaylistEntries: async (id, page, signal) => {
      now += 1;
      most = Math.max(most, now);
      // Others would come in these turns.
      for (let turn = 0; turn < 200; turn++) await nextTurn();
      now -= 1;
      return stub.listPlaylistEntries(id, page, signal);
    },
  };
  return { source, most: () => most };
}

const countChecks = ({ deps }: TestApp) => deps.db.task.count({ where: { kind: 'WATCH_CHECK' } });

describe('several workers', () => {
  let api: TestApp;
  beforeEach(async () => {
    api = await startApp({
      env: { role: 'api' },
      overrides: { catalogs: [createStubDiscography({})] },
    });
  });
  afterEach(() => api?.stop());

  const join = async (catalogs: CatalogSource[]) => {
    const worker = await joinApp(api, {
      env: { role: 'worker' },
      overrides: { catalogs, settings: { maxRetries: 0 }, timing: { stopGraceMs: 100 } },
    });
    onTestFinished(() => worker.stop());
    return worker;
  };

  it('check ten due watches once each, and no more at once than the setting allows', async () => {
    for (let length = 1; length <= 10; length++)
      await watch(api, { item: `stub:${length}`, kind: 'PLAYLIST' });
    // Off while they were added: nothing was checked.
    expect(await countChecks(api)).toBe(0);
    const crowded = createCrowdedCatalog();
    const workers = [await join([crowded.source]), await join([crowded.source])];
    await turnOnWatching(api, { maxConcurrentChecks: 2 });
    for (const { deps } of workers) await deps.reloadSettings();
    for (const { deps } of workers) await deps.jobs.enqueue(queueDueChecksJob, {});
    const unchecked = { where: { lastCheckedAt: null } };
    await waitFor(async () => (await api.deps.db.watch.count(unchecked)) === 0, {
      what: 'ten checks',
      timeoutMs: LONG_MS,
    });
    expect(crowded.most()).toBeLessThanOrEqual(2);
    expect(await countChecks(api)).toBe(10);
    expect(await api.deps.db.watchMember.count()).toBe(55);

    // Missed for a week, they are due once; a time that a wrong clock wrote is due too.
    await api.deps.db.$executeRaw`
      UPDATE "Watch" SET "nextCheckAt" = now() + CASE WHEN "itemId" = 'stub:10' THEN 1000 ELSE -7 END * interval '1 day'`;
    for (const { deps } of workers) await deps.jobs.enqueue(queueDueChecksJob, {});
    const ahead = () =>
      api.deps.db.watch.findMany({ where: { nextCheckAt: { lt: inTwoHours(), gt: new Date() } } });
    await waitFor(async () => (await ahead()).length === 10, {
      what: 'all to be queued',
      timeoutMs: LONG_MS,
    });
    await waitFor(async () => (await api.deps.db.task.count({ where: { state: 'QUEUED' } })) === 0, {
      what: 'the checks',
      timeoutMs: LONG_MS,
    });
    expect(await countChecks(api)).toBe(20);
  });

  it('take turns in calling a catalog, with the pause of the settings between two of a kind', async () => {
    const { db } = api.deps;
    const ids: string[] = [];
    for (const [item, kind] of [
      ['stub:1', 'PLAYLIST'],
      ['stub:2', 'PLAYLIST'],
      ['stub:3', 'PLAYLIST'],
      ['stub:somebody', 'ARTIST'],
    ] as const) {
      ids.push((await watch(api, { item, kind })).id.replace('Watch:', ''));
    }
    const turnOf = async (at: number, longestSeconds = 1_000) => {
      const own = await db.watch.findUniqueOrThrow({ where: { id: ids[at] ?? '' } });
      const ms = await inTransaction(db, (tx) => takeTurn(tx, own, { pauseSeconds: 300, longestSeconds }));
      return Math.round(ms / 100_000) * 100;
    };
    expect([await turnOf(0), await turnOf(1), await turnOf(2)]).toEqual([0, 300, 600]);
    expect(await turnOf(3)).toBe(0);
    // Later turns than others can have taken were written by a wrong clock.
    expect(await turnOf(0, 400)).toBe(400);
  });

  it('take up the check of one that was killed in the middle of a list', async () => {
    await turnOnWatching(api);
    const { id } = await watch(api, { item: 'stub:120', kind: 'PLAYLIST', downloadExisting: true });
    const child = spawnWorker(api, 'expanding-child', { KILLED_AT: '100', LEASE_MS: `${LEASE_MS}` });
    const [, signal] = (await once(child, 'exit')) as [unknown, string | null];
    expect(signal).toBe('SIGKILL');
    // Nothing of a reading that did not end.
    expect(await api.deps.db.watchMember.count()).toBe(0);
    const { checkTask } = await seen(api, id);
    const worker = await joinApp(api, {
      env: { role: 'worker' },
      overrides: {
        catalogs: [createStubDiscography({})],
        settings: { maxRetries: 0, maxConcurrentDownloads: 20 },
        timing: { leaseMs: LEASE_MS, stopGraceMs: 100 },
      },
    });
    onTestFinished(() => worker.stop());
    const task = await ended(api, checkTask?.id ?? '', LONG_MS);
    expect(task).toMatchObject({ attempt: 2, childCount: 120 });
    const queued = await api.deps.db.task.findMany({ where: { kind: 'TRACK' }, select: { itemId: true } });
    expect(new Set(queued.map(({ itemId }) => itemId)).size).toBe(120);
    expect(queued).toHaveLength(120);
    await waitFor(async () => (await seen(api, id)).counts.failed === 120, { what: 'all to be settled' });
  });
});

describe('a watch', () => {
  it('goes on after a restart, and a check that was missed is made up for', async () => {
    const database = await createTestDatabase();
    onTestFinished(() => database.drop());
    const catalog = createChangingCatalog();
    catalog.set(['stub:one']);
    const start = () =>
      startApp({ database, overrides: { catalogs: [catalog.source], settings: { maxRetries: 0 } } });
    const first = await start();
    await turnOnWatching(first);
    const { id } = await watch(first, { item: 'stub:list' });
    const { watch: before } = await checked(first, id);
    await first.stop();

    catalog.set(['stub:one', 'stub:two']);
    const second = await start();
    onTestFinished(() => second.stop());
    await second.deps.db.$executeRaw`UPDATE "Watch" SET "nextCheckAt" = now() - interval '1 day'`;
    await second.deps.jobs.enqueue(queueDueChecksJob, {});
    const after = await waitFor(
      async () => {
        const now = await seen(second, id);
        return now.lastCheckedAt !== before.lastCheckedAt && now;
      },
      { what: 'the missed check', timeoutMs: LONG_MS },
    );
    expect(after).toMatchObject({ outcome: 'FOUND', foundCount: 1, counts: { total: 2 } });
  });

  it('of an artist follows albums of the wanted groups', async () => {
    const catalog = createChangingCatalog();
    catalog.setAlbums([stubAlbum('stub:first', 'ALBUM')]);
    const app = await startApp({ overrides: { catalogs: [catalog.source], settings: { maxRetries: 0 } } });
    onTestFinished(() => app.stop());
    await turnOnWatching(app);
    const { id } = await watch(app, { item: 'stub:singer', albumGroups: ['ALBUM', 'APPEARS_ON'] });
    await checked(app, id);
    catalog.setAlbums([
      stubAlbum('stub:second', 'ALBUM'),
      stubAlbum('stub:guest', 'APPEARS_ON'),
      stubAlbum('stub:single', 'SINGLE'),
      stubAlbum('stub:first', 'ALBUM'),
    ]);
    const { task } = await checked(app, id);
    const children = await app.deps.db.task.findMany({
      where: { parentId: task.id.replace('Task:', '') },
      orderBy: { position: 'asc' },
    });
    expect(children.map(({ kind, itemId }) => `${kind} ${itemId}`)).toEqual([
      'ALBUM stub:second',
      'ALBUM stub:guest',
    ]);
    // Existing clients are shown checks as other tasks.
    const taskId = task.id.replace('Task:', '');
    for (const [path, route] of [
      ['/prgs/list', '/prgs/list'],
      [`/prgs/${taskId}`, '/prgs/{task_id}'],
      ['/history', '/history'],
      [`/history/${taskId}`, '/history/{task_id}'],
      [`/history/${taskId}/children`, '/history/{task_id}/children'],
    ] as const) {
      const { status, body } = await app.rest('GET', path);
      const response = ROUTES.find((each) => each.path === route && each.methods.includes('GET'))?.docs
        ?.response;
      expect(status, path).toBe(200);
      expect(response?.safeParse(body).error, path).toBeUndefined();
      expect(JSON.stringify(body), path).toContain('stub:');
    }
    expect((await app.rest('GET', `/prgs/${taskId}`)).body).toMatchObject({
      download_type: 'watch_check',
      original_url: expect.stringMatching(/\/api\/artist\/download\/stub:singer$/) as string,
    });
  });

  it('of the demo’s artist finds a single every ten minutes', async () => {
    let now = Date.now();
    const app = await startApp({ overrides: { clock: { now: () => new Date(now) } } });
    onTestFinished(() => app.stop());
    await turnOnWatching(app);
    const { id } = await watch(app, { item: 'demo:tide-gauge' });
    expect((await checked(app, id)).watch).toMatchObject({
      outcome: 'CHECKED',
      counts: { total: 12, missing: 12 },
    });
    now += 10 * 60_000;
    const { watch: after } = await checked(app, id);
    expect(after).toMatchObject({ outcome: 'FOUND', foundCount: 1, counts: { total: 12, known: 1 } });
    const made = await app.deps.db.task.findMany({ where: { kind: 'TRACK' }, orderBy: { position: 'asc' } });
    expect(made.map(({ title, state }) => `${title} ${state}`)).toEqual(['Flood COMPLETED', 'Ebb COMPLETED']);
  });

  it('does not download what the library has', async () => {
    const track = await createDemoCatalog().findTrack('demo:night-ferry-1-01', never);
    if (!track?.isrc) throw new Error('the demo lacks the track');
    const catalog = createChangingCatalog(new Map([[track.id, track]]));
    catalog.set([track.id]);
    // A folder that cannot be read keeps its records.
    const libraryDirs = ['/nonexistent/music'];
    const app = await startApp({ env: { libraryDirs }, overrides: { catalogs: [catalog.source] } });
    onTestFinished(() => app.stop());
    await app.deps.db.libraryFile.create({
      data: {
        ...{ id: 'library:own', path: '/nonexistent/music/own.flac', sizeBytes: 1n },
        ...{ modifiedAt: new Date(0), scannedAt: new Date(), isrc: track.isrc },
        ...{ durationMs: track.durationMs ?? 0, title: track.title },
      },
    });
    await turnOnWatching(app);
    const { id } = await watch(app, { item: 'stub:list', downloadExisting: true });
    const { watch: after } = await checked(app, id);
    expect(after).toMatchObject({ counts: { total: 1, known: 1, queued: 0 } });
    expect(await app.deps.db.task.count({ where: { kind: 'TRACK' } })).toBe(0);
  });

  it('does not download albums that the library has all tracks of, and reads no more than those', async () => {
    const discography = createStubDiscography({ ALBUM: 300 });
    const read: string[] = [];
    let listed = 300;
    const catalog: CatalogSource = {
      ...discography,
      listArtistAlbums: async (id, { offset, limit, groups }, signal) => {
        const whole = { offset: 0, limit: listed, groups };
        const { items } = await discography.listArtistAlbums(id, whole, signal);
        return { items: items.slice(offset, offset + limit), total: items.length };
      },
      listAlbumTracks: async (id, page, signal) => {
        read.push(id);
        const { items, total } = await discography.listAlbumTracks(id, page, signal);
        // The second track of each.
        const [first] = items;
        return first
          ? { items: [first, { ...first, id: `${id}-2`, title: `Other ${id}` }], total: total + 1 }
          : { items, total };
      },
    };
    const app = await startApp({
      env: { libraryDirs: ['/nonexistent/music'] },
      overrides: { catalogs: [catalog], settings: { maxRetries: 0 } },
    });
    onTestFinished(() => app.stop());
    const file = (album: string, title: string) => ({
      ...{ id: `library:${title}`, path: `/nonexistent/music/${title}.flac`, sizeBytes: 1n, title },
      ...{ modifiedAt: new Date(0), scannedAt: new Date(), durationMs: 1_000, titleKey: titleKey(title) },
      ...{ album, artists: ['Somebody'], artistIds: [artistIdOf('Somebody')] },
    });
    await app.deps.db.libraryFile.createMany({
      data: [
        file('Album stub:album-0', 'Track stub:album-0-1'),
        file('Album stub:album-0', 'Other stub:album-0'),
        file('album STUB album-1', 'Track stub:album-1-1'),
        file('Something else', 'Track stub:album-2-1'),
        file('Something else', 'Other stub:album-2'),
      ],
    });
    const albums = await catalog.listArtistAlbums(
      'stub:somebody',
      { offset: 0, limit: 300, groups: ['ALBUM'] },
      never,
    );
    const { db, env } = app.deps;
    const owned = await findOwned({ db, env, catalog, signal: never }, albums.items);
    expect(owned).toEqual({ itemIds: ['stub:album-0'], files: [] });
    expect(read).toEqual(['stub:album-0', 'stub:album-1']);

    listed = 2;
    await turnOnWatching(app);
    const { id } = await watch(app, { item: 'stub:somebody', kind: 'ARTIST', downloadExisting: true });
    const { watch: after } = await checked(app, id);
    expect(after.counts).toMatchObject({ total: 2, known: 1, failed: 1 });
    const queued = await db.task.findMany({ where: { kind: 'ALBUM' }, select: { itemId: true } });
    expect(queued).toEqual([{ itemId: 'stub:album-1' }]);
  });

  it('is seen and changed by its owner and admins alone', async () => {
    const catalog = createChangingCatalog();
    const app = await startApp({ env: { role: 'api' }, overrides: { catalogs: [catalog.source] } });
    onTestFinished(() => app.stop());
    const user = await createUser(app);
    const other = await createUser(app);
    const asUser = await serveWith(app, { viewer: viewerOf(user) });
    const asOther = await serveWith(app, { viewer: viewerOf(other) });
    onTestFinished(async () => {
      await asUser.stop();
      await asOther.stop();
    });
    const { id } = await watch(asUser, { item: 'stub:list' });
    expect(await seen(app, id)).toMatchObject({ itemId: 'stub:list' });
    expect((await asOther.execute(UNWATCH, { id })).unwatch).toMatchObject({ code: 'WATCH_NOT_FOUND' });
    expect((await asOther.execute(UNWATCH, { id: 'stub:list' })).unwatch).toMatchObject({
      code: 'WATCH_NOT_FOUND',
    });
    // The same playlist twice, for two users.
    expect(await tryWatch(asOther, { item: 'stub:list' })).toMatchObject({ added: true });
    expect((await asUser.rest('GET', '/playlist/watch/list')).body).toHaveLength(1);
    // Over REST each sees their own: status and removal there know no other ones.
    expect((await app.rest('GET', '/playlist/watch/list')).body).toHaveLength(0);
    await turnOnWatching(app);
    expect(await check(asUser, id)).toMatch(/^Task:/);
  });
});

function inTwoHours(): Date {
  return new Date(Date.now() + 2 * 3_600_000);
}
