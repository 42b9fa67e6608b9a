import { createBenchDatabase, type BenchDatabase } from './bench-database.js';
import { startBuiltServer } from './built-server.js';
import { launch } from './child-process.js';
import { median, ms, quantile, report } from './figures.js';
import { load, type Measured, type Target } from './load.js';
import { seedTasks } from './seed.js';

const TASKS = 1_000;
const LIVE = 10;
const CONNECTIONS = 10;
const ROUNDS = 5;
const ROUND_MS = 3_000;
const WARM_UP_MS = 2_000;
const MIN_RATIO = 0.5;
const MAX_P99_MS = 30;

/** What GET /api/prgs/list asks for, as a GraphQL client would: there it is two lists. */
const TWIN = `{
  active: tasks(filter: { states: [QUEUED, RUNNING, RETRYING, PAUSED] }, first: ${LIVE}) { ...Page }
  finished: tasks(filter: { states: [COMPLETED, SKIPPED, FAILED, CANCELLED] }, first: ${50 - LIVE}) { ...Page }
  taskCounts { queued running retrying paused completed skipped failed cancelled }
}
fragment Page on TaskConnection {
  edges { node {
    id kind state title artistNames albumTitle progress childCount completedCount skippedCount failedCount attempt retryAt
    createdAt startedAt finishedAt updatedAt dismissedAt
    error { message } item { ... on Node { id } }
    current { kind state title artistNames albumTitle progress attempt retryAt error { message } updatedAt }
  } }
}`;

/**
 * 50 tasks of 1,000 over REST and over GraphQL, against a server that does nothing but that one query. In turn, so
 * that the machine's moods meet all three. Lists tell how their parts did, which the bare server does not read: with
 * them there is a ratio, and no budget for it.
 */
export async function benchList(): Promise<void> {
  await compare('', { listEvery: 0, budgeted: true });
  await compare(', a tenth albums …', { listEvery: 10, budgeted: false });
}

async function compare(what: string, { listEvery, budgeted }: { listEvery: number; budgeted: boolean }) {
  const database = await createBenchDatabase();
  await seedTasks(database.client, { topLevel: TASKS, listEvery, partsPerList: 8, live: LIVE });
  const server = await startBuiltServer({ ...database.env, ROLE: 'api' });
  const bare = await startBareServer(database);
  try {
    const targets = {
      bare: { url: bare.url },
      rest: { url: `${server.url}/api/prgs/list?limit=50` },
      graphql: { url: `${server.url}/graphql`, body: JSON.stringify({ query: TWIN }) },
    };
    await assertAnswers(targets);
    const measured = await inTurn(targets);
    const told = { what, budgeted, bare: measured.bare };
    tell({ ...told, name: 'GET /api/prgs/list', measured: measured.rest });
    tell({ ...told, name: 'the GraphQL query', measured: measured.graphql });
  } finally {
    await bare.stop();
    await server.stop();
    await database.drop();
  }
}

async function startBareServer({ url }: BenchDatabase) {
  const { process, ready } = await launch({
    args: ['--import', 'tsx', 'test/bench/bare-server.ts'],
    env: { DATABASE_URL: url },
    ready: (line) => (line.startsWith('http') ? line : undefined),
  });
  return { url: ready, stop: process.stop };
}

type Targets = Record<'bare' | 'rest' | 'graphql', Target>;
type Rounds = Record<keyof Targets, Measured[]>;

interface Page {
  edges: { node: { id: string } }[];
}

/** A quick wrong answer would be worth nothing. */
async function assertAnswers({ bare, rest, graphql }: Targets): Promise<void> {
  const rows = (await (await fetch(bare.url)).json()) as { id: string }[];
  const { tasks } = (await (await fetch(rest.url)).json()) as { tasks: { task_id: string }[] };
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(graphql.url, { method: 'POST', headers, body: graphql.body ?? null });
  const { data } = (await answer.json()) as { data: Record<'active' | 'finished', Page> };
  const wanted = rows.map(({ id }) => id).join();
  const shown = tasks.map(({ task_id }) => task_id).join();
  const twin = [...data.active.edges, ...data.finished.edges]
    .map(({ node }) => node.id.replace('Task:', ''))
    .join();
  if (rows.length !== 50 || shown !== wanted || twin !== wanted)
    throw new Error('The servers do not show the same.');
}

async function inTurn(targets: Targets): Promise<Rounds> {
  const rounds: Rounds = { bare: [], rest: [], graphql: [] };
  const names = Object.keys(targets) as (keyof Targets)[];
  for (const name of names) await load(targets[name], { connections: CONNECTIONS, durationMs: WARM_UP_MS });
  for (let round = 0; round < ROUNDS; round++) {
    for (const name of names) {
      rounds[name].push(await load(targets[name], { connections: CONNECTIONS, durationMs: ROUND_MS }));
    }
  }
  return rounds;
}

interface Told {
  name: string;
  what: string;
  budgeted: boolean;
  bare: Measured[];
  measured: Measured[];
}

function tell({ name, what, budgeted, bare, measured }: Told): void {
  const ratios = measured.map(
    ({ requestsPerSecond }, round) => requestsPerSecond / (bare[round]?.requestsPerSecond ?? Number.NaN),
  );
  const ratio = median(ratios);
  const rate = (rounds: Measured[]) => median(rounds.map((round) => round.requestsPerSecond)).toFixed(0);
  const latencies = measured.flatMap(({ latenciesMs }) => latenciesMs);
  const [p50, p99] = [quantile(latencies, 0.5), quantile(latencies, 0.99)];
  report(
    `${name} / bare server${what}`,
    `${percent(ratio)} (${rate(measured)} / ${rate(bare)} requests/s, median of ${ROUNDS} pairs)`,
    budgeted ? { ok: ratio >= MIN_RATIO, budget: `≥ ${percent(MIN_RATIO)}` } : undefined,
  );
  report(`${name}: latency, ${CONNECTIONS} connections${what}`, `p50 ${ms(p50)}, p99 ${ms(p99)}`, {
    ok: p99 < MAX_P99_MS,
    budget: `p99 < ${MAX_P99_MS} ms`,
  });
}

const percent = (share: number) => `${(100 * share).toFixed(0)} %`;
