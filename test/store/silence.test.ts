import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createDeferred } from '../../src/lib/async.js';
import { createLogger } from '../../src/lib/logger.js';
import { createDatabase, type DatabaseTimeouts } from '../../src/database/prisma.js';
import { takeSessionLock } from '../../src/database/session-lock.js';
import { createTestDatabase, type TestDatabase } from '../kit/database.js';
import { createPostgresProxy } from '../kit/postgres-proxy.js';
import { stretch } from '../kit/wait-for.js';

const log = createLogger('silent');
const KEY = 4_711;

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

/** A process that reaches the database through a network which can be broken. */
async function connectThroughProxy(timeouts: Partial<DatabaseTimeouts> = {}) {
  const proxy = await createPostgresProxy(database.url);
  const connection = createDatabase({ url: proxy.url, log, timeouts });
  onTestFinished(async () => {
    await proxy.close();
    await connection.close();
  });
  return { proxy, db: connection.db };
}

async function connectClient(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  onTestFinished(() => client.end());
  return client;
}

describe('an unresponsive network', () => {
  it('keeps nobody from what a transaction behind it has locked', async () => {
    const { proxy, db } = await connectThroughProxy({ idleInTransactionMs: stretch(1_000) });
    const locked = createDeferred<null>();
    const dead = createDeferred<null>();
    const transaction = db.$transaction(async (tx) => {
      await tx.$queryRaw`SELECT 1 FROM "User" FOR UPDATE`;
      locked.resolve(null);
      await dead.promise;
    });
    await locked.promise;
    proxy.stall();
    const other = await connectClient(database.url);
    expect((await other.query('SELECT 1 FROM "User" FOR UPDATE')).rowCount).toBeGreaterThan(0);
    await proxy.cut();
    dead.resolve(null);
    await expect(transaction).rejects.toThrow();
  });

  it('keeps nobody from the lock of a start that hangs behind it', async () => {
    const proxy = await createPostgresProxy(database.url);
    onTestFinished(() => proxy.close());
    await takeSessionLock(await connectClient(proxy.url), KEY, 300);
    proxy.stall();
    await takeSessionLock(await connectClient(database.url), KEY);
    await proxy.cut();
  });

  it('ends the wait for a response', async () => {
    const { proxy, db } = await connectThroughProxy({ silenceMs: stretch(1_000) });
    await db.$queryRaw`SELECT 1`;
    proxy.stall();
    await expect(db.$queryRaw`SELECT 1`).rejects.toThrow();
    await proxy.resume();
    expect(await db.$queryRaw`SELECT 1 AS one`).toEqual([{ one: 1 }]);
  });
});
