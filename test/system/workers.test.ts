import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { Overrides } from '../../src/app.js';
import type { Timing } from '../../src/platform.js';
import { dispatchTasks, sweepTasks } from '../../src/queue/dispatch-tasks.js';
import { FINISHED_STATES } from '../../src/tasks/task.js';
import { listFiles, listTree } from '../kit/disk-tree.js';
import { createPostgresProxy } from '../kit/postgres-proxy.js';
import { seededTrack, seedTasks } from '../kit/seed-tasks.js';
import { createUser } from '../kit/serve-as.js';
import { startApp, type TestApp } from '../kit/start-app.js';
import { createSteeredSource, type SteeredSource } from '../kit/steered-source.js';
import { ended, inState, queue } from '../kit/story.js';
import { stretch, waitFor } from '../kit/wait-for.js';
import { databaseUrlOf, joinApp, spawnWorker } from './join-app.js';
import { itemsThatCameTo, keepJournal, mostAtOnce, readJournal } from './task-journal.js';

const TRACK = 'demo:night-ferry-1-01';

/** Serves only; every test starts the workers that it wants. */
let api: TestApp;
let source: SteeredSource;
beforeEach(async () => {
  api = await startApp({ env: { role: 'api' } });
  await keepJournal(api);
  source = createSteeredSource();
});
afterEach(() => api?.stop());

interface WorkerOptions {
  /** maxConcurrentDownloads; default 3. */
  limit?: number;
  sources?: Overrides['sources'];
  timing?: Partial<Timing>;
  /** Another way to the database. */
  url?: string;
}

/** A worker beside `api`, for as long as the test takes. */
async function startWorker({ limit = 3, sources = [source], timing = {}, ...rest }: WorkerOptions = {}) {
  const worker = await joinApp(api, {
    ...rest,
    env: { role: 'worker' },
    overrides: { sources, settings: { maxConcurrentDownloads: limit, maxRetries: 0 }, timing },
  });
  onTestFinished(() => worker.stop());
  return worker;
}

/** Waits until no task is to be worked on any more. */
function allEnded(): Promise<unknown> {
  return waitFor(
    async () => (await api.deps.db.task.count({ where: { state: { notIn: [...FINISHED_STATES] } } })) === 0,
    { timeoutMs: 25_000, what: 'every task to have ended' },
  );
}

/** Seeds tracks that a steered source knows, and no other: they fail as soon as they are let go. */
function seedHeld(names: readonly string[]): Promise<string[]> {
  for (const name of names) source.hold(`demo:${name}`);
  return seedFailing(names);
}

/** Seeds tracks that no source has. */
function seedFailing(
  names: readonly string[],
  seed: { ownerId?: string; priority?: number; createdAt?: Date } = {},
): Promise<string[]> {
  return seedTasks(
    api,
    names.map((name) => ({ ...seed, itemId: `demo:${name}`, item: seededTrack(`demo:${name}`) })),
  );
}

const named = (prefix: string, count: number) => Array.from({ length: count }, (_, n) => `${prefix}-${n}`);

describe('two workers beside a server', () => {
  it('fill all the places that the limit gives, and never more', async () => {
    await Promise.all([startWorker(), startWorker()]);
    await seedHeld(named('track', 9));
    for (let round = 1; round <= 3; round++) {
      await waitFor(() => source.waiting.size === 3, { what: `the three tracks of round ${round}` });
      const atWork = [...source.waiting];
      for (const item of atWork) source.release(item);
      await waitFor(() => !atWork.some((item) => source.waiting.has(item)), { what: 'them to go on' });
    }
    await allEnded();
    const journal = await readJournal(api);
    expect(mostAtOnce(journal)).toBe(3);
    expect(itemsThatCameTo('RUNNING', journal).sort()).toEqual(named('demo:track', 9));
  });

  it('share the work and the limit while much is queued, and run each track once', async () => {
    const workers = await Promise.all([startWorker({ limit: 4 }), startWorker({ limit: 4 })]);
    const names = named('many', 120);
    await seedFailing(names);
    await allEnded();
    const journal = await readJournal(api);
    expect(mostAtOnce(journal)).toBeLessThanOrEqual(4);
    expect(itemsThatCameTo('RUNNING', journal).sort()).toEqual(names.map((name) => `demo:${name}`).sort());
    const owners = new Set(journal.filter(({ to }) => to === 'RUNNING').map(({ leaseOwner }) => leaseOwner));
    expect(owners).toEqual(new Set(workers.map(({ deps }) => deps.instanceId)));
  });
});

