/**
 * Runs the client in each folder here against the built server, or only those that are named: its `run.sh` installs
 * what it needs, generates its types, and runs its story. All stories print the same.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';

const HERE = import.meta.dirname;
/** One waits for its packages while the other computes. */
const AT_ONCE = 2;
const LIMIT_SECONDS = '300';

/**
 * Search, progress to the end, files; a second download canceled and retried; one that is refused. The number in a
 * file's name has its default width: some clients send `null` for every option that their program leaves out.
 */
function storyIn(words: { active: string; done: string; cancelled: string; refused: string }): RegExp {
  return new RegExp(
    String.raw`^Night Ferry, 9 tracks
(?:(?:${words.active}) \d+ %\n)+(?:${words.done} 100 %\n)+(?<files>(?:MP3 /.+/00\d\. .+\.mp3\n){9})${words.cancelled}
(?:${words.active}) Low Tide Radio
${words.refused}.+\n$(?![\s\S])`,
    'm',
  );
}

const GRAPHQL_STORY = storyIn({
  active: 'QUEUED|RUNNING',
  done: 'COMPLETED',
  cancelled: 'CANCELLED Low Tide Radio',
  refused: 'CATALOG_ITEM_NOT_FOUND: ',
});
const REST_STORY = storyIn({
  active: 'queued|processing|initializing|real-time',
  done: 'done',
  cancelled: 'cancelled',
  refused: 'demo has no album',
});

/** What went wrong; null when nothing did. */
async function runClient(name: string): Promise<string | null> {
  const directory = mkdtempSync(join(tmpdir(), `reprise-${name}-`));
  try {
    return await runInside(directory, name);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** In a copy, so that a clone stays as it is. */
async function runInside(directory: string, name: string): Promise<string | null> {
  cpSync(join(HERE, 'operations.graphql'), join(directory, 'operations.graphql'));
  cpSync(join(HERE, name), join(directory, name), {
    recursive: true,
    filter: (path) => !/\/(?:node_modules|\.venv)$/.test(path),
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
    return status === 0 ? problemOf(name, output) : `status ${status}\n${output}${log}`;
  } finally {
    await stop(server);
  }
}

function problemOf(name: string, output: string): string | null {
  const story = name.startsWith('openapi-') ? REST_STORY : GRAPHQL_STORY;
  const files = story.exec(output)?.groups?.['files'];
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
    env: { ...process.env, ...home, HOST: '127.0.0.1', PORT: '0', LOG_LEVEL: 'info', CATALOG: 'demo' },
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

async function work(): Promise<void> {
  for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
    const started = performance.now();
    const problem = await runClient(name);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(`${name} (${seconds} s): ${problem === null ? 'the story runs' : `FAILED: ${problem}`}`);
    if (problem !== null) process.exitCode = 1;
  }
}

await Promise.all(Array.from({ length: AT_ONCE }, work));
