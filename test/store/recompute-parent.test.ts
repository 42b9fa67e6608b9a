import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SYSTEM_VIEWER } from '../../src/auth/viewer.js';
import { finishTask, startTask } from '../../src/queue/claimed-task.js';
import type { Ending } from '../../src/tasks/task-state-store.js';
import { pauseTask, retryTask } from '../../src/tasks/control-tasks.js';
import type { Task } from '../../src/tasks/task.js';
import { seedTasks } from '../kit/seed-tasks.js';
import { startApp, type TestApp } from '../kit/start-app.js';

let app: TestApp;
beforeAll(async () => {
  app = await startApp({ env: { role: 'api' } });
});
afterAll(() => app?.stop());

async function seedList(total: number): Promise<{ id: string; parts: string[] }> {
  const [id = ''] = await seedTasks(app, [
    { kind: 'PLAYLIST', state: 'RUNNING', total, expandedAt: new Date() },
  ]);
  const at = (position: number) => ({ parentId: id, position, dispatchedAt: new Date() });
  return {
    id,
    parts: await seedTasks(
      app,
      Array.from({ length: total }, (_, position) => at(position)),
    ),
  };
}

const ENDINGS: Ending[] = [
  { state: 'COMPLETED' },
  { state: 'SKIPPED' },
  { state: 'COMPLETED' },
  { state: 'FAILED', error: { code: 'NO_SOURCE', message: 'Nobody has it.', retryable: false } },
];

async function end(id: string, ending: Ending): Promise<void> {
  const { attempt } = await app.deps.db.task.findUniqueOrThrow({ where: { id } });
  const held = await startTask(app.deps, { taskId: id, attempt });
  expect(held && (await finishTask(app.deps, held, ending))).toBe(true);
}

const endAll = async (ids: readonly string[]) => {
  for (const [index, id] of ids.entries()) await end(id, ENDINGS[index % ENDINGS.length]!);
};

const get = (id: string): Promise<Task> => app.deps.db.task.findUniqueOrThrow({ where: { id } });

describe('a parent with many children', () => {
  it('always has the right counts by state, and finishes with its last child', async () => {
    const { id, parts } = await seedList(240);
    await endAll(parts.slice(0, 8));
    const progress = 3.3;
    expect(await get(id)).toMatchObject({ succeeded: 4, skipped: 2, failed: 2, progress, state: 'RUNNING' });
    await endAll(parts.slice(8, 239));
    expect(await get(id)).toMatchObject({ succeeded: 120, skipped: 60, failed: 59, state: 'RUNNING' });
    await end(parts[239]!, { state: 'COMPLETED' });
    expect(await get(id)).toMatchObject({
      succeeded: 121,
      skipped: 60,
      failed: 59,
      state: 'COMPLETED',
      progress: 100,
    });
  });

  it('has the right counts when many children finish at once', async () => {
    const { id, parts } = await seedList(160);
    await Promise.all(parts.slice(0, 30).map((part) => end(part, { state: 'COMPLETED' })));
    expect(await get(id)).toMatchObject({ total: 160, succeeded: 30, state: 'RUNNING' });
  });

  it('counts a retried child as active, and then by its final state', async () => {
    const { id, parts } = await seedList(150);
    await endAll(parts.slice(0, 4));
    await retryTask(app.deps, SYSTEM_VIEWER, parts[3]!);
    expect(await get(id)).toMatchObject({ succeeded: 2, failed: 0 });
    await app.deps.db.task.update({ where: { id: parts[3]! }, data: { dispatchedAt: new Date() } });
    await end(parts[3]!, { state: 'COMPLETED' });
    expect(await get(id)).toMatchObject({ succeeded: 3, skipped: 1, failed: 0 });
  });

  it('is paused when the last child that was not paused finishes', async () => {
    const { id, parts } = await seedList(130);
    const { attempt } = await get(parts[0]!);
    const held = await startTask(app.deps, { taskId: parts[0]!, attempt });
    await pauseTask(app.deps, SYSTEM_VIEWER, id);
    expect(await get(id)).toMatchObject({ state: 'RUNNING' });
    expect(held && (await finishTask(app.deps, held, { state: 'COMPLETED' }))).toBe(true);
    expect(await get(id)).toMatchObject({ state: 'PAUSED', succeeded: 1 });
  });
});
