import pg from 'pg';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { inTransaction } from '../../src/database/prisma.js';
import { databaseUrlOf } from '../system/join-app.js';
import { CANCEL_TASK } from '../kit/documents.js';
import { seedTasks } from '../kit/seed-tasks.js';
import { startApp, type TestApp } from '../kit/start-app.js';
import { queue } from '../kit/story.js';
import { waitFor } from '../kit/wait-for.js';

let app: TestApp;
let taskId: string;

beforeAll(async () => {
  app = await startApp({ env: { role: 'api' } });
  [taskId = ''] = await seedTasks(app, [{ state: 'RUNNING' }]);
});
afterAll(() => app.stop());

async function connect(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: databaseUrlOf(app) });
  await client.connect();
  onTestFinished(() => client.end());
  return client;
}

/** Until the client is told to commit, everyone who asks for the same waits. */
async function hold(lock: string): Promise<pg.Client> {
  const client = await connect();
  await client.query('BEGIN');
  await client.query(lock);
  return client;
}

/** Waits until a statement has been held back for longer than a read may take. */
async function longerThanReads(statement: string): Promise<void> {
  const client = await connect();
  const held = async () => {
    const { rows } = await client.query(
      `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
         AND query LIKE $1 AND clock_timestamp() - query_start > interval '7 seconds'`,
      [`%${statement}%`],
    );
    return rows.length > 0;
  };
  await waitFor(held, { timeoutMs: 15_000, what: `${statement} to wait for 7 s` });
}

const EXCLUSIVE = 'LOCK TABLE "Task" IN ACCESS EXCLUSIVE MODE';

it('ends any read that the database holds back, long before a write', async () => {
  const holder = await hold(EXCLUSIVE);
  // Held back in the same moment: the reads have to end while it still waits.
  let written = false;
  const write = inTransaction(app.deps.db, (tx) => tx.task.count()).finally(() => (written = true));
  const query = async (text: string) => {
    const response = await fetch(`${app.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: text }),
    });
    return ((await response.json()) as { errors?: { extensions: unknown }[] }).errors?.[0]?.extensions;
  };
  const [one, list, byRest, listByRest] = await Promise.all([
    query(`{ task(id: "${taskId}") { state } }`),
    query('{ tasks(first: 1) { edges { node { state } } } }'),
    app.rest('GET', `/prgs/${taskId}`),
    app.rest('GET', '/prgs/list'),
  ]);
  expect(written).toBe(false);
  await holder.query('COMMIT');
  expect(await write).toBe(1);
  for (const extensions of [one, list]) {
    expect(extensions).toEqual({ code: 'READ_TIMEOUT', retryAfterSeconds: 10 });
  }
  for (const { status, headers, body } of [byRest, listByRest]) {
    expect(status).toBe(503);
    expect(headers.get('retry-after')).toBe('10');
    expect(body).toMatchObject({ error: expect.stringContaining('did not answer in time') as string });
  }
  expect(await query(`{ task(id: "${taskId}") { state } }`)).toBeUndefined();
});

it('lets a change wait for longer than a read', async () => {
  const holder = await hold(`SELECT FROM "Task" WHERE "id" = '${taskId}' FOR UPDATE`);
  const cancelled = app.execute(CANCEL_TASK, { id: taskId });
  await longerThanReads('FOR ');
  await holder.query('COMMIT');
  expect(await cancelled).toMatchObject({ cancelTask: { task: { state: 'CANCELLED' } } });
});

it('lets a new download wait for longer than a read', async () => {
  const holder = await hold('LOCK TABLE "Task" IN SHARE ROW EXCLUSIVE MODE');
  const queued = queue(app, { item: 'demo:night-ferry-1-01' });
  await longerThanReads('INSERT INTO');
  await holder.query('COMMIT');
  expect(await queued).toMatch(/^Task:/);
});
