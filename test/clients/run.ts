/**
 * Runs the client in each folder here against the built server, or only those that are named: its `run.sh` installs
 * what it needs, generates its types, and runs its story, whose output must be that of every other one.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';

const HERE = import.meta.dirname;
/** Installing waits for the network, a story for ffmpeg. */
const AT_ONCE = 2;
const LIMIT_SECONDS = '300';

/**
 * Search, progress to the end, files; a second download cancelled and retried; one that is refused. The number in a
 * file's name has its default width: some clients send `null` for every option that their program leaves out.
 */
const STORY = new RegExp(
  String.raw`^Night Ferry, 9 tracks
(?:(?:QUEUED|RUNNING) \d+ %\n)+(?:COMPLETED 100 %\n)+(?<files>(?:MP3 /.+/00\d\. .+\.mp3\n){9})CANCELLED Low Tide Radio
(?:QUEUED|RUNNING) Low Tide Radio
CATALOG_ITEM_NOT_FOUND: .+\n$(?![\s\S])`,
  'm',
);

interface Outcome {
  name: string;
  problem: string | null;
  seconds: number;
}

async function runClient(name: string): Promise<Outcome> {
  const started = performance.now();
  const directory = mkdtempSync(join(tmpdir(), `reprise-${name}-`));
  try {
    const problem = await runInside(directory, name);
    return { name, problem, seconds: (performance.now() - started) / 1000 };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** In a copy, so that a clone stays as it is. */
async function runInside(directory: string, name: string): Promise<string | null> {
  cpSync(join(HERE, 'operations.graphql'), join(directory, 'operations.graphql'));
  cpSync(join(HERE, name), join(directory, name), {
    recursive: true,
    filter: (path) => !/\/(?:node_modules|generated|\.venv)$/.test(path),
  });
  const server = startServer(directory);
  try {
    const url = await untilUp(server);
    server.stdout?.resume();
    const client = spawn('timeout', [LIMIT_SECONDS, 'sh', 'run.sh'], {
      cwd: join(directory, name),
      env: { ...process.env, REPRISE_URL: url },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [output, log, [status]] = await Promise.all([
      text(client.stdout),
      text(client.stderr),
      once(client, 'exit') as Promise<[number | null]>,
    ]);
    return status === 0 ? problemOf(output) : `status ${status}\n${output}${log}`;
  } finally {
    await stop(server);
  }
}

function problemOf(output: string): string | null {
  const files = STORY.exec(output)?.groups?.['files'];
  if (files === undefined) return `unexpected output:\n${output}`;
  const missing = files
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/^MP3 /, ''))
    .filter((path) => !existsSync(path));
  return missing.length === 0 ? null : `missing files: ${missing.join(', ')}`;
}

function startServer(directory: string): ChildProcess {
  const home = { DATA_DIR: join(directory, 'data'), DOWNLOAD_DIR: join(directory, 'downloads') };
  return spawn(process.execPath, ['dist/main.js'], {
    cwd: join(HERE, '../..'),
    env: { ...process.env, ...home, HOST: '127.0.0.1', PORT: '0', LOG_LEVEL: 'info' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

async function untilUp({ stdout }: ChildProcess): Promise<string> {
  if (!stdout) throw new Error('The server has no output.');
  for await (const line of createInterface({ input: stdout })) {
    const { msg, url } = JSON.parse(line) as { msg: string; url: string };
    if (msg === 'Reprise is up') return url;
  }
  throw new Error('The server ended before it was up.');
}

async function stop(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const ended = once(server, 'exit');
  server.kill('SIGTERM');
  await ended;
}

const folders = readdirSync(HERE, { withFileTypes: true }).filter((entry) => entry.isDirectory());
const [, , ...named] = process.argv;
const waiting = named.length > 0 ? named : folders.map(({ name }) => name);
const outcomes: Outcome[] = [];

async function work(): Promise<void> {
  for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
    const outcome = await runClient(name);
    outcomes.push(outcome);
    const result = outcome.problem === null ? 'ok' : `FAILED: ${outcome.problem}`;
    console.log(`${outcome.name} (${outcome.seconds.toFixed(1)} s): ${result}`);
  }
}

await Promise.all(Array.from({ length: AT_ONCE }, work));
const failed = outcomes.filter(({ problem }) => problem !== null).length;
console.log(`${outcomes.length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 && outcomes.length > 0 ? 0 : 1;
