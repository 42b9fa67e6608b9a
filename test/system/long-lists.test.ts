import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { spawnProgram } from '../kit/child-programs.js';
import { endlessSource } from '../kit/endless-source.js';
import { createStubDiscography } from '../kit/stub-discography.js';
import { startApp, type TestApp } from '../kit/start-app.js';
import { queue } from '../kit/story.js';
import { stretch, waitFor } from '../kit/wait-for.js';
import { databaseUrlOf, joinApp } from './join-app.js';

const overrides = {
  catalogs: [createStubDiscography({})],
  sources: [endlessSource],
  timing: { stopGraceMs: 100, leaseMs: stretch(2_000), renewMs: 500 },
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
});

async function runUntilKilled(api: TestApp, { killedAt }: { killedAt: number }): Promise<void> {
  const { jobStore, downloadDir } = api.env;
  const child = spawnProgram('expanding-child', [], {
    stdio: ['pipe', 'ignore', 'inherit'],
    env: {
      ...process.env,
      ROLE: 'worker',
      LOG_LEVEL: 'silent',
      DATABASE_URL: databaseUrlOf(api),
      MONGODB_URL: jobStore.kind === 'mongodb' ? jobStore.url : '',
      DOWNLOAD_DIR: downloadDir,
      KILLED_AT: String(killedAt),
      LEASE_MS: String(stretch(2_000)),
    },
  });
  const [, signal] = (await once(child, 'exit')) as [unknown, string | null];
  expect(signal).toBe('SIGKILL');
}
