import { setTimeout as rest } from 'node:timers/promises';
import type pg from 'pg';
import { createBenchDatabase, type BenchDatabase } from './bench-database.js';
import { startBuiltServer, type BuiltServer } from './built-server.js';
import { ms, quantile, report } from './figures.js';
import { timeOf } from './load.js';
import { seedTasks } from './seed.js';

const ENTRIES = 10_000;
const PLAYLISTS = 3;
const MAX_ACCEPT_MS = 1_000;
const MAX_QUEUED_MS = 3_000;
const MAX_P99_MS = 100;
/** Other clients ask so often, each time for something else. */
const ASK_EVERY_MS = 50;
const WARM_UP_MS = 4_000;
const LOOK_EVERY_MS = 20;
const GIVE_UP_MS = 120_000;

const SCRIPT = ['--import', 'tsx', 'test/bench/playlist-server.ts'];

/** A playlist of 10,000 from the request to its last child, and how long others wait for an answer meanwhile. */
export async function benchQueue(): Promise<void> {
  await inRoles('one process', ['all']);
  await inRoles('worker apart', ['api', 'worker']);
}

async function inRoles(what: string, roles: string[]): Promise<void> {
  const database = await createBenchDatabase();
  await seedTasks(database.client, { topLevel: 1_000, listEvery: 10, partsPerList: 8, live: 0 });
  const servers: BuiltServer[] = [];
  try {
    for (const role of roles) {
      servers.push(await startBuiltServer({ ...database.env, ROLE: role }, { script: SCRIPT }));
    }
    const [api] = servers;
    if (api) await queueAll(what, { api, database });
  } finally {
    // What the source never gives would hold it for all of its grace.
    for (const server of servers) await server.stop({ signal: 'SIGKILL' });
    await database.drop();
  }
}

async function queueAll(what: string, { api, database }: { api: BuiltServer; database: BenchDatabase }) {
  await askWhile(api, rest(WARM_UP_MS));
  const before = await askWhile(api, rest(WARM_UP_MS));
  const [accepted, queued, latencies]: number[][] = [[], [], []];
  for (let n = 0; n < PLAYLISTS; n++) {
    const startedAt = performance.now();
    const work = (async () => {
      const id = await queuePlaylist(api, `bench:list-${n}`);
      accepted?.push(performance.now() - startedAt);
      await untilQueued(database.client, id);
      queued?.push(performance.now() - startedAt);
    })();
    latencies?.push(...(await askWhile(api, work)));
  }
  const worst = (values: number[] = []) => Math.max(...values);
  report(`queue 10,000, ${what}: accepted`, `${ms(worst(accepted))} (worst of ${PLAYLISTS})`, {
    ok: worst(accepted) < MAX_ACCEPT_MS,
    budget: `< ${MAX_ACCEPT_MS} ms`,
  });
  report(`queue 10,000, ${what}: all children queued`, `${ms(worst(queued))} (worst of ${PLAYLISTS})`, {
    ok: worst(queued) <= MAX_QUEUED_MS,
    budget: `≤ ${MAX_QUEUED_MS} ms`,
  });
  const [p50, p99] = [quantile(latencies ?? [], 0.5), quantile(latencies ?? [], 0.99)];
  report(
    `queue 10,000, ${what}: API meanwhile`,
    `p50 ${ms(p50)}, p99 ${ms(p99)} of ${latencies?.length} (idle ${ms(quantile(before, 0.5))}, ${ms(quantile(before, 0.99))})`,
    { ok: p99 < MAX_P99_MS, budget: `p99 < ${MAX_P99_MS} ms` },
  );
}

async function queuePlaylist(api: BuiltServer, item: string): Promise<string> {
  const { queueDownload } = await api.execute<{ queueDownload: { task?: { id: string }; message?: string } }>(
    `mutation ($item: String!) { queueDownload(input: { item: $item, type: PLAYLIST }) {
      ... on DownloadQueued { task { id } } ... on Error { message } } }`,
    { item },
  );
  if (!queueDownload.task) throw new Error(queueDownload.message);
  return queueDownload.task.id.replace('Task:', '');
}

/** Until each entry has its task; a few of them run already, for ever. */
async function untilQueued(client: pg.Client, parentId: string): Promise<void> {
  const giveUpAt = performance.now() + GIVE_UP_MS;
  for (;;) {
    const { rows } = await client.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM "Task" WHERE "parentId" = $1 AND "state" IN ('QUEUED', 'RUNNING')`,
      [parentId],
    );
    if (rows[0]?.n === ENTRIES) return;
    if (performance.now() > giveUpAt) throw new Error(`Only ${rows[0]?.n} entries were queued.`);
    await rest(LOOK_EVERY_MS);
  }
}

/** Latencies of other requests, which are sent at their time however long the earlier ones take. */
async function askWhile(api: BuiltServer, work: Promise<unknown>): Promise<number[]> {
  const asked: Promise<number>[] = [];
  const targets = [
    { url: `${api.url}/api/prgs/list?limit=20` },
    { url: `${api.url}/api/history/recent` },
    { url: `${api.url}/graphql`, body: JSON.stringify({ query: '{ taskCounts { queued running } }' }) },
    { url: `${api.url}/api/config` },
    { url: `${api.url}/api/search?q=night&search_type=track` },
  ];
  const timer = setInterval(() => {
    const target = targets[asked.length % targets.length];
    if (target) asked.push(timeOf(target));
  }, ASK_EVERY_MS);
  try {
    await work;
  } finally {
    clearInterval(timer);
  }
  return Promise.all(asked);
}
