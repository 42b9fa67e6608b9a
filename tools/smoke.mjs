/**
 * Starts the built server as `npm start` does, on whatever Node runs this, and sees that every native part works:
 * the embedded PostgreSQL, ffmpeg and ffprobe, the Prisma client, WebSockets. Ends with status 0 when all is well.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
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

const root = mkdtempSync(join(tmpdir(), 'reprise-smoke-'));
const directories = { DATA_DIR: join(root, 'data'), DOWNLOAD_DIR: join(root, 'downloads') };
const server = spawn(process.execPath, ['--enable-source-maps', 'dist/main.js'], {
  env: { ...process.env, ...directories, HOST: '127.0.0.1', PORT: '0', LOG_LEVEL: 'info' },
  stdio: ['ignore', 'pipe', 'inherit'],
});
const ended = once(server, 'exit');
try {
  const url = await untilUp(server);
  server.stdout.resume();
  await checkServer(url);
  server.kill('SIGTERM');
  const [status] = await ended;
  assert.equal(status, 0, `the server ended with status ${status}`);
  process.stdout.write(`The server works on Node ${process.version}.\n`);
} finally {
  if (server.exitCode === null) {
    server.kill('SIGTERM');
    await ended;
  }
  rmSync(root, { recursive: true, force: true });
}
