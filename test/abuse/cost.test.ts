import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../kit/database.js';
import { leastOf } from '../kit/least.js';
import { followOnOneSocket, greet, greetingOf, LARGEST_GREETING_BYTES, readFirstMessage } from './readers.js';
import { COMMON_WORDS, seedHistory } from './seed-history.js';
import { aliased, postQuery, startWatchedServer, type WatchedServer } from './watched-server.js';

const ACTIVE = 2_000;

let database: TestDatabase;
let server: WatchedServer;

beforeAll(async () => {
  database = await createTestDatabase();
  await seedHistory(database.url, { finished: 110_000, active: ACTIVE });
  server = await startWatchedServer({ DATABASE_URL: database.url, ROLE: 'api' });
  await average(200, cheapest);
});
afterAll(async () => {
  await server.stop();
  await database.drop();
});

async function average(times: number, send: () => Promise<unknown>): Promise<number> {
  await server.measure();
  for (let n = 0; n < times; n += 1) await send();
  return (await server.measure()).cpuMs / times;
}

const cheapest = () => postQuery(server.url, '{ __typename }');
const query = (text: string) => async () =>
  expect(await postQuery(server.url, text)).toMatchObject({ codes: [] });
/** One reason for each field or for all, and no data. */
const refused = (text: string, code: string) => async () => {
  const { codes } = await postQuery(server.url, text);
  expect(new Set(codes)).toEqual(new Set([code]));
};
const get = (path: string) => async () => {
  const response = await fetch(`${server.url}/api${path}`);
  await response.arrayBuffer();
  expect(response.status).toBe(200);
};
const together = (count: number, send: () => Promise<unknown>) => () =>
  Promise.all(Array.from({ length: count }, send));

const PAGE = '{ totalCount edges { cursor } }';
const SEARCH = `history(first: 1, filter: { query: "${COMMON_WORDS}" }) ${PAGE}`;
const FIELDS = '{ edges { node { id title artistNames state } } }';

const follow = (subscriptions: number) => () =>
  followOnOneSocket(server.url, { subscriptions, snapshot: ACTIVE });
const greetAndLeave = async () => {
  const { socket, answer } = await greet(server.url, greetingOf(LARGEST_GREETING_BYTES));
  socket.terminate();
  expect(answer).toBe('connection_ack');
};
/** In quadratic time each alias would take a hundred million steps. */
const askForLongId = async () => {
  const aliases = Array.from({ length: 20 }, (_, n) => `a${n}: track(id: $id) { id }`).join(' ');
  const { codes } = await postQuery(server.url, `query ($id: ID!) { ${aliases} }`, {
    id: `spotify:${'?'.repeat(10_000)}\nx`,
  });
  expect(codes.length).toBeGreaterThan(0);
};

/** What each may cost at most, as so many of the cheapest request. */
const REQUESTS: [string, () => Promise<unknown>, number][] = [
  [
    'one history entry at an offset of 299,000',
    refused(`{ history(first: 1, offset: 299000) ${PAGE} }`, 'INVALID_INPUT'),
    4,
  ],
  ['one history entry at an offset of 100,000', query(`{ history(first: 1, offset: 100000) ${PAGE} }`), 20],
  ['a search for six words', query(`{ ${SEARCH} }`), 25],
  ['20 searches', refused(aliased(20, SEARCH), 'LIMIT_EXCEEDED'), 10],
  [
    '20 × offset 299,000',
    refused(aliased(20, `history(first: 1, offset: 299000) ${PAGE}`), 'LIMIT_EXCEEDED'),
    10,
  ],
  [
    '20 × offset 100,000',
    refused(aliased(20, `history(first: 1, offset: 100000) ${PAGE}`), 'LIMIT_EXCEEDED'),
    10,
  ],
  ['500 history entries', query(`{ history(first: 500) ${FIELDS} }`), 80],
  ['GET /prgs/list with 2,000 active tasks', get('/prgs/list'), 150],
  ['an event stream of 2,000 active tasks', () => readFirstMessage(server.url), 350],
  ['a subscription to 2,000 active tasks', follow(1), 250],
  ['20 such subscriptions on one socket', follow(20), 1_400],
  ['the largest greeting of a WebSocket', greetAndLeave, 8],
  ['20 aliases with an id of 10 kB', askForLongId, 10],
  ['20 searches by REST at once', together(20, get('/history/search?q=night&limit=1')), 20 * 12],
];

describe('the CPU time of the server for', () => {
  it.each(REQUESTS)('%s is bounded', async (_name, send, bound) => {
    await send();
    const units = async () => (await average(5, send)) / (await average(60, cheapest));
    expect(await leastOf(bound, units)).toBeLessThan(bound);
  });
});
