import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Track } from '../../src/catalog/catalog-item.js';
import { createChangingCatalog, listTides, readTides, type ChangingCatalog } from '../kit/changing-list.js';
import { CHILDREN } from '../kit/documents.js';
import { followUpdates } from '../kit/follow-tasks.js';
import { createSteeredSource } from '../kit/steered-source.js';
import { startApp, type TestApp } from '../kit/start-app.js';
import { ended, inState, queue } from '../kit/story.js';
import { waitFor } from '../kit/wait-for.js';
import {
  check,
  checked,
  MARK_KNOWN,
  MARK_MISSING,
  seen,
  turnOnWatching,
  tryWatch,
  UNWATCH,
  updateWatch,
  watch,
  WATCH_UPDATES,
} from '../kit/watches.js';

const TIDES = listTides(12);
const [A = '', B = '', C = '', D = ''] = TIDES;
const LIST = 'stub:list';

const source = createSteeredSource();
let tracks: Map<string, Track>;
let catalog: ChangingCatalog;
let app: TestApp;

beforeAll(async () => {
  tracks = await readTides(TIDES);
});

beforeEach(() => {
  catalog = createChangingCatalog(tracks);
});

const start = async (settings: object = {}) => {
  const started = await startApp({
    overrides: {
      catalogs: [catalog.source],
      sources: [source],
      settings: { maxRetries: 0, ...settings },
      timing: { stopGraceMs: 100 },
    },
  });
  await turnOnWatching(started);
  return started;
};

const childrenOf = async (id: string) => {
  const { task } = await app.execute(CHILDREN, { id });
  return (task?.children.edges ?? []).map(({ node }) => node.title);
};

const titles = (...ids: string[]) => ids.map((id) => tracks.get(id)?.title);

