import pg from 'pg';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../kit/database.js';
import { leastOf } from '../kit/least.js';
import { stretchNow, waitFor } from '../kit/wait-for.js';
import { COMMON_WORDS, seedHistory } from './seed-history.js';
import { aliased, postQuery, startWatchedServer, type WatchedServer } from './watched-server.js';

let database: TestDatabase;
let server: WatchedServer;
/** Of a download that never ends. */
let readDownload: () => Promise<{ state: string; attempt: number }>;

beforeAll(async () => {
  database = await createTestDatabase();
  await seedHistory(database.url, { finished: 300_000, active: 2_000, activeState: 'PAUSED' });
  server = await startWatchedServer({ DATABASE_URL: database.url });
  readDownload = await startDownload();
});
afterAll(async () => {
  await server.stop();
  await database.drop();
});

const SEARCH = `history(first: 1, filter: { query: "${COMMON_WORDS}" }) { totalCount edges { cursor } }`;
const DEEP = 'history(first: 1, offset: 100000) { totalCount edges { cursor } }';
/** Just below the limit of complexity. */
const DEAREST = `{ a: ${SEARCH} b: ${SEARCH} c: ${SEARCH} d: ${DEEP} e: ${DEEP} }`;
/** Refused by now. */
const REFUSED = [
  aliased(
    20,
    'history(first: 1, offset: 290000, filter: { query: "title" }) { totalCount edges { cursor } }',
  ),
  aliased(20, 'history(first: 1, offset: 100000) { edges { cursor } }'),
  aliased(20, 'history(first: 1, filter: { query: "blue" }) { totalCount }'),
];

async function startDownload(): Promise<typeof readDownload> {
  const queued = await postQuery(
    server.url,
    'mutation { queueDownload(input: { item: "demo:night-ferry-1-01", type: TRACK }) { __typename ... on DownloadQueued { task { id } } } }',
  );
  const { task } = queued.data?.['queueDownload'] as { task: { id: string } };
  const read = async () => {
    const { data } = await postQuery(server.url, `{ task(id: "${task.id}") { state attempt } }`);
    return data?.['task'] as { state: string; attempt: number };
  };
  await waitFor(async () => (await read()).state === 'RUNNING', { what: 'the download to run' });
  return read;
}

/** Polls readiness until the returned function is called, which tells the statuses. */
function watchReadiness(): () => Promise<number[]> {
  const statuses = new Set<number>();
  let over = false;
  const watching = (async () => {
    while (!over) {
      statuses.add((await fetch(`${server.url}/readyz`)).status);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  })();
  const stop = async () => {
    over = true;
    await watching;
    return [...statuses];
  };
  onTestFinished(() => void stop());
  return stop;
}

const BUSY = ['LIMIT_EXCEEDED', 'READ_TIMEOUT', 'INVALID_INPUT'];

/** Sends all at once, three times over: a few are answered, the rest refused, and nothing else suffers. */
async function expectNoHarm(requests: readonly (() => Promise<string[]>)[]): Promise<void> {
  const bound = stretchNow(200);
  expect(await leastOf(bound, () => longestBlockDuring(requests))).toBeLessThan(bound);
}

async function longestBlockDuring(requests: readonly (() => Promise<string[]>)[]): Promise<number> {
  await server.measure();
  const stop = watchReadiness();
  let answered = 0;
  for (let round = 0; round < 3; round += 1) {
    const answers = await Promise.all(requests.map((send) => send()));
    expect(answers.flat().filter((code) => !BUSY.includes(code))).toEqual([]);
    answered += answers.filter((codes) => codes.length === 0).length;
  }
  expect(answered).toBeGreaterThan(0);
  // A check of readiness has a time limit, too: on a busy machine one may fail in one round.
  const isReady = (await stop()).every((status) => status === 200);
  expect(await readDownload()).toEqual({ state: 'RUNNING', attempt: 1 });
  const { longestBlockMs } = await server.measure();
  return isReady ? longestBlockMs : Infinity;
}

const codesOf = (query: string) => async () => (await postQuery(server.url, query)).codes;
/** The codes of a REST response, by its status: empty when it was answered. */
const codesOfPath = (path: string) => async () => {
  const response = await fetch(`${server.url}/api${path}`);
  await response.arrayBuffer();
  if (response.status === 200) return [];
  return [response.status === 429 ? 'LIMIT_EXCEEDED' : `status ${response.status}`];
};

test('40 of the dearest requests, three times over, harm neither a running download nor the server', async () => {
  for (const query of [DEAREST, ...REFUSED]) await postQuery(server.url, query);
  const dearest = Array.from({ length: 40 }, () => DEAREST);
  await expectNoHarm([...dearest, ...REFUSED].map(codesOf));
});

const LONG_PAGES = aliased(20, 'history(first: 100) { edges { node { id title artistNames state } } }');

test.each([
  ['48 lists of 1,000 active tasks', 48, codesOfPath('/prgs/list')],
  ['48 polls of 1,000 active tasks', 48, codesOfPath('/prgs/updates')],
  ['40 queries for 20 pages of 100', 40, codesOf(LONG_PAGES)],
])('%s at once, three times over, harm no more', async (_what, count, send) => {
  await send();
  await expectNoHarm(Array.from({ length: count }, () => send));
});

test('clients that leave in the middle of a large response keep no place', async () => {
  const leave = (ms: number) =>
    fetch(`${server.url}/api/prgs/list`, { signal: AbortSignal.timeout(ms) }).then(
      (response) => response.status,
      () => null,
    );
  const statuses = await Promise.all(Array.from({ length: 20 }, (_, n) => leave(10 * n)));
  expect(statuses).toContain(null);
  expect(await codesOfPath('/prgs/list')()).toEqual([]);
});

/** Holds every read of the tasks back meanwhile. */
async function whileLocked<T>(work: () => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  try {
    await client.query('BEGIN; LOCK TABLE "Task" IN ACCESS EXCLUSIVE MODE');
    return await work();
  } finally {
    await client.end();
  }
}

/** Statements of a search that the lock holds back. */
async function countWaiting(): Promise<number> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  try {
    const { rows } = await client.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM pg_stat_activity
       WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%"searchText" LIKE%'`,
    );
    return rows[0]?.n ?? 0;
  } finally {
    await client.end();
  }
}

test('statements of a client that has gone are cancelled in the database, before their time limit', async () => {
  expect(await leastOf(4_000, timeToCancel)).toBeLessThan(4_000);
});

/** The time limit is 5 s. */
function timeToCancel(): Promise<number> {
  return whileLocked(async () => {
    const leaving = new AbortController();
    const asked = fetch(`${server.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: aliased(3, SEARCH) }),
      signal: leaving.signal,
    }).catch(() => null);
    await waitFor(async () => (await countWaiting()) === 3, { what: 'three statements to wait' });
    const leftAt = performance.now();
    leaving.abort();
    await waitFor(async () => (await countWaiting()) === 0, { what: 'the statements to be cancelled' });
    const tookMs = performance.now() - leftAt;
    await asked;
    return tookMs;
  });
}

test('a statement that takes too long has a code of its own', async () => {
  const { codes } = await whileLocked(() => postQuery(server.url, `{ ${SEARCH} }`));
  expect(codes).toEqual(['READ_TIMEOUT']);
});
