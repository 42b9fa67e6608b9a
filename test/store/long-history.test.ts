import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDatabase, type DatabaseConnection } from '../../src/database/prisma.js';
import { createLogger } from '../../src/lib/logger.js';
import { SYSTEM_VIEWER } from '../../src/auth/viewer.js';
import { finishTask, startTask, type ClaimedTask } from '../../src/queue/claimed-task.js';
import { dispatchTasks, sweepTasks } from '../../src/queue/dispatch-tasks.js';
import { defaultSettings } from '../../src/settings/settings.js';
import { renewLeases } from '../../src/tasks/task-state-store.js';
import { TIMING } from '../../src/platform.js';
import { createTestDatabase, runOn, type TestDatabase } from '../kit/database.js';
import { seededTrack } from '../kit/seed-tasks.js';

const log = createLogger('silent');
const FINISHED = 300_000;
const QUEUED = 10_000;
/** Rows that one statement may touch to start three tracks. */
const MOST_ROWS = 200;

/** A node of a plan, as EXPLAIN (ANALYZE, FORMAT JSON) prints it. */
interface PlanNode {
  'Node Type': string;
  'Relation Name'?: string;
  'Actual Rows': number;
  'Actual Loops': number;
  'Rows Removed by Filter'?: number;
  Plans?: PlanNode[];
}

interface ExplainedStatement {
  'Query Text': string;
  Plan: PlanNode;
  JIT?: unknown;
}

let database: TestDatabase;
let connection: DatabaseConnection;
let explained: ExplainedStatement[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  await runOn(database.url, 'ALTER TABLE "Task" SET (autovacuum_enabled = off)');
  await runOn(database.url, 'ALTER TABLE "User" SET (autovacuum_enabled = off)');
  // Without the triggers, which have no part in this.
  await runOn(
    database.url,
    `SET session_replication_role = replica; ${insertTracks('COMPLETED', FINISHED)}; ${insertTracks('QUEUED', QUEUED)}`,
  );
  connection = createDatabase({ url: database.url, log, poolSize: 1 });
  connection.pool.on('connect', collectPlans);
  for (const statement of EXPLAIN_ALL) await connection.db.$executeRawUnsafe(statement);
}, 120_000);
afterAll(async () => {
  await connection?.close();
  await database?.drop();
});

/** The plan of each statement comes to the session as a notice. */
const EXPLAIN_ALL = [
  `LOAD 'auto_explain'`,
  'SET auto_explain.log_min_duration = 0',
  'SET auto_explain.log_analyze = on',
  'SET auto_explain.log_timing = off',
  'SET auto_explain.log_format = json',
  'SET auto_explain.log_nested_statements = on',
  'SET client_min_messages = log',
];

function collectPlans(client: pg.PoolClient): void {
  client.on('notice', ({ message = '' }) => {
    const json = message.split('plan:\n')[1];
    if (json) explained.push(JSON.parse(json) as ExplainedStatement);
  });
}

function insertTracks(state: 'COMPLETED' | 'QUEUED', count: number): string {
  const finishedAt = state === 'COMPLETED' ? 'now()' : 'NULL';
  return `INSERT INTO "Task" ("id", "kind", "state", "ownerId", "itemId", "title", "item", "options", "finishedAt")
    SELECT gen_random_uuid(), 'TRACK', '${state}', '${SYSTEM_VIEWER.id}', 'demo:' || n, 'Title ' || n,
      '${JSON.stringify(seededTrack('demo:seed'))}', '{"format":"KEEP","bitrateKbps":null}', ${finishedAt}
    FROM generate_series(1, ${count}) AS n`;
}

function nodesOf(plan: PlanNode): PlanNode[] {
  return [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];
}

const rowsOf = (node: PlanNode) =>
  (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops'];

/** Everything that a worker does for a track while others wait for it. */
async function runOneTrack(): Promise<void> {
  const dispatched: { taskId: string; attempt: number }[] = [];
  const deps = {
    db: connection.db,
    log,
    timing: TIMING,
    instanceId: 'worker',
    settings: () => defaultSettings({ downloadDir: '' }),
    jobs: {
      enqueue: (_job: object, payload: unknown) =>
        Promise.resolve(void dispatched.push(payload as { taskId: string; attempt: number })),
    },
  };
  await sweepTasks(deps);
  await dispatchTasks(deps);
  const claims: ClaimedTask[] = [];
  for (const job of dispatched) {
    const claimed = await startTask(deps, job);
    if (claimed) claims.push(claimed);
  }
  expect(claims.length).toBeGreaterThan(0);
  await renewLeases(
    connection.db,
    claims.map(({ task }) => task.id),
    { owner: 'worker', durationMs: TIMING.leaseMs },
  );
  for (const claimed of claims) await finishTask(deps, claimed, { state: 'COMPLETED' });
}

describe('starting a track among 310,000', () => {
  it.each([
    ['no table was ever analyzed', ''],
    ['only the tasks were analyzed', 'ANALYZE "Task"'],
    ['everything was analyzed', 'ANALYZE "Task"; ANALYZE "User"'],
  ])('reads a few rows by indexes when %s', async (_when, analyze) => {
    if (analyze) await runOn(database.url, analyze);
    // Sessions take note of new statistics with their next statement.
    explained = [];
    await runOneTrack();
    const texts = explained.map(({ 'Query Text': text }) => text);
    for (const part of ['SET "dispatchedAt" = now()', '"retryAt" <= now()', '"leaseUntil" < now()']) {
      expect(texts.some((text) => text.includes(part))).toBe(true);
    }
    for (const statement of explained) {
      const nodes = nodesOf(statement.Plan);
      const scans = nodes.filter(
        (node) => node['Node Type'] === 'Seq Scan' && node['Relation Name'] === 'Task',
      );
      expect(scans, statement['Query Text']).toEqual([]);
      const large = nodes.filter((node) => rowsOf(node) > MOST_ROWS);
      expect(large, statement['Query Text']).toEqual([]);
      expect(statement.JIT).toBeUndefined();
    }
  });
});