describe('a watched playlist', () => {
  beforeEach(async () => {
    app = await start();
    return () => app.stop();
  });

  it('is followed from the first check to the end', async () => {
    catalog.set([A, B]);
    const updates = followUpdates(app, {
      document: WATCH_UPDATES,
      variables: {},
      updateOf: (data: { watchUpdates: { watch: { outcome: string | null } } }) => data.watchUpdates.watch,
    });
    const { id } = await watch(app, { item: LIST, downloadExisting: false });
    await waitFor(async () => (await seen(app, id)).lastCheckedAt, { what: 'the first check' });
    expect(await seen(app, id)).toMatchObject({
      outcome: 'CHECKED',
      counts: { total: 2, missing: 2, known: 0 },
    });

    // A new track is downloaded, the old ones are not.
    catalog.set([C, A, B]);
    const found = await checked(app, id);
    expect(found.task.state).toBe('COMPLETED');
    expect(await childrenOf(found.task.id)).toEqual(titles(C));
    expect(found.watch).toMatchObject({ outcome: 'FOUND', foundCount: 1, counts: { total: 3, known: 1 } });

    // Unchanged: not read.
    const { pages } = catalog;
    const skipped = await checked(app, id);
    expect(skipped.task).toMatchObject({ state: 'SKIPPED', error: { code: 'WATCH_UNCHANGED' } });
    expect(skipped.watch.outcome).toBe('UNCHANGED');
    expect(catalog.pages).toBe(pages);

    // A track that leaves is no longer counted, and is no new one when it is back.
    catalog.set([C, B]);
    expect((await checked(app, id)).watch.counts).toMatchObject({ total: 2, known: 1 });
    catalog.set([A, C, B]);
    const back = await checked(app, id);
    expect(back.watch).toMatchObject({ outcome: 'CHECKED', counts: { total: 3, known: 1, missing: 2 } });

    const { unwatch } = await app.execute(UNWATCH, { id });
    expect(unwatch.__typename).toBe('Unwatched');
    expect((await app.execute(UNWATCH, { id })).unwatch).toMatchObject({ code: 'WATCH_NOT_FOUND' });
    await waitFor(() => updates.updates.some(({ outcome }) => outcome === 'FOUND'), { what: 'the update' });
    expect(updates.updates.map(({ outcome }) => outcome)).toContain('UNCHANGED');
    updates.stop();
  });

  it('downloads what was there when its options want it', async () => {
    catalog.set([A, B, A]);
    const { id } = await watch(app, { item: LIST, downloadExisting: true });
    await waitFor(async () => (await seen(app, id)).counts.known === 2, {
      what: 'both tracks',
      timeoutMs: 60_000,
    });
    const { checkTask, counts } = await seen(app, id);
    expect(counts).toEqual({ total: 2, known: 2, queued: 0, failed: 0, missing: 0, excluded: 0 });
    expect(await childrenOf(checkTask?.id ?? '')).toEqual(titles(A, B));
    const members = await app.deps.db.watchMember.findMany({ orderBy: { itemId: 'asc' } });
    expect(members.map(({ positions }) => positions)).toEqual([[0, 2], [1]]);

    // It moved, and nothing else happened.
    catalog.set([B, A]);
    expect((await checked(app, id)).watch).toMatchObject({ outcome: 'CHECKED', counts: { known: 2 } });
    const moved = await app.deps.db.watchMember.findMany({ orderBy: { itemId: 'asc' } });
    expect(moved.map(({ positions }) => positions)).toEqual([[1], [0]]);
  });

  it('downloads the rest once the options change', async () => {
    catalog.set([A]);
    const { id } = await watch(app, { item: LIST });
    await checked(app, id);
    await updateWatch(app, { id, downloadExisting: true });
    expect((await checked(app, id)).watch).toMatchObject({ outcome: 'FOUND', counts: { known: 1 } });
  });

  it('does not download what is had, on its way, or marked', async () => {
    catalog.set([]);
    const { id } = await watch(app, { item: LIST });
    await checked(app, id);
    await ended(app, await queue(app, { item: A, type: 'TRACK' }), 60_000);
    source.hold(B);
    const held = await queue(app, { item: B, type: 'TRACK' });
    await inState(app, held, 'RUNNING');
    catalog.set([A, B]);
    const { watch: after, task } = await checked(app, id);
    expect(await childrenOf(task.id)).toEqual([]);
    expect(after).toMatchObject({ outcome: 'CHECKED', counts: { known: 1, queued: 1 } });
    source.release(B);
    await ended(app, held, 60_000);
    await waitFor(async () => (await seen(app, id)).counts.known === 2, { what: 'the other download' });

    // Only members can be marked.
    source.hold(C);
    catalog.set([A, B, C]);
    const third = await check(app, id);
    await waitFor(async () => (await seen(app, id)).counts.queued === 1, { what: 'the third track' });
    expect((await app.execute(MARK_KNOWN, { id, items: [C, D] })).result).toMatchObject({ count: 1 });
    source.release(C);
    await ended(app, third, 60_000);

    // What is asked for again is queued again.
    expect((await app.execute(MARK_MISSING, { id, items: [A] })).result).toMatchObject({ count: 1 });
    const again = await checked(app, id);
    expect(await childrenOf(again.task.id)).toEqual(titles(A));
    expect(again.watch.counts).toMatchObject({ known: 3 });
    expect((await checked(app, id)).watch.outcome).toBe('UNCHANGED');
  });

  it('tries what failed again, later each time', async () => {
    await turnOnWatching(app, { retryFailedAfterSeconds: 60 });
    source.fail(A);
    catalog.set([A]);
    const { id } = await watch(app, { item: LIST, downloadExisting: true });
    await waitFor(async () => (await seen(app, id)).counts.failed === 1, {
      what: 'the failure',
      timeoutMs: 60_000,
    });
    expect((await checked(app, id)).watch.outcome).toBe('UNCHANGED');
    const later = (seconds: number) => app.deps.db.$executeRaw`
      UPDATE "WatchMember" SET "stateAt" = "stateAt" - ${seconds} * interval '1 second'`;
    await later(61);
    const { pages } = catalog;
    const second = await checked(app, id);
    expect(second.watch).toMatchObject({
      outcome: 'FOUND',
      notice: expect.stringContaining('not read; failed downloads were queued again') as string,
      counts: { failed: 1 },
    });
    expect(catalog.pages).toBe(pages);
    // Twice as long now.
    await later(61);
    expect((await checked(app, id)).watch.outcome).toBe('UNCHANGED');
    await later(61);
    source.heal(A);
    const third = await checked(app, id);
    expect(third.watch).toMatchObject({
      notice: expect.any(String) as string,
      counts: { known: 1, failed: 0 },
    });
    expect(await childrenOf(third.task.id)).toEqual(titles(A));
    expect(catalog.pages).toBe(pages);
  });

  it('reads an unchanged list for a retry whose earlier download was deleted', async () => {
    await turnOnWatching(app, { retryFailedAfterSeconds: 60 });
    source.fail(A);
    catalog.set([A, B]);
    const { id } = await watch(app, { item: LIST, downloadExisting: true });
    const left = () => seen(app, id).then(({ counts }) => counts);
    await waitFor(async () => (await left()).failed === 1 && (await left()).known === 1, {
      what: 'one failure',
      timeoutMs: 60_000,
    });
    const { db } = app.deps;
    await db.watchMember.updateMany({ data: { stateAt: new Date(0) }, where: { state: 'FAILED' } });
    await db.task.deleteMany({ where: { itemId: A } });
    source.heal(A);
    const { pages } = catalog;
    expect((await checked(app, id)).watch).toMatchObject({ notice: null, counts: { known: 2, failed: 0 } });
    expect(catalog.pages).toBeGreaterThan(pages);
  });

  it('takes nothing from a reading whose stored entries were lost in a crash of the database', async () => {
    const many = Array.from({ length: 600 }, (_, at) => `stub:track-${at}`);
    catalog.set(many);
    const { id } = await watch(app, { item: LIST });
    await checked(app, id);
    expect(await app.deps.db.watchEntry.count()).toBe(0);
    catalog.set([...many.slice(1), D]);
    catalog.beforePage(async (offset) => {
      if (offset < 550) return;
      expect(await app.deps.db.watchEntry.count()).toBe(500);
      await app.deps.db.$executeRaw`TRUNCATE "WatchEntry"`;
    });
    const lost = await checked(app, id);
    expect(lost.task).toMatchObject({ state: 'FAILED', error: { code: 'DATABASE_UNAVAILABLE' } });
    expect(await app.deps.db.watchMember.count({ where: { removedAt: null } })).toBe(600);
    catalog.beforePage(null);
    expect((await checked(app, id)).watch).toMatchObject({ counts: { total: 600, known: 1 }, notice: null });
    const left = await app.deps.db.watchMember.findMany({ where: { removedAt: { not: null } } });
    expect(left.map(({ itemId }) => itemId)).toEqual([many[0]]);
  });

  it('queues a long list in parts, each entry once and at its place', async () => {
    const many = Array.from({ length: 1_203 }, (_, at) => `stub:track-${at}`);
    for (const each of many) source.hold(each);
    catalog.set([...many, ...many.slice(0, 3)]);
    const { id } = await watch(app, { item: LIST, downloadExisting: true });
    const task = () => app.deps.db.task.findFirst({ where: { kind: 'WATCH_CHECK', total: 1_203 } });
    await waitFor(async () => (await task())?.total === 1_203, { what: 'all of them', timeoutMs: 60_000 });
    const children = await app.deps.db.task.findMany({
      where: { kind: 'TRACK' },
      orderBy: { position: 'asc' },
      select: { itemId: true, position: true },
    });
    expect(children).toEqual(many.map((itemId, position) => ({ itemId, position })));
    const first = await app.deps.db.watchMember.findFirst({ where: { itemId: 'stub:track-1' } });
    expect(first?.positions).toEqual([1, 1_204]);
    expect((await app.execute(UNWATCH, { id })).unwatch.__typename).toBe('Unwatched');
  });

  it('keeps its members when the list is empty, partial, changing or unreadable', async () => {
    catalog.set([A, B, C]);
    const { id } = await watch(app, { item: LIST });
    await checked(app, id);
    catalog.set([]);
    expect((await checked(app, id)).watch).toMatchObject({
      counts: { total: 3 },
      notice: 'The catalog returned an empty list, so nothing counts as removed.',
    });
    catalog.set([A]);
    catalog.overstate(2);
    expect((await checked(app, id)).watch).toMatchObject({
      counts: { total: 3 },
      notice: expect.stringContaining('1 of 3 entries') as string,
    });
    catalog.overstate(0);
    await turnOnWatching(app, { pageSize: 1 });
    catalog.set([A, B]);
    catalog.beforePage((offset) => {
      if (offset === 1) catalog.set([A, D]);
    });
    expect((await checked(app, id)).watch).toMatchObject({
      counts: { total: 4 },
      notice: expect.stringContaining('changed while it was read') as string,
    });
    catalog.beforePage(null);
    expect((await checked(app, id)).watch).toMatchObject({ counts: { total: 2 }, notice: null });
    catalog.hide(true);
    const hidden = await checked(app, id);
    expect(hidden.task).toMatchObject({ state: 'FAILED', error: { code: 'CATALOG_ITEM_NOT_FOUND' } });
    expect(hidden.watch).toMatchObject({
      outcome: 'FAILED',
      failedChecks: 1,
      counts: { total: 2 },
      error: { code: 'CATALOG_ITEM_NOT_FOUND', message: expect.stringContaining('stays watched') as string },
    });
    const delays = [secondsAhead(hidden.watch)];
    for (let times = 0; times < 5; times++) delays.push(secondsAhead((await checked(app, id)).watch));
    expect(delays.at(-1)).toBeGreaterThan(0.85 * 86_400);
    expect(delays.at(-1)).toBeLessThan(1.15 * 86_400);
    catalog.hide(false);
    expect((await checked(app, id)).watch).toMatchObject({ failedChecks: 0, error: null });
  });

  it('counts duplicates once and leaves entries without a track', async () => {
    await turnOnWatching(app, { pageSize: 2 });
    catalog.set([A, null, 'gone:lost', A, B, null]);
    const { id } = await watch(app, { item: LIST, downloadExisting: true });
    await waitFor(async () => (await seen(app, id)).counts.known === 2, { what: 'both', timeoutMs: 60_000 });
    expect((await seen(app, id)).counts).toMatchObject({ total: 3, excluded: 1 });
    // What comes back to its catalog is downloaded.
    catalog.set([A, B, 'stub:lost']);
    const back = await checked(app, id);
    expect(await childrenOf(back.task.id)).toEqual(['Track stub:lost']);
  });

  it('ends its check cleanly when it is unwatched, or watching is turned off', async () => {
    await turnOnWatching(app, { pageSize: 1 });
    catalog.set([A, B, C]);
    const { id } = await watch(app, { item: LIST });
    await checked(app, id);
    catalog.set([A, B, C, D]);
    catalog.beforePage(async (offset) => {
      if (offset === 1) await turnOnWatching(app, { enabled: false });
    });
    const off = await checked(app, id);
    expect(off.task).toMatchObject({ state: 'SKIPPED', error: { code: 'WATCHING_DISABLED' } });
    await turnOnWatching(app, { pageSize: 1 });
    catalog.beforePage(async (offset) => {
      if (offset === 1) await app.execute(UNWATCH, { id });
    });
    const last = await ended(app, await check(app, id));
    expect(last).toMatchObject({ state: 'SKIPPED', error: { code: 'WATCH_NOT_FOUND' } });
    expect(await app.deps.db.watchMember.count()).toBe(0);
  });

  it('is one watch when it is added twice at once, and goes with its owner', async () => {
    catalog.set([A]);
    const both = await Promise.all([
      tryWatch(app, { item: LIST, downloadExisting: true }),
      tryWatch(app, { item: `Playlist:${LIST}`, downloadExisting: true }),
    ]);
    expect(both.map((each) => each.__typename)).toEqual(['WatchSaved', 'WatchSaved']);
    expect(both.map((each) => each.__typename === 'WatchSaved' && each.added).sort()).toEqual([false, true]);
    expect(await app.deps.db.watch.count()).toBe(1);
    for (const item of ['stub:none', 'nowhere:1', '%%', A]) {
      expect(await tryWatch(app, { item }), item).toHaveProperty('code');
    }
    const { db } = app.deps;
    const owner = await db.user.create({ data: { username: 'leaves' } });
    await db.watch.updateMany({ data: { ownerId: owner.id } });
    await db.user.delete({ where: { id: owner.id } });
    expect(await db.watch.count()).toBe(0);
  });
});

function secondsAhead({ nextCheckAt }: { nextCheckAt: string }): number {
  return (Date.parse(nextCheckAt) - Date.now()) / 1000;
}

afterAll(() => source.releaseAll());
