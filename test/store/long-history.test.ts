import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDatabase, type DatabaseConnection } from '../../src/database/prisma.js';
import { createLogger } from '../../src/lib/logger.js';
import { SYSTEM_VIEWER } from '../../src/auth/viewer.js';
import { finishTask, startTask, type ClaimedTask } from '../../src/queue/claimed-task.js';
import { dispatchTasks, sweepTasks } from '../../src/queue/dispatch-tasks.js';
import { DEFAULT_WATCH_SETTINGS, defaultSettings } from '../../src/settings/settings.js';
import { findRootsInProgress, listActiveTasks } from '../../src/live/live-store.js';
import { countTasks } from '../../src/tasks/task-count-store.js';
import { listChangedTasks, listTasks } from '../../src/tasks/task-store.js';
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
    `SET session_replication_role = replica; ${insertTracks('COMPLETED', FINISHED)}; ${insertTracks('QUEUED', QUEUED)}; ${INSERT_TREE}`,
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
    watchSettings: () => DEFAULT_WATCH_SETTINGS,
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

const UUID_START = '00000000-0000-4000-8000-';
const ROOT = `${UUID_START}00000000000a`;

/** An artist with three albums of three tracks, of which the last is not finished. */
const INSERT_TREE = `
  INSERT INTO "Task" ("id", "kind", "state", "ownerId", "parentId", "position", "itemId", "title", "item", "options")
  SELECT ('${UUID_START}' || lpad(tree."id", 12, '0'))::uuid, tree."kind"::"TaskKind", tree."state"::"TaskState",
    '${SYSTEM_VIEWER.id}', ('${UUID_START}' || lpad(tree."parentId", 12, '0'))::uuid, tree."position",
    'demo:tree', 'Tree', '{}', '{}'
  FROM (
    SELECT 'a' AS "id", 'ARTIST' AS "kind", 'RUNNING' AS "state", NULL AS "parentId", NULL::int AS "position"
    UNION ALL SELECT 'b' || n, 'ALBUM', 'RUNNING', 'a', n FROM generate_series(1, 3) AS n
    UNION ALL SELECT 'c' || n || m, 'TRACK', CASE WHEN m < 3 THEN 'COMPLETED' ELSE 'PAUSED' END, 'b' || n, m
      FROM generate_series(1, 3) AS n, generate_series(1, 3) AS m
  ) AS tree`;

/** What a client of one download asks for. */
async function readTree(): Promise<void> {
  const { db } = connection;
  const filter = { rootId: ROOT, includeChildren: true, includeDismissed: true };
  const page = { size: 20, offset: 0, after: null, before: null, backward: false };
  const all = await listTasks(db, SYSTEM_VIEWER, { ...page, filter, order: 'NEWEST_FIRST' });
  const total = await countTasks(db, SYSTEM_VIEWER, filter);
  const active = await listActiveTasks(db, SYSTEM_VIEWER, { filter, after: null, limit: 500 });
  const changed = await listChangedTasks(db, SYSTEM_VIEWER, { filter, since: 0n, after: null, limit: 500 });
  expect([all.length, total, changed.length]).toEqual([13, 13, 13]);
  expect(active).toHaveLength(7);
  expect(await findRootsInProgress(db, [ROOT])).toEqual(new Set([ROOT]));
}

/** No task has this code. */
async function readFailures(): Promise<void> {
  const filter = { errorCodes: ['DISK_FULL'], includeChildren: true };
  const page = { size: 20, offset: 0, after: null, before: null, backward: false };
  const found = await listTasks(connection.db, SYSTEM_VIEWER, { ...page, filter, order: 'NEWEST_FIRST' });
  expect([found.length, await countTasks(connection.db, SYSTEM_VIEWER, filter)]).toEqual([0, 0]);
}

describe('starting a track among 310,000, following an artist, and looking for errors', () => {
  it.each([
    ['no table was ever analyzed', ''],
    ['only the tasks were analyzed', 'ANALYZE "Task"'],
    ['everything was analyzed', 'ANALYZE "Task"; ANALYZE "User"'],
  ])('reads a few rows by indexes when %s', async (_when, analyze) => {
    if (analyze) await runOn(database.url, analyze);
    // Sessions take note of new statistics with their next statement.
    explained = [];
    await runOneTrack();
    await readTree();
    await readFailures();
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
