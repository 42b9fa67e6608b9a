import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { SYSTEM_VIEWER } from '../../src/auth/viewer.js';
import { inTransaction } from '../../src/database/prisma.js';
import { createEventBus, type EventBus } from '../../src/events/bus.js';
import { cancelTask, retryTask } from '../../src/tasks/control-tasks.js';
import { dispatchTasks, sweepTasks } from '../../src/queue/dispatch-tasks.js';
import { startTask, type ClaimedTask } from '../../src/queue/claimed-task.js';
import { createLeases } from '../../src/queue/leases.js';
import { renewLeases, writeProgress } from '../../src/tasks/task-state-store.js';
import { lockParent } from '../../src/tasks/task-tree-store.js';
import { seedTasks } from '../kit/seed-tasks.js';
import { startApp, type TestApp } from '../kit/start-app.js';
import { waitFor } from '../kit/wait-for.js';

let app: TestApp;
beforeAll(async () => {
  app = await startApp({ env: { role: 'api' } });
});
afterAll(() => app?.stop());

/** Leases of a worker whose timer is too late: only events reach it. */
function keepLeases(bus: EventBus) {
  const timing = { ...app.deps.timing, renewMs: 600_000 };
  const leases = createLeases({ ...app.deps, bus, timing });
  onTestFinished(() => leases.stop());
  return leases;
}

async function start(taskId: string, attempt: number): Promise<ClaimedTask> {
  await dispatchTasks({ ...app.deps, jobs: { enqueue: () => Promise.resolve() } });
  const held = await startTask(app.deps, { taskId, attempt });
  return held ?? expect.fail(`Task ${taskId} was not to be had`);
}

describe('the renewal of leases', () => {
  it('does not deadlock with the end of a child whose parent is being expanded', async () => {
    const { db } = app.deps;
    const lease = { owner: 'worker', durationMs: 60_000 };
    const claimed = { state: 'RUNNING' as const, leaseOwner: lease.owner, leaseUntil: new Date() };
    const [childId = '', parentId = ''] = await seedTasks(app, [claimed, { ...claimed, kind: 'PLAYLIST' }]);
    await db.task.update({ where: { id: childId }, data: { parentId, position: 0 } });
    let tries = 0;
    const renewed = await inTransaction(db, async (tx) => {
      tries += 1;
      await lockParent(tx, parentId);
      const renewal = renewLeases(db, [childId, parentId], lease);
      renewal.catch(() => undefined);
      await waitFor(someoneWaits, { what: 'the renewal to reach the parent' });
      await writeProgress(tx, { taskId: childId, attempt: 0, leaseOwner: lease.owner }, 50);
      return { renewal };
    });
    expect((await renewed.renewal).sort()).toEqual([childId, parentId].sort());
    expect(tries).toBe(1);
    await cancelTask(app.deps, SYSTEM_VIEWER, parentId);
  });

  async function someoneWaits(): Promise<boolean> {
    const [row] = await app.deps.db.$queryRaw<{ waits: boolean }[]>`
      SELECT count(*) > 0 AS waits FROM pg_stat_activity
      WHERE "datname" = current_database() AND "wait_event_type" = 'Lock'`;
    return row?.waits ?? false;
  }
});

describe('work on a task', () => {
  it('stops at once when the task was cancelled just before its lease was renewed', async () => {
    const [id = ''] = await seedTasks(app, [{}]);
    const leases = keepLeases(app.deps.bus);
    const held = await start(id, 0);
    const heard = new Promise<void>((resolve) => {
      app.deps.bus.on('task.changed', (news) => {
        if (news.taskId === id && news.state === 'CANCELLED') resolve();
      });
    });
    await cancelTask(app.deps, SYSTEM_VIEWER, id);
    await heard;
    const lease = leases.keep(held.claim);
    await waitFor(() => lease.signal.aborted, { what: 'the work to be stopped' });
  });

  it('stops when the same process starts the next attempt, even if events were lost', async () => {
    const [id = ''] = await seedTasks(app, [{}]);
    const leases = keepLeases(createEventBus(app.deps));
    const first = leases.keep((await start(id, 0)).claim);
    await cancelTask(app.deps, SYSTEM_VIEWER, id);
    await retryTask(app.deps, SYSTEM_VIEWER, id);
    const second = leases.keep((await start(id, 1)).claim);
    await waitFor(() => first.signal.aborted, { what: 'the first try to be stopped' });
    expect(second.signal.aborted).toBe(false);
    first.release();
    await cancelTask(app.deps, SYSTEM_VIEWER, id);
    expect(second.signal.aborted).toBe(false);
  });
});

describe('a lease that has not run out', () => {
  const HOUR_MS = 3_600_000;
  const OVERDUE = new Date(Date.now() + HOUR_MS / 2);

  /** The state of a task with such a lease after a sweep. */
  async function sweep(
    lease: { leaseOwner?: string; leaseUntil?: Date },
    sweeper: { instanceId?: string; renewMs?: number } = {},
  ): Promise<string> {
    const { renewMs = 1, ...identity } = sweeper;
    const [id = ''] = await seedTasks(app, [
      { state: 'RUNNING', leaseOwner: 'dead', leaseUntil: OVERDUE, ...lease },
    ]);
    const timing = { ...app.deps.timing, leaseMs: HOUR_MS, renewMs };
    await sweepTasks({ ...app.deps, ...identity, timing });
    return (await app.deps.db.task.findUniqueOrThrow({ where: { id } })).state;
  }

  it('is released when its owner renews nothing and has no session', async () => {
    expect(await sweep({})).toBe('QUEUED');
  });

  it('is kept while its owner has a session', async () => {
    expect(await sweep({ leaseOwner: app.deps.instanceId })).toBe('RUNNING');
  });

  it('is kept while its owner renews it without a session', async () => {
    const leaseUntil = new Date(Date.now() + 2 * HOUR_MS);
    expect(await sweep({ leaseUntil })).toBe('RUNNING');
  });

  it('is kept while the session of the process that looks is too young, or away', async () => {
    expect(await sweep({}, { renewMs: HOUR_MS / 5 })).toBe('RUNNING');
    expect(await sweep({}, { instanceId: 'without a session' })).toBe('RUNNING');
  });
});
