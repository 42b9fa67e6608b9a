import { createClient } from 'graphql-ws';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { createTestDatabase, type TestDatabase } from '../kit/database.js';
import { seedHistory } from './seed-history.js';
import { postQuery, startWatchedServer, type WatchedServer } from './watched-server.js';

const ACTIVE = 5_000;
const READERS = 20;

let database: TestDatabase;
let server: WatchedServer;

beforeAll(async () => {
  database = await createTestDatabase();
  await seedHistory(database.url, { finished: 1_000, active: ACTIVE });
  server = await startWatchedServer({ DATABASE_URL: database.url, ROLE: 'api' });
});
afterAll(async () => {
  await server.stop();
  await database.drop();
});

/** The number of tasks in the first message of an event stream; the status when it is refused. */
async function readFirstMessage(): Promise<number> {
  const leaving = new AbortController();
  const { status, body } = await fetch(`${server.url}/api/prgs/stream`, { signal: leaving.signal });
  if (status !== 200) return status;
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.includes('\n\n')) break;
  }
  leaving.abort();
  const data = text.slice(text.indexOf('data: ') + 6, text.indexOf('\n\n'));
  return (JSON.parse(data) as { tasks: unknown[] }).tasks.length;
}

/** The CPU time that the server takes for `work`, in milliseconds. */
async function costOf(work: () => Promise<unknown>): Promise<number> {
  await server.measure();
  await work();
  return (await server.measure()).cpuMs;
}

/** The middle of three, after one that warms the server up. */
async function costOfOne(): Promise<number> {
  await readFirstMessage();
  const costs = [
    await costOf(readFirstMessage),
    await costOf(readFirstMessage),
    await costOf(readFirstMessage),
  ];
  return costs.sort((a, b) => a - b)[1] ?? Number.NaN;
}

test('20 event streams at once are all answered, for much less than 20 times the cost of one', async () => {
  const one = await costOfOne();
  let counts: number[] = [];
  const all = await costOf(async () => {
    counts = await Promise.all(Array.from({ length: READERS }, readFirstMessage));
  });
  expect(counts).toEqual(Array.from({ length: READERS }, () => ACTIVE));
  expect(all / one).toBeLessThan(8);
});

test('10 event streams that are cut before their first message cost little more than one that is read', async () => {
  const one = await costOfOne();
  const cut = await costOf(async () => {
    for (let n = 0; n < 10; n += 1) {
      const leaving = new AbortController();
      const asked = fetch(`${server.url}/api/prgs/stream`, { signal: leaving.signal }).catch(() => null);
      await postQuery(server.url, '{ __typename }');
      leaving.abort();
      await asked;
    }
    // What they left running would go on behind this.
    await readFirstMessage();
  });
  expect(cut / one).toBeLessThan(4);
});

/** Subscribes on one socket and waits for the whole snapshot of each. */
async function followOnOneSocket(subscriptions: number): Promise<number[]> {
  const client = createClient({
    url: `${server.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
  });
  const follow = async () => {
    let count = 0;
    for await (const { errors } of client.iterate({
      query: 'subscription { taskUpdates { task { id state } } }',
    })) {
      if (errors) throw new Error(JSON.stringify(errors));
      count += 1;
      if (count === ACTIVE) break;
    }
    return count;
  };
  try {
    return await Promise.all(Array.from({ length: subscriptions }, follow));
  } finally {
    await client.dispose();
  }
}

test('20 subscriptions on one socket get their snapshots, for less than half of 20 times the cost of one', async () => {
  await followOnOneSocket(1);
  const one = await costOf(() => followOnOneSocket(1));
  let counts: number[] = [];
  const all = await costOf(async () => {
    counts = await followOnOneSocket(READERS);
  });
  expect(counts).toEqual(Array.from({ length: READERS }, () => ACTIVE));
  expect(all / one).toBeLessThan(READERS / 2);
});
