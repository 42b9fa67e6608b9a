import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { seedTasks } from '../kit/seed-tasks.js';
import { startApp, type TestApp } from '../kit/start-app.js';
import { connectionParamsOf } from '../kit/tokens.js';
import { waitFor } from '../kit/wait-for.js';

/** Nothing runs here but what the tests do. */
let app: TestApp;
beforeAll(async () => {
  app = await startApp({ env: { role: 'api' } });
});
afterAll(() => app?.stop());

interface News {
  initial: boolean;
  task: { state: string };
  counts: { queued: number; paused: number };
}

const QUERY = 'subscription { taskUpdates { initial task { state } counts { queued paused } } }';

/** Many subscribers on few connections, each with what it was told. */
function subscribe(count: number): News[][] {
  const clients = Array.from({ length: 5 }, () =>
    createClient({
      url: `${app.url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      ...connectionParamsOf(app),
    }),
  );
  onTestFinished(() => clients.forEach((client) => void client.dispose()));
  return Array.from({ length: count }, (_, n) => {
    const told: News[] = [];
    clients[n % clients.length]?.subscribe<{ taskUpdates: News }>(
      { query: QUERY },
      {
        next: ({ data }) => data && told.push(data.taskUpdates),
        error: () => undefined,
        complete: () => undefined,
      },
    );
    return told;
  });
}

/** Counts the queries that count tasks. */
function spyOnCounting(): { readonly count: number } {
  const spied = { count: 0 };
  const { db } = app.deps;
  const original = db.$queryRaw;
  const spy = (query: TemplateStringsArray, ...values: unknown[]) => {
    if (query.join('').includes('"TaskCount"')) spied.count += 1;
    return original.call(db, query, ...values);
  };
  Object.defineProperty(db, '$queryRaw', { value: spy, configurable: true, writable: true });
  onTestFinished(() => void Object.defineProperty(db, '$queryRaw', { value: original, configurable: true }));
  return spied;
}

describe('the counts that come with a change', () => {
  it('are correct, and read once for all subscribers', async () => {
    const [id = ''] = await seedTasks(app, [{}, {}]);
    const readers = subscribe(100);
    await waitFor(() => readers.every((told) => told.length >= 2), { what: 'all snapshots' });
    const spied = spyOnCounting();
    await app.deps.db.task.update({ where: { id }, data: { state: 'PAUSED' } });
    const isTold = ({ initial, task }: News) => !initial && task.state === 'PAUSED';
    await waitFor(() => readers.every((told) => told.some(isTold)), { what: 'all to be told' });
    for (const told of readers) expect(told.find(isTold)?.counts).toEqual({ queued: 1, paused: 1 });
    expect(spied.count).toBeGreaterThan(0);
    expect(spied.count).toBeLessThanOrEqual(20);
  });
});
