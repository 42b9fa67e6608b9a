import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SYSTEM_VIEWER } from '../../src/auth/viewer.js';
import type { Deps } from '../../src/deps.js';
import { createDatabase } from '../../src/database/prisma.js';
import {
  cancelAllTasks,
  dismissAllTasks,
  pauseAllTasks,
  resumeAllTasks,
  retryAllTasks,
} from '../../src/tasks/control-all-tasks.js';
import {
  cancelTask,
  dismissTask,
  pauseTask,
  prioritizeTask,
  resumeTask,
  retryTask,
} from '../../src/tasks/control-tasks.js';
import { finishTask, startTask } from '../../src/queue/claimed-task.js';
import { FINISHED_STATES, type Task } from '../../src/tasks/task.js';
import { seedTasks } from '../kit/seed-tasks.js';
import { startApp, type TestApp } from '../kit/start-app.js';
import { waitFor } from '../kit/wait-for.js';
import { databaseUrlOf } from './join-app.js';

/** Nothing runs here but what the tests do. */
let app: TestApp;
beforeAll(async () => {
  app = await startApp({ env: { role: 'api' } });
});
afterAll(() => app?.stop());

/** An artist with albums of two tracks, all written, nothing begun. */
async function seedArtist(albums: number) {
  const list = { state: 'RUNNING' as const, expandedAt: new Date() };
  const [artist = ''] = await seedTasks(app, [{ ...list, kind: 'ARTIST', total: albums }]);
  const albumIds = await seedTasks(
    app,
    Array.from({ length: albums }, (_, position) => ({
      ...list,
      kind: 'ALBUM' as const,
      parentId: artist,
      position,
      total: 2,
    })),
  );
  const trackIds = await seedTasks(
    app,
    albumIds.flatMap((parentId) =>
      [0, 1].map((position) => ({ parentId, position, dispatchedAt: new Date() })),
    ),
  );
  return { artist, albumIds, trackIds };
}

/** Runs `work` on connections of its own; how many deadlocks PostgreSQL had to end meanwhile. */
async function countDeadlocks(work: (deps: Deps) => Promise<unknown>): Promise<number> {
  const connection = createDatabase({ url: databaseUrlOf(app), log: app.deps.log });
  const pids: number[] = [];
  connection.pool.on(
    'connect',
    (client) => void pids.push((client as unknown as { processID: number }).processID),
  );
  const before = await readDeadlocks();
  await work({ ...app.deps, db: connection.db }).finally(() => connection.close());
  // A process that serves a connection tells the statistics all it knows when it ends.
  const isGone = async () => {
    const [row] = await app.deps.db.$queryRaw<{ n: bigint }[]>`
      SELECT count(*) AS n FROM pg_stat_activity WHERE pid = ANY(${pids})`;
    return row?.n === 0n;
  };
  await waitFor(isGone, { what: 'the connections to be gone' });
  return (await readDeadlocks()) - before;
}

async function readDeadlocks(): Promise<number> {
  const [row] = await app.deps.db.$queryRaw<{ n: bigint }[]>`
    SELECT deadlocks AS n FROM pg_stat_database WHERE datname = current_database()`;
  return Number(row?.n);
}

/** Begins a track and ends it, unless somebody else has. */
async function run(deps: Deps, id: string): Promise<void> {
  const { attempt } = await deps.db.task.findUniqueOrThrow({ where: { id } });
  const held = await startTask(deps, { taskId: id, attempt });
  if (held) await finishTask(deps, held, { state: 'COMPLETED' });
}

const unlessConflict = (work: Promise<unknown>) =>
  work.catch((thrown: unknown) => {
    if ((thrown as { code?: string }).code !== 'TASK_STATE_CONFLICT') throw thrown;
  });

