import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SYSTEM_VIEWER } from '../../src/auth/viewer.js';
import { createLogger } from '../../src/lib/logger.js';
import { createDatabase, type DatabaseConnection } from '../../src/database/prisma.js';
import { readSequence, repairSequences } from '../../src/database/sequence.js';
import { createTestDatabase, type TestDatabase } from '../kit/database.js';
import { waitFor } from '../kit/wait-for.js';

let database: TestDatabase;
let connection: DatabaseConnection;

beforeAll(async () => {
  database = await createTestDatabase();
  connection = createDatabase({ url: database.url, log: createLogger('silent') });
});

afterAll(async () => {
  await connection.close();
  await database.drop();
});

async function createTask(): Promise<string> {
  const { id } = await connection.db.task.create({
    data: {
      kind: 'TRACK',
      ownerId: SYSTEM_VIEWER.id,
      itemId: 'demo:1',
      title: 'Track',
      item: {},
      options: {},
    },
  });
  return id;
}

const sequenceOf = async (id: string) =>
  (await connection.db.task.findUniqueOrThrow({ where: { id } })).sequence;

/** The oldest open transaction is the whole server's: tests beside us have open ones now and then. */
function horizonBeyond(sequence: bigint): Promise<bigint> {
  return waitFor(
    async () => {
      const horizon = await readSequence(connection.db);
      return horizon > sequence ? horizon : null;
    },
    { what: `the horizon to pass ${sequence}` },
  );
}

async function idsSince(mark: bigint): Promise<string[]> {
  const rows = await connection.db.task.findMany({
    where: { sequence: { gte: mark } },
    select: { id: true },
  });
  return rows.map(({ id }) => id);
}

describe('a cursor', () => {
  let late: pg.Client;

  beforeEach(async () => {
    late = new pg.Client({ connectionString: database.url });
    await late.connect();
    return () => late.end();
  });

  it('returns a change that began before it and was committed after it, and after later ones', async () => {
    const [early, later] = [await createTask(), await createTask()];
    await late.query('BEGIN');
    await late.query(`UPDATE "Task" SET "progress" = 50 WHERE "id" = $1`, [early]);
    await connection.db.task.update({ where: { id: later }, data: { progress: 10 } });

    const mark = await readSequence(connection.db);
    const seen = await connection.db.task.findUniqueOrThrow({ where: { id: early } });
    expect(seen.progress).toBe(0);
    await late.query('COMMIT');

    expect(await sequenceOf(early)).toBeLessThan(await sequenceOf(later));
    expect(await idsSince(mark)).toContain(early);
  });

  it('leaves out changes committed before it, once no transaction is open', async () => {
    const before = await createTask();
    const mark = await horizonBeyond(await sequenceOf(before));
    const after = await createTask();
    const found = await idsSince(mark);
    expect(found).toContain(after);
    expect(found).not.toContain(before);
  });

  it('misses nothing while eight writers race and a reader pages from cursor to cursor', async () => {
    const tasks = await Promise.all(Array.from({ length: 8 }, createTask));
    const last = new Map<string, number>();
    let writing = true;
    const writers = tasks.map(async (id) => {
      for (let progress = 1; progress <= 40; progress++) {
        await connection.db.task.update({ where: { id }, data: { progress } });
      }
    });
    const reader = (async () => {
      let mark = await readSequence(connection.db);
      for (let passes = 0; passes < 2; passes += writing ? 0 : 1) {
        const next = await readSequence(connection.db);
        const rows = await connection.db.task.findMany({ where: { sequence: { gte: mark } } });
        for (const { id, progress } of rows) last.set(id, progress);
        mark = next;
      }
    })();
    await Promise.all(writers);
    writing = false;
    await reader;
    expect(tasks.map((id) => last.get(id))).toEqual(tasks.map(() => 40));
  });
});

describe('sequences from another cluster', () => {
  it('are lowered to the present, once, and others are unchanged', async () => {
    const [restored, own] = [await createTask(), await createTask()];
    const before = await sequenceOf(own);
    await connection.db
      .$executeRaw`UPDATE "Task" SET "sequence" = 900000000000 WHERE "id" = ${restored}::uuid`;
    expect(await repairSequences(connection.db)).toBe(1);
    expect(await repairSequences(connection.db)).toBe(0);
    expect(await sequenceOf(own)).toBe(before);
    await horizonBeyond(await sequenceOf(restored));
    await connection.db.task.update({ where: { id: restored }, data: { progress: 1 } });
    expect(await sequenceOf(restored)).toBeGreaterThan(before);
  });
});
