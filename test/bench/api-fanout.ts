import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as rest } from 'node:timers/promises';
import type pg from 'pg';
import { createBenchDatabase } from './bench-database.js';
import { startBuiltServer, type BuiltServer } from './built-server.js';
import type { Arrivals, Latencies } from './fanout-readers.js';
import { ms, nowMs, report } from './figures.js';
import { seedTasks } from './seed.js';

/** What the readers take a percent of progress for. */
const MS_PER_PERCENT = 10_000;
const WEBSOCKETS = 500;
const STREAMS = 500;
const STALLED = 50;
const TASKS = 100;
/** Changes a second of each of the tasks; the product writes progress at most twice a second. */
const PACES = [0.1, 0.5, 2];
const PACE_MS = 8_000;
/** What is under way when the moving ends still comes; the end of it is when nothing came for so long. */
const SETTLE_MS = 3_000;
const MAX_SETTLE_MS = 60_000;
/** Opening a thousand at once leaves work behind. */
const QUIET_MS = 3_000;
const TICK_MS = 20;
const WATCH_MS = 200;
const MAX_P99_MS = 250;
const MAX_GROWTH_BYTES = 60e3 * (WEBSOCKETS + STREAMS);

/** 100 tasks that move, and a thousand who watch them live, of whom 50 have stopped reading. */
export async function benchFanout(): Promise<void> {
  const database = await createBenchDatabase();
  await seedTasks(database.client, { topLevel: 1_000, listEvery: 0, partsPerList: 0, live: TASKS });
  const moving = await startTasks(database.client);
  const server = await startBuiltServer({ ...database.env, ROLE: 'api' });
  const rssBefore = server.rssBytes();
  const readers = await startReaders(server);
  const watch = watchRss(server);
  await rest(QUIET_MS);
  report('fan-out: RSS of the server', `${mb(rssBefore)} alone, ${mb(server.rssBytes())} with its readers`);
  try {
    for (const pace of PACES) await measure(pace, { readers, server, client: database.client, moving });
    const { cut, of } = await readers.ask<{ cut: number; of: number }>('drain');
    report('fan-out: readers that stalled', `${cut} of ${of} cut, the rest waited within their bounds`);
    const growth = watch.stop() - rssBefore;
    report('fan-out: most RSS growth of the server', mb(growth), {
      ok: growth < MAX_GROWTH_BYTES,
      budget: `< ${mb(MAX_GROWTH_BYTES)}`,
    });
    report('fan-out: the server', server.alive() ? 'lives' : 'died', { ok: server.alive(), budget: 'lives' });
  } finally {
    watch.stop();
    await readers.stop();
    await server.stop();
    await database.drop();
  }
}

/** As if workers had begun all that wait. */
async function startTasks(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ id: string }>(
    `UPDATE "Task" SET "state" = 'RUNNING', "startedAt" = now() WHERE "state" IN ('QUEUED', 'RUNNING') RETURNING "id"`,
  );
  return rows.map(({ id }) => id);
}

interface Readers {
  /** What they count a task's progress from. */
  epochMs: number;
  tell(line: string): void;
  ask<Answer>(line: string): Promise<Answer>;
  stop(): Promise<void>;
}

