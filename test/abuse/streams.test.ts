import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../kit/database.js';
import { leastOf } from '../kit/least.js';
import { followOnOneSocket, readFirstMessage } from './readers.js';
import { seedHistory } from './seed-history.js';
import { postQuery, startWatchedServer, type WatchedServer } from './watched-server.js';

const ACTIVE = 1_500;
const READERS = 20;
const EACH_WHOLE = Array.from({ length: READERS }, () => ACTIVE);

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

const readStream = () => readFirstMessage(server.url);
const follow = (subscriptions: number) => followOnOneSocket(server.url, { subscriptions, snapshot: ACTIVE });

/** The CPU time that the server takes for `work`, in milliseconds. */
async function costOf(work: () => Promise<unknown>): Promise<number> {
  await server.measure();
  await work();
  return (await server.measure()).cpuMs;
}

/** The middle of three, after one that warms the server up. */
async function costOfOne(): Promise<number> {
  await readStream();
  const costs = [await costOf(readStream), await costOf(readStream), await costOf(readStream)];
  return costs.sort((a, b) => a - b)[1] ?? Number.NaN;
}

test('20 event streams at once are all answered, for much less than 20 times the cost of one', async () => {
  const readAll = async () => {
    const counts = await Promise.all(Array.from({ length: READERS }, readStream));
    expect(counts).toEqual(EACH_WHOLE);
  };
  expect(await leastOf(8, async () => (await costOf(readAll)) / (await costOfOne()))).toBeLessThan(8);
});

test('10 event streams that are cut before their first message cost little more than one that is read', async () => {
  const cut = async () => {
    for (let n = 0; n < 10; n += 1) {
      const leaving = new AbortController();
      const asked = fetch(`${server.url}/api/prgs/stream`, { signal: leaving.signal }).catch(() => null);
      await postQuery(server.url, '{ __typename }');
      leaving.abort();
      await asked;
    }
    // What they left running would go on behind this.
    await readStream();
  };
  expect(await leastOf(4, async () => (await costOf(cut)) / (await costOfOne()))).toBeLessThan(4);
});

test('event streams that are cut at any moment of their start leave the server up', async () => {
  const cutAfter = async (turns: number) => {
    const leaving = new AbortController();
    const asked = fetch(`${server.url}/api/prgs/stream`, { signal: leaving.signal }).catch(() => null);
    for (let turn = 0; turn < turns; turn += 1) await nextTurn();
    leaving.abort();
    await asked;
  };
  const cutMany = async () => {
    for (let n = 0; n < 150; n += 1) await cutAfter(n * 8);
  };
  await Promise.all([cutMany(), cutMany(), cutMany(), cutMany()]);
  expect(await readStream()).toBe(ACTIVE);
});

test('20 subscriptions on one socket get their snapshots, for less than half of 20 times the cost of one', async () => {
  await follow(1);
  const followAll = async () => expect(await follow(READERS)).toEqual(EACH_WHOLE);
  const ratio = async () => (await costOf(followAll)) / (await costOf(() => follow(1)));
  expect(await leastOf(READERS / 2, ratio)).toBeLessThan(READERS / 2);
});
