import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createDeferred } from '../../src/lib/async.js';
import { createLogger } from '../../src/lib/logger.js';
import { startEmbeddedPostgres } from '../../src/embedded-postgres/start-embedded-postgres.js';
import {
  createDatabase,
  inTransaction,
  type DatabaseConnection,
  type Db,
} from '../../src/database/prisma.js';
import { createTestDatabase, type TestDatabase } from '../kit/database.js';
import { waitFor } from '../kit/wait-for.js';

const log = createLogger('silent');

describe('a pool', () => {
  const cleanups: (() => unknown)[] = [];

  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  it('survives a server that dies under its idle and busy connections', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'reprise-pool-'));
    cleanups.push(() => rmSync(dataDir, { recursive: true, force: true }));
    const lines: string[] = [];
    const told = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) });
    const server = await startEmbeddedPostgres({ dataDir, log: told });
    cleanups.push(() => server.stop());
    const connection = createDatabase({ url: server.url, log });
    cleanups.push(() => connection.close());
    await Promise.all([1, 2, 3].map(() => connection.db.$queryRaw`SELECT 1`));
    const busy = connection.db.$queryRaw`SELECT pg_sleep(60)::text`.catch((error: unknown) => error);
    const pid = parseInt(readFileSync(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8'), 10);
    await waitFor(() =>
      connection.db.$queryRaw<unknown[]>`
      SELECT FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND pid <> pg_backend_pid()`.then(
        (rows) => rows.length === 1,
      ),
    );
    process.kill(pid, 'SIGKILL');
    expect(await busy).toBeInstanceOf(Error);
    const rows = await waitFor(() => connection.db.$queryRaw`SELECT 1 AS one`, {
      what: 'the pool to recover',
    }).catch((cause: unknown) => {
      throw new Error(`The server's log: ${lines.join('')}`, { cause });
    });
    expect(rows).toEqual([{ one: 1 }]);
  });

  it('reports within its timeout that there is no server, and can be closed', async () => {
    const connection = createDatabase({ url: 'postgresql://nobody@127.0.0.1:1/none', log });
    await expect(connection.db.$queryRaw`SELECT 1`).rejects.toThrow();
    await connection.close();
  });
});

describe('a transaction', () => {
  let database: TestDatabase;
  let connection: DatabaseConnection;

  beforeAll(async () => {
    database = await createTestDatabase();
    connection = createDatabase({ url: database.url, log });
  });

  afterAll(async () => {
    await connection.close();
    await database.drop();
  });

  const byModel = (tx: Db, id: string) => tx.user.update({ where: { id }, data: { role: 'ADMIN' } });
  const byStatement = (tx: Db, id: string) =>
    tx.$executeRaw`UPDATE "User" SET "role" = 'ADMIN' WHERE "id" = ${id}::uuid`;

  it.each([
    ['model queries', byModel],
    ['raw statements', byStatement],
  ])('runs again when it lost a deadlock: %s', async (_, touch) => {
    const [first, second] = await createUsers();
    const bothHoldOne = [createDeferred<void>(), createDeferred<void>()];
    const runs = [0, 0];
    const cross = (own: string, others: string, index: 0 | 1) =>
      inTransaction(connection.db, async (tx) => {
        runs[index] = (runs[index] ?? 0) + 1;
        await touch(tx, own);
        bothHoldOne[index]?.resolve();
        await bothHoldOne[1 - index]?.promise;
        await touch(tx, others);
      });
    await Promise.all([cross(first, second, 0), cross(second, first, 1)]);
    expect(runs.reduce((sum, count) => sum + count)).toBe(3);
    const roles = await connection.db.user.findMany({ where: { id: { in: [first, second] } } });
    expect(roles.map(({ role }) => role)).toEqual(['ADMIN', 'ADMIN']);
  });

  it('runs again when another changed what it had read', async () => {
    const [id] = await createUsers();
    let runs = 0;
    await inTransaction(
      connection.db,
      async (tx) => {
        await tx.user.findUnique({ where: { id } });
        if (++runs === 1) await byModel(connection.db, id);
        await tx.user.update({ where: { id }, data: { role: 'USER' } });
      },
      { isolationLevel: 'RepeatableRead' },
    );
    expect(runs).toBe(2);
  });

  it('fails at once, and writes nothing, when its work throws anything else', async () => {
    let runs = 0;
    const username = randomUUID();
    const work = inTransaction(connection.db, async (tx) => {
      runs++;
      await tx.user.create({ data: { username } });
      throw new Error('a mistake of ours');
    });
    await expect(work).rejects.toThrow('a mistake of ours');
    expect(runs).toBe(1);
    expect(await connection.db.user.count({ where: { username } })).toBe(0);
  });

  it('gives up after a few tries', async () => {
    let runs = 0;
    const work = inTransaction(connection.db, async (tx) => {
      runs++;
      await tx.$executeRaw`DO $$ BEGIN RAISE EXCEPTION 'no luck' USING ERRCODE = '40001'; END $$`;
    });
    await expect(work).rejects.toThrow();
    expect(runs).toBe(5);
  });

  async function createUsers(): Promise<[string, string]> {
    const create = () => connection.db.user.create({ data: { username: randomUUID() } });
    return [(await create()).id, (await create()).id];
  }
});
