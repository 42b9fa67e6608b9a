/**
 * `npm run bench [-- name …]`: prints each budget of the design as a ratio against a baseline of the same run. A name
 * is that of a group, or of one of its benches: `api`, `api history`, `start`.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { benchChildren } from './api-children.js';
import { benchCovers } from './api-covers.js';
import { benchFanout } from './api-fanout.js';
import { benchHistory } from './api-history.js';
import { benchList } from './api-list.js';
import { benchQueue } from './api-queue.js';
import { benchSignIn } from './api-sign-in.js';
import { createBenchDatabase } from './bench-database.js';
import { benchDispatch } from './dispatch.js';
import { benchCopies, benchTracks } from './pipeline.js';
import { benchStart } from './start.js';
import { benchIdleWatches, benchWatchChecks, benchWatchMemory } from './watches.js';

const BENCHES: Record<string, Record<string, () => Promise<void>>> = {
  pipeline: { tracks: benchTracks, copies: benchCopies, dispatch: benchDispatch },
  api: {
    list: benchList,
    history: benchHistory,
    children: benchChildren,
    queue: benchQueue,
    fanout: benchFanout,
    'sign-in': benchSignIn,
    covers: benchCovers,
  },
  watches: { checks: benchWatchChecks, memory: benchWatchMemory, idle: benchIdleWatches },
  start: { start: benchStart },
};

type Bench = [name: string, run: () => Promise<void>];

/** The benches that these names mean, in their usual order; all when there are none. */
function choose(names: readonly string[]): Bench[] {
  const all = Object.entries(BENCHES).flatMap(([group, benches]) =>
    Object.entries(benches).map(([name, run]) => ({ group, name, run })),
  );
  const known = new Set(all.flatMap(({ group, name }) => [group, name]));
  const unknown = names.filter((name) => !known.has(name));
  if (unknown.length > 0) {
    process.stderr.write(`No bench ${unknown.join(', ')}; there is: ${[...known].join(', ')}.\n`);
    process.exit(2);
  }
  // A group that is named beside some of its benches is narrowed to them.
  const narrowed = (group: string) => names.some((name) => name !== group && BENCHES[group]?.[name]);
  return all
    .filter(
      ({ group, name }) =>
        names.length === 0 || names.includes(name) || (names.includes(group) && !narrowed(group)),
    )
    .map(({ name, run }) => [name, run]);
}

async function describeRun(): Promise<string> {
  const [cpu] = cpus();
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  const database = await createBenchDatabase();
  await database.drop();
  return [
    `Reprise ${version} (${commit()}), Node ${process.version}, ${database.version}, jobs on ${process.env['MONGODB_URL'] ? 'MongoDB' : 'PostgreSQL'}`,
    `${process.platform}, ${cpus().length} × ${cpu?.model ?? '?'}, ${Math.round(totalmem() / 2 ** 30)} GiB, load average before ${loadavg()
      .map((load) => load.toFixed(2))
      .join(' ')}`,
  ].join('\n');
}

/** Of a checkout; a package has none. */
function commit(): string {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return 'no checkout';
  }
}

const chosen = choose(process.argv.slice(2));
process.stdout.write(`${await describeRun()}\n`);
for (const [, run] of chosen) await run();
