/**
 * Packs the program, installs the tarball into an empty folder as its users do, with whatever Node runs this, and sees
 * that every native part works there: the embedded PostgreSQL, ffmpeg and ffprobe, the Prisma client, WebSockets.
 * Install scripts are off, as npm 12 has them. Ends with status 0 when all is well.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';

const { fetch } = globalThis;

const QUEUE = `mutation { queueDownload(input: { item: "demo:night-ferry-1-01", options: { format: MP3 } }) {
  __typename ... on DownloadQueued { task { id } } } }`;
const UPDATES = 'subscription { taskUpdates(since: "0") { task { id state error { message } } } }';
const FINISHED = ['COMPLETED', 'SKIPPED', 'FAILED', 'CANCELLED'];

async function get(url) {
  const response = await fetch(url);
  assert.equal(response.status, 200, `${url} answers ${response.status}: ${await response.clone().text()}`);
  return response.json();
}

async function execute(url, query) {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ query }),
  });
  const { data, errors } = await response.json();
  assert.equal(errors, undefined, JSON.stringify(errors));
  return data;
}

/** How the task ended, from the live updates. */
async function followToTheEnd(url, id) {
  const client = createClient({ url: `${url.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket });
  try {
    for await (const { data } of client.iterate({ query: UPDATES })) {
      const { task } = data.taskUpdates;
      if (task.id === id && FINISHED.includes(task.state)) return task;
    }
  } finally {
    await client.dispose();
  }
}

async function checkServer(url) {
  await get(`${url}/healthz`);
  await get(`${url}/readyz`);
  assert.ok((await get(`${url}/api/prgs/list`)).tasks, 'the REST layer lists no tasks');
  const { queueDownload } = await execute(url, QUEUE);
  assert.equal(queueDownload.__typename, 'DownloadQueued');
  const task = await followToTheEnd(url, queueDownload.task.id);
  assert.equal(task.state, 'COMPLETED', task.error?.message);
}

/** The address that the server logs when it is up. */
async function untilUp(server) {
  for await (const line of createInterface({ input: server.stdout })) {
    const { msg, url } = JSON.parse(line);
    if (msg === 'Reprise is up') return url;
  }
  throw new Error('The server ended before it was up.');
}

/** Where the program is, installed from what `npm pack` makes of this folder. */
function install(root) {
  const options = { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] };
  const [packed] = JSON.parse(
    execFileSync('npm', ['pack', '--json', '--silent', '--pack-destination', root], options),
  );
  const strange = packed.files.filter(({ path }) => !/^(?:dist|prisma\/migrations)\/|^[\w.-]+$/.test(path));
  assert.deepEqual(strange, [], 'the tarball has files that nobody needs who installs it');
  writeFileSync(join(root, 'package.json'), '{}');
  const flags = ['--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', '--silent'];
  execFileSync('npm', ['install', ...flags, join(root, packed.filename)], { ...options, cwd: root });
  const pins = readFileSync(join(root, 'node_modules', 'reprise', 'npm-shrinkwrap.json'), 'utf8');
  assert.ok(!pins.includes('"resolved"'), 'npm-shrinkwrap.json names a registry');
  return join(root, 'node_modules', '.bin', 'reprise');
}

const root = mkdtempSync(join(tmpdir(), 'reprise-smoke-'));
const env = {
  ...process.env,
  DATA_DIR: join(root, 'data'),
  DOWNLOAD_DIR: join(root, 'downloads'),
  HOST: '127.0.0.1',
  PORT: '0',
  LOG_LEVEL: 'info',
};

/** Shows what a command prints; a status other than 0 is thrown. */
const run = (reprise, ...args) => execFileSync(reprise, args, { env, cwd: root, stdio: 'inherit' });

async function checkStart(reprise) {
  const server = spawn(reprise, ['start'], { env, cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(server, 'exit');
  try {
    const url = await untilUp(server);
    server.stdout.resume();
    await checkServer(url);
    server.kill('SIGTERM');
    const [status] = await ended;
    assert.equal(status, 0, `the server ended with status ${status}`);
  } finally {
    if (server.exitCode === null) {
      server.kill('SIGTERM');
      await ended;
    }
  }
}

try {
  const reprise = install(root);
  run(reprise, 'doctor');
  await checkStart(reprise);
  run(reprise, 'demo', '--exit');
  process.stdout.write(`The package works on Node ${process.version}.\n`);
} finally {
  rmSync(root, { recursive: true, force: true });
}