async function startReaders({ url }: BuiltServer): Promise<Readers> {
  const epochMs = nowMs();
  const counts = [WEBSOCKETS, STREAMS, STALLED, TASKS, epochMs].map(String);
  const child = spawn(process.execPath, ['--import', 'tsx', 'test/bench/fanout-readers.ts', url, ...counts], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout });
  const ended = once(child, 'exit').then(() => Promise.reject(new Error('The readers ended.')));
  ended.catch(() => undefined);
  const answer = async <Answer>() => {
    const [line] = (await Promise.race([once(lines, 'line'), ended])) as [string];
    return JSON.parse(line) as Answer;
  };
  await answer();
  const tell = (line: string) => void child.stdin.write(`${line}\n`);
  return {
    epochMs,
    tell,
    ask: (line) => {
      tell(line);
      return answer();
    },
    stop: async () => {
      if (child.exitCode !== null) return;
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

interface Moving {
  readers: Readers;
  server: BuiltServer;
  client: pg.Client;
  moving: readonly string[];
}

async function measure(pace: number, { readers, server, client, moving }: Moving): Promise<void> {
  const startedAtMs = nowMs();
  const cpuBeforeMs = server.cpuMs();
  readers.tell(`start ${startedAtMs}`);
  const changes = await move(pace, { client, moving, startedAtMs, epochMs: readers.epochMs });
  await untilQuiet(readers);
  const cpuMs = server.cpuMs() - cpuBeforeMs;
  const { ws, sse, cut } = await readers.ask<Arrivals>('stop');
  const rate = (pace * TASKS).toFixed(0);
  const budget = { readers: 0, changes };
  tell(`fan-out, ${rate} changes/s: WebSocket`, ws, { ...budget, readers: WEBSOCKETS - STALLED / 2 });
  tell(`fan-out, ${rate} changes/s: SSE`, sse, { ...budget, readers: STREAMS - STALLED / 2 });
  const micros = (1000 * cpuMs) / (ws.count + sse.count);
  report(
    `fan-out, ${rate} changes/s: CPU of the server`,
    `${micros.toFixed(0)} µs for each task that arrived, ${(cpuMs / 1000).toFixed(1)} s in all`,
  );
  if (cut > 0)
    report(`fan-out, ${rate} changes/s: cut though reading`, String(cut), { ok: false, budget: '0' });
}

function tell(name: string, { count, p50, p99 }: Latencies, due: { readers: number; changes: number }): void {
  if (count === 0) {
    return report(name, 'nothing came', { ok: false, budget: `p99 < ${MAX_P99_MS} ms` });
  }
  const share = (100 * count) / (due.readers * due.changes);
  report(name, `p50 ${ms(p50)}, p99 ${ms(p99)}; ${share.toFixed(0)} % of changes seen singly`, {
    ok: p99 < MAX_P99_MS,
    budget: `p99 < ${MAX_P99_MS} ms`,
  });
}

async function untilQuiet(readers: Readers): Promise<void> {
  const giveUpAtMs = nowMs() + MAX_SETTLE_MS;
  for (let before = -1; nowMs() < giveUpAtMs;) {
    await rest(SETTLE_MS);
    const { arrived } = await readers.ask<{ arrived: number }>('count');
    if (arrived === before) return;
    before = arrived;
  }
}

interface Moves {
  client: pg.Client;
  moving: readonly string[];
  startedAtMs: number;
  epochMs: number;
}

/** Each change is a transaction of its own, as a worker's are; how many there were. */
async function move(pace: number, { client, moving, startedAtMs, epochMs }: Moves): Promise<number> {
  const perTick = (pace * moving.length * TICK_MS) / 1000;
  let changes = 0;
  for (let tick = 1; tick * TICK_MS <= PACE_MS; tick++) {
    await rest(Math.max(0, startedAtMs + tick * TICK_MS - nowMs()));
    for (; changes < Math.floor(tick * perTick); changes++) {
      await client.query('UPDATE "Task" SET "progress" = $1 WHERE "id" = $2', [
        (nowMs() - epochMs) / MS_PER_PERCENT,
        moving[changes % moving.length],
      ]);
    }
  }
  return changes;
}

/** The most it had at any look. */
function watchRss(server: BuiltServer): { stop(): number } {
  let most = 0;
  const look = () => {
    if (server.alive()) most = Math.max(most, server.rssBytes());
  };
  const timer = setInterval(look, WATCH_MS);
  return {
    stop: () => {
      clearInterval(timer);
      look();
      return most;
    },
  };
}

const mb = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;
