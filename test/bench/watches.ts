import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as rest } from 'node:timers/promises';
import { createClient } from 'graphql-ws';
import type pg from 'pg';
import { WebSocket } from 'ws';
import { createBenchDatabase } from './bench-database.js';
import { startBuiltServer, type BuiltServer } from './built-server.js';
import { ms, report } from './figures.js';

const SCRIPT = ['--expose-gc', '--import', 'tsx', 'test/bench/playlist-server.ts'];
const LOOK_EVERY_MS = 20;
const GIVE_UP_MS = 600_000;
const MAX_CHECK_MS = 10_000;
/** A list fifty times as long may take so much more, for what the server keeps of 50,000 tasks besides. */
const MAX_GROWTH_MB = 16;

/** A list of 10,000 whose pages cost nothing: what is left is our own. */
export async function benchWatchChecks(): Promise<void> {
  await withServer({}, async ({ server, client }) => {
    await checkFirst(server, client, { entries: 500, downloads: true });
    const read = await checkFirst(server, client, { entries: 10_000, downloads: false });
    const again = await checkAgain(server, client, read.id);
    const queued = await checkFirst(server, client, { entries: 10_000, downloads: true, name: 'queued' });
    for (const [what, took] of [
      ['first check', read.tookMs],
      ['next check, nothing new', again],
      ['first check, all queued', queued.tookMs],
    ] as const) {
      report(`watch a list of 10,000: ${what}`, ms(took), {
        ok: took <= MAX_CHECK_MS,
        budget: `≤ ${MAX_CHECK_MS / 1000} s`,
      });
    }
  });
}

const SAMPLED_MS = 1_000;