async function expectSound(): Promise<void> {
  const tasks = await app.deps.db.task.findMany({});
  for (const parent of tasks.filter(({ kind }) => kind !== 'TRACK')) {
    const children = tasks.filter(({ parentId }) => parentId === parent.id);
    const count = (state: Task['state']) => children.filter((child) => child.state === state).length;
    expect(parent, parent.kind).toMatchObject({
      total: children.length,
      succeeded: count('COMPLETED'),
      cancelled: count('CANCELLED'),
      failed: count('FAILED'),
    });
    const live = children.filter(({ state }) => !FINISHED_STATES.includes(state)).length;
    const what = `${parent.kind} ${parent.state} with ${live} live, ${count('PAUSED')} of them paused`;
    if (live === 0) expect(FINISHED_STATES, what).toContain(parent.state);
    else expect(parent.state, what).toBe(count('PAUSED') === live ? 'PAUSED' : 'RUNNING');
    if (live > 0) expect(parent.dismissedAt, what).toBeNull();
  }
}

describe('a tree of tasks that many change at once', () => {
  it('stays consistent without a deadlock', async () => {
    const cancel = (deps: Deps, id: string) => unlessConflict(cancelTask(deps, SYSTEM_VIEWER, id));
    const retry = (deps: Deps, id: string) => unlessConflict(retryTask(deps, SYSTEM_VIEWER, id));
    const found = await countDeadlocks(async (deps) => {
      for (let round = 1; round <= 4; round++) {
        const { artist, albumIds, trackIds } = await seedArtist(6);
        await Promise.all([
          ...trackIds.map((id) => run(deps, id)),
          ...albumIds.slice(0, 3).map((id) => cancel(deps, id)),
          ...albumIds.slice(2, 5).map((id) => retry(deps, id)),
          retry(deps, artist),
          cancel(deps, artist),
          ...trackIds.slice(0, 5).map((id) => retry(deps, id)),
          retry(deps, artist),
        ]);
        await expectSound();
      }
    });
    expect(found).toBe(0);
  });

  it('stays consistent while it is paused, resumed, dismissed and cancelled in all ways', async () => {
    const found = await countDeadlocks(async (deps) => {
      const act = {
        pause: (id: string) => unlessConflict(pauseTask(deps, SYSTEM_VIEWER, id)),
        resume: (id: string) => unlessConflict(resumeTask(deps, SYSTEM_VIEWER, id)),
        cancel: (id: string) => unlessConflict(cancelTask(deps, SYSTEM_VIEWER, id)),
        retry: (id: string) => unlessConflict(retryTask(deps, SYSTEM_VIEWER, id)),
        dismiss: (id: string) => dismissTask(deps, SYSTEM_VIEWER, id),
        prioritize: (taskId: string) =>
          unlessConflict(prioritizeTask(deps, SYSTEM_VIEWER, { taskId, priority: 3 })),
        run: (id: string) => run(deps, id),
      };
      const all = (round: number) =>
        [pauseAllTasks, resumeAllTasks, retryAllTasks, dismissAllTasks, cancelAllTasks].filter(
          (_, at) => (at + round) % 2 === 0,
        );
      for (let round = 1; round <= 4; round++) {
        const { artist, albumIds, trackIds } = await seedArtist(5);
        const some = (count: number) => trackIds.filter((_, at) => (at + round) % count === 0);
        await Promise.all([
          ...some(2).map(act.run),
          act.pause(artist),
          ...albumIds.slice(0, 3).map(act.pause),
          ...albumIds.slice(1, 4).map(act.resume),
          ...some(3).map(act.pause),
          ...some(3).map(act.cancel),
          ...some(4).map(act.retry),
          ...albumIds.slice(3).map(act.dismiss),
          act.prioritize(artist),
          act.resume(artist),
          ...all(round).map((change) => change(deps, SYSTEM_VIEWER, {})),
          ...all(round + 1).map((change) => change(deps, SYSTEM_VIEWER, { includeChildren: true })),
          act.pause(artist),
        ]);
        await expectSound();
        await Promise.all([act.resume(artist), act.retry(artist)]);
        await expectSound();
      }
    });
    expect(found).toBe(0);
    await cancelAllTasks(app.deps, SYSTEM_VIEWER, { includeDismissed: true });
    await expectSound();
    const left = await app.deps.db.task.count({ where: { state: { notIn: [...FINISHED_STATES] } } });
    expect(left).toBe(0);
  });
});
