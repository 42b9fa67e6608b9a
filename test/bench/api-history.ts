import type pg from 'pg';
import { encodeCursor, type PageKey } from '../../src/database/pagination.js';
import { createBenchDatabase } from './bench-database.js';
import { startBuiltServer, type BuiltServer } from './built-server.js';
import { ms, quantile, report } from './figures.js';
import { timeOf, type Target } from './load.js';
import { seedTasks, WORDS } from './seed.js';

/** Of these and the parts of one list in 32, a million rows. */
const TOP_LEVEL = 800_000;
const SEED = { topLevel: TOP_LEVEL, listEvery: 32, partsPerList: 8, live: 50 };
const SAMPLES = 200;
const WARM_UP = 20;
const MAX_P99_MS = 30;

interface Case {
  name: string;
  target: Target;
  /** Rows that the answer should have, so that nothing is measured that finds nothing by mistake. */
  rows: (count: number) => boolean;
}

const some = (count: number) => count > 0;
const none = (count: number) => count === 0;

/** Pages and searches of a history of a million rows, one request after another. */
export async function benchHistory(): Promise<void> {
  const database = await createBenchDatabase();
  const startedAt = performance.now();
  await seedTasks(database.client, SEED);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
  const { rows } = await database.client.query<{ n: string }>('SELECT count(*) AS n FROM "Task"');
  report('history: seeding', `${seconds} s for ${Number(rows[0]?.n).toLocaleString('en')} rows`);
  const server = await startBuiltServer({ ...database.env, ROLE: 'api' });
  try {
    for (const one of await listCases(server, database.client)) await measure(one);
  } finally {
    await server.stop();
    await database.drop();
  }
}

async function listCases(server: BuiltServer, client: pg.Client): Promise<Case[]> {
  const get = (name: string, path: string, rows = some): Case => ({
    name,
    rows,
    target: { url: `${server.url}/api${path}` },
  });
  const find = (words: string) => `/history/search?q=${encodeURIComponent(words)}`;
  return [
    get('history: first page (100)', '/history'),
    get('history: page at 10,000', '/history?offset=10000'),
    get('history: page at 100,000', '/history?offset=100000'),
    get('history: failed', '/history?status=failed'),
    get('history: failed, page at 10,000', '/history?status=failed&offset=10000'),
    get('history: partial albums', '/history?status=partial&download_type=album'),
    get('history: cancelled artists', '/history?status=cancelled&download_type=artist'),
    get('history: in progress', '/history?status=in_progress'),
    get('history: recent', '/history/recent'),
    ...(await listCursorCases(server, client)),
    get('search: a rare word', find(WORDS.rare.toLowerCase())),
    get('search: a rare word without its accents', find('ZWOLFKAMPFER')),
    get('search: a common word', find('senorita')),
    get('search: two common words', find('señorita night')),
    get('search: a word of some', find('kalomir')),
    get('search: a short word', find('of')),
    get('search: no hit', find(WORDS.none), none),
    get('search: no hit, of common parts', find('nightsenorita'), none),
  ];
}

const PAGE = `query ($after: String) { history(filter: {}, first: 50, after: $after) {
  edges { node { id title state historyStatus artistNames } } pageInfo { endCursor }
} }`;

/** A cursor from the middle of it all: where a reader who scrolls would be after half a million rows. */
async function listCursorCases(server: BuiltServer, client: pg.Client): Promise<Case[]> {
  const { rows } = await client.query<PageKey>(
    'SELECT "id", "createdAt" FROM "Task" WHERE "parentId" IS NULL ORDER BY "createdAt" DESC, "id" DESC OFFSET $1 LIMIT 1',
    [TOP_LEVEL / 2],
  );
  const [middle] = rows;
  if (!middle) throw new Error('There is no task in the middle.');
  const body = (variables: object) => JSON.stringify({ query: PAGE, variables });
  const url = `${server.url}/graphql`;
  const after = encodeCursor(middle);
  return [
    { name: 'GraphQL history: first 50', target: { url, body: body({}) }, rows: some },
    { name: 'GraphQL history: 50 after half of all', target: { url, body: body({ after }) }, rows: some },
  ];
}

async function measure({ name, target, rows }: Case): Promise<void> {
  const found = await rowsIn(target);
  if (!rows(found)) throw new Error(`${name} found ${found} rows.`);
  for (let n = 0; n < WARM_UP; n++) await timeOf(target);
  const latencies: number[] = [];
  for (let n = 0; n < SAMPLES; n++) latencies.push(await timeOf(target));
  const [p50, p99] = [quantile(latencies, 0.5), quantile(latencies, 0.99)];
  report(name, `p50 ${ms(p50)}, p99 ${ms(p99)} (${found} rows)`, {
    ok: p99 < MAX_P99_MS,
    budget: `p99 < ${MAX_P99_MS} ms`,
  });
}

async function rowsIn({ url, body }: Target): Promise<number> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, body === undefined ? {} : { method: 'POST', headers, body });
  const text = await response.text();
  if (!response.ok || text.includes('"errors"')) throw new Error(`${url} answered ${text}`);
  const answer = JSON.parse(text) as {
    downloads?: object[];
    results?: object[];
    data?: { history: { edges: object[] } };
  };
  return (answer.downloads ?? answer.results ?? answer.data?.history.edges ?? []).length;
}
