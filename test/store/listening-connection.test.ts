import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Writable } from 'node:stream';
import { Client } from 'pg';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  createListeningConnection,
  type ListeningConnection,
  type ListeningTiming,
} from '../../src/database/listening-connection.js';
import { createTestDatabase, type TestDatabase } from '../kit/database.js';
import { createPostgresProxy } from '../kit/postgres-proxy.js';
import type { TcpProxy } from '../kit/tcp-proxy.js';
import { stretch, waitFor } from '../kit/wait-for.js';

const CHANNEL = 'News "of" today';
const APPLICATION = 'a test that listens';
const QUICK = { keepaliveEveryMs: 100, answerWithinMs: stretch(1_000), firstRetryMs: 20, lastRetryMs: 200 };
const LONG_MS = 600_000;

let database: TestDatabase;
let sender: Client;
let proxy: TcpProxy & { url: string };
let connection: ListeningConnection | undefined;

beforeAll(async () => {
  database = await createTestDatabase();
  sender = new Client({ connectionString: database.url });
  await sender.connect();
});

afterAll(async () => {
  await sender.end();
  await database.drop();
});

beforeEach(async () => {
  proxy = await createPostgresProxy(database.url);
});

afterEach(async () => {
  await connection?.close();
  await proxy.close();
});

/** A connection through the proxy, what it heard, and what it logged. */
function listen(timing: Partial<ListeningTiming> = {}) {
  const lines: string[] = [];
  const sink = new Writable({
    write: (line: Buffer, _encoding, done) => {
      lines.push(line.toString());
      done();
    },
  });
  const seen = { texts: [] as string[], gaps: 0, logged: () => lines.join('') };
  connection = createListeningConnection({
    url: proxy.url,
    channel: CHANNEL,
    applicationName: APPLICATION,
    timing: { ...QUICK, ...timing },
    log: pino({ level: 'debug' }, sink),
    onNotification: (text) => void seen.texts.push(text),
    onGap: () => void (seen.gaps += 1),
  });
  return { connection, seen };
}

async function listening(timing?: Partial<ListeningTiming>) {
  const started = listen(timing);
  await started.connection.opened;
  return started;
}

const send = (text: string) => sender.query('SELECT pg_notify($1, $2)', [CHANNEL, text]);

const hear = (texts: string[], text: string) =>
  waitFor(() => texts.includes(text), { what: `"${text}" to be heard` });

const lose = async (connection: ListeningConnection) => {
  await proxy.cut();
  await waitFor(() => !connection.connected(), { what: 'the loss to be noticed' });
};

const countConnections = async () => {
  const { rows } = await sender.query<{ count: number }>(
    'SELECT count(*)::int FROM pg_stat_activity WHERE application_name = $1 AND datname = current_database()',
    [APPLICATION],
  );
  return rows[0]?.count;
};

describe('a connection that listens', () => {
  it('receives what is sent on its channel', async () => {
    const { connection, seen } = await listening();
    expect(connection.connected()).toBe(true);
    await send('first');
    await send('second');
    await hear(seen.texts, 'second');
    expect(seen.texts).toEqual(['first', 'second']);
    expect(seen.gaps).toBe(0);
  });

  it('reports an unreachable server at the start, and connects when it comes up', async () => {
    await proxy.cut();
    const { connection, seen } = listen();
    await expect(connection.opened).rejects.toThrow('ECONNREFUSED');
    await proxy.resume();
    await waitFor(() => connection.connected(), { what: 'a connection' });
    await send('at last');
    await hear(seen.texts, 'at last');
  });

  it('reports an unresponsive server at the start', async () => {
    proxy.stall();
    await expect(listen().connection.opened).rejects.toThrow(/timeout/);
  });

  it('is replaced when the server ends it, with the gap announced before what comes later', async () => {
    const { connection, seen } = await listening();
    await sender.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE application_name = $1 AND datname = current_database()`,
      [APPLICATION],
    );
    await waitFor(() => seen.gaps === 1, { what: 'the gap to be announced' });
    expect(connection.connected()).toBe(true);
    await send('later');
    await hear(seen.texts, 'later');
    expect(seen.gaps).toBe(1);
  });

  it('is replaced after a time in which the server cannot be reached', async () => {
    const { connection, seen } = await listening();
    await send('before');
    await hear(seen.texts, 'before');
    await lose(connection);
    await send('meanwhile');
    await waitFor(() => seen.logged().includes('"attempt":3'), { what: 'some failed attempts' });
    expect(seen.gaps).toBe(0);
    await proxy.resume();
    await waitFor(() => seen.gaps === 1, { what: 'the gap to be announced' });
    await send('after');
    await hear(seen.texts, 'after');
    expect(seen.texts).toEqual(['before', 'after']);
  });

  it('is replaced when the server stops responding, once it responds again', async () => {
    const { connection, seen } = await listening();
    proxy.stall();
    await waitFor(() => !connection.connected(), { what: 'the silence to be noticed' });
    await waitFor(() => seen.logged().includes('still down'), { what: 'an attempt that got no answer' });
    await proxy.resume();
    await waitFor(() => seen.gaps === 1, { what: 'the gap to be announced' });
    await send('after');
    await hear(seen.texts, 'after');
    await waitFor(async () => (await countConnections()) === 1, { what: 'the silent connection to be gone' });
  });
});

describe('closing', () => {
  it('ends the connection without logging, and may be requested twice', async () => {
    const { connection, seen } = await listening();
    await Promise.all([connection.close(), connection.close()]);
    await connection.close();
    expect(connection.connected()).toBe(false);
    await waitFor(async () => (await countConnections()) === 0, { what: 'the connection to end' });
    expect([seen.gaps, seen.logged()]).toEqual([0, '']);
  });

  it('does not wait for the next attempt to connect', async () => {
    const { connection, seen } = await listening({ firstRetryMs: LONG_MS, lastRetryMs: LONG_MS });
    await lose(connection);
    await connection.close();
    expect(seen.gaps).toBe(0);
  });

  it('does not wait for an attempt that gets no response', async () => {
    const { connection, seen } = await listening({ answerWithinMs: LONG_MS });
    await lose(connection);
    await proxy.resume();
    proxy.stall();
    await waitFor(() => proxy.connections > 0, { what: 'an attempt' });
    await connection.close();
    expect(seen.gaps).toBe(0);
  });

  it('does not wait for a server that never closes the connection', async () => {
    const { connection } = await listening({ keepaliveEveryMs: LONG_MS, answerWithinMs: LONG_MS });
    proxy.stall();
    await connection.close();
    expect(connection.connected()).toBe(false);
  });

  it('leaves nothing behind that keeps a process alive', async () => {
    const script = `
      import { pino } from 'pino';
      import { createListeningConnection } from './src/database/listening-connection.ts';
      const connection = createListeningConnection({
        url: process.argv[1],
        channel: 'news',
        applicationName: 'a child that listens',
        log: pino({ level: 'silent' }),
        onNotification: () => undefined,
      });
      await connection.opened;
      process.stdin.once('data', async () => {
        process.stdin.destroy();
        await connection.close();
      });
      console.log('listening');
    `;
    const args = ['--import', 'tsx', '--input-type=module', '-e', script, proxy.url];
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    const exited = once(child, 'exit');
    await once(child.stdout, 'data');
    await proxy.cut();
    child.stdin.write('stop');
    expect(await exited).toEqual([0, null]);
  });
});
