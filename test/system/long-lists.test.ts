import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { endlessSource } from '../kit/endless-source.js';
import { createStubDiscography } from '../kit/stub-discography.js';
import { startApp, type TestApp } from '../kit/start-app.js';
import { queue } from '../kit/story.js';
import { waitFor } from '../kit/wait-for.js';
import { joinApp, spawnWorker } from './join-app.js';

/** Far longer than a test: only because their process is seen to be dead are leases released. */
const LEASE_MS = 600_000;

const overrides = {
  catalogs: [createStubDiscography({})],
  sources: [endlessSource],
  timing: { stopGraceMs: 100, leaseMs: LEASE_MS, renewMs: 500 },
};

const apps: TestApp[] = [];
afterEach(async () => {
  for (const app of apps.splice(0).reverse()) await app.stop();
});
const kept = (app: TestApp) => {
  apps.push(app);
  return app;
};

const uuidOf = (id: string) => id.replace('Task:', '');

/** Each entry is there once, in its place, and the list is complete. */
async function expectWholeList(app: TestApp, id: string, length: number): Promise<void> {
  const list = await waitFor(
    async () => {
      const task = await app.deps.db.task.findUniqueOrThrow({ where: { id: uuidOf(id) } });
      return task.expandedAt ? task : null;
    },
    { timeoutMs: 60_000, what: 'the list to be complete' },
  );
  expect(list).toMatchObject({ state: 'RUNNING', total: length, succeeded: 0, failed: 0 });
  const children = await app.deps.db.task.findMany({
    where: { parentId: uuidOf(id) },
    select: { position: true, itemId: true, state: true },
    orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
  });
  expect(children.map(({ position }) => position)).toEqual(Array.from({ length }, (_, at) => at));
  expect(children.every(({ itemId, position }) => itemId === `stub:track-${position ?? ''}`)).toBe(true);
  expect(children.every(({ state }) => ['QUEUED', 'RUNNING'].includes(state))).toBe(true);
}

describe('a long playlist', () => {
  it('has one task for each of its 10,000 entries', async () => {
    const app = kept(await startApp({ overrides }));
    const id = await queue(app, { item: 'stub:10000', type: 'PLAYLIST' });
    await expectWholeList(app, id, 10_000);
  });

  it('is complete, without duplicates, after its worker was killed', async () => {
    const api = kept(await startApp({ env: { role: 'api' }, overrides }));
    const id = await queue(api, { item: 'stub:2300', type: 'PLAYLIST' });
    await runUntilKilled(api, { killedAt: 1_000 });
    expect(await api.deps.db.task.count({ where: { parentId: uuidOf(id) } })).toBe(1_000);
    await runUntilKilled(api, { killedAt: 1_500 });
    kept(await joinApp(api, { env: { role: 'worker' }, overrides }));
    await expectWholeList(api, id, 2_300);
  });

  it('of 10,000 entries is resumed where its worker was killed, while its tracks end, without a deadlock', async () => {
    const api = kept(await startApp({ env: { role: 'api' }, overrides }));
    const id = await queue(api, { item: 'stub:10000', type: 'PLAYLIST' });
    await runUntilKilled(api, { killedAt: 5_000, tracks: 'fail' });
    const requested: number[] = [];
    const whole = createStubDiscography({});
    const catalog = createStubDiscography(
      {},
      {
        listPlaylistEntries: (playlist, page, signal) => {
          requested.push(page.offset);
          return whole.listPlaylistEntries(playlist, page, signal);
        },
      },
    );
    kept(
      await joinApp(api, {
        env: { role: 'worker' },
        overrides: { ...overrides, catalogs: [catalog], sources: [] },
      }),
    );
    const list = await waitFor(
      async () => {
        const task = await api.deps.db.task.findUniqueOrThrow({ where: { id: uuidOf(id) } });
        return task.expandedAt ? task : null;
      },
      { timeoutMs: 60_000, what: 'the list to be complete' },
    );
    expect(list).toMatchObject({ state: 'RUNNING', total: 10_000, attempt: 2 });
    const pages = Array.from({ length: 11 }, (_, at) => 4_500 + at * 500);
    expect(requested).toEqual(pages);
    const positions = await api.deps.db.task.groupBy({ by: ['position'], where: { parentId: list.id } });
    expect(positions).toHaveLength(10_000);
    expect(await countDeadlocks(api)).toBe(0);
  });
});

async function countDeadlocks(app: TestApp): Promise<number> {
  const [row] = await app.deps.db.$queryRaw<{ deadlocks: bigint }[]>`
    SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()`;
  return Number(row?.deadlocks);
}

async function runUntilKilled(
  api: TestApp,
  { killedAt, tracks = 'hold' }: { killedAt: number; tracks?: 'hold' | 'fail' },
): Promise<void> {
  const child = spawnWorker(api, 'expanding-child', {
    KILLED_AT: String(killedAt),
    TRACKS: tracks,
    LEASE_MS: String(LEASE_MS),
  });
  const [, signal] = (await once(child, 'exit')) as [unknown, string | null];
  expect(signal).toBe('SIGKILL');
}