describe('a lost worker', () => {
  it('by SIGKILL leaves its track to another one, which completes it', async () => {
    const child = startChild();
    const id = await queue(api, { item: TRACK });
    await inState(api, id, 'RUNNING');
    await startWorker();
    await kill(child);
    expect(await ended(api, id, 60_000)).toMatchObject({ state: 'COMPLETED', attempt: 2, error: null });
    const journal = await readJournal(api);
    expect(journal.map(({ to }) => to)).toEqual(['RUNNING', 'QUEUED', 'RUNNING', 'COMPLETED']);
    expect(await listFiles(api.env.downloadDir)).toHaveLength(1);
  });

  it('by SIGKILL, and not while it hangs, leaves its track to another one long before its lease runs out', async () => {
    const timing = { leaseMs: 600_000, renewMs: 500 };
    const child = startChild(timing.leaseMs);
    const id = await queue(api, { item: TRACK });
    await inState(api, id, 'RUNNING');
    child.kill('SIGSTOP');
    await waitFor(() => renewedLongAgo(timing), { what: 'its renewals to be overdue' });
    await sweepTasks({ ...api.deps, timing: { ...api.deps.timing, ...timing } });
    await inState(api, id, 'RUNNING');
    await startWorker({ timing });
    await kill(child);
    expect(await ended(api, id, 60_000)).toMatchObject({ state: 'COMPLETED', attempt: 2, error: null });
  });

  async function renewedLongAgo({
    leaseMs,
    renewMs,
  }: {
    leaseMs: number;
    renewMs: number;
  }): Promise<boolean> {
    const [row] = await api.deps.db.$queryRaw<{ overdue: boolean }[]>`
      SELECT now() - ("leaseUntil" - ${leaseMs} * interval '1 millisecond') > ${3 * renewMs} * interval '1 millisecond'
        AS overdue FROM "Task" WHERE "state" = 'RUNNING'`;
    return row?.overdue ?? false;
  }

  it('behind an unresponsive network leaves its track to another one, and does no harm when it is back', async () => {
    const proxy = await createPostgresProxy(databaseUrlOf(api));
    onTestFinished(() => proxy.close());
    source.hold(TRACK);
    await startWorker({ url: proxy.url, timing: { leaseMs: stretch(2_000), renewMs: 250 } });
    onTestFinished(() => proxy.resume());
    const id = await queue(api, { item: TRACK });
    await waitFor(() => source.waiting.has(TRACK), { what: 'the first worker to have the track' });
    proxy.stall();
    await startWorker({ sources: [] });
    await waitFor(() => !source.waiting.has(TRACK), { what: 'the first worker to give up by itself' });
    expect(await ended(api, id, 60_000)).toMatchObject({ state: 'COMPLETED', attempt: 2, error: null });
    source.releaseAll();
    await proxy.resume();
    const next = await queue(api, { item: 'demo:night-ferry-1-02' });
    expect(await ended(api, next)).toMatchObject({ state: 'COMPLETED', attempt: 1 });
    expect(itemsThatCameTo('COMPLETED', await readJournal(api))).toEqual([TRACK, 'demo:night-ferry-1-02']);
    expect(await listFiles(api.env.downloadDir)).toHaveLength(2);
    await waitFor(async () => (await listTree(`${api.env.downloadDir}/.incoming`)).length === 0, {
      what: 'nothing unfinished on the disk',
    });
  });

  const startChild = (leaseMs = stretch(2_000)) =>
    spawnWorker(api, 'worker-child', { LEASE_MS: String(leaseMs) });

  async function kill(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
});

describe('the next track', () => {
  it('is the one of the highest priority, then the oldest', async () => {
    await startWorker({ limit: 1 });
    await seedHeld(['first']);
    await waitFor(() => source.waiting.size === 1, { what: 'the only place to be taken' });
    await seedFailing(['usual-1', 'usual-2']);
    await seedFailing(['low'], { priority: -5 });
    await seedFailing(['high-1', 'high-2'], { priority: 10 });
    await seedFailing(['highest'], { priority: 100 });
    source.releaseAll();
    await allEnded();
    expect(itemsThatCameTo('RUNNING', await readJournal(api))).toEqual(
      ['first', 'highest', 'high-1', 'high-2', 'usual-1', 'usual-2', 'low'].map((name) => `demo:${name}`),
    );
  });

  it.each([1, 2])(
    'alternates with other users when one has queued 50 first, with %i at once',
    async (limit) => {
      await startWorker({ limit });
      const other = await createUser(api);
      await seedHeld(named('mine', limit));
      await seedFailing(named('more', 50 - limit));
      await waitFor(() => source.waiting.size === limit, { what: 'every place to be taken' });
      await seedFailing(named('other', 5), { ownerId: other.id, createdAt: new Date() });
      source.releaseAll();
      await allEnded();
      const owners = (await readJournal(api))
        .filter(({ to }) => to === 'RUNNING')
        .map(({ ownerId }) => ownerId);
      expect(owners).toHaveLength(55);
      // Every other place is the other's, by lot: that the fifth comes after 40 is as likely as one in ten million.
      expect(owners.lastIndexOf(other.id)).toBeLessThan(40);
    },
  );
});

describe('dispatching in ten processes at once', () => {
  it('dispatches as many as the limit allows, each once', async () => {
    const second = await joinApp(api, { env: { role: 'api' } });
    onTestFinished(() => second.stop());
    await seedFailing(named('task', 100));
    const handed: string[] = [];
    const dispatch = ({ deps }: TestApp) =>
      dispatchTasks({
        ...deps,
        jobs: {
          enqueue: (_job, payload) => {
            handed.push((payload as { taskId: string }).taskId);
            return Promise.resolve();
          },
        },
      });
    const dispatchAtOnce = () =>
      Promise.all(Array.from({ length: 10 }, (_, n) => dispatch(n % 2 === 0 ? api : second)));

    await dispatchAtOnce();
    expect(handed).toHaveLength(3);
    for (let round = 1; round <= 10; round++) {
      const [done = ''] = handed.slice(round - 1);
      const change = { state: 'CANCELLED' as const, dispatchedAt: null };
      await api.deps.db.task.update({ where: { id: done }, data: change });
      await dispatchAtOnce();
      expect(handed).toHaveLength(3 + round);
    }
    expect(new Set(handed).size).toBe(handed.length);
  });
});

describe('jobs that the dispatcher considers lost', () => {
  it('do not take a place when they reach a worker after all', async () => {
    const late = await seedHeld(named('late', 3));
    await dispatchTasks(api.deps);
    await api.deps.db.task.updateMany({
      where: { id: { in: late } },
      data: { dispatchedAt: new Date(Date.now() - 60_000) },
    });
    await sweepTasks(api.deps);
    for (const name of named('urgent', 3)) source.hold(`demo:${name}`);
    await seedFailing(named('urgent', 3), { priority: 10 });
    await dispatchTasks(api.deps);
    await startWorker({ limit: 3 });
    await waitFor(() => source.waiting.size >= 3, { what: 'every place to be taken' });
    source.releaseAll();
    await allEnded();
    const journal = await readJournal(api);
    expect(mostAtOnce(journal)).toBe(3);
    expect(itemsThatCameTo('RUNNING', journal).slice(0, 3).sort()).toEqual(named('demo:urgent', 3));
  });
});
