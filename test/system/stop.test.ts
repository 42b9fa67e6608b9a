import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { incomingDirectory } from '../../src/downloads/incoming.js';
import { createAudioServer, createHttpSource, type Offer } from '../kit/audio-server.js';
import { pidsWith } from '../kit/audio.js';
import { createTestDatabase } from '../kit/database.js';
import { endlessSource } from '../kit/endless-source.js';
import { CANCEL_TASK, TASK } from '../kit/documents.js';
import { leastOf } from '../kit/least.js';
import { runServer, startServer } from '../kit/server-process.js';
import { startApp } from '../kit/start-app.js';
import { ended, inState, queue } from '../kit/story.js';
import { waitFor } from '../kit/wait-for.js';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'reprise-stop-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** Connects as a client that only listens; resolves with the code that its connection is closed with. */
async function openSocket(url: string): Promise<{ closed: Promise<number> }> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  await once(socket, 'open');
  socket.send(JSON.stringify({ type: 'connection_init' }));
  await once(socket, 'message');
  return { closed: once(socket, 'close').then(([code]) => code as number) };
}

describe('an orderly stop', () => {
  it('lets short work finish, releases long work unchanged, and starts nothing', async () => {
    const [short, long, next] = ['night-ferry-1-01', 'night-ferry-1-02', 'night-ferry-1-03'] as const;
    const source = await createAudioServer();
    source.answer(`/${short}`, 'hold');
    source.answer(`/${long}`, 'hold', 'good');
    source.answer(`/${next}`, 'good');
    const offers = new Map<string, Offer>(
      [short, long, next].map((slug) => [`demo:${slug}`, { path: `/${slug}` }]),
    );
    const database = await createTestDatabase();
    const options = {
      database,
      env: { downloadDir: root },
      overrides: {
        sources: [createHttpSource(source, offers)],
        settings: { maxConcurrentDownloads: 2 },
        timing: { stopGraceMs: 2_000 },
      },
    };

    const first = await startApp(options);
    const ids = [];
    for (const slug of [short, long, next]) ids.push(await queue(first, { item: `demo:${slug}` }));
    await waitFor(() => source.open(`/${short}`) + source.open(`/${long}`) === 2, {
      what: 'both to be fetched',
    });
    const client = await openSocket(first.url);
    const stopped = first.stop();
    expect(await client.closed).toBe(1001);
    source.release(`/${short}`);
    await stopped;

    const second = await startApp({ ...options, env: { ...options.env, role: 'api' } });
    const [shortTask, longTask, nextTask] = await second.deps.db.task.findMany({ orderBy: { id: 'asc' } });
    expect(shortTask).toMatchObject({ state: 'COMPLETED', attempt: 1 });
    expect(longTask).toMatchObject({
      state: 'QUEUED',
      attempt: 1,
      failures: 0,
      progress: 0,
      errorCode: null,
    });
    expect(longTask).toMatchObject({ leaseOwner: null, leaseUntil: null, dispatchedAt: null });
    expect(nextTask).toMatchObject({ state: 'QUEUED', attempt: 0 });
    expect(source.offsets(`/${next}`)).toEqual([]);
    expect(await readdir(incomingDirectory(root))).toEqual([]);
    await waitFor(() => source.open(`/${long}`) === 0, { what: 'the long one to be given up' });

    const worker = await startApp({ ...options, env: { ...options.env, role: 'worker' } });
    const [, longId = '', nextId = ''] = ids;
    expect(await ended(second, longId)).toMatchObject({ state: 'COMPLETED', attempt: 2 });
    expect(await ended(second, nextId)).toMatchObject({ state: 'COMPLETED', attempt: 1 });
    await Promise.all([worker.stop(), second.stop()]);
    await database.drop();
    await source.close();
  });

  it('gives unfinished requests and running work the same few seconds, not one after the other', async () => {
    const stopped = async (requests: number): Promise<number> => {
      const downloadDir = await mkdtemp(join(root, 'downloads-'));
      const overrides = { sources: [endlessSource], timing: { stopGraceMs: 2_000 } };
      const app = await startApp({ env: { downloadDir }, overrides });
      const id = await queue(app, { item: 'demo:night-ferry-1-01' });
      await inState(app, id, 'RUNNING');
      for (let n = 0; n < requests; n += 1) await startRequest(app.url);
      const startedAt = performance.now();
      await app.stop();
      return performance.now() - startedAt;
    };
    const ratio = async () => (await stopped(1)) / (await stopped(0));
    expect(await leastOf(1.6, ratio)).toBeLessThan(1.6);
  });
});

/** One whose body never ends. */
async function startRequest(url: string): Promise<void> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.write(
    'POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{',
  );
}

describe('the program', () => {
  it('exits with status 0 on SIGTERM and resumes its work when restarted; a second one is rejected', async () => {
    const dataDir = join(root, 'data');
    const env = { DATA_DIR: dataDir, DOWNLOAD_DIR: join(root, 'downloads') };
    const first = await startServer(env);
    const slow = await queue(first, { item: 'demo:rough-crossing-1-01' });
    await inState(first, slow, 'RUNNING');

    const intruder = await runServer(env).ended;
    expect(intruder.status).toBe(1);
    expect(intruder.stderr).toContain(`"${dataDir}" is in use by`);
    expect(intruder.stderr).toMatch(/Stop that process, or set DATA_DIR/);
    expect((await first.execute(TASK, { id: slow })).task).toMatchObject({ attempt: 1, error: null });

    const client = await openSocket(first.url);
    const { status, signal, stderr } = await first.end('SIGTERM');
    expect({ status, signal, stderr }).toEqual({ status: 0, signal: null, stderr: '' });
    expect(await client.closed).toBe(1001);
    expect(await pidsWith(dataDir)).toEqual([]);

    const again = await startServer(env);
    const { task } = await again.execute(TASK, { id: slow });
    // Either it was given back, or, on a machine that was slow to stop, it had ended.
    if (task?.state !== 'COMPLETED') {
      expect(await inState(again, slow, 'RUNNING')).toMatchObject({ attempt: 2, error: null });
      await again.execute(CANCEL_TASK, { id: slow });
    }
    expect(await again.end('SIGTERM')).toMatchObject({ status: 0 });
  });

  it('exits with status 78 and one line for each mistake in its environment', async () => {
    const wrong = { PORT: 'seven', ROLE: 'boss', CATALOG: 'none', LIBRARY_DIRS: resolve('package.json') };
    const { status, stdout, stderr } = await runServer({ ...wrong, DATA_DIR: join(root, 'data') }).ended;
    expect(status).toBe(78);
    expect(stdout).toBe('');
    const lines = stderr.trimEnd().split('\n');
    expect(lines.map((line) => line.split(':')[0]).sort()).toEqual(Object.keys(wrong).sort());
    for (const line of lines) expect(line).toMatch(/expected: /);
    expect(await readdir(root)).toEqual([]);
  });
});