/** At the same server, the shortest list first. */
export async function benchWatchMemory(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'reprise-bench-heap-'));
  const heapFile = join(directory, 'heap');
  try {
    await withServer({ HEAP_FILE: heapFile }, async ({ server, client }) => {
      await checkFirst(server, client, { entries: 500, downloads: true });
      const peaks: number[] = [];
      for (const entries of [1_000, 10_000, 50_000]) {
        const fromMs = Date.now();
        await checkFirst(server, client, { entries, downloads: true });
        // For a sample after the shortest check too.
        await rest(SAMPLED_MS);
        peaks.push(await peakMb(heapFile, fromMs));
      }
      const [least = 0, , most = 0] = peaks;
      report(
        'memory in use, lists of 1,000, 10,000, 50,000',
        `at most ${peaks.map((peak) => `${peak.toFixed(0)} MB`).join(', ')}, all queued`,
        { ok: most - least < MAX_GROWTH_MB, budget: `grows < ${MAX_GROWTH_MB} MB` },
      );
    });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function peakMb(heapFile: string, fromMs: number): Promise<number> {
  const lines = (await readFile(heapFile, 'utf8')).trim().split('\n');
  const samples = lines.map((line) => line.split(' ').map(Number));
  return Math.max(...samples.map(([at = 0, bytes = 0]) => (at >= fromMs ? bytes : 0))) / 1e6;
}

const IDLE_WATCHES = 1_000;
const SUBSCRIBERS = 20;
const IDLE_MS = 20_000;
const SETTLE_MS = 3_000;
const MAX_IDLE_PERCENT = 1;

/** The same server without them first. */
export async function benchIdleWatches(): Promise<void> {
  await withServer({}, async ({ server, client }) => {
    await rest(SETTLE_MS);
    const without = await idlePercent(server);
    await client.query(IDLE, [IDLE_WATCHES]);
    const close = await subscribeAll(server);
    await rest(SETTLE_MS);
    const withAll = await idlePercent(server);
    close();
    report(
      `${IDLE_WATCHES} watches, ${SUBSCRIBERS} subscribers, between checks`,
      `${(withAll - without).toFixed(2)} % of a core (${withAll.toFixed(2)} %, without ${without.toFixed(2)} %)`,
      { ok: withAll - without < MAX_IDLE_PERCENT, budget: `< ${MAX_IDLE_PERCENT} %` },
    );
  });
}

async function idlePercent(server: BuiltServer): Promise<number> {
  const [cpuMs, startedAt] = [server.cpuMs(), performance.now()];
  await rest(IDLE_MS);
  return (100 * (server.cpuMs() - cpuMs)) / (performance.now() - startedAt);
}

const IDLE = `
  INSERT INTO "Watch" ("id", "kind", "ownerId", "itemId", "title", "item", "downloadExisting", "downloadNew",
    "albumGroups", "nextCheckAt", "lastCheckedAt", "outcome")
  SELECT gen_random_uuid(), 'PLAYLIST', '00000000-0000-4000-8000-000000000001', 'bench:500-' || n, 'Playlist ' || n,
    jsonb_build_object('type', 'PLAYLIST', 'id', 'bench:500-' || n, 'title', 'Playlist ' || n, 'description', NULL,
      'owner', jsonb_build_object('id', 'bench:owner', 'name', 'Owner'), 'total', 500, 'revision', NULL,
      'images', '[]'::jsonb, 'url', NULL),
    false, true, '{}', now() + interval '1 hour', now(), 'CHECKED'
  FROM generate_series(1, $1::int) AS n`;

/** Until each has its snapshot. */
async function subscribeAll({ url }: BuiltServer): Promise<() => void> {
  const clients = Array.from({ length: SUBSCRIBERS }, () =>
    createClient({ url: `${url.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket, lazy: false }),
  );
  const query = 'subscription { watchUpdates { sequence initial watch { id title nextCheckAt } } }';
  await Promise.all(
    clients.map(async (each) => {
      const updates = each.iterate({ query });
      for (let seen = 0; seen < IDLE_WATCHES; seen += 1) await updates.next();
      void updates.next();
    }),
  );
  return () => clients.forEach((each) => void each.dispose());
}

interface Place {
  server: BuiltServer;
  client: pg.Client;
}

async function withServer(env: Record<string, string>, work: (place: Place) => Promise<void>): Promise<void> {
  const database = await createBenchDatabase();
  const server = await startBuiltServer({ ...database.env, ...env }, { script: SCRIPT });
  try {
    await server.execute(`mutation { updateWatchSettings(input: {
      enabled: true, delayBetweenPlaylistsSeconds: 0, maxConcurrentChecks: 1 }) { __typename } }`);
    await work({ server, client: database.client });
  } finally {
    // What the source never gives would hold it for all of its grace.
    await server.stop({ signal: 'SIGKILL' });
    await database.drop();
  }
}

interface List {
  entries: number;
  downloads: boolean;
  name?: string;
}

async function checkFirst(
  server: BuiltServer,
  client: pg.Client,
  { entries, downloads, name = 'list' }: List,
): Promise<{ id: string; tookMs: number }> {
  const startedAt = performance.now();
  const { watch } = await server.execute<{ watch: { watch?: { id: string }; message?: string } }>(
    `mutation ($item: String!, $downloads: Boolean!) {
      watch(input: { item: $item, kind: PLAYLIST, downloadExisting: $downloads }) {
        ... on WatchSaved { watch { id } } ... on Error { message } } }`,
    { item: `bench:${entries}-${name}`, downloads },
  );
  if (!watch.watch) throw new Error(watch.message);
  const id = watch.watch.id.replace('Watch:', '');
  await untilChecked(client, id);
  return { id, tookMs: performance.now() - startedAt };
}

async function checkAgain(server: BuiltServer, client: pg.Client, id: string): Promise<number> {
  const startedAt = performance.now();
  await client.query('UPDATE "Watch" SET "lastCheckedAt" = NULL WHERE "id" = $1', [id]);
  await server.execute(`mutation ($id: ID!) { checkWatch(id: $id) { __typename } }`, { id });
  await untilChecked(client, id);
  return performance.now() - startedAt;
}

async function untilChecked(client: pg.Client, id: string): Promise<void> {
  const giveUpAt = performance.now() + GIVE_UP_MS;
  for (;;) {
    const { rows } = await client.query<{ checked: boolean; error: string | null }>(
      'SELECT "lastCheckedAt" IS NOT NULL AS checked, "errorMessage" AS error FROM "Watch" WHERE "id" = $1',
      [id],
    );
    if (rows[0]?.error) throw new Error(rows[0].error);
    if (rows[0]?.checked) return;
    if (performance.now() > giveUpAt) throw new Error(`The check of ${id} did not finish.`);
    await rest(LOOK_EVERY_MS);
  }
}
