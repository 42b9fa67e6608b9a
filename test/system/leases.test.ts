import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { SYSTEM_VIEWER } from '../../src/auth/viewer.js';
import { createEventBus, type EventBus } from '../../src/events/bus.js';
import { cancelTask, retryTask } from '../../src/tasks/control-tasks.js';
import { dispatchTasks } from '../../src/queue/dispatch-tasks.js';
import { startTask, type ClaimedTask } from '../../src/queue/claimed-task.js';
import { createLeases } from '../../src/queue/leases.js';
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
