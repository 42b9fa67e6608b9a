import { randomUUID } from 'node:crypto';
import { Writable } from 'node:stream';
import { Client } from 'pg';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ListeningTiming } from '../../src/database/listening-connection.js';
import { createEventBus, type Events } from '../../src/events/bus.js';
import { startPostgresRelay, type PostgresRelay } from '../../src/events/postgres-relay.js';
import { createTestDatabase } from '../kit/database.js';
import { createPostgresProxy } from '../kit/postgres-proxy.js';
import { stretch, waitFor } from '../kit/wait-for.js';

const OWNER = '00000000-0000-4000-8000-000000000001';
const INSERT = `INSERT INTO "Task" ("id", "kind", "ownerId", "itemId", "title", "item", "options")
  SELECT id::uuid, 'TRACK', '${OWNER}', 'demo:1', 'A track', '{}', '{}' FROM unnest($1::text[]) AS id`;
const QUICK: ListeningTiming = {
  keepaliveEveryMs: 100,
  answerWithinMs: stretch(1_000),
  firstRetryMs: 20,
  lastRetryMs: 200,
};

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let writer: Client;

beforeAll(async () => {
  database = await createTestDatabase();
  writer = new Client({ connectionString: database.url });
  await writer.connect();
});

afterAll(async () => {
  await writer.end();
  await database.drop();
});

/** A relay, what it published, and what it logged. */
async function listen(url = database.url) {
  const lines: string[] = [];
  const sink = new Writable({
    write: (line: Buffer, _encoding, done) => {
      lines.push(line.toString());
      done();
    },
  });
  const log = pino({ level: 'debug' }, sink);
  const bus = createEventBus({ log });
  const changes: Events['task.changed'][] = [];
  const heard = { changes, gaps: 0, logged: () => lines.join('') };
  bus.on('task.changed', (change) => void changes.push(change));
  bus.on('bus.gap', () => void (heard.gaps += 1));
  const relay = await startPostgresRelay({ url, bus, log, timing: QUICK });
  return { relay, ...heard, gaps: () => heard.gaps };
}

const insert = (...ids: string[]) => writer.query(INSERT, [ids]);

const countConnections = async () => {
  const { rows } = await writer.query<{ count: number }>(
    `SELECT count(*)::int FROM pg_stat_activity
     WHERE application_name = 'reprise events' AND datname = current_database()`,
  );
  return rows[0]?.count;
};

describe('events from the database', () => {
  let relay: PostgresRelay;
  let listening: Awaited<ReturnType<typeof listen>>;

  beforeEach(async () => {
    listening = await listen();
    relay = listening.relay;
  });
  afterEach(() => relay.stop());

  const heardOf = (id: string) =>
    waitFor(() => listening.changes.find(({ taskId }) => taskId === id), { what: `news of ${id}` });

  it('arrive for a committed task, with its owner, parent and state', async () => {
    const id = randomUUID();
    await insert(id);
    expect(await heardOf(id)).toEqual({ taskId: id, ownerId: OWNER, parentId: null, state: 'QUEUED' });
    await writer.query(`UPDATE "Task" SET "state" = 'RUNNING' WHERE "id" = $1`, [id]);
    await waitFor(() => listening.changes.some(({ taskId, state }) => taskId === id && state === 'RUNNING'));
  });

  it('do not arrive for a rolled back change', async () => {
    const [undone, kept] = [randomUUID(), randomUUID()];
    await writer.query('BEGIN');
    await insert(undone);
    await writer.query('ROLLBACK');
    await insert(kept);
    await heardOf(kept);
    expect(listening.changes.map(({ taskId }) => taskId)).toEqual([kept]);
  });

  it('arrive for each of 1,000 tasks of one statement, once', async () => {
    const ids = Array.from({ length: 1_000 }, () => randomUUID());
    await insert(...ids);
    await waitFor(() => listening.changes.length >= 1_000, { what: 'news of 1,000 tasks' });
    expect(listening.changes.map(({ taskId }) => taskId).sort()).toEqual(ids.sort());
  });

  it('are not disturbed by unrelated notifications', async () => {
    const good = { taskId: randomUUID(), ownerId: OWNER, parentId: null, state: 'PAUSED' } as const;
    const texts = [
      '',
      'no JSON {',
      '{"name":"task.changed"}',
      '{"name":"toString","items":[{}]}',
      '{"name":"of a newer version","items":[{}]}',
      JSON.stringify({ name: 'bus.gap', items: [{}] }),
      JSON.stringify({ name: 'task.changed', items: [{ taskId: 'x' }, null, { ...good, more: 1 }] }),
    ];
    for (const text of texts) await writer.query(`SELECT pg_notify('reprise', $1)`, [text]);
    expect(await heardOf(good.taskId)).toEqual(good);
    expect(listening.changes).toEqual([good]);
    expect(listening.gaps()).toBe(0);
    const logged = listening.logged();
    expect(logged.match(/malformed notification/g)).toHaveLength(3);
    expect(logged.match(/unknown event/g)).toHaveLength(3);
    expect(logged).toContain('"malformed":2');
  });
});

describe('several processes', () => {
  it('all receive an event', async () => {
    const [here, there] = [await listen(), await listen()];
    const ids = Array.from({ length: 5 }, () => randomUUID());
    for (const id of ids) await insert(id);
    await waitFor(() => here.changes.length === 5 && there.changes.length === 5, {
      what: 'five events in both',
    });
    expect(there.changes.map(({ taskId }) => taskId)).toEqual(ids);
    await Promise.all([here.relay.stop(), there.relay.stop()]);
  });
});

describe('a lost connection', () => {
  it('is replaced when the server ends it, with a gap announced before later events', async () => {
    const { relay, changes, gaps } = await listen();
    expect(relay.healthy()).toBe(true);
    await writer.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE application_name = 'reprise events' AND datname = current_database()`,
    );
    await waitFor(() => gaps() === 1, { what: 'the gap to be announced' });
    expect(relay.healthy()).toBe(true);
    const id = randomUUID();
    await insert(id);
    await waitFor(() => changes.some(({ taskId }) => taskId === id), { what: 'later news' });
    expect(gaps()).toBe(1);
    await relay.stop();
  });
});

describe('stopping', () => {
  it('ends the connection, and may be requested twice', async () => {
    const { relay, gaps, logged } = await listen();
    await Promise.all([relay.stop(), relay.stop()]);
    await relay.stop();
    expect(relay.healthy()).toBe(false);
    await waitFor(async () => (await countConnections()) === 0, { what: 'the connection to end' });
    expect([gaps(), logged()]).toEqual([0, '']);
  });

  it('is not needed when the first connection fails', async () => {
    const proxy = await createPostgresProxy(database.url);
    await proxy.cut();
    await expect(listen(proxy.url)).rejects.toThrow('ECONNREFUSED');
    await proxy.resume();
    proxy.stall();
    await expect(listen(proxy.url)).rejects.toThrow(/timeout/);
    await proxy.close();
  });
});
