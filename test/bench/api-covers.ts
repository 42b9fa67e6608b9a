import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createBenchDatabase } from './bench-database.js';
import { startBuiltServer } from './built-server.js';
import { launch } from './child-process.js';
import { median, ms, quantile, report } from './figures.js';
import { load, type Measured } from './load.js';

const ROUNDS = 5;
const ROUND_MS = 2_000;
const CONNECTIONS = 10;

/** Reads its one file for each request. */
const BARE = `
  const { createServer } = require('node:http');
  const { readFile } = require('node:fs');
  const server = createServer((request, response) =>
    readFile(process.argv[1], (error, bytes) => response.setHeader('content-type', 'image/jpeg').end(bytes)));
  process.once('SIGTERM', () => process.exit(0));
  server.listen(0, '127.0.0.1', () => console.log('http://127.0.0.1:' + server.address().port));
`;

/** A cover that has been served before, against the same bytes as a static file. */
export async function benchCovers(): Promise<void> {
  const database = await createBenchDatabase();
  const directory = await mkdtemp(join(tmpdir(), 'reprise-bench-'));
  const server = await startBuiltServer({ ...database.env, ROLE: 'api', CATALOG: 'demo' });
  const url = `${server.url}/covers/demo:album:night-ferry/300`;
  const firstAt = performance.now();
  const cover = await (await fetch(url)).arrayBuffer();
  const firstMs = performance.now() - firstAt;
  const file = join(directory, 'cover.jpg');
  await writeFile(file, new Uint8Array(cover));
  const bare = await launch({
    args: ['-e', BARE, file],
    env: {},
    ready: (line) => (line.startsWith('http') ? line : undefined),
  });
  try {
    const rounds: Rounds = { covers: [], bare: [] };
    for (let round = 0; round <= ROUNDS; round++) {
      rounds.covers.push(await press(url));
      rounds.bare.push(await press(bare.ready));
    }
    // The first warms up.
    const [covers, files] = [rounds.covers.slice(1), rounds.bare.slice(1)];
    tell({ covers, bare: files }, { firstMs, bytes: cover.byteLength });
  } finally {
    await bare.process.stop();
    await server.stop();
    await database.drop();
    await rm(directory, { recursive: true, force: true });
  }
}

type Rounds = Record<'covers' | 'bare', Measured[]>;

const press = (url: string) => load({ url }, { connections: CONNECTIONS, durationMs: ROUND_MS });

function tell({ covers, bare }: Rounds, { firstMs, bytes }: { firstMs: number; bytes: number }): void {
  const rate = (rounds: Measured[]) => median(rounds.map(({ requestsPerSecond }) => requestsPerSecond));
  const p99 = quantile(
    covers.flatMap(({ latenciesMs }) => latenciesMs),
    0.99,
  );
  const ratio = `${((100 * rate(covers)) / rate(bare)).toFixed(0)} %`;
  report(
    'a cover of 300 px / a static file',
    `${ratio} (${rate(covers).toFixed(0)} / ${rate(bare).toFixed(0)} requests/s, ${bytes} bytes), p99 ${ms(p99)}`,
  );
  report('the first of a cover: drawn, decoded, encoded', ms(firstMs));
}
